"""Two rules people use: near infrared that fell in two looks, and the burn ratio before and after.

The first, in the manner of Marx & Loboda (2013), doi:10.1016/j.rse.2013.05.006: a fall of a fifth
in two successive looks. The second is that of the Centre for Information Resilience's Burnscar:
NBR at most -0.10 after and at least 0.15 lower than before, in more than 10 pixels. Burnscar takes
B08 and counts pixels of a square around a fire; here NBR is of B8A where it was measured, the
pixels are the core's, and every look is tried, for no fire is given.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.inputs import (
    AGAINST_RING,
    CORE,
    NEAR_INFRARED,
    PARTS,
    burn_ratio,
    expected,
    index_input,
)
from benchmarks.peers.methods import AT_LEAST_ONE, Method, Numbers, Setting, monitored
from benchmarks.peers.series import Series

FALL = 0.20
AFTER, DROP, PIXELS, DAYS = -0.10, 0.15, 11, 60
"""Defaults of Burnscar; it takes the nearest images up to 30 days before and after a fire."""


def two_look(series: Series, part: str, settings: Sequence[Setting]) -> list[Numbers]:
    """Return the smallest fall of near infrared over successive looks, as a share of `FALL`.

    The fall is from what the season makes expect, 1 - NIR / expected; against the ring it is that
    of the ratio of core to ring.
    """
    darkness = index_input(series, f"{NEAR_INFRARED}, {part}")
    out = []
    for setting in settings:
        order, looks = setting.options["harmonics"], setting.options["looks"]
        season = expected(darkness, series.times, series.start, order)
        fall = 1 - np.exp(season - darkness)
        out.append(monitored(lowest_of_last(fall, looks) / FALL, series))
    return out


def burn_ratio_rule(series: Series, part: str, settings: Sequence[Setting]) -> list[Numbers]:
    """Return the factor by which both limits could be raised and still enough pixels meet them.

    The look before is the last usable one of the `days` before. Where pixels are given, the
    factor is that of the n-th pixel from the top, else that of the core's mean. Against the ring,
    the ring's own drop is taken off each pixel's.
    """
    pixels = series.burned_pixels
    ratios = burn_ratio(series.core if pixels is None else pixels, series)
    if pixels is None:
        ratios = ratios[..., None]
    ring = burn_ratio(series.ring, series) if part == AGAINST_RING else None
    before = _last_usable(series.usable)
    out = []
    for setting in settings:
        days, least = setting.options["days"], setting.options["pixels"]
        least = 1 if pixels is None else least
        out.append(monitored(_factors(series, ratios, ring, before, (days, least)), series))
    return out


def lowest_of_last(values: Numbers, looks: int) -> Numbers:
    """Return, at each usable look, the lowest of it and the usable looks before it.

    Parameters
    ----------
    values : (series, look) float64
        NaN where not usable.
    looks : int
        How many usable looks; where there were not yet so many there is no value.

    Returns
    -------
    (series, look) float64
    """
    out = np.full(values.shape, np.nan)
    for row, one in enumerate(values):
        seen = np.flatnonzero(np.isfinite(one))
        if len(seen) >= looks:
            windows = np.lib.stride_tricks.sliding_window_view(one[seen], looks)
            out[row, seen[looks - 1 :]] = windows.min(axis=1)
    return out


def _last_usable(usable: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the index of the last usable look before each; -1 where there was none."""
    index = np.where(usable, np.arange(usable.shape[1]), -1)
    latest = np.maximum.accumulate(index, axis=1)
    return np.concatenate([np.full((len(usable), 1), -1), latest[:, :-1]], axis=1)


def _factors(
    series: Series,
    ratios: Numbers,
    ring: Numbers | None,
    before: NDArray[np.int64],
    limits: tuple[int, int],
) -> Numbers:
    days, least = limits
    rows = np.arange(len(ratios))
    out = np.full(ratios.shape[:2], np.nan)
    for look in range(series.start, ratios.shape[1]):
        then = before[:, look]
        waited = series.times[look] - series.times[np.maximum(then, 0)]
        paired = (then >= 0) & (waited <= np.timedelta64(days, "D"))
        drop = ratios[rows, then] - ratios[:, look]
        if ring is not None:
            drop = drop - (ring[rows, then] - ring[:, look])[:, None]
        factor = np.minimum(ratios[:, look] / AFTER, drop / DROP)
        out[:, look] = np.where(paired, _nth_largest(factor, least), -np.inf)
    return out


def _nth_largest(values: Numbers, n: int) -> Numbers:
    """Return the n-th largest of each row; minus infinity where fewer are numbers."""
    if values.shape[1] < n:
        return np.full(len(values), -np.inf)
    filled = np.where(np.isfinite(values), values, -np.inf)
    return np.asarray(np.partition(filled, -n, axis=1)[:, -n])


def _looks(harmonics: int, looks: int) -> Setting:
    words = f"{harmonics} harmonics, {looks} looks"
    return Setting(words, {"harmonics": harmonics, "looks": looks})


def _pairs(pixels: int, days: int) -> Setting:
    words = f"at least {pixels} pixels, {days} days"
    return Setting(words, {"pixels": pixels, "days": days})


TWO_LOOK = Method(
    "two-look near infrared",
    (_looks(2, 2), _looks(1, 2), _looks(2, 3), _looks(1, 3)),
    PARTS,
    AT_LEAST_ONE,
    two_look,
)
NBR_RULE = Method(
    "NBR before and after (Burnscar)",
    (_pairs(PIXELS, DAYS), _pairs(4, DAYS), _pairs(PIXELS, 20), _pairs(4, 20)),
    (CORE, AGAINST_RING),
    AT_LEAST_ONE,
    burn_ratio_rule,
)
RULES = (TWO_LOOK, NBR_RULE)
