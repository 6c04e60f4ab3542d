"""Patches of pixels of a known truth: levels, seasons, noise and haze are drawn, then some burn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import burn_pixels
from detectors.burn_pixels import PixelLook
from detectors.kernel import FEATURE_UNIT, NO_DATA
from detectors.patch_look import BURN_RATIO, burn_direction
from detectors.pixel_null import PixelRules
from detectors.types import PatchLook

DAY_S = 86_400
START_S = 1_514_800_000
RULES = PixelRules()


@dataclass(frozen=True)
class Blaze:
    """Pixels of one place that burn on a day; `strength` 1 is a pixel of dry ground turned burn."""

    place: int
    day: float
    pixels: NDArray[np.bool_]
    strength: float = 0.7


@dataclass(frozen=True)
class Patches:
    """Round places of one size, settlements first, `core` and `margin` their radii in pixels.

    Attributes
    ----------
    noise : float
        Standard deviation of each pixel's features, natural-log units.
    seed : int
        What is drawn of a place depends on its number alone.
    """

    settlements: int = 2
    placebos: int = 8
    core: int = 7
    margin: int = 5
    noise: float = 0.12
    seed: int = 3
    blazes: Sequence[Blaze] = ()
    haze: Mapping[float, float] = field(default_factory=dict)

    @property
    def places(self) -> int:
        return self.settlements + self.placebos

    @property
    def placebo(self) -> NDArray[np.bool_]:
        return np.arange(self.places) >= self.settlements

    def shape(self) -> tuple[Any, Any, NDArray[np.bool_], NDArray[np.bool_]]:
        """Return columns, rows, core and edge of one place's pixels."""
        reach = self.core + self.margin
        rows, columns = np.mgrid[-reach - 1 : reach + 2, -reach - 1 : reach + 2]
        far = np.hypot(rows, columns)
        inside = far <= reach
        beside = [np.roll(inside, step, axis) for step in (-1, 1) for axis in (0, 1)]
        edge = inside & ~np.logical_and.reduce(beside)
        return columns[inside], rows[inside], (far <= self.core)[inside], edge[inside]

    def disc(self, radius: float, column: float = 0.0, row: float = 0.0) -> NDArray[np.bool_]:
        """Return which pixels of a place lie within `radius` pixels of a point of it."""
        columns, rows, _, _ = self.shape()
        return np.asarray(np.hypot(columns - column, rows - row) <= radius)

    def look(self, day: float, chosen: Sequence[int] | None = None) -> PatchLook:
        """Return what the chosen places show on a day, all where none are chosen."""
        chosen = range(self.places) if chosen is None else chosen
        columns, rows, core, edge = self.shape()
        n = columns.size
        values = np.concatenate([self._values(one, day, n) for one in chosen], axis=1)
        steps = np.rint(values / FEATURE_UNIT).astype(np.int16)
        count = len(list(chosen))
        origin = np.repeat([one * 1000 for one in chosen], n)
        return PatchLook(
            counts=np.full(count, n),
            core=np.tile(core, count),
            edge=np.tile(edge, count),
            east=((np.tile(columns, count) + 50_000) * 10 + 5 + 10 * origin).astype(np.int32),
            north=((150_000 - np.tile(rows, count)) * 10 + 5).astype(np.int32),
            values=steps,
            second=BURN_RATIO,
            texture=np.full(count, np.nan),
        )

    def _values(self, place: int, day: float, n: int) -> NDArray[np.float64]:
        fixed = np.random.default_rng([self.seed, place])
        level = fixed.normal([[1.1], [-0.3]], 0.2, (2, n))
        turn = fixed.normal(0.15, 0.03, (2, n))
        look = np.random.default_rng([self.seed, place, round(day * 100), 7])
        noise = self.noise * (1.0 + self.haze.get(day, 0.0))
        shown = level + turn * math.cos(2 * math.pi * day / 365.25)
        shown += look.normal(0.0, noise, (2, n)) - 0.3 * self.haze.get(day, 0.0)
        for one in self.blazes:
            if one.place == place and day >= one.day:
                shown += one.strength * np.outer(burn_direction(BURN_RATIO), one.pixels)
        return np.clip(shown, -4.9, 4.9)


def seconds(day: float) -> int:
    return START_S + round(day * DAY_S)


def hidden(look: PatchLook, where: NDArray[np.bool_]) -> PatchLook:
    """Return a look in which some pixels were not seen."""
    return replace(look, values=np.where(where, np.int16(NO_DATA), look.values))


def follow(
    patches: Patches, days: Sequence[float], chosen: Sequence[int] | None = None,
    suspected: Sequence[int] = (), since: float = math.inf,
) -> tuple[NDArray[np.int16], list[PixelLook]]:  # fmt: skip
    """Take looks into the pixels' state; return it with what each look said.

    Parameters
    ----------
    suspected, since
        Rows of the places under suspicion from a day on.
    """
    places = list(range(patches.places)) if chosen is None else list(chosen)
    count, placebo = len(places), patches.placebo[places]
    state = burn_pixels.new_rows(patches.look(days[0], places).counts, RULES)
    usable, said = np.ones(count, bool), []
    for day in days:
        look, held = patches.look(day, places), np.zeros(count, bool)
        held[list(suspected)] = day >= since
        found = burn_pixels.weigh(state, look, usable, placebo, seconds(day), RULES)
        state = burn_pixels.update(
            state, look, found, usable, held, seconds(day), RULES, hold=False
        )
        said.append(found)
    return state, said
