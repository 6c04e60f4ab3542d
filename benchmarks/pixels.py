"""Real single pixels with every band, followed as settlements without surroundings.

Two series of one pixel each are all there is of real looks that have B12 and go on for years. They
are followed as they are, and as *resampled* years: the rest beside season and level is drawn again
in blocks of successive looks, independently for each copy, on passes of every five days.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.resampled import (
    CADENCE_DAYS,
    DARKEST,
    YEAR_DAYS,
    Array,
    Donors,
    day_of_year,
    draw,
    fit,
    level_at,
    pass_time,
    season_at,
    terms,
)
from benchmarks.worlds import LAST_BURN_YEARS, TRAINING_YEARS, World
from detectors.burn_features import NAMES, burn_features
from detectors.burned import Burned
from detectors.calibration import BUILT_IN, POOLED, Calibration, Thresholds
from detectors.types import PARTS, Features, GuardVerdict, PlaceFeatures, SceneJudgement
from hearthwatch.exercise.model import Burn, Residues
from hearthwatch.exercise.residues import Group, drawn_residues
from tests.science.pixel_series import Series, hls, sentinel2

FOREST, FIELD = "one pixel of forest in China", "one pixel of field in China"
PIXELS = (FOREST, FIELD)
UNTIL = datetime(2024, 3, 15, tzinfo=UTC)
"""The forest burned after this look: what follows is no quiet ground."""
COPIES = 20
SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "hls-s2-pixel-series"


@dataclass(frozen=True)
class PixelTask:
    """One world of copies of a pixel; `ground` is the share that burns, None for quiet years.

    `years` is None for the real looks as they are.
    """

    name: str
    ground: float | None
    seed: int
    years: float | None = None
    thresholds: Thresholds = BUILT_IN
    copies: int = COPIES


@lru_cache(maxsize=2)
def series_of(name: str) -> Series:
    """Return one of `PIXELS`, of the forest the years before it burned."""
    if name == FIELD:
        return sentinel2(SHARED / "3_crop_sentinel2.csv")
    whole = hls(SHARED / "1_hls_sc.csv")
    kept = [n for n, sensed in enumerate(whole.sensed) if sensed <= UNTIL]
    times = tuple(whole.sensed[n] for n in kept)
    return Series(whole.bands, times, whole.reflectance[kept], whole.clear[kept])


def clear_passes() -> list[bool]:
    """Return a real sequence of clear and clouded passes, every five days."""
    return [bool(one) for one in series_of(FIELD).clear]


@dataclass(frozen=True)
class Pass:
    """One look at every copy: `core` (copy, band), and which of them it shows."""

    sensed: datetime
    core: Array
    clear: Any


def pixel_world(task: PixelTask) -> World:
    """Make one world, in a worker."""
    series = series_of(task.name)
    rng = np.random.default_rng([task.seed, 7])
    if task.years is None:
        passes = list(_real(series, task.copies))
    else:
        passes = list(_resampled(series, task, rng))
    first, last = passes[0].sensed, passes[-1].sensed
    low = TRAINING_YEARS * YEAR_DAYS
    high = (last - first).days - LAST_BURN_YEARS * YEAR_DAYS
    burns = {}
    if task.ground is not None:
        dates = [first + timedelta(days=float(rng.uniform(low, high))) for _ in range(task.copies)]
        burns = {copy: Burn(at, 1.0) for copy, at in enumerate(dates)}
    residues = drawn_residues(task.seed, Group.SCORING)
    detector = Burned().calibrated(Calibration("benchmark", {POOLED: task.thresholds}))
    return _followed(detector, series.bands, passes, burns, task.ground or 0.0, residues)


def _real(series: Series, copies: int) -> Iterator[Pass]:
    for sensed, core, clear in zip(series.sensed, series.reflectance, series.clear, strict=True):
        yield Pass(sensed, np.repeat(core[None], copies, 0), np.full(copies, bool(clear)))


def _resampled(series: Series, task: PixelTask, rng: np.random.Generator) -> Iterator[Pass]:
    """Draw a history for every copy, on passes they have in common."""
    assert task.years is not None
    donors = split_pixel(series)
    drawn = [draw(donors, task.years, clear_passes(), rng) for _ in range(task.copies)]
    count = int(task.years * YEAR_DAYS / CADENCE_DAYS)
    # Each copy has its own clouds: a pass shows some of them and not others.
    at = [{sensed: n for n, sensed in enumerate(one.times)} for one in drawn]
    for number in range(count):
        sensed = pass_time(number)
        shown = np.array([sensed in one for one in at])
        if not shown.any():
            continue
        core = np.full((task.copies, len(series.bands)), np.nan)
        season = season_at(donors.pixel_season, sensed)
        for copy in np.flatnonzero(shown):
            look = at[copy][sensed]
            level = level_at(donors.pixel_level, drawn[copy].walk[look])
            rest = donors.pixel_rest[drawn[copy].donor[look]]
            core[copy] = np.exp(season + level + rest)[:, 0]
        yield Pass(sensed, core, shown)


def split_pixel(series: Series) -> Donors:
    """Split the clear looks of one pixel into season, level of the year, and rest."""
    clear = np.flatnonzero(series.clear)
    days = np.array([day_of_year(series.sensed[n]) for n in clear])
    years = np.array([series.sensed[n].year for n in clear])
    values = np.log(np.maximum(series.reflectance[clear], DARKEST))[:, :, None]
    nothing = np.zeros(0)
    return Donors(
        series.bands, (), None, nothing, nothing,  # type: ignore[arg-type]
        *fit(terms(days), years, values), nothing, nothing, nothing, days, nothing,
    )  # fmt: skip


def _followed(
    detector: Burned, bands: tuple[str, ...], passes: list[Pass], burns: Mapping[int, Burn],
    ground: float, residues: Residues,
) -> World:  # fmt: skip
    """Follow copies of one pixel with burns on a share of its ground."""
    copies = len(passes[0].core)
    ids = tuple(str(n) for n in range(copies))
    state: Any = detector.start(None)  # type: ignore[arg-type]
    scene = SceneJudgement("", GuardVerdict.UNGUARDED, 0, 0, "one pixel")
    w, said, cores = [], [], []
    for number, look in enumerate(passes):
        core = look.core.astype(np.float64).copy()
        for place, burn in burns.items():
            mark = ground * burn.completeness * burn.mark_left(look.sensed)
            ash = burn.ash_left(look.sensed)
            left = [ash * residues.ash[b] + (1.0 - ash) * residues.char[b] for b in bands]
            core[place] += mark * (np.array(left) - core[place])
        values = np.full((copies, len(NAMES), PARTS), np.nan)
        values[:, :, 0] = burn_features(core[:, :, None], bands)[:, :, 0]
        seen = np.full((copies, PARTS), np.nan)
        seen[:, 0] = look.clear
        places = PlaceFeatures(
            ids, np.zeros(copies, bool), values, tuple(bands), seen, np.full(copies, 0.02),
            ("",) * copies,
        )  # fmt: skip
        features = Features(str(number), look.sensed, NAMES, 1.0, {}, places=places)
        state, found = detector.score(state, features, scene)
        w.append(state.arrays["windowed"].astype(np.float64))
        said += [(look.sensed, one) for one in found]
        cores.append(core)
    onsets = {place: burn.date for place, burn in burns.items()}
    return World(
        tuple(one.sensed for one in passes), np.arange(copies), np.zeros(copies, bool),
        np.stack(w), np.stack([one.clear for one in passes]), onsets, said,
        np.stack(cores), np.stack(cores),
    )  # fmt: skip
