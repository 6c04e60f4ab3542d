"""Why evidence at a settlement brought no alert: every rule that held it back, look by look."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntFlag
from functools import cache

import numpy as np
from numpy.typing import NDArray


class Held(IntFlag):
    """A rule that held a look's evidence back."""

    SCENE_SUSPECT = 1
    RING_BURNED = 2
    RECURRENCE = 4
    ONE_LOOK = 8
    LEARNING = 16
    PASSING_THROUGH = 32
    LONG_UNSEEN = 64


def held_back(
    total: NDArray[np.float64], lowered: Mapping[Held, NDArray[np.float64]],
    thresholds: NDArray[np.float64],
) -> NDArray[np.int8]:  # fmt: skip
    """Return the rules without which a settlement had reached a higher state, as `Held` bits.

    Parameters
    ----------
    total : ndarray, shape (place, 3)
        Windowed evidence after all of `lowered` was taken away, nats.
    lowered : mapping of Held to ndarray, shape (place, 1 or 3)
        What each rule took from the odds, nats, 0 or less.
    thresholds : ndarray, shape (place, 3)
    """
    reached = total > thresholds

    def missed(by: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray(((total - by > thresholds) & ~reached).any(-1))

    one_look = (total[:, 0] > thresholds[:, 1]) & ~reached[:, 1]
    together = missed(sum(lowered.values(), start=np.zeros((len(total), 1))))
    out = np.zeros(len(total), np.int8)
    for rule, odds in lowered.items():
        out[missed(odds) | ((odds < 0.0).any(-1) & together)] |= rule
    out[one_look] |= Held.ONE_LOOK
    return out


@cache
def words(bits: int) -> tuple[str, ...]:
    """Return the names of the rules among `bits`, in small letters."""
    return tuple(rule.name.lower() for rule in Held if bits & rule and rule.name)
