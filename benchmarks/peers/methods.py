"""A method to compare with: its settings, what it can be fed, and the rule it alarms by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.series import Series

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Setting:
    """Options of a method, as its own names call them, and how the report names them."""

    words: str
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Method:
    """A method and how it may be tuned.

    Attributes
    ----------
    settings : tuple of Setting
        The method's own default first, and at most three others.
    inputs : tuple of str
        What it may be fed.
    limit : float or None
        It alarms by default where its statistic is above this; None if it has no default rule.
    run : callable
        Of a series, an input and settings; returns one statistic (series, look) for each setting,
        NaN before monitoring starts and where there is none.
    """

    name: str
    settings: tuple[Setting, ...]
    inputs: tuple[str, ...]
    limit: float | None
    run: Callable[[Series, str, Sequence[Setting]], list[Numbers]]


AT_LEAST_ONE = float(np.nextafter(1.0, 0.0))
"""Limit of a rule that alarms where its statistic is 1 or more."""


def monitored(statistic: Numbers, series: Series) -> Numbers:
    """Return a statistic with NaN before monitoring starts and at looks that are not usable."""
    kept = series.usable & (np.arange(statistic.shape[1]) >= series.start)
    return np.where(kept, statistic, np.nan)


def ours(*sets: Series) -> Method | None:
    """Return our detector, whose statistic comes with the series, if it does with all sets."""
    if any(series.w is None for series in sets):
        return None

    def run(given: Series, _: str, settings: Sequence[Setting]) -> list[Numbers]:
        w = np.asarray(given.w, np.float64)
        return [monitored(w, given) for _ in settings]

    return Method("hearthwatch", (Setting("as it runs"),), ("core, ring",), None, run)
