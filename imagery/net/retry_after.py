"""How long a server asks us to wait."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal

LONGEST_S = 120.0
"""Seconds at most: a longer wait is another task's, and this one may go to another provider."""


def seconds_to_wait(
    header: str | None,
    unit: Literal["ms", "s"],
    date: str | None = None,
    most: float = LONGEST_S,
) -> float | None:
    """Read ``Retry-After`` (RFC 9110, 10.2.3; Sentinel Hub sends milliseconds).

    Parameters
    ----------
    header : str or None
        A number or an HTTP date.
    unit : {"ms", "s"}
        Of a bare number.
    date : str or None
        The answer's own ``Date``. A moment is counted from it where it is given, since the
        server's clock may differ from ours.
    most : float
        Seconds to wait at most, whatever the server says.

    Returns
    -------
    float or None
        Seconds, more than zero and at most `most`; None where nothing usable was said.
    """
    if header is None:
        return None
    try:
        seconds = float(header.strip()) / (1000.0 if unit == "ms" else 1.0)
    except ValueError:
        seconds = _until(header, date)
    if not math.isfinite(seconds) or seconds <= 0.0:
        return None
    return min(seconds, most)


def _until(header: str, date: str | None) -> float:
    moment = _moment(header)
    start = _moment(date) if date is not None else None
    if moment is None:
        return math.nan
    return (moment - (start or datetime.now(UTC))).total_seconds()


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
