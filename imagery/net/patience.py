"""How long is waited for what; tests give shorter times and their own sleep."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass


def _evenly() -> float:
    # A function by name: the generator's own method would take its state into every pickle, and all
    # workers would draw the same.
    return random.random()


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how often the transport tries.

    Attributes
    ----------
    connect_s, read_s : float
        Seconds at most for a connection and between two pieces of an answer; the deadline of the
        whole call may leave less.
    tries : int
        Requests sent at most for one call.
    good_tries : int
        How many of them may bring an answer that is no good: each may have been charged.
    first_s, longest_s : float
        The back-off doubles from the one to the other.
    sleep, random
        How to wait, and numbers drawn evenly from 0..1.
    """

    connect_s: float = 5.0
    read_s: float = 15.0
    tries: int = 8
    good_tries: int = 3
    first_s: float = 0.5
    longest_s: float = 30.0
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = _evenly

    def back_off(self, failures: int) -> float:
        """Return seconds to wait after so many failures in a row.

        Drawn evenly from zero to a bound that doubles ("full jitter"), so that many who failed
        together do not come back together: M. Brooker, Exponential Backoff And Jitter, AWS
        Architecture Blog, 2015.
        """
        bound = min(self.longest_s, self.first_s * 2.0 ** min(failures - 1, 30))
        return bound * self.random()
