"""The area curve of a site as it is kept: a bounded number of points, thinned where they crowd."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.types import NEVER

POINTS = 60

Array = NDArray[np.float64]
Rows = Mapping[str, NDArray[Any]]


def new_rows(count: int) -> dict[str, NDArray[Any]]:
    """Return the curves of `count` sites never looked at, by array name."""
    return {
        "curve": np.full((count, POINTS, 3), np.nan),
        "curve_seconds": np.full((count, POINTS), NEVER, np.int64),
    }


def note(rows: Rows, use: NDArray[np.bool_], points: Array, seconds: int) -> None:
    """Add a point to each curve in `use`, in place.

    Where a curve is full, the inner point goes whose neighbours lie closest together in time: it
    keeps its length, and its latest point.

    Parameters
    ----------
    points : ndarray, shape (place, 3)
        Area with the ends of its interval.
    """
    times, values = rows["curve_seconds"], rows["curve"]
    for place in map(int, np.flatnonzero(use)):
        gone = 0
        if times[place, 0] != NEVER:
            gone = 1 + int(np.argmin(times[place, 2:] - times[place, :-2]))
        times[place, gone:-1] = times[place, gone + 1 :]
        values[place, gone:-1] = values[place, gone + 1 :]
        times[place, -1] = seconds
        values[place, -1] = points[place]


def told(rows: Rows, place: int, hectares: float) -> list[list[Any]]:
    """Return one curve as ``[day, ha, low, high]``, oldest first; no end lies below 0.

    Parameters
    ----------
    hectares : float
        What the curve's values are shares of.
    """
    out: list[list[Any]] = []
    for seconds, point in zip(rows["curve_seconds"][place], rows["curve"][place], strict=True):
        if seconds != NEVER:
            day = datetime.fromtimestamp(int(seconds), UTC).date().isoformat()
            out.append([day, *(round(max(float(one) * hectares, 0.0), 3) for one in point)])
    return out
