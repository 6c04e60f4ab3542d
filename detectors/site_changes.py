"""What became of a site: its area now against what it was, through suspicion, word and end.

The filtered area is kept once a month for a little over a year: the *anchors* of
:mod:`detectors.site_trend`. Once a change is suspected (:mod:`detectors.site_evidence`) it is held
against one of them. It is let go when looks fall below half of what began it (hysteresis), and
taken for the new normal when the area stands still: what comes after is a change of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import peaks, site_evidence, site_trend
from detectors.baseline import DAY_S
from detectors.episodes import LEVELS, STATE_OF, Level, is_open
from detectors.site_evidence import RECENT, before_of
from detectors.site_words import LEFT, OCCUPIED, UNKNOWN, AreaNow, ChangeRules, word
from detectors.types import NEVER, DetectorState, SiteChange

Array = NDArray[np.float64]
Rows = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one look changed at one site.

    Attributes
    ----------
    looks : int
        Usable looks since the first changed one, that one counted.
    opened, unharmed : int
        Seconds since the epoch of the first look that shows the change and of the last that does
        not (`NEVER` if there is none).
    change : SiteChange or None
        None until enough looks show it.
    before : float
        Share that it is held against.
    """

    state: DetectorState
    episode: int
    looks: int
    opened: int
    unharmed: int
    strongest: float
    change: SiteChange | None
    before: float


def new_rows(count: int) -> dict[str, NDArray[Any]]:
    """Return the state of `count` sites of which nothing is known, by array name."""
    return {
        "level": np.zeros(count, np.int8),
        "side": np.zeros(count, np.int8),
        "episode": np.zeros(count, np.int32),
        "opened": np.full(count, NEVER, np.int64),
        "unharmed": np.full(count, NEVER, np.int64),
        "age": np.zeros(count, np.int32),
        "strongest": np.zeros(count),
        "suspected": np.zeros(count, np.int32),
        "against": np.zeros(count, np.int8),
        **site_evidence.new_rows(count),
        "occupied": np.zeros(count, np.int8),
        "largest": np.zeros(count),
        "reached": np.zeros((count, len(LEVELS)), np.int32),
        "windowed": np.full((count, len(LEVELS)), np.nan),
        **peaks.new_rows(count),
    }


def advance(
    rows: Rows, now: AreaNow, judged: NDArray[np.bool_], seconds: int, thresholds: Array,
    rules: ChangeRules,
) -> dict[int, Turn]:  # fmt: skip
    """Move every judged site on by one look, in place; return what is new, by row.

    Parameters
    ----------
    judged : ndarray of bool, shape (place,)
        Sites of which enough is known and the look says something.
    thresholds : ndarray, shape (place, 3)
        Nats that must be exceeded for each state.
    """
    evidence, against, held = site_evidence.evidence(rows, now, seconds, thresholds, rules)
    site_evidence.remember(rows, now, evidence, held, judged, seconds)
    total = site_evidence.borne(rows["recent_evidence"], rules)
    rows["windowed"][:] = np.where(judged[:, None], total, np.nan)
    peaks.note(rows, judged, total, seconds)
    quiet = ~is_open(rows)
    opens = judged & quiet & (total > thresholds).any(-1)
    turns = {}
    for place in map(int, np.flatnonzero(opens | (judged & ~quiet))):
        if opens[place]:
            _open(rows, place, now, int(against[place]), float(evidence[place]), rules)
        turn = _go_on(rows, place, now, total[place], thresholds[place], rules)
        if turn is not None:
            turns[place] = turn
    _settle(rows, now, judged, seconds, rules)
    return turns


def _open(
    rows: Rows, place: int, now: AreaNow, against: int, evidence: float, rules: ChangeRules
) -> None:
    """Begin an episode: fix what it is held against, and find when it began."""
    rows["episode"][place] += 1
    rows["side"][place] = np.sign(evidence)
    rows["against"][place] = against
    rows["suspected"][place] = 0
    rows["recent_held"][place, -1] = True
    rows["strongest"][place] = 0.0
    first = site_evidence.first_changed(rows, place, now, rules)
    rows["age"][place] = RECENT - first - 1
    rows["opened"][place] = rows["recent_seconds"][place, first]
    rows["unharmed"][place] = site_evidence.last_unharmed(rows, place, first)


def _go_on(
    rows: Rows, place: int, now: AreaNow, total: Array, thresholds: Array, rules: ChangeRules
) -> Turn | None:
    """Move one site on that is under suspicion, since this look or before."""
    rows["age"][place] += 1
    rows["suspected"][place] += 1
    rows["strongest"][place] = max(float(rows["strongest"][place]), float(total[0]))
    before = Level(rows["level"][place])
    ending = _ending(rows, place, now, before, rules)
    if ending is not None:
        return _close(rows, place, now, ending, rules)
    level = max(before, Level.WATCH)
    for one, borne, least in zip(LEVELS, total, thresholds, strict=True):
        if borne > least:
            level = max(level, one)
    if level == before:
        return None
    rows["reached"][place, before:level] += 1
    rows["level"][place] = level
    return _turn(rows, place, now, STATE_OF[level], rules)


def _ending(
    rows: Rows, place: int, now: AreaNow, level: Level, rules: ChangeRules
) -> DetectorState | None:
    """Return how an episode ends with this look; None if it goes on."""
    looks = int(rows["suspected"][place])
    gone = level != Level.QUIET and not rows["recent_held"][place, -2:].any()
    if level <= Level.WATCH:
        return DetectorState.LAPSED if gone or looks >= rules.longest else None
    if level == Level.PROBABLE:
        return DetectorState.CLOSED if gone or looks >= rules.give_up_after else None
    moves = rows["side"][place] * now.rate[place] > 1.96 * now.rate_deviation[place]
    still = looks >= rules.close_after and not moves
    return DetectorState.CLOSED if gone or still or looks >= rules.longest else None


def _close(rows: Rows, place: int, now: AreaNow, state: DetectorState, rules: ChangeRules) -> Turn:
    """End an episode: what the area is now is what the next change is held against."""
    turn = _turn(rows, place, now, state, rules)
    if turn.change is not None:
        is_left = turn.change is SiteChange.CLOSED
        rows["occupied"][place] = LEFT if is_left else OCCUPIED
    if turn.change is not None or rows["suspected"][place] >= rules.longest:
        site_trend.forget_anchors(rows, place)
    for name, nothing in (
        ("level", Level.QUIET), ("side", 0), ("opened", NEVER), ("unharmed", NEVER), ("age", 0),
        ("strongest", 0.0), ("suspected", 0), ("against", 0),
        ("recent_evidence", 0.0), ("recent_held", False),
    ):  # fmt: skip
        rows[name][place] = nothing
    return turn


def _turn(rows: Rows, place: int, now: AreaNow, state: DetectorState, rules: ChangeRules) -> Turn:
    borne = max(Level(rows["level"][place]), Level.QUIET) >= Level.PROBABLE
    return Turn(
        state=state,
        episode=int(rows["episode"][place]),
        looks=int(rows["age"][place]),
        opened=int(rows["opened"][place]),
        unharmed=int(rows["unharmed"][place]),
        strongest=float(rows["strongest"][place]),
        change=word(rows, place, before_of(rows, place), now, rules) if borne else None,
        before=before_of(rows, place),
    )


def _settle(
    rows: Rows, now: AreaNow, judged: NDArray[np.bool_], seconds: int, rules: ChangeRules
) -> None:
    """Keep what quiet sites are, once a month; in place."""
    quiet = judged & ~is_open(rows)
    latest = rows["anchored"].max(-1)
    due = quiet & (latest <= seconds - rules.anchor_days * DAY_S)
    site_trend.anchor(rows, due, seconds)
    rows["largest"][due] = np.maximum(rows["largest"], now.share)[due]
    filled = now.share * now.hectares > rules.empty_ha
    seen = due & (rows["occupied"] == UNKNOWN) & filled
    rows["occupied"][seen] = OCCUPIED
