"""Settlements that came to send more back than before: what was built is part of what is normal.

A town that grew and is lost again comes back to where it began. Held against all looks before,
that is no change, and a baseline that learns slowly takes the years of building for a season. So
what stands brighter for long has a new normal, as what was lost has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from detectors.baseline import DAY_S
from detectors.types import NEVER

if TYPE_CHECKING:
    from detectors.radar_evidence import RadarEvidence

Rows = dict[str, NDArray[Any]]

RISEN = 3.0
"""Score, of the less significant statistic, beyond which a look shows a settlement brighter."""
LOOKS, DAYS = 6, 30.0
"""Looks in a row that must show it so, and days from the first of them to the last."""


def new_rows(count: int) -> Rows:
    """Return the state of `count` settlements never looked at, by array name.

    ``rise_looks`` counts the looks in a row that show a settlement brighter, ``rise_began`` is the
    time of the first of them, and ``raised`` that of the first look of its present normal, where
    that came by building; seconds since the epoch.
    """
    return {
        "rise_looks": np.zeros(count, np.int32),
        "rise_began": np.full(count, NEVER, np.int64),
        "raised": np.full(count, NEVER, np.int64),
    }


def shown(weighed: RadarEvidence, quiet: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tell which settlements a look shows brighter than their normal.

    They learn nothing from it: a first year's baseline would bend its season to it in four looks.

    Parameters
    ----------
    quiet : ndarray of bool, shape (place,)
        Settlements that are judged and under no suspicion.
    """
    brighter: NDArray[np.bool_] = quiet & (np.nan_to_num(weighed.lesser) <= -RISEN)
    return brighter


def follow(
    rows: Rows, brighter: NDArray[np.bool_], told: NDArray[np.bool_], seconds: int
) -> list[int]:
    """Take one look into the runs of brighter looks, in place; return the rows that have risen.

    Parameters
    ----------
    brighter, told : ndarray of bool, shape (place,)
        Settlements that the look shows so, and those of which it says anything.
    """
    rows["rise_began"][brighter & (rows["rise_looks"] == 0)] = seconds
    run = np.where(brighter, rows["rise_looks"] + 1, np.where(told, 0, rows["rise_looks"]))
    lasting = brighter & (run >= LOOKS) & (seconds - rows["rise_began"] >= DAYS * DAY_S)
    rows["raised"] = np.where(lasting, rows["rise_began"], rows["raised"])
    rows["rise_looks"] = np.where(lasting, 0, run).astype(np.int32)
    return [int(place) for place in np.flatnonzero(lasting)]


def begin_anew(rows: Rows, place: int) -> None:
    """Forget that one settlement had risen: it has another normal since, in place."""
    rows["rise_looks"][place] = 0
    rows["raised"][place] = NEVER
