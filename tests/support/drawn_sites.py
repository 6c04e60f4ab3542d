"""Camps of a known area, looked at for years: what each look measures is drawn, not seen.

A look shows the true share, what the season of the site's own ground adds, an error that looks
share with those just before (the weather of a fortnight), and an error of its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from detectors.camp_sites import CampSites
from detectors.guard import judge_scene
from detectors.site_area import NAMES
from detectors.types import (
    PARTS,
    Features,
    Finding,
    MonitorState,
    PlaceFeatures,
    PlaceLook,
    SceneJudgement,
)

GRID = GeoBox((8, 8), Affine(10, 0, 680_000, 0, -10, 1_500_000), "EPSG:32635")
START = datetime(2020, 1, 1, 9, 20, tzinfo=UTC)
RING, BARE = 0.02, 0.95
"""Mean posteriors of the surroundings and of bare ground."""
PIXELS = 2_000
"""Of each site: 20 ha."""

Curve = Callable[[float], float]
"""From the day to the share of the measured ground that is bare or built."""


@dataclass(frozen=True)
class Drawn:
    """Camps first, then placebos of bare nothing.

    Attributes
    ----------
    curves : sequence of Curve
        One for each camp.
    own, weather : float
        Standard deviations of a look's errors, in shares: its own, and what it has in common
        with looks of the days before (1/e of it is left after `weather_days`).
    season : float
        Standard deviation over places of the annual term of a site's own ground.
    sectors : float
        How far the sectors of a ring disagree, in mean posterior.
    """

    curves: Sequence[Curve]
    placebos: int = 0
    seed: int = 0
    own: float = 0.01
    weather: float = 0.005
    weather_days: float = 15.0
    season: float = 0.01
    sectors: float = 0.005

    def looks(
        self, days: Sequence[float], seen: Callable[[float, int], float] = lambda day, place: 1.0
    ) -> Iterator[Features]:
        """Yield the looks on some days; `seen` is the share of each site that is clear."""
        rng = np.random.default_rng(self.seed)
        count = len(self.curves) + self.placebos
        swing = rng.normal(0.0, self.season, (2, count))
        weather, before = rng.normal(0.0, self.weather, count), None
        for day in days:
            if before is not None:
                left = math.exp(-(day - before) / self.weather_days)
                fresh = rng.normal(0.0, self.weather, count)
                weather = left * weather + math.sqrt(1.0 - left**2) * fresh
            before, angle = day, 2.0 * math.pi * day / 365.25
            share = np.array([curve(day) for curve in self.curves] + [0.0] * self.placebos)
            share = share + swing[0] * math.cos(angle) + swing[1] * math.sin(angle)
            share = share + weather + rng.normal(0.0, self.own, count)
            values = np.full((count, len(NAMES), PARTS), np.nan)
            values[:, 0, 1:] = RING + rng.normal(0.0, self.sectors, (count, PARTS - 1))
            values[:, 0, 0] = RING + share * (BARE - RING)
            values[:, 1:, 0] = BARE, 4.0, RING, 4.0
            clear = np.ones((count, PARTS))
            clear[:, 0] = [seen(day, place) for place in range(count)]
            values[clear[:, 0] == 0.0, 0, 0] = np.nan
            yield self._features(day, values, clear)

    def _features(self, day: float, values: np.ndarray, clear: np.ndarray) -> Features:
        count = len(values)
        ids = [f"camp{p}" for p in range(len(self.curves))]
        ids += [f"placebo{p}" for p in range(self.placebos)]
        return Features(
            f"S2A_{day:.0f}", at(day), NAMES, 1.0, {},
            places=PlaceFeatures(
                tuple(ids), np.arange(count) >= len(self.curves), values, ("B02",), clear,
                np.zeros(count), ("cloud",) * count, np.full(count, PIXELS),
            ),
        )  # fmt: skip


class Followed:
    """A detector that follows drawn camps, and all that it said."""

    def __init__(self, detector: CampSites | None = None) -> None:
        self.detector = detector or CampSites()
        self.state: MonitorState = self.detector.start(GRID)
        self.told: list[tuple[float, Finding]] = []
        self.ledger: list[tuple[float, PlaceLook]] = []
        self.scenes: list[SceneJudgement] = []

    def take(self, looks: Iterator[Features]) -> Followed:
        """Take looks in."""
        for one in looks:
            scene = judge_scene(one.acquisition, self.detector.placebo_evidence(self.state, one))
            self.state, found = self.detector.score(self.state, one, scene)
            day = day_of(one.sensed)
            self.scenes.append(scene)
            self.told += [(day, finding) for finding in found]
            self.ledger += [(day, row) for row in self.detector.looks(self.state, one)]
        return self

    def of(self, camp: int) -> list[tuple[float, Finding]]:
        """Return what was said of one camp, with the days."""
        return [(day, one) for day, one in self.told if one.place == f"camp{camp}"]

    def words(self, camp: int) -> list[str]:
        """Return the words for what became of one camp, in turn, each episode's last."""
        last = {one.object: one.change for _, one in self.of(camp) if one.change is not None}
        return [change.value for change in last.values()]


def at(day: float) -> datetime:
    """Return the time of a look."""
    return START + timedelta(days=float(day))


def day_of(moment: datetime) -> float:
    """Return the day of a look."""
    return (moment - START).total_seconds() / 86_400.0


def steady(share: float) -> Curve:
    """Return a camp that stays as it is."""
    return lambda day: share


def moves(before: float, after: float, day: float, lasting: float = 0.0) -> Curve:
    """Return a camp that grows or shrinks from a day on, evenly over so many days."""

    def curve(now: float) -> float:
        done = float(now >= day) if lasting == 0.0 else min(max((now - day) / lasting, 0.0), 1.0)
        return before + done * (after - before)

    return curve
