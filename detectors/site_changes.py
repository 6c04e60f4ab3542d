"""What became of a site: its area now against what it was, and the words for it.

The filtered area is kept once a month for a little over a year: the *anchors* of
:mod:`detectors.site_trend`. A look speaks for a change by how far the area now lies from the
anchor it departs from most, in the uncertainty of that difference, and says nothing where it is
small for people: `least_share` of what there was. Evidence for a state is the least that its looks
bring, so that each of them must show the change.

Once a change is suspected it is held against that one anchor. It is let go when looks fall below
half of what began it (hysteresis), and taken for the new normal when the area stands still: what
comes after is a change of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import peaks, site_trend
from detectors.baseline import DAY_S
from detectors.episodes import LEVELS, STATE_OF, Level, is_open
from detectors.types import NEVER, DetectorState, SiteChange

RECENT = 12
"""Looks that are remembered one by one."""
UNKNOWN, OCCUPIED, LEFT = range(3)
MOST = 50.0
"""Nats beyond which evidence says no more."""
RELEASE = 0.5

Array = NDArray[np.float64]
Rows = Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class ChangeRules:
    """When an area has changed, and what it is called.

    Attributes
    ----------
    least_share, least_ha : float
        A change smaller than this share of what there was, or than so many hectares, is none.
    empty_share, empty_ha : float
        A site of which no more than this share of its largest extent, or so many hectares, is
        left is empty.
    window_days, anchor_days : float
        How old an anchor may be, and how far anchors lie apart.
    looks : tuple of int
        Looks in a row that must show the change, for each state.
    close_after, give_up_after : int
        Looks after which an established change is over if the area stands still, and after which
        one that was never established is.
    longest : int
        Looks after which a change is over though the area still moves: what follows is another.
    """

    least_share: float = 0.1
    least_ha: float = 0.25
    empty_share: float = 0.1
    empty_ha: float = 0.3
    window_days: float = 400.0
    anchor_days: float = 30.0
    looks: tuple[int, int, int] = (1, 3, 4)
    close_after: int = 6
    give_up_after: int = 12
    longest: int = 40


@dataclass(frozen=True, slots=True)
class AreaNow:
    """What is known of every site after one look; shares of the measured ground.

    Attributes
    ----------
    share : ndarray, shape (place,)
        Filtered area.
    rate, rate_deviation : ndarray, shape (place,)
        A week.
    noise : ndarray, shape (place,)
        Standard deviation of a look.
    shown : ndarray, shape (place,)
        What the look itself showed, without the season.
    hectares : ndarray, shape (place,)
        Of the measured ground.
    """

    share: Array
    rate: Array
    rate_deviation: Array
    noise: Array
    shown: Array
    hectares: Array


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
        "recent_seconds": np.full((count, RECENT), NEVER, np.int64),
        "recent_share": np.full((count, RECENT), np.nan),
        "recent_evidence": np.zeros((count, RECENT)),
        "recent_held": np.zeros((count, RECENT), np.bool_),
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
    evidence, against, held = _evidence(rows, now, seconds, thresholds, rules)
    _remember(rows, now, evidence, held, judged, seconds)
    total = _borne(rows["recent_evidence"], rules)
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


def _evidence(
    rows: Rows, now: AreaNow, seconds: int, thresholds: Array, rules: ChangeRules
) -> tuple[Array, NDArray[np.int64], NDArray[np.bool_]]:
    """Return signed evidence, the anchor it is against, and whether what is open is still shown."""
    moved, deviation = site_trend.moved(rows)
    before = now.share[:, None] - moved
    least = _least(before, now.hectares[:, None], rules)
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
    return np.where(kept, signed[each, against], 0.0), against, held


def _least(before: Array, hectares: Array, rules: ChangeRules) -> Array:
    smallest: Array = np.maximum(rules.least_share * before, rules.least_ha / hectares)
    return smallest


def _borne(evidence: Array, rules: ChangeRules) -> Array:
    """Return the evidence that so many looks in a row all bring on one side, shape (place, 3)."""
    least = [
        np.maximum(evidence[:, -count:].min(-1), (-evidence[:, -count:]).min(-1))
        for count in rules.looks
    ]
    borne: Array = np.maximum(np.stack(least, -1), 0.0)
    return borne


def _remember(
    rows: Rows, now: AreaNow, evidence: Array, held: NDArray[np.bool_],
    judged: NDArray[np.bool_], seconds: int,
) -> None:  # fmt: skip
    for name, value in (
        ("recent_seconds", seconds), ("recent_share", now.shown),
        ("recent_evidence", evidence), ("recent_held", held),
    ):  # fmt: skip
        array = rows[name]
        array[judged, :-1] = array[judged, 1:]
        array[judged, -1] = np.broadcast_to(value, judged.shape)[judged]


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
    first = _first_changed(rows, place, now, rules)
    rows["age"][place] = RECENT - first - 1
    rows["opened"][place] = rows["recent_seconds"][place, first]
    rows["unharmed"][place] = _last_unharmed(rows, place, first)


def _first_changed(rows: Rows, place: int, now: AreaNow, rules: ChangeRules) -> int:
    """Return which of the recent looks is the first from which on all show the change."""
    before, side = _before(rows, place), rows["side"][place]
    moved = abs(now.share[place] - before)
    least = max(rules.least_share * before, rules.least_ha / float(now.hectares[place]))
    plain = min(0.5 * moved, max(least, 3.0 * now.noise[place]))
    with np.errstate(invalid="ignore"):
        shows = side * (rows["recent_share"][place] - before) >= plain
    others = np.flatnonzero(~shows[:-1])
    return int(others[-1]) + 1 if others.size else 0


def _before(rows: Rows, place: int) -> float:
    """Return the share that an episode is held against."""
    return float(rows["trend"][place, site_trend.FIRST + rows["against"][place]])


def _last_unharmed(rows: Rows, place: int, first: int) -> int:
    """Return the look before, or the time of the anchor where that is not remembered."""
    if first > 0 and rows["recent_seconds"][place, first - 1] != NEVER:
        return int(rows["recent_seconds"][place, first - 1])
    begun = int(rows["recent_seconds"][place, first])
    anchored = int(rows["anchored"][place, rows["against"][place]])
    return anchored if anchored < begun else NEVER


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
        change=_word(rows, place, now, rules) if borne else None,
        before=_before(rows, place),
    )


def _word(rows: Rows, place: int, now: AreaNow, rules: ChangeRules) -> SiteChange:
    """Return the word of the frozen vocabulary for what an episode shows by now."""
    largest = float(rows["largest"][place])
    hectares = float(now.hectares[place])
    if rows["side"][place] < 0:
        left = float(now.share[place])
        empty = _is_empty(left, largest, hectares, rules)
        return SiteChange.CLOSED if empty else SiteChange.CONTRACTED
    if _is_empty(_before(rows, place), largest, hectares, rules):
        was_left = rows["occupied"][place] == LEFT
        return SiteChange.REOCCUPIED if was_left else SiteChange.NEW
    return SiteChange.EXPANDED


def _is_empty(share: float, largest: float, hectares: float, rules: ChangeRules) -> bool:
    return share <= max(rules.empty_share * largest, rules.empty_ha / hectares)


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
