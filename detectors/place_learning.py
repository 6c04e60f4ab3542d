"""What settlements learn from a look, and what of it is kept: alike for light and radar."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import baseline, episodes
from detectors.baseline import Errors
from detectors.episodes import Turn
from detectors.types import NEVER

Array = NDArray[np.float64]
Rows = dict[str, NDArray[Any]]


def quiet_places(
    rows: Rows, usable: NDArray[np.bool_], turns: Collection[int], *, suspect: bool
) -> NDArray[np.bool_]:
    """Tell which settlements learn from a look: what is under suspicion learns nothing."""
    quiet: NDArray[np.bool_] = usable & ~episodes.is_open(rows) & (not suspect)
    quiet[list(turns)] = False
    return quiet


def new_normals(rows: Rows, learned: Rows, turns: Mapping[int, Turn], looks: int) -> Iterator[int]:
    """Take what was last seen for normal where an episode ended so; yield each row, in place.

    Parameters
    ----------
    looks : int
        Last looks that the new level is taken from.
    """
    for place, turn in turns.items():
        if turn.new_normal:
            baseline.relevel(learned, place, rows["window_residual"][place, -looks:])
            yield place


def keep(
    rows: Rows, learned: Rows, values: Array, found: Errors, total: Array,
    usable: NDArray[np.bool_], judged: NDArray[np.bool_], seconds: int,
) -> None:  # fmt: skip
    """Keep what the look was held against and came to, for the ledger, in place.

    Parameters
    ----------
    values : ndarray, shape (place, feature, part)
        Those that are scored.
    total : ndarray, shape (place,)
        Evidence of this look alone, nats.
    """
    # Nothing fades while nothing is learned.
    waiting = episodes.is_open(rows) & (learned["learned"] != NEVER)
    learned["learned"] = np.where(waiting, seconds, learned["learned"])
    seen = usable[:, None]
    learned["evidence"] = np.where(judged, total, np.nan)
    learned["score"] = np.where(seen, found.score, np.nan)
    learned["observed"] = np.where(seen, values[:, :, 0], np.nan)
    learned["predictive"] = np.where(seen, found.predictive, np.nan)
