"""Heat pixels of one settlement as passes of satellites, and passes as episodes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from detectors.heat_season import DAY_S

PASS_S = 600
"""Pixels of one satellite within so many seconds are of one pass."""
QUIET_DAYS = 30
"""Days without heat after which heat is another episode."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass of a satellite that saw heat at a settlement.

    Attributes
    ----------
    seconds : int
        Of its first pixel there, since the epoch, UTC.
    members : tuple of int
        Its pixels, by index into what was given.
    """

    satellite: str
    seconds: int
    members: tuple[int, ...]

    @property
    def day(self) -> int:
        """UTC day, counted from the epoch."""
        return self.seconds // DAY_S


def passes_of(seconds: NDArray[np.int64], satellites: Sequence[str]) -> tuple[Pass, ...]:
    """Return the passes that pixels are of, in order of time, ties by the satellite's name.

    Parameters
    ----------
    seconds : ndarray of int64, shape (n,)
        Since the epoch.
    satellites : sequence of str, length n
    """
    found: list[Pass] = []
    for satellite in sorted(set(satellites)):
        order = sorted(
            (int(seconds[i]), i) for i, name in enumerate(satellites) if name == satellite
        )
        breaks = [0] + [k + 1 for k, (a, b) in enumerate(pairwise(order)) if b[0] - a[0] > PASS_S]
        for begin, end in pairwise([*breaks, len(order)]):
            group = order[begin:end]
            found.append(Pass(satellite, group[0][0], tuple(i for _, i in group)))
    return tuple(sorted(found, key=lambda one: (one.seconds, one.satellite)))


def episodes_of(
    passes: Sequence[Pass], known: Mapping[int, int]
) -> Iterator[tuple[int, tuple[Pass, ...]]]:
    """Yield the episodes that passes make, each with its number.

    An episode that was known before keeps its number, also where an earlier pass of it is heard of
    late; a new one is numbered by the UTC day of its first pass, counted from the epoch.

    Parameters
    ----------
    passes : sequence of Pass
        In order of time.
    known : mapping of int to int
        Second of the first pass that was known, by number.
    """
    begun = 0
    for k in range(1, len(passes) + 1):
        is_last = k == len(passes)
        if is_last or passes[k].seconds - passes[k - 1].seconds > QUIET_DAYS * DAY_S:
            part = tuple(passes[begun:k])
            yield _number(part, known), part
            begun = k


def _number(part: Sequence[Pass], known: Mapping[int, int]) -> int:
    """Return an episode's number; of several that grew together, the first one's."""
    reach = QUIET_DAYS * DAY_S
    first, last = part[0].seconds, part[-1].seconds
    mine = [n for n, begun in known.items() if first - reach <= begun <= last + reach]
    return min(mine) if mine else part[0].day
