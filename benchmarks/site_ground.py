"""Known camps on real pixels: quiet ground, camps that stay, and camps that open and close.

Three grounds, told apart in every table. *Real*: the looks at the Romanian square as they are.
*Resampled*: years made of them (:mod:`benchmarks.camp_ground`), each world keeping the level of
one real year, for the square was cleared from year to year. *Fields*: twelve real monthly
composites of Belgian farmland; each further year is the same square turned by a quarter, so that
every site has other fields.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from scipy.ndimage import distance_transform_edt
from shapely.geometry import Point, box

from benchmarks.camp_ground import (
    BANDS,
    Array,
    Square,
    donors_of,
    made_looks,
    real_square,
)
from benchmarks.pixels import clear_passes
from benchmarks.resampled import Donors
from detectors.camp_sites import CampSites
from detectors.site_area import NAMES, site_area, site_features
from detectors.types import Features, PlaceFeatures, PlaceSet
from hearthwatch.exercise.camps import Camp, camp_ground, camp_shares, covered
from hearthwatch.exercise.camps_surfaces import drawn_covers
from hearthwatch.exercise.residues import Group
from imagery.types import Cause
from tests.science import belgian_fields
from tests.science.clearings import load_truth
from tests.science.laid_sites import Curves, follow, lay_sites
from tests.science.replay import TRUTH
from tiles.plane import from_plane, to_plane

__all__ = ["Arm", "Told", "donors_of", "fields", "mended", "real_quiet", "real_square", "resampled"]

CORE_M, STEP_M, NEAR_M = 50.0, 300.0, 100.0
CAMP_HA = (2.0, 4.0)
OPENS, CLOSES = timedelta(days=600), timedelta(days=1000)
GREENING = timedelta(days=3 * 365)
SLACK = timedelta(days=30)
EPSG_DRAWN = 3035


class Arm(StrEnum):
    """What lies in the polygons."""

    EMPTY = "no camp"
    STEADY = "a camp that stays as it is"
    MOVES = "a camp that opens and closes"


@dataclass(frozen=True)
class Told:
    """What was followed, and what is true; arrays of shape (look, site).

    Attributes
    ----------
    camps, touched : ndarray
        Hectares of a camp's own ground, and of the site's on which a camp covers a tenth or more
        of a pixel.
    shares : ndarray
        What each look alone shows; NaN where it cannot tell site and surroundings apart.
    """

    curves: Curves
    camps: Array
    touched: Array
    shares: Array

    @property
    def years(self) -> float:
        """Return the place-years from the first look that may be told of."""
        training = CampSites().parameters.trend.training
        days = self.curves.days
        return (days[-1] - days[training]).days / 365.25 * self.curves.sites


@dataclass(frozen=True)
class Ground:
    """A grid with sites on it: `inside` are the real pixels in the window that sites need."""

    places: PlaceSet
    window: GeoBox
    corner: tuple[int, int]
    shape: tuple[int, int]
    centres: tuple[tuple[float, float], ...]

    def features(self, sensed: datetime, pixels: Array, bands: Sequence[str]) -> Features:
        """Measure the sites on one look, reflectance (band, y, x) of the real grid."""
        laid = np.full((len(bands), *self.window.shape), np.nan, np.float32)
        row, column = self.corner
        laid[:, row : row + self.shape[0], column : column + self.shape[1]] = pixels
        clear = np.isfinite(laid).all(0)
        rules, count = CampSites().parameters.area, len(self.places.ids)
        dry = np.ones(clear.shape, bool)
        values, seen = site_features(laid, clear, dry, tuple(bands), self.places, rules)
        return Features(
            sensed.isoformat(), sensed, NAMES, 1.0, {},
            places=PlaceFeatures(
                self.places.ids, self.places.placebo, values, tuple(bands), seen,
                np.full(count, 0.02), ("",) * count, np.diff(self.places.starts)[::17],
            ),
        )  # fmt: skip


def ground_of(geobox: GeoBox, step_m: float = STEP_M, *, few: bool = False) -> Ground:
    """Lay round sites on a lattice over a grid in metres north up, 10 m a pixel.

    With `few` they are two, in opposite corners: more camps would be most of the surroundings.
    """
    west, north = float(geobox.transform.c), float(geobox.transform.f)
    height, width = (10.0 * int(side) for side in geobox.shape)
    epsg = int(geobox.crs.epsg)
    reach = CORE_M + NEAR_M
    centres = [
        (x, y)
        for x in np.arange(reach, width - reach + 1.0, step_m)
        for y in np.arange(reach, height - reach + 1.0, step_m)
    ]
    centres = [centres[0], centres[-1]] if few else centres
    cores = [Point(west + x, north - y).buffer(CORE_M) for x, y in centres]
    square = box(west, north - height, west + width, north)
    places, window = lay_sites(cores, square, epsg)
    column, row = (round(v) for v in ~window.transform * (west, north))
    shape = (int(geobox.shape[0]), int(geobox.shape[1]))
    return Ground(places, window, (row, column), shape, tuple(centres))


def resampled(
    square: Square, donors: Donors, group: Group, seed: int, arm: Arm, years: float
) -> Told:
    """Follow sites over made years."""
    rng = np.random.default_rng([31 if group is Group.TUNING else 32, seed])
    year = int(rng.integers(len(donors.pixel_level)))
    donors = dataclasses.replace(donors, pixel_level=donors.pixel_level[[year, year]])
    looks = ((one.sensed, one.pixels) for one in made_looks(donors, years, clear_passes(), rng))
    return _followed(
        ground_of(square.geobox, few=arm is not Arm.EMPTY), looks, BANDS, group, seed, arm
    )


def fields(path: Path, group: Group, seed: int, arm: Arm, years: int) -> Told:
    """Follow sites among Belgian fields."""
    with h5py.File(path) as file:
        days = [float(day) for day in file["t"][:]]
        west, north = float(file["x"][0]) - 5.0, float(file["y"][0]) + 5.0
        raw = np.stack([file[f"S2-L2A-{band}"][:] for band in belgian_fields.BANDS], axis=1)
    months = np.where(raw < 0, np.nan, raw / 10_000.0)
    grid = GeoBox((100, 100), _north_up(west, north), f"EPSG:{belgian_fields.EPSG}")
    looks = (
        (belgian_fields.EPOCH + timedelta(days=day + 365.25 * year),
         np.rot90(month, year + seed, axes=(1, 2)))
        for year in range(years) for day, month in zip(days, months, strict=True)
    )  # fmt: skip
    return _followed(
        ground_of(grid, few=arm is not Arm.EMPTY), looks, belgian_fields.BANDS, group, seed, arm
    )


def mended(square: Square, donors: Donors) -> Donors:
    """Return donors in which no pixel was ever cleared.

    One that was bears the series of the nearest that was not: the step of the year in which it was
    cleared is left in what a look departs from its year by, and is no quiet.
    """
    near = distance_transform_edt(square.cleared, return_distances=False, return_indices=True)
    whole = np.ravel_multi_index(tuple(near), square.cleared.shape).ravel()
    return dataclasses.replace(
        donors,
        **{name: getattr(donors, name)[..., whole]
           for name in ("pixel_season", "pixel_level", "pixel_rest")},
    )  # fmt: skip


def real_quiet(square: Square) -> tuple[Told, NDArray[np.bool_], NDArray[np.bool_]]:
    """Follow sites over the real looks, and tell when each was quiet.

    A site is quiet where no drawn clearing on its ground is about to come, within a month, or
    younger than three years, for clearings green again, which is a change.

    Returns
    -------
    told : Told
    quiet : ndarray of bool, shape (look, site)
    west : ndarray of bool, shape (site,)
        The half in which thresholds are looked at.
    """
    ground = ground_of(square.geobox, 50.0)
    looks = (
        (one.sensed, np.where(one.causes == Cause.CLEAR, one.pixels, np.nan))
        for one in square.looks
    )
    told = _followed(ground, looks, BANDS, Group.TUNING, 0, Arm.EMPTY)
    transform, epsg = square.geobox.transform, int(square.geobox.crs.epsg)
    drawn = load_truth(TRUTH)
    quiet = np.ones((len(told.curves.days), told.curves.sites), bool)
    for site, (x, y) in enumerate(ground.centres):
        measured = Point(transform.c + x, transform.f - y).buffer(CORE_M + NEAR_M)
        here = to_plane(from_plane(measured, epsg), EPSG_DRAWN)
        for one in drawn:
            if one.geometry.intersection(here).area < 200.0:
                continue
            for look, day in enumerate(told.curves.days):
                quiet[look, site] &= not one.earliest - SLACK <= day <= one.latest + GREENING
    across = np.array([x for x, _ in ground.centres])
    return told, quiet, across < 5.0 * ground.shape[1]


def _followed(
    ground: Ground, looks: Iterator[tuple[datetime, Array]], bands: Sequence[str], group: Group,
    seed: int, arm: Arm,
) -> Told:  # fmt: skip
    """Follow the sites of a ground, with camps on them where the arm has any."""
    camps: list[tuple[Camp, Any]] = []
    features, truth, ground_of_camps, shares = [], [], [], []
    known: dict[Camp, tuple[tuple[float, ...], Any]] = {}
    spectra = drawn_covers(seed, group)
    rules = CampSites().parameters.area
    for sensed, pixels in looks:
        if not camps and arm is not Arm.EMPTY:
            drawn = _camps(ground, group, seed, arm, sensed)
            camps = [(one, camp_ground(one, ground.shape)) for one in drawn]
        shown = dict(zip(bands, pixels, strict=True))
        for camp, laid in camps:
            as_it_is = (camp.grown(sensed), camp.standing(sensed), camp.mark(sensed))
            if known.get(camp, ((), {}))[0] != as_it_is:
                known[camp] = (as_it_is, camp_shares(camp, laid, sensed))
            shown = covered(shown, known[camp][1], spectra)
        look = ground.features(sensed, np.stack([shown[band] for band in bands]), bands)
        assert look.places is not None
        found = site_area(look.places.values, look.places.seen, look.places.contamination, rules)
        features.append(look)
        shares.append(found.share)
        covers = [known[camp][1] for camp, _ in camps]
        ground_of_camps.append(_touched(ground, covers) if covers else np.zeros(len(found.share)))
        truth.append([camp.hectares(sensed) for camp, _ in camps] or [0.0] * len(look.places.ids))
    return Told(follow(features, ground.window), *map(np.array, (truth, ground_of_camps, shares)))


def _touched(ground: Ground, covers: Sequence[Any]) -> Array:
    """Return how much of each site's ground is covered by a tenth or more, hectares."""
    rows, columns = (10.0 * np.arange(side) + 5.0 for side in ground.shape)
    whole = sum(np.asarray(share) for one in covers for share in one.values()) >= 0.1
    return np.array([
        0.01 * (whole & (np.hypot(rows[:, None] - y, columns - x) <= CORE_M + NEAR_M)).sum()
        for x, y in ground.centres
    ])  # fmt: skip


def _camps(ground: Ground, group: Group, seed: int, arm: Arm, first: datetime) -> Iterator[Camp]:
    """Draw a camp for the middle of every site: grown before the first look, or not yet begun."""
    rng = np.random.default_rng([41 if group is Group.TUNING else 42, seed])
    moves = arm is Arm.MOVES
    for x, y in ground.centres:
        yield Camp(
            y, x, float(rng.uniform(*CAMP_HA)),
            first + OPENS if moves else first - timedelta(days=1000),
            growth_days=float(rng.uniform(15.0, 60.0)), roofs=float(rng.uniform(0.12, 0.35)),
            sheeting=float(rng.uniform(0.2, 1.0)), seed=int(rng.integers(2**31)),
            closed=first + CLOSES if moves else None,
        )  # fmt: skip


def _north_up(west: float, north: float) -> Any:
    return Affine(10.0, 0.0, west, 0.0, -10.0, north)
