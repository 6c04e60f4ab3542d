"""The life of a suspicion at one settlement: windowed evidence, states, intervals, re-arming.

QUIET -> WATCH -> PROBABLE -> ESTABLISHED -> CLOSED, and quiet again: a place that burned once
must be watched as before, for it may burn again. What faded before anybody could be sure lapses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import peaks
from detectors.burn_evidence import any_cover
from detectors.burn_features import COVERS
from detectors.odds import DAY_S, OddsRules, unseen_odds
from detectors.types import NEVER, PARTS, DetectorState

WINDOW = 4
"""Usable looks over which evidence is added up, at most."""
SPEAKS = 1.0
"""Nats a look must bring to count as one that speaks for a change."""
FEATURES = 5

Array = NDArray[np.float64]


class Level(IntEnum):
    """State of one settlement."""

    QUIET = 0
    WATCH = 1
    PROBABLE = 2
    ESTABLISHED = 3


LEVELS = (Level.WATCH, Level.PROBABLE, Level.ESTABLISHED)
"""A place is suspected by any looks, thought to have burned by two, held to have by three."""
PAST = 4
"""Earlier fires at a place that are remembered."""

STATE_OF = {
    Level.WATCH: DetectorState.WATCH,
    Level.PROBABLE: DetectorState.PROBABLE,
    Level.ESTABLISHED: DetectorState.ESTABLISHED,
}


@dataclass(frozen=True, slots=True)
class EpisodeRules:
    """How looks add up, and when a place is quiet again.

    Attributes
    ----------
    close_after : int
        Usable looks since the first affected one after which what is seen is the new normal.
    give_up_after : int
        The same for a suspicion that never became more.
    level_looks : int
        Last looks the new normal is taken from.
    persistence : float
        Correlation between the errors of successive looks.
    window_days : float
        Age of a look from which on it is added to no younger one.
    speaking : tuple of int
        Looks that must speak for a change before a place is suspected, thought to have changed,
        and held to have.
    """

    close_after: int = 6
    give_up_after: int = 8
    level_looks: int = 3
    persistence: float = 0.3
    window_days: float = 90.0
    speaking: tuple[int, int, int] = (0, 2, 3)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one look changed at one settlement.

    Attributes
    ----------
    state : DetectorState
        The state it now has, CLOSED or LAPSED at the end of an episode.
    episode, looks : int
        Number of the episode, and usable looks since the first affected one.
    opened, unharmed : int
        Seconds since the epoch of the first affected look and of the last that showed the place
        plainly unharmed (`NEVER` if none did).
    strongest : float
        Highest windowed evidence of the episode, nats.
    shown : ndarray, shape (feature,)
        What the look of the highest evidence departed from the baseline by.
    new_normal : bool
        Whether the baseline must take what was last seen as its new level.
    """

    state: DetectorState
    episode: int
    looks: int
    opened: int
    unharmed: int
    strongest: float
    shown: Array
    new_normal: bool


def new_rows(
    count: int, features: int = FEATURES, covers: int = len(COVERS)
) -> dict[str, NDArray[Any]]:
    """Return the state of `count` quiet settlements, by array name."""
    return {
        "level": np.zeros(count, np.int8),
        "episode": np.zeros(count, np.int32),
        "opened": np.full(count, NEVER, np.int64),
        "unharmed": np.full(count, NEVER, np.int64),
        "plain": np.full(count, NEVER, np.int64),
        "age": np.zeros(count, np.int32),
        "strongest": np.zeros(count),
        "shown": np.full((count, features), np.nan),
        "window_evidence": np.zeros((count, WINDOW, covers)),
        "window_seconds": np.full((count, WINDOW), NEVER, np.int64),
        "window_plain": np.full((count, WINDOW), NEVER, np.int64),
        "window_ring": np.zeros((count, WINDOW)),
        "window_residual": np.full((count, WINDOW, features, PARTS), np.nan),
        "reached": np.zeros((count, len(LEVELS)), np.int32),
        "windowed": np.full((count, len(LEVELS)), np.nan),
        "past": np.full((count, PAST), NEVER, np.int64),
        **peaks.new_rows(count),
    }


@dataclass(frozen=True, slots=True)
class Windowed:
    """Evidence of the last looks together.

    Attributes
    ----------
    total : ndarray, shape (place, 3)
        The most that any of the last looks up to now bring together, nats, if enough of them speak
        for a change: by default of any looks, of looks of which two speak, and three; minus
        infinity where there are none.
    looks : ndarray of int, shape (place, 3)
        Of how many looks that is.

    odds : ndarray, shape (place, 3)
        What the odds of their first looks took from the most there was without, nats, 0 or less.
    """

    total: Array
    looks: NDArray[np.int64]
    odds: Array


def windowed(
    evidence: Array, persistence: float, reach: NDArray[np.int64] | None = None,
    odds: Array | None = None, least_speaking: tuple[int, int, int] = (0, 2, 3),
) -> Windowed:  # fmt: skip
    """Add up the evidence of the last looks, of as many as bring most.

    One cover must explain all the looks that are added up.

    Parameters
    ----------
    evidence : ndarray, shape (place, look, cover)
        Nats, oldest first.
    persistence : float
        Correlation between the errors of successive looks, by which their joint evidence is
        shrunk: what is odd about a place today is odd about it in five days.
    reach : ndarray of int, shape (place,), or None
        How many looks may be added up; all where it is None.
    odds : ndarray, shape (place, look), or None
        Nats, 0 or less, that are added where the look is the first of those added up.
    least_speaking : tuple of int
        Looks of those added up that must speak for a change, for each of `LEVELS`.
    """
    count = np.arange(1, evidence.shape[1] + 1)
    shrunk = 1.0 / (1.0 + (count - 1) * persistence)
    newest_first = evidence[:, ::-1]
    sums = any_cover(np.cumsum(newest_first, axis=1) * shrunk[:, None])
    speaking = np.cumsum(any_cover(newest_first) > SPEAKS, axis=1)
    if reach is not None:
        speaking = np.where(count <= reach[:, None], speaking, -1)
    borne = np.stack([np.where(speaking >= least, sums, -np.inf) for least in least_speaking], -1)
    weighed = borne if odds is None else borne + odds[:, ::-1, None]
    best = weighed.argmax(1)
    total = np.take_along_axis(weighed, best[:, None], 1)[:, 0]
    most = borne.max(1)
    taken = np.where(np.isfinite(most), total - np.where(np.isfinite(most), most, 0.0), 0.0)
    return Windowed(total, best + 1, taken)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look brings to the life of each settlement.

    Attributes
    ----------
    seconds : int
        Since the epoch.
    judged : ndarray of bool, shape (place,)
        Settlements of which it says anything; the others stay as they are.
    evidence : ndarray, shape (place, cover)
        Nats.
    odds : ndarray, shape (place,)
        Nats, 0 or less, that are added to what the last looks bring together: what else speaks
        against a burn.
    ring : ndarray, shape (place,)
        Share of the surroundings that changed as burning does.
    plain : ndarray of bool, shape (place,)
        Whether it shows the settlement plainly unharmed.
    error : ndarray, shape (place, feature)
        What it departed from the baseline by, kept with the episode's plainest look.
    residual : ndarray, shape (place, feature, part)
        Kept for the level that is taken as the new normal when an episode ends.
    thresholds : ndarray, shape (place, 3)
        Nats that must be exceeded for each of `LEVELS`.
    """

    seconds: int
    judged: NDArray[np.bool_]
    evidence: Array
    odds: Array
    ring: Array
    plain: NDArray[np.bool_]
    error: Array
    residual: Array
    thresholds: Array


def fresh(rows: Mapping[str, NDArray[Any]], seconds: int, rules: EpisodeRules) -> NDArray[np.bool_]:
    """Tell of each look in the windows whether it is young enough to be added to one of now."""
    young: NDArray[np.bool_] = rows["window_seconds"] >= seconds - rules.window_days * DAY_S
    return young


def ring_lately(
    rows: Mapping[str, NDArray[Any]], share: Array, seconds: int, rules: EpisodeRules
) -> Array:
    """Return the most of each place's surroundings that changed on this look or a fresh one."""
    before = np.where(fresh(rows, seconds, rules), rows["window_ring"], 0.0)
    lately: Array = np.maximum(before[:, 1:].max(-1), share)
    return lately


def advance(
    rows: Mapping[str, NDArray[Any]], look: Look, rules: EpisodeRules, odds: OddsRules
) -> tuple[dict[int, Turn], Array]:
    """Move every judged settlement on by one look, in place.

    Returns
    -------
    turns : dict of int to Turn
        What is new, by row.
    unseen : ndarray, shape (place, 3)
        Nats, 0 or less, that the evidence for each of `LEVELS` lost because nobody saw the place
        for long before.
    """
    _remember(rows, look)
    # What came before the first affected look bears no state of the episode.
    reach = np.where(is_open(rows), rows["age"] + 1, WINDOW)
    reach = np.minimum(reach, fresh(rows, look.seconds, rules).sum(-1))
    found = windowed(
        rows["window_evidence"], rules.persistence, reach, _unseen(rows, odds), rules.speaking
    )
    total = found.total + look.odds[:, None]
    rows["windowed"][:] = np.where(look.judged[:, None], total, np.nan)
    peaks.note(rows, look.judged, total, look.seconds)
    quiet = rows["level"] == Level.QUIET
    opens = look.judged & quiet & (total > look.thresholds).any(-1)
    unharmed = look.judged & quiet & ~opens & look.plain
    rows["plain"][unharmed] = look.seconds
    turns = {}
    for place in map(int, np.flatnonzero(opens | (look.judged & ~quiet))):
        if opens[place]:
            highest = int(np.flatnonzero(total[place] > look.thresholds[place])[-1])
            _open(rows, place, int(found.looks[place, highest]))
        turn = _advance_open(rows, place, bool(opens[place]), total[place], look, rules)
        if turn is not None:
            turns[place] = turn
    return turns, found.odds


def _unseen(rows: Mapping[str, NDArray[Any]], rules: OddsRules) -> Array:
    """Return what the time before the first affected look takes, by the look that is the first.

    Of an episode the first one is known, whichever looks are added up.
    """
    ongoing = is_open(rows)[:, None]
    plain = np.where(ongoing, rows["unharmed"][:, None], rows["window_plain"])
    first = np.where(ongoing, rows["opened"][:, None], rows["window_seconds"])
    return unseen_odds(plain, first, rules)


def _remember(rows: Mapping[str, NDArray[Any]], look: Look) -> None:
    """Put one usable look into the windows of the settlements it says something of, in place."""
    judged = np.flatnonzero(look.judged)
    for name in ("evidence", "seconds", "plain", "ring", "residual"):
        array = rows[f"window_{name}"]
        array[judged, :-1] = array[judged, 1:]
    rows["window_evidence"][judged, -1] = look.evidence[judged]
    rows["window_seconds"][judged, -1] = look.seconds
    rows["window_plain"][judged, -1] = rows["plain"][judged]
    rows["window_ring"][judged, -1] = look.ring[judged]
    rows["window_residual"][judged, -1] = look.residual[judged]


def _advance_open(
    rows: Mapping[str, NDArray[Any]], place: int, is_new: bool, total: Array, look: Look,
    rules: EpisodeRules,
) -> Turn | None:  # fmt: skip
    """Move one settlement on that is under suspicion, since this look or before."""
    if not is_new:
        rows["age"][place] += 1
    before = Level.QUIET if is_new else Level(rows["level"][place])
    if total[0] > rows["strongest"][place]:
        rows["strongest"][place] = total[0]
        rows["shown"][place] = look.error[place]
    ending = _ending(before, int(rows["age"][place]), float(total[0]), rules)
    if ending is not None:
        return _close(rows, place, ending, look.seconds if look.plain[place] else NEVER, rules)
    return _rise(rows, place, before, total, look.thresholds[place])


def is_open(rows: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Tell of each settlement whether it is under suspicion: it then learns nothing."""
    open_: NDArray[np.bool_] = rows["level"] != Level.QUIET
    return open_


def _open(rows: Mapping[str, NDArray[Any]], place: int, looks: int) -> None:
    first = WINDOW - looks
    rows["episode"][place] += 1
    rows["opened"][place] = rows["window_seconds"][place, first]
    rows["unharmed"][place] = rows["window_plain"][place, first]
    rows["age"][place] = looks
    rows["strongest"][place] = 0.0


def _rise(
    rows: Mapping[str, NDArray[Any]], place: int, before: Level, total: Array, thresholds: Array
) -> Turn | None:
    """Go to the highest state the evidence bears; None if that is no news."""
    level = max(before, Level.WATCH)
    for one, borne, least in zip(LEVELS, total, thresholds, strict=True):
        if borne > least:
            level = max(level, one)
    if level == before:
        return None
    rows["reached"][place, before:level] += 1
    rows["level"][place] = level
    return _turn(rows, place, STATE_OF[level], new_normal=False)


def _ending(before: Level, age: int, total: float, rules: EpisodeRules) -> DetectorState | None:
    """Return how an episode ends with this look; None if it goes on."""
    if before == Level.WATCH and (total < 0.0 or age >= rules.give_up_after):
        return DetectorState.LAPSED
    if before == Level.PROBABLE and age >= rules.give_up_after:
        return DetectorState.CLOSED
    if before == Level.ESTABLISHED and age >= rules.close_after:
        return DetectorState.CLOSED
    return None


def _close(
    rows: Mapping[str, NDArray[Any]], place: int, state: DetectorState, plain: int,
    rules: EpisodeRules,
) -> Turn:  # fmt: skip
    """End an episode: the settlement is quiet again and armed for the next.

    Parameters
    ----------
    plain : int
        Seconds of the look if it shows the settlement plainly unharmed, else `NEVER`.
    """
    stays = rows["age"][place] >= rules.close_after
    if rows["level"][place] >= Level.PROBABLE:
        rows["past"][place] = [*rows["past"][place, 1:], rows["opened"][place]]
    turn = _turn(rows, place, state, new_normal=bool(stays))
    rows["level"][place] = Level.QUIET
    # The oldest look of the new normal: on a later one something new may have begun already.
    if stays:
        rows["plain"][place] = rows["window_seconds"][place, WINDOW - rules.level_looks]
    else:
        # What lapsed was no change, but not every look at it shows that plainly.
        rows["plain"][place] = max(plain, int(rows["unharmed"][place]))
    rows["window_evidence"][place] = 0.0
    rows["window_plain"][place] = rows["plain"][place]
    for name, nothing in (("opened", NEVER), ("unharmed", NEVER), ("age", 0),
                          ("strongest", 0.0), ("shown", np.nan)):  # fmt: skip
        rows[name][place] = nothing
    return turn


def _turn(
    rows: Mapping[str, NDArray[Any]], place: int, state: DetectorState, *, new_normal: bool
) -> Turn:
    return Turn(
        state=state,
        episode=int(rows["episode"][place]),
        looks=int(rows["age"][place]),
        opened=int(rows["opened"][place]),
        unharmed=int(rows["unharmed"][place]),
        strongest=float(rows["strongest"][place]),
        shown=rows["shown"][place].copy(),
        new_normal=new_normal,
    )
