"""Thresholds as a budget of false alarms: which ones hold for a place, and what set they are of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

POOLED = ""
"""The stratum of all places together."""
SPARSE, DENSE = 15.0, 30.0
"""Judged looks a year below which a place is sparsely seen, and from which on densely."""
SMALL, LARGE = 20, 80
"""Pixels of 10 m below which a core is small, and from which on it is large."""
GREEN = 1.0
"""ln(near infrared / visible) of the surroundings, learned over the seasons, from which on ground
is green: it stands in for the biome, which no detector is told."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Windowed evidence, nats, that must be exceeded for each state of a detector."""

    watch: float
    probable: float
    established: float


BUILT_IN = Thresholds(5.5, 7.5, 9.0)
"""What holds where nothing was calibrated."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """One set of thresholds, as every finding names it.

    Attributes
    ----------
    id : str
        Of the set; empty for the detector's own, which keep no budget.
    thresholds : mapping of str to Thresholds
        By stratum; `POOLED` is always there.
    """

    id: str = ""
    thresholds: Mapping[str, Thresholds] = field(default_factory=lambda: {POOLED: BUILT_IN})

    def for_stratum(self, keys: tuple[str, ...]) -> Thresholds:
        """Return the thresholds of the first stratum of `keys` that has any, or the pooled."""
        for key in keys:
            if key in self.thresholds:
                return self.thresholds[key]
        return self.thresholds[POOLED]


def strata(greenness: float, looks_a_year: float, pixels: int) -> tuple[str, ...]:
    """Return the strata a place belongs to, the narrowest first.

    Parameters
    ----------
    greenness : float
        ln(near infrared / visible) of the surroundings; NaN where it is not known.
    looks_a_year : float
        Judged looks in a year; NaN where no year is over.
    pixels : int
        Of the core; 0 where it is not known.
    """
    parts = []
    if greenness == greenness:
        parts.append("green" if greenness >= GREEN else "bare")
        if looks_a_year == looks_a_year:
            parts.append(_three(looks_a_year, SPARSE, DENSE, ("sparse", "usual", "dense")))
            if pixels > 0:
                parts.append(_three(pixels, SMALL, LARGE, ("small", "middling", "large")))
    return tuple("/".join(parts[:count]) for count in range(len(parts), -1, -1))


def _three(value: float, low: float, high: float, words: tuple[str, str, str]) -> str:
    return words[(value >= low) + (value >= high)]
