"""Mosaics of real pixels: villages with fields near and round about, over years, one pixel by one.

No real sample holds a ring of 2 to 10 km, nor a village of which it is known that it emptied. So a
place is put together of real pixels: its fields from one pixel of field in China followed for six
years and from fields in Belgium of which a year is known, its wild ground from a forest in Romania;
noise, clouds and the passes that were clear are real ones too. Which parcel bears what in which
year, what lies fallow, and what happens, is drawn. All figures from here are of such *mosaics*,
never of a real place, and a forest is a wild ground that is easier told from fields than grass is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from benchmarks.bench_exercises import QUIET, square
from benchmarks.pixels import FIELD, SHARED, clear_passes, series_of
from benchmarks.resampled import (
    BEGIN,
    DARKEST,
    KNOTS,
    YEAR_DAYS,
    Donors,
    Resampled,
    day_of_year,
    draw,
    level_at,
    season_at,
    split,
    steady_places,
)
from detectors.abandon_look import NAMES as FIGURES
from detectors.abandon_look import NEAR_SLOTS, NO_CHAR, SECTOR_SLOTS, SLOTS
from detectors.endmembers import Surface, spectrum
from detectors.kernel import FEATURE_UNIT, NO_DATA
from detectors.types import PARTS, Features, PatchLook, PlaceFeatures
from hearthwatch.exercise.fallow import chosen_fields, grown_over, in_drought, left_fallow
from hearthwatch.exercise.residues import Group

BANDS = ("B04", "B08")
PARCEL = 2
"""Sampled pixels of a parcel: near a settlement one stands for 1.3 ha, a parcel for 2.5 ha."""
RADIUS_M = 50.5
BELGIUM = SHARED.parent / "s2-worldcereal-belgium" / "worldcereal_preprocessed_inputs.nc"
HAZY_BLUE = 0.25
NEAR_HA, SECTOR_HA = 1300.0, 1880.0
ROTATION, WOBBLE = 0.2, 0.3
"""Share of the fields that lie fallow in a usual year, and by how much, on the scale of the
logit, that differs from place to place and year to year."""

Array = NDArray[np.float64]
Bands = dict[str, Array]


@dataclass(frozen=True)
class Ground:
    """Real pixels of one group: courses of fields (course, band, knot) and the wild ground.

    Of the wild ground only `BANDS` and the pixels of the group are kept.
    """

    courses: Array
    wild: Donors


@dataclass(frozen=True)
class Story:
    """What happens to the places of a world.

    Attributes
    ----------
    loss : float
        Share of the fields near each place that are left from the beginning of `year` on.
    until : int
        Year from which on they are tilled again.
    drought : float
        Share of the green that `dry_year` takes, near and round about.
    unsown : float
        Share of all fields, near and round about, that are not sown in `dry_year`.
    yards : float
        Share of the yards that grows over while the place is empty.
    dropped : float
        Share of the clear looks taken away at random, as more cloud would.
    """

    loss: float = 0.0
    year: int = 5
    until: int = 99
    drought: float = 0.0
    unsown: float = 0.0
    dry_year: int = 5
    yards: float = 0.0
    dropped: float = 0.0


@dataclass(frozen=True)
class Land:
    """What is drawn of the places of a world: which pixel is what, and what each year bears.

    `field` (place, parcel) tells fields, near ones first; `course`, `shift` and `fallow` (year,
    place, parcel) what they bear; `wild` (place, pixel) names the real pixel of each pixel.
    """

    field: NDArray[np.bool_]
    course: NDArray[np.int64]
    shift: Array
    fallow: NDArray[np.bool_]
    left: NDArray[np.bool_]
    unsown: NDArray[np.bool_]
    wild: NDArray[np.int64]
    thickness: Array


@lru_cache(maxsize=2)
def ground_of(sample: Path, group: Group) -> Ground:
    """Return the real pixels to tune on, or the others to score with."""
    found = square(sample, RADIUS_M)
    donors = split(found)
    steady = steady_places(found, QUIET)[(0 if group is Group.TUNING else 1) :: 2]
    rows = [donors.bands.index(name) for name in BANDS]
    kept = np.ix_(rows, np.flatnonzero(np.isin(donors.owner, steady)))
    wild = dataclasses.replace(
        donors,
        bands=BANDS,
        pixel_season=donors.pixel_season[:, *kept],
        pixel_level=donors.pixel_level[:, *kept],
        pixel_rest=donors.pixel_rest[:, *kept],
    )
    return Ground(np.concatenate([_chinese(group), _belgian(group)]), wild)


def look_features(
    ground: Ground, places: int, years: int, story: Story, seed: int,
    between: tuple[float, float] = (0.0, np.inf),
) -> Iterator[Features]:  # fmt: skip
    """Yield the looks at the places of one world, oldest first.

    Parameters
    ----------
    between : (float, float)
        Years since `BEGIN` from which on, and before which, looks are wanted. Stories of one seed
        that drop as many looks are one world until something happens in them.
    """
    rng = np.random.default_rng(seed)
    land = _land(ground, places, years + 1, story, rng)
    history = draw(ground.wild, years, clear_passes(), rng)
    kept = rng.random(len(history.times)) >= story.dropped
    for number in np.flatnonzero(kept):
        if between[0] <= (history.times[number] - BEGIN).days / YEAR_DAYS < between[1]:
            yield _look(ground, land, story, history, int(number))


def _look(ground: Ground, land: Land, story: Story, history: Resampled, number: int) -> Features:
    sensed = history.times[number]
    year = int((sensed - BEGIN).days // YEAR_DAYS)
    wild = _wild(ground, history, number)
    noise = ground.wild.pixel_rest[history.donor[number]][:, land.wild]
    seen = np.isfinite(wild["B04"]) & np.isfinite(wild["B08"])
    wild = {name: wild[name][land.wild] for name in BANDS}
    fields = _fields(ground, land, year, day_of_year(sensed))
    fields = {name: fields[name] * np.exp(noise[at]) for at, name in enumerate(BANDS)}
    empty = story.year <= year < story.until
    bare = land.fallow[year] | (land.left & empty) | (land.unsown & (year == story.dry_year))
    untilled, field = (np.repeat(one, PARCEL, axis=1) for one in (bare, land.field))
    fallow = left_fallow(wild, np.repeat(land.thickness, PARCEL, axis=1))
    shown = {
        name: np.where(field, np.where(untilled, fallow[name], fields[name]), wild[name])
        for name in BANDS
    }
    yards = _yards(wild, story.yards if empty else 0.0)
    if year == story.dry_year:
        shown, yards = in_drought(shown, story.drought), in_drought(yards, story.drought)
    return _features(f"look{number}", sensed, shown, yards, seen[land.wild])


def _wild(ground: Ground, history: Resampled, number: int) -> Bands:
    """Return the reflectance of every real wild pixel at a look; NaN where it is clouded."""
    donors = ground.wild
    season = season_at(donors.pixel_season, history.times[number])
    level = level_at(donors.pixel_level, float(history.walk[number]))
    shown = np.exp(season + level + donors.pixel_rest[history.donor[number]])
    return dict(zip(BANDS, shown, strict=True))


def _fields(ground: Ground, land: Land, year: int, day: float) -> Bands:
    """Return what each pixel would show were it a tilled field."""
    position = (day - land.shift[year]) % 365.0 / 5.0
    low = position.astype(np.int64) % len(KNOTS)
    share, course = position - np.floor(position), land.course[year]
    out = {}
    for at, name in enumerate(BANDS):
        pair = (ground.courses[course, at, (low + step) % len(KNOTS)] for step in (0, 1))
        first, second = pair
        out[name] = np.repeat((1.0 - share) * first + share * second, PARCEL, axis=1)
    return out


def _yards(wild: Bands, share: float) -> Bands:
    """Return what the yards of each place show: swept ground and some trees."""
    around = {name: np.nanmean(values, axis=1) for name, values in wild.items()}
    swept = {name: np.full_like(around[name], spectrum(Surface.DRY, [name])[0]) for name in BANDS}
    return grown_over(grown_over(swept, around, 0.3), around, share)


def _land(ground: Ground, places: int, years: int, story: Story, rng: np.random.Generator) -> Land:
    parcels, near = SLOTS // PARCEL, NEAR_SLOTS // PARCEL
    field = np.zeros((places, parcels), np.bool_)
    left, unsown = field.copy(), field.copy()
    for place in range(places):
        field[place, :near] = chosen_fields(near, rng.uniform(0.2, 0.6), rng)
        field[place, near:] = chosen_fields(parcels - near, rng.uniform(0.15, 0.4), rng)
        mine = np.flatnonzero(field[place, :near])
        left[place, mine] = chosen_fields(len(mine), story.loss, rng)
        all_fields = np.flatnonzero(field[place])
        unsown[place, all_fields] = chosen_fields(len(all_fields), story.unsown, rng)
    shape = (years, places, parcels)
    usual = np.log(ROTATION / (1.0 - ROTATION))
    rate = usual + rng.normal(0.0, WOBBLE, (years, places, 2)) + rng.normal(0.0, 0.3, (years, 1, 1))
    rate = np.repeat(1.0 / (1.0 + np.exp(-rate)), [near, parcels - near], axis=2)
    return Land(
        field, rng.integers(len(ground.courses), size=shape), rng.normal(0.0, 8.0, shape),
        rng.random(shape) < rate, left, unsown,
        rng.integers(ground.wild.pixel_rest.shape[-1], size=(places, SLOTS)),
        rng.uniform(0.3, 1.0, (places, parcels)),
    )  # fmt: skip


def _features(
    key: str, sensed: Any, shown: Bands, yards: Bands, seen: NDArray[np.bool_]
) -> Features:
    places = len(seen)
    values = np.full((places, len(FIGURES), PARTS), np.nan)
    sectors = {
        name: _medians(one[:, NEAR_SLOTS:].reshape(places, PARTS - 1, SECTOR_SLOTS))
        for name, one in shown.items()
    }
    red, near = (
        np.log(np.concatenate([yards[name][:, None], sectors[name]], axis=1)) for name in BANDS
    )
    values[:, 0], values[:, 1] = near - red, red
    values[:, 2] = np.array([NEAR_HA] + [SECTOR_HA] * (PARTS - 1))
    counts = np.full((2, seen.size), NO_DATA, np.int16)
    bare = np.log(np.maximum(shown["B04"], DARKEST) / np.maximum(shown["B08"], DARKEST)).ravel()
    good = seen.ravel() & np.isfinite(bare)
    counts[0, good] = np.rint(np.clip(bare[good], -5.0, 5.0) / FEATURE_UNIT)
    clear = seen.reshape(places, -1).mean(1)
    patches = PatchLook(
        counts=np.full(places, SLOTS), core=np.tile(np.arange(SLOTS) < NEAR_SLOTS, places),
        edge=np.zeros(seen.size, np.bool_), east=np.ones(seen.size, np.int32),
        north=np.ones(seen.size, np.int32), values=counts, second=NO_CHAR,
        texture=np.full(places, np.nan),
    )  # fmt: skip
    told = PlaceFeatures(
        tuple(map(str, range(places))), np.zeros(places, np.bool_), values, BANDS,
        np.repeat(clear[:, None], PARTS, axis=1), np.full(places, 0.02), ("",) * places,
        patches=patches,
    )  # fmt: skip
    return Features(key, sensed, FIGURES, float(clear.mean()), {}, places=told)


def _medians(values: Array) -> Array:
    """Return the medians along the last axis, as `numpy.nanmedian` does in seven times as long."""
    ordered, count = np.sort(values, axis=-1), np.isfinite(values).sum(-1, keepdims=True)
    low, high = (
        np.take_along_axis(ordered, np.maximum(at, 0), -1)[..., 0]
        for at in ((count - 1) // 2, np.minimum(count // 2, values.shape[-1] - 1))
    )
    return np.where(count[..., 0] > 0, (low + high) / 2.0, np.nan)


def _chinese(group: Group) -> Array:
    """Return the course of each year of the field in China: two crops a year."""
    series = series_of(FIELD)
    rows = [series.bands.index("B04"), series.bands.index("B8A")]
    good = series.clear & (series.reflectance[:, series.bands.index("B02")] < HAZY_BLUE)
    years = (2019, 2020, 2021) if group is Group.TUNING else (2022, 2023, 2024)
    courses = []
    for year in years:
        mine = [n for n in np.flatnonzero(good) if series.sensed[n].year == year]
        days = [day_of_year(series.sensed[n]) for n in mine]
        courses.append([
            np.interp(KNOTS, days, series.reflectance[mine, row], period=365.0) for row in rows
        ])  # fmt: skip
    return np.array(courses)


def _belgian(group: Group) -> Array:
    """Return the courses of Belgian pixels that were bare once and green once: fields."""
    with h5py.File(BELGIUM) as file:
        days = np.array(file["t"][:], float)
        raw = np.stack([file[f"S2-L2A-{band}"][:] for band in BANDS], axis=1) / 10_000.0
    half = slice(0, 50) if group is Group.TUNING else slice(50, 100)
    flat = raw[:, :, :, half].reshape(len(days), 2, -1).transpose(2, 1, 0)
    flat = np.where(flat <= 0.0, np.nan, flat)
    index = (flat[:, 1] - flat[:, 0]) / (flat[:, 1] + flat[:, 0])
    # December and January have no data: what lies between is drawn straight.
    months = np.isfinite(index).mean(0) > 0.9
    whole = np.isfinite(index[:, months]).all(1)
    low, high = (one(index[:, months], axis=1) for one in (np.min, np.max))
    fields = whole & (low < 0.3) & (high > 0.65)
    # Days since 1990-01-01; a composite stands for the middle of its month.
    middle = (days + 15.0 - 2.0) % YEAR_DAYS
    order = np.argsort(middle[months])
    days, known = middle[months][order], flat[:, :, months][:, :, order]
    picked = known[np.flatnonzero(fields)[:: max(1, int(fields.sum()) // 60)]]
    return np.array([
        [np.interp(KNOTS, days, band, period=365.0) for band in one] for one in picked
    ])  # fmt: skip
