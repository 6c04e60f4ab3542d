"""What the looks at a site say of a change of its area: the evidence, and when it began.

A look speaks for a change by how far the area now lies from the anchor it departs from most, in the
uncertainty of that difference, and says nothing where it is small for people, or no more than what
fields round the site do by themselves (:func:`detectors.site_words.least_change`). Evidence for a
state is the least that its looks bring, so that each of them must show the change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import site_trend
from detectors.baseline import DAY_S, YEAR_S
from detectors.episodes import is_open
from detectors.site_words import AreaNow, ChangeRules, least_change
from detectors.types import NEVER

RECENT = 12
"""Looks that are remembered one by one."""
MOST = 50.0
"""Nats beyond which evidence says no more."""
RELEASE = 0.5

Array = NDArray[np.float64]
Rows = Mapping[str, NDArray[Any]]


def new_rows(count: int) -> dict[str, NDArray[Any]]:
    """Return what is remembered of the latest looks at `count` sites, by array name."""
    return {
        "recent_seconds": np.full((count, RECENT), NEVER, np.int64),
        "recent_share": np.full((count, RECENT), np.nan),
        "recent_evidence": np.zeros((count, RECENT)),
        "recent_held": np.zeros((count, RECENT), np.bool_),
    }


def evidence(
    rows: Rows, now: AreaNow, seconds: int, thresholds: Array, rules: ChangeRules
) -> tuple[Array, NDArray[np.int64], NDArray[np.bool_]]:
    """Return signed evidence, the anchor it is against, and whether what is open is still shown."""
    moved, deviation = site_trend.moved(rows)
    before = now.share[:, None] - moved
    least = least_change(before, now.fields[:, None], now.hectares[:, None], rules)
    # No ground can be less than bare: below nothing, a difference is one of the surroundings.
    size = np.abs(np.maximum(now.share[:, None], 0.0) - np.maximum(before, 0.0))
    with np.errstate(invalid="ignore"):
        nats = np.sign(moved) * np.minimum(0.5 * (moved / deviation) ** 2, MOST)
        signed = np.where(size >= least, nats, 0.0)
        eased = np.where(size >= RELEASE * least, nats, 0.0)
    young = rows["anchored"] >= seconds - rules.window_days * DAY_S
    most = np.abs(np.where(young, signed, 0.0)).argmax(-1)
    against = np.where(is_open(rows), rows["against"], most)
    each = np.arange(len(against))
    held = eased[each, against] * rows["side"] > RELEASE * thresholds[:, 0]
    kept = young[each, against] | is_open(rows)
    found = np.where(kept, signed[each, against], 0.0)
    return _not_of_the_season(rows, found, signed, seconds, rules), against, held


def _not_of_the_season(
    rows: Rows, found: Array, signed: Array, seconds: int, rules: ChangeRules
) -> Array:
    """Return no more evidence than there is against the same time of the year before.

    The season of a site is no sine, and where looks of winter tell nothing it is not learned
    whole. What a year ago was as it is now has not changed, but for the season.
    """
    away = np.abs(rows["anchored"] - (seconds - YEAR_S))
    nearest = away.argmin(-1)[:, None]
    known = np.take_along_axis(away, nearest, -1)[:, 0] <= rules.season_days * DAY_S
    then = np.take_along_axis(signed, nearest, -1)[:, 0]
    most = np.sign(found) * np.clip(np.sign(found) * then, 0.0, np.abs(found))
    bounded: Array = np.where(known, most, found)
    return bounded


def borne(evidence: Array, rules: ChangeRules) -> Array:
    """Return the evidence that so many looks in a row all bring on one side, shape (place, 3)."""
    least = [
        np.maximum(evidence[:, -count:].min(-1), (-evidence[:, -count:]).min(-1))
        for count in rules.looks
    ]
    borne: Array = np.maximum(np.stack(least, -1), 0.0)
    return borne


def remember(
    rows: Rows, now: AreaNow, evidence: Array, held: NDArray[np.bool_],
    judged: NDArray[np.bool_], seconds: int,
) -> None:  # fmt: skip
    """Remember a look that was judged, in place."""
    for name, value in (
        ("recent_seconds", seconds), ("recent_share", now.shown),
        ("recent_evidence", evidence), ("recent_held", held),
    ):  # fmt: skip
        array = rows[name]
        array[judged, :-1] = array[judged, 1:]
        array[judged, -1] = np.broadcast_to(value, judged.shape)[judged]


def first_changed(rows: Rows, place: int, now: AreaNow, rules: ChangeRules) -> int:
    """Return which of the recent looks is the first from which on all show the change."""
    before, side = before_of(rows, place), rows["side"][place]
    moved = abs(now.share[place] - before)
    around, hectares = now.fields[[place]], now.hectares[[place]]
    least = float(least_change(np.array([before]), around, hectares, rules)[0])
    plain = min(0.5 * moved, max(least, 3.0 * now.noise[place]))
    with np.errstate(invalid="ignore"):
        shows = side * (rows["recent_share"][place] - before) >= plain
    others = np.flatnonzero(~shows[:-1])
    return int(others[-1]) + 1 if others.size else 0


def before_of(rows: Rows, place: int) -> float:
    """Return the share that an episode is held against."""
    return float(rows["trend"][place, site_trend.FIRST + rows["against"][place]])


def last_unharmed(rows: Rows, place: int, first: int) -> int:
    """Return the look before, or the time of the anchor where that is not remembered."""
    if first > 0 and rows["recent_seconds"][place, first - 1] != NEVER:
        return int(rows["recent_seconds"][place, first - 1])
    begun = int(rows["recent_seconds"][place, first])
    anchored = int(rows["anchored"][place, rows["against"][place]])
    return anchored if anchored < begun else NEVER
