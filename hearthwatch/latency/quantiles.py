"""Quantiles of times of which some are not over yet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

LEAST = {0.5: 5, 0.95: 20}
"""So many times it takes for a quantile: with fewer, the 95th of a hundred is the longest."""


@dataclass(frozen=True, slots=True)
class Quantile:
    """One quantile, or the longest.

    Attributes
    ----------
    at_least : bool
        Whether what is not over yet may still make it longer.
    """

    time: timedelta
    at_least: bool


def quantile(over: Sequence[timedelta], going_on: Sequence[timedelta], share: float) -> Quantile:
    """Return the quantile of times by nearest rank: the smallest that a share do not exceed.

    What is not over counts with how long it goes on already. No time can end below that, so
    neither can the quantile: what comes out is true, or a lower bound and said to be one.

    Parameters
    ----------
    over, going_on : sequence of timedelta
        Those that are over, and how long the others go on so far; one at least.
    share : float
        0 < share <= 1.
    """
    every = sorted([*over, *going_on])
    # 0.95 * 20 is 19 and no more, whatever the machine makes of 0.95.
    rank = math.ceil(round(share * len(every), 9))
    lowest = every[rank - 1]
    at_most = sorted(over)[rank - 1] if rank <= len(over) else None
    return Quantile(lowest, at_most is None or lowest < at_most)


def quantile_if_enough(
    over: Sequence[timedelta], going_on: Sequence[timedelta], share: float
) -> Quantile | None:
    """Return a quantile of `LEAST`; None where there are too few times for it."""
    if len(over) + len(going_on) < LEAST[share]:
        return None
    return quantile(over, going_on, share)
