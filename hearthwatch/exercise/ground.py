"""Where huts stand, which of them burn, and how much of a pixel that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from hearthwatch.errors import RegionError
from hearthwatch.exercise.model import Burn, Pattern, Village
from hearthwatch.exercise.sampling import points_per_side, sampled, window_over
from tiles.geodesy import CRS84, equal_area, project

LATTICE_M = 2.0
"""Step of the lattice that huts are drawn on; 10, 20 and 60 m pixels hold it whole times."""

RING_M = (300.0, 1500.0)
"""Inner and outer edge of the surroundings, from the core."""

LARGEST = 40_000_000
"""Lattice points at most: a square of 12.6 km."""

UNBURNED = -1


@dataclass(frozen=True, slots=True)
class Ground:
    """What burned, on a lattice of 2 m in a projection of its own that keeps areas.

    Attributes
    ----------
    lattice : GeoBox
    burned : ndarray of int16, shape (y, x)
        Number of the burn, `UNBURNED` where there was none.
    burns : int
    huts : int
        How many stood before the first burn.
    huts_burned : tuple of int
        By each burn; 0 for one of the surroundings.
    """

    lattice: GeoBox
    burned: NDArray[np.int16]
    burns: int
    huts: int
    huts_burned: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cover:
    """Burned ground on some pixels of a grid.

    Attributes
    ----------
    rows, columns : slice
        Of the grid.
    geobox : GeoBox
        Of these pixels.
    shares : ndarray of float64, shape (burn, y, x)
        Share of each pixel's area that each burn burned.
    """

    rows: slice
    columns: slice
    geobox: GeoBox
    shares: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Huts:
    """`owner` (y, x) is the number of the hut on each lattice point, -1 for none."""

    owner: NDArray[np.int32]
    rows: NDArray[np.int64]
    columns: NDArray[np.int64]


def burn_ground(village: Village, burns: Sequence[Burn]) -> Ground:
    """Place a village's huts and let the burns take them, in their order.

    Raises
    ------
    RegionError
        If the core is too small for one lattice point or too large for the lattice.
    ValueError
        If there is no burn or they are not in the order of their dates.
    """
    if not burns or sorted(burns, key=lambda burn: burn.date) != list(burns):
        raise ValueError("give at least one burn, and burns in the order of their dates")
    frame = _frame(village.core)
    core = project(village.core, CRS84, frame)
    reach = RING_M[1] if any(b.pattern is Pattern.SURROUNDINGS for b in burns) else 0.0
    lattice = _lattice(core, frame, reach)
    inside = _inside(core, lattice)
    if not inside.any():
        raise RegionError(f"The settlement is smaller than {LATTICE_M:g} m: nothing fits in it.")
    huts = _build(inside, village)
    burned = np.full(inside.shape, UNBURNED, np.int16)
    counts = []
    for number, burn in enumerate(burns):
        rng = np.random.default_rng([village.seed, 1 + number])
        if burn.pattern is Pattern.SURROUNDINGS:
            taken, count = _ring(core, lattice, burned, burn, rng), 0
        else:
            taken, count = _take(huts, burned, burn, rng)
        burned[taken] = number
        counts.append(count)
    return Ground(lattice, burned, len(burns), len(huts.rows), tuple(counts))


def cover_on(ground: Ground, grid: GeoBox) -> Cover | None:
    """Return how much of each pixel of a grid burned; None where the grid does not meet it."""
    window = window_over(ground.lattice, grid)
    if window is None:
        return None
    part = grid[window]
    side = points_per_side(part, LATTICE_M)
    found = sampled(ground.burned, ground.lattice, part, side, fill=UNBURNED)
    shares = np.stack([(found == number).mean(axis=2) for number in range(ground.burns)])
    return Cover(window[0], window[1], part, shares)


def _frame(core: BaseGeometry) -> str:
    at = shapely.centroid(core)
    return equal_area(at.x, at.y)


def _lattice(core: BaseGeometry, frame: str, reach: float) -> GeoBox:
    west, south, east, north = shapely.bounds(core)
    left, top = (math.floor((west - reach) / LATTICE_M), math.ceil((north + reach) / LATTICE_M))
    columns = math.ceil((east + reach) / LATTICE_M) - left
    rows = top - math.floor((south - reach) / LATTICE_M)
    if rows * columns > LARGEST:
        raise RegionError(
            f"The settlement reaches over {columns * LATTICE_M / 1000:.1f} by "
            f"{rows * LATTICE_M / 1000:.1f} km: too large for an exercise; name a smaller one."
        )
    corner = Affine(LATTICE_M, 0, left * LATTICE_M, 0, -LATTICE_M, top * LATTICE_M)
    return GeoBox((rows, columns), corner, frame)


def _points(lattice: GeoBox) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x (1, x) and y (y, 1) of the lattice points, metres."""
    rows, columns = lattice.shape
    across, down = np.arange(columns, dtype=np.float64), np.arange(rows, dtype=np.float64)
    x: NDArray[np.float64] = lattice.transform.c + LATTICE_M * (across + 0.5)
    y: NDArray[np.float64] = lattice.transform.f - LATTICE_M * (down + 0.5)
    return x[np.newaxis, :], y[:, np.newaxis]


def _inside(area: BaseGeometry, lattice: GeoBox) -> NDArray[np.bool_]:
    shapely.prepare(area)
    x, y = _points(lattice)
    found: NDArray[np.bool_] = shapely.contains_xy(area, *np.broadcast_arrays(x, y))
    return found


def _build(inside: NDArray[np.bool_], village: Village) -> _Huts:
    """Place huts at random until they cover their share: with yards between, while there is room.

    Where all room is taken, further huts lean on others and get the ground that is left.
    """
    wanted = round(village.huts * int(inside.sum()))
    rng = np.random.default_rng([village.seed, 0])
    order = rng.permutation(np.flatnonzero(inside))
    disc = _disc(village.hut_radius_m)
    owner = np.full(inside.shape, -1, np.int32)
    places: list[tuple[int, int]] = []
    covered = 0
    for whole in (True, False):
        for place in order:
            if covered >= wanted:
                break
            row, column = divmod(int(place), inside.shape[1])
            if owner[row, column] >= 0:
                continue
            rows, columns = disc[0] + row, disc[1] + column
            free = _free(rows, columns, inside, owner)
            if whole and not free.all():
                continue
            free[np.cumsum(free) > wanted - covered] = False
            owner[rows[free], columns[free]] = len(places)
            places.append((row, column))
            covered += int(free.sum())
    at = np.array(places, np.int64).reshape(-1, 2)
    return _Huts(owner, at[:, 0], at[:, 1])


def _disc(radius_m: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return rows and columns of the lattice points of a hut, its centre first."""
    reach = math.floor(radius_m / LATTICE_M)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    distance = np.hypot(rows, columns) * LATTICE_M
    order = np.argsort(distance, axis=None, kind="stable")
    kept = order[distance.ravel()[order] <= radius_m]
    return rows.ravel()[kept], columns.ravel()[kept]


def _free(
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    inside: NDArray[np.bool_],
    owner: NDArray[np.int32],
) -> NDArray[np.bool_]:
    height, width = inside.shape
    free: NDArray[np.bool_] = (rows >= 0) & (rows < height) & (columns >= 0) & (columns < width)
    free[free] = inside[rows[free], columns[free]] & (owner[rows[free], columns[free]] < 0)
    return free


def _take(
    huts: _Huts, burned: NDArray[np.int16], burn: Burn, rng: np.random.Generator
) -> tuple[NDArray[np.bool_], int]:
    """Return the ground of the huts that burn, out of those that stand, and their number."""
    standing = np.flatnonzero(burned[huts.rows, huts.columns] == UNBURNED)
    count = round(burn.share * len(standing))
    if burn.pattern is Pattern.BLOCK:
        bearing = rng.uniform(0.0, 2.0 * math.pi)
        along = np.cos(bearing) * huts.rows[standing] + np.sin(bearing) * huts.columns[standing]
        order = np.argsort(along, kind="stable")
    else:
        order = rng.permutation(len(standing))
    # The last entry answers for ground without a hut, whose number is -1.
    burns = np.zeros(len(huts.rows) + 1, bool)
    burns[standing[order[:count]]] = True
    taken: NDArray[np.bool_] = burns[huts.owner]
    return taken, count


def _ring(
    core: BaseGeometry,
    lattice: GeoBox,
    burned: NDArray[np.int16],
    burn: Burn,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Return the ground of the ring that burns: one sector, going round from a random bearing."""
    inner, outer = RING_M
    ring = shapely.difference(shapely.buffer(core, outer), shapely.buffer(core, inner))
    left: NDArray[np.bool_] = _inside(ring, lattice) & (burned == UNBURNED)
    x, y = _points(lattice)
    middle = shapely.centroid(core)
    bearing = np.arctan2(y - middle.y, x - middle.x) - rng.uniform(0.0, 2.0 * math.pi)
    turn = np.mod(bearing, 2.0 * math.pi)
    if burn.share >= 1.0 or not left.any():
        return left
    left &= turn < np.quantile(turn[left], burn.share)
    return left
