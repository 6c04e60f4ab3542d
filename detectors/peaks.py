"""The most that each year of looks at a settlement brought: what thresholds are calibrated on.

A year is counted from the first look at a place that was judged, or from the last one's end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.types import NEVER

YEAR_S = 365 * 86_400
KEPT = 10
"""Years that are remembered."""
STATISTICS = 3


def new_rows(count: int) -> dict[str, NDArray[Any]]:
    """Return the state of `count` settlements never judged, by array name.

    ``peaks`` and ``peaks_looks`` are of the years that are over, oldest first; NaN and 0 where
    there was none.
    """
    return {
        "peak": np.full((count, STATISTICS), -np.inf),
        "peak_since": np.full(count, NEVER, np.int64),
        "peak_looks": np.zeros(count, np.int32),
        "peaks": np.full((count, KEPT, STATISTICS), np.nan),
        "peaks_looks": np.zeros((count, KEPT), np.int32),
        "peaks_until": np.full((count, KEPT), NEVER, np.int64),
    }


def note(
    rows: Mapping[str, NDArray[Any]], judged: NDArray[np.bool_], total: NDArray[np.float64],
    seconds: int,
) -> None:  # fmt: skip
    """Take one look into the maxima of its year, in place.

    Parameters
    ----------
    total : ndarray, shape (place, 3)
        Windowed evidence, nats.
    """
    started = rows["peak_since"] != NEVER
    over = judged & started & (seconds - np.where(started, rows["peak_since"], 0) >= YEAR_S)
    _put_away(rows, np.flatnonzero(over))
    begins = judged & ((rows["peak_since"] == NEVER) | over)
    rows["peak_since"][begins] = seconds
    rows["peak"][begins] = -np.inf
    rows["peak_looks"][begins] = 0
    rows["peak_looks"][judged] += 1
    rows["peak"][judged] = np.maximum(rows["peak"], total)[judged]


def _put_away(rows: Mapping[str, NDArray[Any]], over: NDArray[np.int64]) -> None:
    for name, value in (
        ("peaks", rows["peak"]),
        ("peaks_looks", rows["peak_looks"]),
        ("peaks_until", rows["peak_since"] + YEAR_S),
    ):
        kept = rows[name]
        kept[over, :-1] = kept[over, 1:]
        kept[over, -1] = value[over]
