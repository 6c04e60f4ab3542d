"""Settlements among drawn fields: what is tilled is known, look by look and pixel by pixel.

Wild ground greens with the rains; fields are sown later and harvested earlier; fallow ones bear a
thinner wild growth. All of it is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.abandon_look import NAMES, NEAR_SLOTS, NO_CHAR, SLOTS
from detectors.kernel import FEATURE_UNIT, NO_DATA
from detectors.types import PARTS, Features, GuardVerdict, PatchLook, PlaceFeatures, SceneJudgement

START = datetime(2017, 1, 3, 9, tzinfo=UTC)
YEAR = 365.25
NEAR_HA, SECTOR_HA = 1200.0, 1800.0
PASSED = SceneJudgement("look", GuardVerdict.PASSED, 24, 0, "0 of 24 placebos show change")
SUSPECT = SceneJudgement("look", GuardVerdict.SUSPECT, 24, 20, "20 of 24 placebos show change")

Array = NDArray[np.float64]
Vary = Callable[[float], float]


def quiet(_: float) -> float:
    """Return what happens where nothing does."""
    return 0.0


@dataclass(frozen=True)
class Country:
    """Settlements first, then placebos.

    Attributes
    ----------
    left : callable
        Share of the fields near the settlements that is not tilled, by the year since `START`.
    dry : callable
        Share of the green that a drought takes everywhere, by the year.
    unsown : callable
        Share of all fields, near and round about, that is not sown, by the year.
    yards : callable
        How far yards grow over: rise of their greenness, natural-log units, by the year.
    peak : float
        Day of the year on which wild ground is greenest.
    """

    settlements: int = 2
    placebos: int = 0
    near: float = 0.4
    ring: float = 0.3
    left: Vary = quiet
    dry: Vary = quiet
    unsown: Vary = quiet
    yards: Vary = quiet
    peak: float = 230.0
    seed: int = 0
    noise: float = 0.015

    @property
    def ids(self) -> tuple[str, ...]:
        """Names of all places."""
        real = [f"village{n}" for n in range(self.settlements)]
        return (*real, *(f"placebo{n}" for n in range(self.placebos)))

    def looks(self, days: Iterable[float], hidden: Any = None) -> list[Features]:
        """Return what is seen on these days after `START`.

        Parameters
        ----------
        hidden : ndarray of bool, shape (day, `SLOTS`), optional
            Pixels that clouds hide, at all places.
        """
        out = []
        for number, day in enumerate(days):
            shown = self.ndvi(day, number)
            if hidden is not None:
                shown[:, hidden[number]] = np.nan
            out.append(self._features(day, shown))
        return out

    def ndvi(self, day: float, number: int) -> Array:
        """Return the NDVI of every sampled pixel of every place."""
        rng = np.random.default_rng([self.seed, number])
        here = (START - datetime(START.year, 1, 1, tzinfo=UTC)) / timedelta(days=1) + day
        away = (here - self.peak + YEAR / 2) % YEAR - YEAR / 2
        # A growing year, from one trough to the next, is one of the years that are asked about.
        year = (here - self.peak + YEAR / 2) // YEAR
        wild = 0.18 + 0.42 * np.exp(-((away / 60.0) ** 2))
        field = 0.15 + 0.6 * np.exp(-(((away - 15.0) / 20.0) ** 2))
        fallow = 0.18 + 0.3 * np.exp(-((away / 60.0) ** 2))
        fields, rank = self._ground()
        idle = rank < self.unsown(year)
        near = np.arange(SLOTS) < NEAR_SLOTS
        real = np.arange(len(self.ids)) < self.settlements
        idle |= (rank < self.left(year)) & near & real[:, None]
        shown = np.where(fields, np.where(idle, fallow, field), wild)
        shown = 0.15 + (1.0 - self.dry(year)) * (shown - 0.15)
        return shown + rng.normal(0.0, self.noise, shown.shape)

    def _ground(self) -> tuple[NDArray[np.bool_], Array]:
        """Return which pixels are fields, and in which order they are given up, 0..1."""
        rng = np.random.default_rng([self.seed, 987])
        shape = (len(self.ids), SLOTS)
        share = np.where(np.arange(SLOTS) < NEAR_SLOTS, self.near, self.ring)
        return rng.random(shape) < share, rng.random(shape)

    def _features(self, day: float, shown: Array) -> Features:
        sensed = START + timedelta(days=day)
        year = (day + 2.4 - self.peak + YEAR / 2) // YEAR
        count = len(self.ids)
        values = np.zeros((count, len(NAMES), PARTS))
        values[: self.settlements, 0, 0] = self.yards(year)
        values[:, 2] = [NEAR_HA] + [SECTOR_HA] * (PARTS - 1)
        counts = np.full((2, shown.size), NO_DATA, np.int16)
        seen = np.isfinite(shown).ravel()
        bare = -2.0 * np.arctanh(np.clip(shown.ravel()[seen], -0.9, 0.9))
        counts[0, seen] = np.rint(bare / FEATURE_UNIT)
        patches = PatchLook(
            np.full(count, SLOTS), np.tile(np.arange(SLOTS) < NEAR_SLOTS, count),
            np.zeros(shown.size, np.bool_), np.ones(shown.size, np.int32),
            np.ones(shown.size, np.int32), counts, NO_CHAR, np.full(count, np.nan),
        )  # fmt: skip
        share = np.isfinite(shown).mean(1)
        places = PlaceFeatures(
            self.ids, np.arange(count) >= self.settlements, values, ("B04", "B08"),
            np.repeat(share[:, None], PARTS, 1), np.full(count, 0.02), ("",) * count,
            patches=patches,
        )  # fmt: skip
        return Features(f"look{day:g}", sensed, NAMES, float(share.mean()), {}, places=places)


def in_year(year: float, amount: float) -> Vary:
    """Return a course that is `amount` in one year alone."""
    return lambda one: amount if one == year else 0.0


def since(year: float, amount: float, until: float = 99.0) -> Vary:
    """Return a course that is `amount` from one year on, until another."""
    return lambda one: amount if year <= one < until else 0.0
