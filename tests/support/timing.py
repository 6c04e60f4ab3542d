"""Whether two things take the same time: paired, alternated, and robust on a machine that is busy.

Time is this process's own on the processor, so that what else the machine does is left out as far
as it can be. Of pairs asked one right after the other the median difference is taken, which no
single hiccup moves. What it may be follows from the spread of pairs that are known to be alike.
What seems to differ is measured anew: a leak is there again, a hiccup is not.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

Ask = Callable[[], object]

ROUNDS = 40
TRIES = 3
WARM = 4
DEVIATIONS = 4.0
"""Standard errors of a median: by chance one in 16,000 lies beyond, and three in a row never."""
LEAST_SECONDS = 1e-4
"""A tenth of a millisecond: no network tells less apart, in as many tries as are let through."""
LEAST_SHARE = 0.02
_OF_NORMAL, _OF_MEDIAN = 1.4826, 1.2533


@dataclass(frozen=True, slots=True)
class Difference:
    """How much longer one takes than the other.

    Attributes
    ----------
    seconds : float
        Median of the pairs.
    bound : float
        What it may be if both are alike.
    usual : float
        Median time of the second.
    """

    seconds: float
    bound: float
    usual: float

    @property
    def tells(self) -> bool:
        """Whether one could tell them apart."""
        return abs(self.seconds) > self.bound


def difference(one: Ask, other: Ask, twin: Ask, rounds: int = ROUNDS) -> Difference:
    """Return how `one` differs from `other`; `twin` is known to be like `other`.

    What differs is measured again, up to three times, and the last answer counts.
    """
    for _ in range(TRIES):
        found = _measured((one, other, twin), rounds)
        if not found.tells:
            break
    return found


def _measured(asks: Sequence[Ask], rounds: int) -> Difference:
    for ask in asks * WARM:
        ask()
    order, rng = list(range(len(asks))), random.Random(7)
    took = np.empty((rounds, len(asks)))
    gc.collect()
    gc.disable()
    try:
        for row in took:
            rng.shuffle(order)
            for number in order:
                began = time.process_time()
                asks[number]()
                row[number] = time.process_time() - began
    finally:
        gc.enable()
    one, other, twin = took.T
    usual = float(np.median(other))
    error = max(_error(one - other), _error(other - twin))
    bound = LEAST_SECONDS + LEAST_SHARE * usual + DEVIATIONS * error
    # Two alike are rarely alike to the microsecond: they are two objects of one process.
    bound += abs(float(np.median(other - twin)))
    return Difference(float(np.median(one - other)), bound, usual)


def _error(pairs: np.ndarray) -> float:
    """Return the standard error of the median of pairs, by their median absolute deviation."""
    spread = _OF_NORMAL * float(np.median(np.abs(pairs - np.median(pairs))))
    return _OF_MEDIAN * spread / len(pairs) ** 0.5
