"""Why evidence at a settlement brought no alert: every rule that held it back, look by look."""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntFlag

import numpy as np
from numpy.typing import NDArray


class Held(IntFlag):
    """A rule that held a look's evidence back."""

    SCENE_SUSPECT = 1
    RING_BURNED = 2
    RECURRENCE = 4
    ONE_LOOK = 8
    LEARNING = 16


def held_back(
    total: NDArray[np.float64], ring: NDArray[np.float64], again: NDArray[np.float64],
    thresholds: NDArray[np.float64],
) -> NDArray[np.int8]:  # fmt: skip
    """Return the rules without which a settlement had reached a higher state, as `Held` bits.

    Parameters
    ----------
    total : ndarray, shape (place, 3)
        Windowed evidence after `ring` and `again` were taken away, nats.
    ring, again : ndarray, shape (place,)
        What fire in the surroundings and the calendar took from the odds, nats, 0 or less.
    thresholds : ndarray, shape (place, 3)
    """
    reached = total > thresholds

    def missed(by: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray(((total - by[:, None] > thresholds) & ~reached).any(-1))

    one_look = (total[:, 0] > thresholds[:, 1]) & ~reached[:, 1]
    both = ring + again
    out = np.zeros(len(total), np.int8)
    out[missed(ring) | ((ring < 0.0) & missed(both))] |= Held.RING_BURNED
    out[missed(again) | ((again < 0.0) & missed(both))] |= Held.RECURRENCE
    out[one_look] |= Held.ONE_LOOK
    return out


def words(bits: int) -> Iterator[str]:
    """Yield the names of the rules among `bits`, in small letters."""
    for rule in Held:
        if bits & rule:
            yield rule.name.lower() if rule.name else ""
