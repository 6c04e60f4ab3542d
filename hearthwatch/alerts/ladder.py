"""When a message that was not taken is tried again, and when it is given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import accumulate

_SOON = (
    timedelta(),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
_DAILY = timedelta(hours=24)
LONGEST = timedelta(days=5)
"""After the first attempt; what would be tried later is not tried."""
MOST_JITTER = 0.1
"""Of the wait before an attempt: so much later it may come."""


def _waits() -> tuple[timedelta, ...]:
    days = (LONGEST - sum(_SOON, timedelta())) // _DAILY
    return (*_SOON, *(_DAILY for _ in range(days)))


WAITS = _waits()
"""How long is waited before each attempt, counted from the one before."""
_SINCE_FIRST = tuple(accumulate(WAITS))


def next_attempt(
    first: datetime, attempts: int, jitter: float, *, last: datetime | None = None
) -> datetime | None:
    """Return when a message is to be tried again; None when it is given up.

    Parameters
    ----------
    first : datetime
        When it was tried first, or is to be.
    attempts : int
        How often it was tried so far.
    jitter : float
        From 0 to 1, drawn anew for each attempt: how much of the longest delay is added, so that
        thousands of messages that failed together do not come back together.
    last : datetime or None
        When it was tried last. Where that was late, for this service did not run, what is left
        of the ladder is climbed from there: it is not run through at once.

    Raises
    ------
    ValueError
        The jitter is out of range, or less than none was tried.
    """
    if not 0.0 <= jitter <= 1.0 or attempts < 0:
        raise ValueError("jitter is from 0 to 1, and attempts are counted from 0")
    if attempts >= len(WAITS):
        return None
    wait = WAITS[attempts]
    moment = first + _SINCE_FIRST[attempts]
    if last is not None:
        moment = max(moment, last + wait)
    return moment + jitter * MOST_JITTER * wait
