"""Settlements and placebos of a known truth, looked at for years: spectra are drawn, then burned.

The ground of every part is a mixture of green and dry that turns with the season; a look adds the
weather, which all parts of a settlement share, and errors of each part's own. A burn mixes char
and ash into it, and fades. What the detector gets are the features of these spectra.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from detectors.burn_features import NAMES, NEAR_INFRARED, burn_features
from detectors.burned import Burned
from detectors.endmembers import Surface, spectrum
from detectors.guard import judge_scene
from detectors.types import (
    PARTS,
    DetectorState,
    Features,
    Finding,
    MonitorState,
    PlaceFeatures,
    PlaceLook,
    SceneJudgement,
    Showed,
)

BANDS = ("B02", "B03", "B04", "B8A", "B11", "B12")
GRID = GeoBox((8, 8), Affine(10, 0, 680_000, 0, -10, 1_500_000), "EPSG:32635")
START = datetime(2018, 1, 1, 9, 20, tzinfo=UTC)
CORE = (0,)
GREEN, DRY, CHAR, ASH = (
    spectrum(one, BANDS) for one in (Surface.GREEN, Surface.DRY, Surface.CHAR, Surface.ASH)
)

Array = NDArray[np.float64]
Change = Callable[[float, Array], Array]
"""From the day and the reflectance (part, band) of one place, what it shows instead."""


@dataclass(frozen=True)
class Fire:
    """A burn of some parts of a place; `cover` of each part, halved in `half_life` days."""

    place: int
    day: float
    cover: float
    parts: Collection[int] = CORE
    ash: float = 0.25
    half_life: float = 120.0


@dataclass(frozen=True)
class Land:
    """Settlements first, then placebos.

    Attributes
    ----------
    weather, own, each : float
        Standard deviations in ln reflectance: shared by all parts and bands of a place, of a part
        in all bands, and of a part and band.
    orbits : mapping of int to float
        Relative orbits in turn, with the standard deviation of the parts' levels on each.
    dark : float or ndarray, shape (place,)
        Share of the ground that is as dark as char at all times, roofs and hearths. Without it
        the share of char that is measured lies at its bound of 0, and its errors on one side.
    """

    settlements: int = 12
    placebos: int = 24
    seed: int = 0
    weather: float = 0.05
    own: float = 0.03
    each: float = 0.012
    dark: float | Array = 0.15
    fires: Sequence[Fire] = ()
    orbits: Mapping[int, float] = field(default_factory=lambda: {107: 0.0})
    changes: Mapping[int, Change] = field(default_factory=dict)

    @property
    def places(self) -> int:
        return self.settlements + self.placebos

    @property
    def ids(self) -> tuple[str, ...]:
        real = [f"village{n}" for n in range(self.settlements)]
        return (*real, *(f"placebo{n}" for n in range(self.placebos)))

    def looks(
        self, days: Iterable[float], *, clouded: NDArray[np.bool_] | None = None, haze: float = 0.0
    ) -> list[Features]:
        """Return what was seen on these days.

        Parameters
        ----------
        clouded : ndarray of bool, shape (day, place)
            Places that could not be seen.
        """
        days = list(days)
        ground = np.stack([self._ground(n, day) for n, day in enumerate(days)]) + haze
        flat = ground.reshape(-1, PARTS, len(BANDS)).transpose(0, 2, 1)
        shape = (len(days), self.places)
        values = burn_features(flat, BANDS).reshape(*shape, len(NAMES), PARTS)
        hidden = np.zeros(shape, bool) if clouded is None else clouded
        values[hidden] = np.nan
        names = list(self.orbits)
        return [
            Features(
                acquisition=f"look{day:g}",
                sensed=when(day),
                names=NAMES,
                usable=1.0,
                causes={},
                orbit=names[n % len(names)],
                places=PlaceFeatures(
                    ids=self.ids,
                    placebo=np.arange(self.places) >= self.settlements,
                    values=values[n],
                    bands=tuple(BANDS),
                    seen=np.where(hidden[n, :, None], 0.0, np.ones((1, PARTS))),
                    contamination=np.full(self.places, 0.02),
                    lost=tuple("cloud" if one else "" for one in hidden[n]),
                ),
            )
            for n, day in enumerate(days)
        ]

    def _ground(self, n: int, day: float) -> Array:
        """Return the reflectance of every place, part and band on one day."""
        fixed = np.random.default_rng([self.seed, 1])
        shape = (self.places, PARTS, 1)
        level = fixed.normal(0.0, 0.15, shape) + fixed.normal(0.0, 0.05, (*shape[:2], len(BANDS)))
        dryness = fixed.uniform(0.5, 0.8, (self.places, 1, 1)) + fixed.normal(0, 0.04, shape)
        turn = fixed.uniform(0.1, 0.25, (self.places, 1, 1)) + fixed.normal(0, 0.02, shape)
        names = list(self.orbits)
        views = {one: fixed.normal(0.0, 1.0, shape) * self.orbits[one] for one in names}
        dry = np.clip(dryness + turn * np.cos(2 * np.pi * day / 365.25), 0.05, 0.95)
        look = np.random.default_rng([self.seed, 2, round(1000 * day)])
        error = (
            views[names[n % len(names)]]
            + look.normal(0.0, self.weather, (self.places, 1, 1))
            + look.normal(0.0, self.own, shape)
            + look.normal(0.0, self.each, (*shape[:2], len(BANDS)))
        )
        plain = 0.8 * (dry * DRY + (1.0 - dry) * GREEN)
        dark = np.broadcast_to(self.dark, (self.places,))[:, None, None]
        ground: Array = ((1.0 - dark) * plain + dark * CHAR) * np.exp(level)
        for place, change in self.changes.items():
            ground[place] = change(day, ground[place])
        for fire in self.fires:
            if day >= fire.day:
                cover = fire.cover * 2.0 ** (-(day - fire.day) / fire.half_life)
                parts = list(fire.parts)
                ground[fire.place, parts] = burned(ground[fire.place, parts], cover, fire.ash)
        result: Array = ground * np.exp(error)
        return result


def burned(before: Array, cover: float, ash: float) -> Array:
    """Mix a burn into reflectance; the last axis is the bands."""
    return (1.0 - cover) * before + cover * ((1.0 - ash) * CHAR + ash * ASH)


def when(day: float) -> datetime:
    return START + timedelta(days=day)


def day_of(moment: datetime) -> float:
    return (moment - START).total_seconds() / 86400.0


def interval(finding: Finding) -> tuple[float, float]:
    """Return the days of the last unharmed and the first changed look."""
    unharmed = -math.inf if finding.last_unharmed is None else day_of(finding.last_unharmed)
    return unharmed, day_of(finding.first_changed)


def near_infrared_only(look: Features) -> Features:
    """Return a look as of a sensor that has no other band."""
    assert look.places is not None
    values = look.places.values.copy()
    hidden = [k for k in range(len(NAMES)) if k != NEAR_INFRARED]
    values[:, hidden] = np.nan
    places = replace(look.places, values=values, bands=("B8A",))
    return replace(look, places=places, lived_without=("B02", "B03", "B04", "B11", "B12"))


@dataclass
class Watch:
    """A detector at work: its state, and all it ever said."""

    detector: Burned = field(default_factory=Burned)
    state: MonitorState = field(default_factory=lambda: Burned().start(GRID))
    findings: list[tuple[float, Finding]] = field(default_factory=list)
    shown: list[tuple[float, dict[str, PlaceLook]]] = field(default_factory=list)
    scenes: list[SceneJudgement] = field(default_factory=list)

    def take(self, looks: Iterable[Features]) -> Watch:
        """Judge and score looks one after the other, as the pipeline does."""
        for look in looks:
            evidence = self.detector.placebo_evidence(self.state, look)
            scene = judge_scene(look.acquisition, evidence)
            self.state, found = self.detector.score(self.state, look, scene)
            day = day_of(look.sensed)
            self.scenes.append(scene)
            self.findings += [(day, finding) for finding in found]
            told = self.detector.looks(self.state, look)
            self.shown.append((day, {one.place: one for one in told}))
        return self

    def of(self, place: int, *states: DetectorState) -> list[tuple[float, Finding]]:
        """Return the findings at one settlement, in these states or in any."""
        name = f"village{place}"
        return [
            (day, one)
            for day, one in self.findings
            if one.place == name and (not states or one.state in states)
        ]

    def words(self, place: int, since: float = 0.0, until: float = np.inf) -> list[Showed]:
        """Return what the looks of a time came to at one settlement."""
        name = f"village{place}"
        return [told[name].showed for day, told in self.shown if since <= day < until]


PROBABLE = (DetectorState.PROBABLE, DetectorState.ESTABLISHED)
