"""Made years of radar looks: real looks of the stable bursts drawn again in blocks.

The real looks are 21 in five winters. A made pass bears the pixels of one of them, in blocks of
successive ones, all places of a burst together: speckle, soil and rain stay as they were, the
season of the rest of the year does not exist. What comes of it is *resampled*, never real.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench_radar import UNJUDGED, Array, Ground, measured_again
from detectors.radar import Radar
from detectors.types import Features, Finding
from hearthwatch.exercise.radar_loss import Loss, built, razed

CADENCE_DAYS = 12.0
BLOCK_LOOKS = 3
CORNERS = 0.1


@dataclass(frozen=True)
class Razing:
    """What stands at the places and what is lost: ln contrast, share, and when, by place."""

    contrast: float
    share: float
    onsets: Mapping[int, datetime]


@dataclass(frozen=True)
class RadarWorld:
    """What radar said of the places of one burst: `said` by number of place, `times` of looks."""

    times: tuple[datetime, ...]
    said: Sequence[tuple[datetime, Finding]]


def drawn(count: int, looks: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return which real look each made one bears."""
    chosen: list[int] = []
    while len(chosen) < count:
        first = int(rng.integers(looks))
        chosen += range(first, min(first + BLOCK_LOOKS, looks))
    return np.array(chosen[:count])


def play_radar(
    here: Ground, begin: datetime, until: datetime, razing: Razing, seed: int
) -> RadarWorld:
    """Make the looks between two times and let the detector follow them.

    Settlements are built on all cores; those with an onset lose a share of theirs at the first
    look after it.
    """
    rng = np.random.default_rng(seed)
    count = int((until - begin) / timedelta(days=CADENCE_DAYS))
    times = [begin + timedelta(days=CADENCE_DAYS * n, hours=4) for n in range(count)]
    donors = drawn(count, len(here.features), rng)
    power = _altered(here, times, donors, razing)
    detector = Radar()
    state, said = detector.start(here.burst.grid), []
    for number, (when, donor) in enumerate(zip(times, donors, strict=True)):
        look = _stamped(measured_again(power[number], here.features[donor], here.places), when)
        state, found = detector.score(state, look, UNJUDGED)
        said += [(when, one) for one in found]
    return RadarWorld(tuple(times), said)


def _stamped(look: Features, when: datetime) -> Features:
    return dataclasses.replace(look, acquisition=f"made-{when:%Y%m%d}", sensed=when)


def _altered(
    here: Ground, times: Sequence[datetime], donors: NDArray[np.int64], razing: Razing
) -> NDArray[np.float32]:
    """Return the made looks (look, band, y, x) with what stands on the cores and is lost."""
    out: Any = here.burst.power[donors].astype(np.float64)
    whole = np.ones((1, here.cores[0].sum()), bool)
    for place, core in enumerate(here.cores):
        onset = razing.onsets.get(place)
        first = len(times) if onset is None else sum(when < onset for when in times)
        for band in range(2):
            level: Array = here.levels[place, band, donors]
            pixels = out[:, band, core][:, None]
            stands = built(pixels, whole, level, razing.contrast, CORNERS, seed=place)
            loss = Loss(razing.share, first, seed=1000 + place)
            out[:, band, core] = razed(stands, whole, level, loss)[:, 0]
    return out.astype(np.float32)
