"""Long years of looks made of real residuals: a block bootstrap of the looks at one square.

Real null years are few. Here every series of the Romanian square (each pixel of each core, each
sector of each ring) is split into its season and what is left; the rest is drawn again in blocks
of successive real looks, all places of the square together, so that what scenes, weather and
neighbours have in common stays in common. The level of each series over the years is not shuffled:
it walks through the real years in their order, forwards or backwards, turning at the ends, for a
jump from one year's level to another's is no residual. Which dates have a look at all is a real
sequence too.
What comes of it is *resampled*, never real: blocks break the exchangeability that a guarantee
would rest on, and all of it is the ground of one square kilometre.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from detectors.burn_features import NAMES, burn_features
from detectors.patch_look import patch_look
from detectors.types import Features, PatchLook, PatchSet, PlaceFeatures
from imagery.types import GeoBox
from tests.science.laid_places import Square

Array = NDArray[np.float64]
CADENCE_DAYS = 5.0
BLOCK_LOOKS = 6
SEASON_DAYS = 30.0
"""A block begins with a real look within so many days of the year."""
CLEAR_SHARE = 0.5
"""Of the square: looks that show less of it lend no residuals."""
YEAR_DAYS = 365.25
BEGIN = datetime(2018, 1, 1, tzinfo=UTC)
DARKEST = 0.002
KNOTS = np.arange(0.0, 365.0, 5.0)
"""Days of the year at which a season is kept."""


@dataclass(frozen=True)
class Donors:
    """Real looks split into season and rest, in ln reflectance.

    Of the core pixels (band, n) and of the sectors (place, band, sector): `season` at `KNOTS` days
    of the year, `level` (year, ...) how each year departs from it, and `rest` what is left by look,
    NaN where nothing was seen. `day` is the day of the year of each look; `owner` the place of each
    pixel, `cores` the outlines and `index` where in `window` the pixels lie, for burns.
    """

    bands: tuple[str, ...]
    cores: tuple[BaseGeometry, ...]
    window: GeoBox
    owner: NDArray[np.int64]
    index: NDArray[np.int64]
    pixel_season: Array
    pixel_level: Array
    pixel_rest: Array
    sector_season: Array
    sector_level: Array
    sector_rest: Array
    day: Array
    contamination: Array


def split(square: Square) -> Donors:
    """Split the looks that show enough of the square."""
    looks = [look for look in square.looks if look.clear.mean() >= CLEAR_SHARE]
    days = np.array([day_of_year(look.sensed) for look in looks])
    years = np.array([look.sensed.year for look in looks])
    pixels = np.stack([
        np.where(look.clear, np.log(np.maximum(look.pixels, DARKEST)), np.nan) for look in looks
    ])  # fmt: skip
    sectors = np.stack([np.log(np.maximum(look.parts[:, :, 1:], DARKEST)) for look in looks])
    dirt = np.stack([look.contamination for look in looks])
    x = terms(days)
    return Donors(
        square.bands, square.cores, square.window, square.owner, square.index,
        *fit(x, years, pixels), *fit(x, years, sectors), days, dirt,
    )  # fmt: skip


def steady_places(square: Square, drawn: float) -> NDArray[np.int64]:
    """Return the places where nothing lasting happened: few drawings, summers alike.

    Told by the medians of June to September alone, against the ring: from year to year the near
    infrared (B8A) stays within 12 % and B11 within 15 %. A level that moved and stayed is a
    change, if not a fire; no detector was asked.

    Parameters
    ----------
    drawn : float
        Share of a core from which on drawings of clearings rule it out.
    """
    looks = [
        look for look in square.looks
        if look.clear.mean() >= CLEAR_SHARE and look.sensed.month in (6, 7, 8, 9)
    ]  # fmt: skip
    years = np.array([look.sensed.year for look in looks])
    steady = np.asarray(square.cleared < drawn)
    for band, most in (("B8A", 0.12), ("B11", 0.15)):
        row = square.bands.index(band)
        parts = np.log(np.maximum(np.stack([look.parts[:, row] for look in looks]), DARKEST))
        with warnings.catch_warnings():
            # Places that were not seen are NaN, and ruled out by the comparison.
            warnings.simplefilter("ignore", RuntimeWarning)
            apart = parts[:, :, 0] - np.nanmedian(parts[:, :, 1:], axis=-1)
            level = np.stack(
                [np.nanmedian(apart[years == one], axis=0) for one in np.unique(years)]
            )
        steady &= np.abs(np.diff(level[1:] if len(level) > 5 else level, axis=0)).max(0) < most
    return np.flatnonzero(steady)


def terms(day: Array) -> Array:
    """Return 1 and two harmonics of the year at days of the year, shape (..., 5)."""
    angle = 2.0 * np.pi * np.asarray(day) / YEAR_DAYS
    each = [
        np.ones_like(angle),
        np.cos(angle),
        np.sin(angle),
        np.cos(2 * angle),
        np.sin(2 * angle),
    ]
    return np.stack(each, -1)


def fit(x: Array, years: NDArray[np.int64], values: Array) -> tuple[Array, Array, Array]:
    """Return the season (knot, ...), each year's level about it (year, ...), and what is left."""
    flat = values.reshape(len(values), -1)
    known = np.isfinite(flat)
    each = np.unique(years)
    whole = np.column_stack([x, years[:, None] == each])
    # Without the ridge a year that was hardly seen had any level: it is drawn to that of all.
    ridge = np.diag([1e-4] * x.shape[1] + [2.0] * len(each))
    gram = np.einsum("ti,tj,ts->sij", whole, whole, known.astype(float), optimize=True) + ridge
    right = np.einsum("ti,ts->si", whole, np.where(known, flat, 0.0), optimize=True)
    fitted = np.linalg.solve(gram, right[..., None])[..., 0].T
    fitted[:, known.sum(0) < 3 * x.shape[1]] = np.nan
    rest = flat - whole @ fitted
    count, shape = x.shape[1], values.shape[1:]
    season, level = terms(KNOTS) @ fitted[:count], fitted[count:]
    return season.reshape(-1, *shape), level.reshape(-1, *shape), rest.reshape(values.shape)


def day_of_year(moment: datetime) -> float:
    """Return the days since New Year."""
    return (moment - datetime(moment.year, 1, 1, tzinfo=UTC)).total_seconds() / 86_400.0


@dataclass(frozen=True)
class Resampled:
    """One made history: when there is a look, whose residuals it bears, and the year of its level.

    `walk` runs over the real years, 0 being the middle of the first.
    """

    times: tuple[datetime, ...]
    donor: NDArray[np.int64]
    walk: Array


def pass_time(number: int) -> datetime:
    """Return when a pass of the made years is, clear or not."""
    return BEGIN + timedelta(days=number * CADENCE_DAYS, hours=9)


def draw(
    donors: Donors, years: float, clear: Sequence[bool], rng: np.random.Generator
) -> Resampled:
    """Draw the looks of some years.

    Parameters
    ----------
    clear : sequence of bool
        A real sequence of acquisitions, true where one was clear; it is entered at random.
    """
    count = int(years * YEAR_DAYS / CADENCE_DAYS)
    start = int(rng.integers(len(clear)))
    dates = [pass_time(n) for n in range(count) if clear[(start + n) % len(clear)]]
    chosen: list[int] = []
    while len(chosen) < len(dates):
        away = np.abs(donors.day - day_of_year(dates[len(chosen)]))
        near = np.minimum(away, YEAR_DAYS - away) <= SEASON_DAYS
        pool = np.flatnonzero(near) if near.any() else np.array([int(np.argmin(away))])
        first = int(rng.choice(pool))
        length = min(BLOCK_LOOKS, len(donors.day) - first)
        chosen += range(first, first + length)
    gone = np.array([(one - BEGIN).total_seconds() / 86_400.0 for one in dates]) / YEAR_DAYS
    last = len(donors.pixel_level) - 1
    position = rng.uniform(0.0, 2.0 * last) + gone
    turned = np.abs((position % (2.0 * last)) - last)
    return Resampled(tuple(dates), np.array(chosen[: len(dates)]), turned)


@dataclass(frozen=True)
class MadeLook:
    """One made look: reflectance of core pixels (band, n) and sectors (place, band, sector)."""

    sensed: datetime
    pixels: Array
    clear: NDArray[np.bool_]
    sectors: Array
    seen: Array
    contamination: Array


def made_looks(donors: Donors, history: Resampled) -> Iterator[MadeLook]:
    """Yield the looks of a history."""
    size = np.bincount(donors.owner, minlength=len(donors.cores))
    for sensed, donor, year in zip(history.times, history.donor, history.walk, strict=True):
        rest = donors.pixel_rest[donor]
        clear = np.isfinite(rest).all(0)
        season = season_at(donors.pixel_season, sensed) + level_at(donors.pixel_level, year)
        pixels = np.exp(np.where(clear, season + rest, np.nan))
        season = season_at(donors.sector_season, sensed) + level_at(donors.sector_level, year)
        sectors = np.exp(season + donors.sector_rest[donor])
        shown = np.bincount(donors.owner, clear, len(size)) / size
        seen = np.concatenate([shown[:, None], np.isfinite(sectors).any(1).astype(float)], 1)
        yield MadeLook(sensed, pixels, clear, sectors, seen, donors.contamination[donor])


def season_at(season: Array, sensed: datetime) -> Array:
    """Return the season at a time of the year, between two knots."""
    position = day_of_year(sensed) / 5.0
    low, share = int(position) % len(KNOTS), position - int(position)
    return (1.0 - share) * season[low] + share * season[(low + 1) % len(KNOTS)]


def level_at(level: Array, year: float) -> Array:
    """Return the level at a time between two years."""
    low = min(int(year), len(level) - 2)
    share = year - low
    return (1.0 - share) * level[low] + share * level[low + 1]


def features_of(
    donors: Donors, look: MadeLook, cores: Array, pixels: Array, chosen: NDArray[np.int64],
    placebo: NDArray[np.bool_],
) -> Features:  # fmt: skip
    """Return a made look as the detector is given it.

    Parameters
    ----------
    cores : ndarray, shape (place, band)
        Mean reflectance of the cores, burns and all.
    pixels : ndarray, shape (band, n)
        Reflectance of their pixels, likewise.
    chosen : ndarray of int
        The places that are followed.
    """
    parts = np.concatenate([cores[chosen][:, :, None], look.sectors[chosen]], -1)
    values = burn_features(parts, donors.bands)
    ids = tuple(str(place) for place in chosen)
    places = PlaceFeatures(
        ids, placebo, values, tuple(donors.bands), look.seen[chosen], look.contamination[chosen],
        ("",) * len(ids), patches=_patches(donors, look, pixels, chosen),
    )  # fmt: skip
    return Features(look.sensed.isoformat(), look.sensed, NAMES, 1.0, {}, places=places)


def _patches(donors: Donors, look: MadeLook, pixels: Array, chosen: NDArray[np.int64]) -> PatchLook:
    """Return the pixels of the cores one by one; of the margins round them none were made."""
    size = np.bincount(donors.owner, minlength=len(donors.cores))
    starts = np.concatenate([[0], np.cumsum(size)])
    mine = np.concatenate([np.arange(starts[one], starts[one + 1]) for one in chosen])
    shape = tuple(map(int, donors.window.shape))
    everywhere = np.full(shape, np.nan, np.float32)
    bands = {}
    for row, name in enumerate(donors.bands):
        bands[name] = everywhere.copy()
        bands[name].ravel()[donors.index] = pixels[row]
    clear = np.zeros(shape, bool)
    clear.ravel()[donors.index] = look.clear
    grid = tuple(donors.window.coords[name].values for name in donors.window.dims)
    within, outside = np.ones(mine.size, bool), np.zeros(mine.size, bool)
    followed = PatchSet(size[chosen], donors.index[mine], within, outside)
    return patch_look(bands, clear, (grid[0], grid[1]), followed)


def core_means(donors: Donors, pixels: Array, clear: NDArray[np.bool_]) -> Array:
    """Return the mean reflectance of each core over what was seen, shape (place, band)."""
    places = len(donors.cores)
    count = np.bincount(donors.owner, clear, places)
    out: Any = np.full((places, len(pixels)), np.nan)
    for band, values in enumerate(pixels):
        total = np.bincount(donors.owner, np.where(clear, values, 0.0), places)
        np.divide(total, count, out=out[:, band], where=count > 0)
    return out
