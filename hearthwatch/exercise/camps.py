"""Camps implanted into real pixels: roofs, trampled ground, tracks and cut wood, week by week.

Pure: parameters and arrays in, arrays out. Pixels mix linearly in the ground that each cover takes
(:mod:`hearthwatch.exercise.model` names the sources). Roofs are smaller than a pixel and stand more
or less densely; that is what makes a camp mottled. Assumptions, which no source gives: every
default of `Camp`, that a camp grows outwards at an even pace, that wood is cut the less the further
away, and that what was trampled greens again by half in `GREENING_DAYS`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from hearthwatch.exercise.camps_surfaces import Cover, Spectrum
from hearthwatch.exercise.lattice import LATTICE_M
from imagery.types import aware_utc

Array = NDArray[np.float64]
Shares = Mapping[Cover, Array]
"""Share of each pixel of a grid that a cover takes, shape (y, x)."""

PIXEL_M = 10.0
POINTS = int(PIXEL_M / LATTICE_M)
"""Lattice points along a pixel's side."""
ROOF_POINTS = 2
"""Lattice points along a roof's side: 4 m, as a family tent."""
ROW_POINTS = 8
"""Lattice points from one row of roofs to the next where they stand in rows: 16 m."""
TRAMPLED = 0.8
"""Share of the ground between roofs that is bare."""
CUT_SHARE, CUT_REACH_M = 0.4, 25.0
"""Share of the plants at a camp's edge that is cut, and distance within which it falls to 1/e."""
CLEARING_DAYS = 21.0
"""Days in which the roofs of a camp that is closed are taken away."""
GREENING_DAYS = 180.0
COARSE = ("B8A", "B11", "B12")
"""Bands whose own pixels are of 20 m."""
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Camp:
    """One camp.

    Attributes
    ----------
    row_m, column_m : float
        Of its middle, metres down and right from the grid's upper left corner.
    area_ha : float
        When it is fully grown.
    start : datetime
        Aware UTC; when the first tents are put up.
    growth_days : float
        Until it is fully grown.
    roofs : float
        Share of its ground under roofs, 0..0.6.
    sheeting : float
        Share of the roofs that is plastic sheeting; half of the others is thatch, half mud.
    rows : bool
        Whether roofs stand in rows, as in a camp that was planned.
    closed : datetime or None
        When it is closed.
    seed : int
        Of its outline and of where its roofs stand.
    """

    row_m: float
    column_m: float
    area_ha: float
    start: datetime
    growth_days: float = 60.0
    roofs: float = 0.25
    sheeting: float = 0.6
    rows: bool = False
    closed: datetime | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        aware_utc(self.start)
        if not (self.area_ha > 0 and self.growth_days > 0):
            raise ValueError("area_ha and growth_days are larger than nothing")
        if not (0.0 <= self.roofs <= 0.6 and 0.0 <= self.sheeting <= 1.0):
            raise ValueError("roofs is a share from 0 to 0.6, sheeting one from 0 to 1")

    def grown(self, at: datetime) -> float:
        """Return the share of its full area that it covers, 0..1, in steps of a week."""
        days = (at - self.start).total_seconds() / _DAY_S
        if days < 0:
            return 0.0
        return min((math.floor(days / 7.0) + 1.0) * 7.0 / self.growth_days, 1.0)

    def hectares(self, at: datetime) -> float:
        """Return the ground it covers, hectares; 0 once its roofs are gone."""
        return 0.0 if self._gone(at) >= CLEARING_DAYS else self.area_ha * self.grown(at)

    def standing(self, at: datetime) -> float:
        """Return the share of its roofs that still stands, 0..1."""
        return 1.0 - min(max(self._gone(at), 0.0) / CLEARING_DAYS, 1.0)

    def mark(self, at: datetime) -> float:
        """Return how much of what was trampled is still bare, 0..1."""
        return math.exp2(-max(self._gone(at), 0.0) / GREENING_DAYS)

    def _gone(self, at: datetime) -> float:
        return -1.0 if self.closed is None else (at - self.closed).total_seconds() / _DAY_S


@dataclass(frozen=True, slots=True)
class CampGround:
    """A camp on the lattice of a grid's pixels, once for all looks.

    Attributes
    ----------
    order : ndarray of int32, shape (y, x) of the lattice
        In which the points are settled, from 0; -1 outside.
    count : int
        Points of the whole camp.
    roof : ndarray of int8
        0 for none, then sheeting, thatch and mud.
    track : ndarray of bool
    cut : ndarray of float64
        Share of the plants that is cut round the whole camp.
    """

    order: NDArray[np.int32]
    count: int
    roof: NDArray[np.int8]
    track: NDArray[np.bool_]
    cut: Array


def camp_ground(camp: Camp, shape: tuple[int, int]) -> CampGround:
    """Lay a camp out on a grid of 10 m pixels with so many rows and columns.

    Raises
    ------
    ValueError
        If it does not fit into the grid.
    """
    rng = np.random.default_rng([camp.seed, 21])
    down, right = offsets(shape, camp.row_m, camp.column_m)
    away, bearing = np.hypot(down, right), np.arctan2(down, right)
    edge = uneven_edge(bearing, rng)
    count = round(camp.area_ha * 1e4 / LATTICE_M**2)
    far = away / edge
    if count >= far.size:
        raise ValueError("the camp is larger than the grid")
    inside = far <= np.partition(far, count - 1, axis=None)[count - 1]
    if inside[[0, -1]].any() or inside[:, [0, -1]].any():
        raise ValueError("the camp does not fit into the grid")
    # Not a growing disc: some corners are settled sooner than others.
    rank = far + 0.3 * far[inside].max() * smooth_noise(far.shape, 20, rng)
    order = np.full(far.shape, -1, np.int32)
    settled = np.flatnonzero(inside)
    order.flat[settled[np.argsort(rank.flat[settled], kind="stable")]] = np.arange(settled.size)
    beyond = ndimage.distance_transform_edt(~inside) * LATTICE_M
    track = _tracks(down, right, float(away[inside].max()), rng)
    cut = np.where(inside, 0.0, CUT_SHARE * np.exp(-beyond / CUT_REACH_M))
    return CampGround(order, int(settled.size), _roofs(inside, camp, rng), track, cut)


def camp_shares(camp: Camp, ground: CampGround, at: datetime) -> Shares:
    """Return what the camp covers at a time, by pixel."""
    grown = camp.grown(at)
    settled = (ground.order >= 0) & (ground.order < round(grown * ground.count))
    roofs = settled & (ground.roof > 0)
    open_ground = settled & ~roofs
    bare = TRAMPLED * camp.mark(at)
    standing = camp.standing(at)
    tracks = ground.track & ~settled & (grown > 0.0)
    dirt = np.where(open_ground, bare, np.where(roofs, (1.0 - standing) * camp.mark(at), 0.0))
    dirt = np.where(tracks, bare, dirt)
    shares = {
        cover: pixel_shares(standing * (roofs & (ground.roof == number)))
        for number, cover in enumerate((Cover.SHEETING, Cover.THATCH, Cover.MUD), 1)
    }
    shares[Cover.TRAMPLED] = pixel_shares(dirt)
    cut = np.where(settled | tracks, 0.0, ground.cut * grown * camp.mark(at))
    shares[Cover.CUT] = pixel_shares(cut)
    return shares


def covered(
    reflectance: Mapping[str, Array], shares: Shares, spectra: Mapping[Cover, Spectrum]
) -> dict[str, Array]:
    """Return what the bands of one look show with covers on the ground.

    Parameters
    ----------
    reflectance : mapping of str to ndarray, shape (y, x)
        By band on pixels of 10 m, 0..1, NaN where nothing was seen. Bands that the spectra do not
        hold stay as they were.

    Notes
    -----
    ``r + sum of c (s - r)``, c the share of a cover and s its reflectance. In bands of 20 m shares
    are the means of 2 x 2 pixels.
    """
    coarse = {cover: _coarse(share) for cover, share in shares.items()}
    out = {}
    for band, values in reflectance.items():
        mixed = np.asarray(values, np.float64).copy()
        for cover, share in (coarse if band in COARSE else shares).items():
            if band in spectra[cover]:
                mixed += share * (spectra[cover][band] - values)
        out[band] = mixed
    return out


def offsets(shape: tuple[int, int], row_m: float, column_m: float) -> tuple[Array, Array]:
    """Return how far down and right of a place the lattice points of a grid lie, metres."""
    rows, columns = (
        (np.arange(side * POINTS, dtype=np.float64) + 0.5) * LATTICE_M - at
        for side, at in zip(shape, (row_m, column_m), strict=True)
    )
    down, right = np.meshgrid(rows, columns, indexing="ij")
    return down, right


def uneven_edge(bearing: Array, rng: np.random.Generator) -> Array:
    """Return how far an outline reaches by bearing, about 1."""
    edge = np.ones_like(bearing)
    for wave in range(2, 6):
        edge += 0.25 / wave * rng.normal() * np.cos(wave * bearing + rng.uniform(0.0, 2 * math.pi))
    return np.clip(edge, 0.4, 1.8)


def smooth_noise(shape: tuple[int, ...], points: int, rng: np.random.Generator) -> Array:
    """Return noise of standard deviation 1 that hangs together over so many points."""
    coarse = rng.normal(size=tuple(-(-side // points) + 2 for side in shape))
    grid = np.meshgrid(*(np.arange(side) / points for side in shape), indexing="ij")
    noise: Array = ndimage.map_coordinates(coarse, grid, order=1)
    return noise


def _roofs(
    inside: NDArray[np.bool_], camp: Camp, rng: np.random.Generator
) -> NDArray[np.int8]:  # fmt: skip
    """Put roofs of 4 m on a camp's ground, denser here than there."""
    shape = tuple(-(-side // ROOF_POINTS) for side in inside.shape)
    chance = camp.roofs * np.exp(0.5 * smooth_noise(shape, 8, rng) - 0.125)
    if camp.rows:
        step = ROW_POINTS // ROOF_POINTS
        in_row = np.isin(np.arange(shape[0]) % step, (0, 1))
        chance = np.where(in_row[:, None], chance * step / 2.0, 0.0)
    stands = rng.random(shape) < chance
    kind = rng.choice(
        np.array([1, 2, 3], np.int8), size=shape,
        p=(camp.sheeting, (1 - camp.sheeting) / 2, (1 - camp.sheeting) / 2),
    )  # fmt: skip
    laid = np.where(stands, kind, np.int8(0)).repeat(ROOF_POINTS, 0).repeat(ROOF_POINTS, 1)
    roofs: NDArray[np.int8] = np.where(inside, laid[: inside.shape[0], : inside.shape[1]], 0)
    return roofs.astype(np.int8)


def _tracks(
    down: Array, right: Array, radius: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Draw three tracks of 4 m from the middle to 100 m beyond the camp."""
    track = np.zeros(down.shape, bool)
    for bearing in rng.uniform(0.0, 2.0 * math.pi, 3):
        along = down * math.sin(bearing) + right * math.cos(bearing)
        across = down * math.cos(bearing) - right * math.sin(bearing)
        track |= (np.abs(across) <= LATTICE_M) & (along >= 0.0) & (along <= radius + 100.0)
    return track


def pixel_shares(points: NDArray[np.floating] | NDArray[np.bool_]) -> Array:
    """Return the means of the lattice points of each pixel."""
    rows, columns = (side // POINTS for side in points.shape)
    shares: Array = points.reshape(rows, POINTS, columns, POINTS).mean(axis=(1, 3))
    return shares


def _coarse(share: Array) -> Array:
    """Return the means over 2 x 2 pixels, on the pixels; an odd edge stands by itself."""
    rows, columns = share.shape
    padded = np.pad(share, ((0, rows % 2), (0, columns % 2)), mode="edge")
    blocks = padded.reshape(padded.shape[0] // 2, 2, padded.shape[1] // 2, 2).mean(axis=(1, 3))
    laid: Array = blocks.repeat(2, 0).repeat(2, 1)[:rows, :columns]
    return laid
