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

from detectors.burn_evidence import any_cover
from detectors.burn_features import COVERS
from detectors.types import NEVER, PARTS, DetectorState

WINDOW = 4
"""Usable looks over which evidence is added up, at most."""
FEATURES = 4

Array = NDArray[np.float64]


class Level(IntEnum):
    """State of one settlement."""

    QUIET = 0
    WATCH = 1
    PROBABLE = 2
    ESTABLISHED = 3


STATE_OF = {
    Level.WATCH: DetectorState.WATCH,
    Level.PROBABLE: DetectorState.PROBABLE,
    Level.ESTABLISHED: DetectorState.ESTABLISHED,
}


@dataclass(frozen=True, slots=True)
class EpisodeRules:
    """What it takes to be suspected and believed, and when a place is quiet again.

    Attributes
    ----------
    watch, probable, established : float
        Windowed evidence, nats, that must be exceeded.
    looks_probable, looks_established : int
        Looks that speak for the change, the first affected one counted.
    close_after : int
        Usable looks since the first affected one after which what is seen is the new normal.
    give_up_after : int
        The same for a suspicion that never became more.
    level_looks : int
        Last looks the new normal is taken from.
    persistence : float
        Correlation between the errors of successive looks.
    """

    watch: float = 3.5
    probable: float = 8.0
    established: float = 11.0
    looks_probable: int = 2
    looks_established: int = 3
    close_after: int = 6
    give_up_after: int = 8
    level_looks: int = 3
    persistence: float = 0.15


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


def new_rows(count: int) -> dict[str, NDArray[Any]]:
    """Return the state of `count` quiet settlements, by array name."""
    return {
        "level": np.zeros(count, np.int8),
        "episode": np.zeros(count, np.int32),
        "opened": np.full(count, NEVER, np.int64),
        "unharmed": np.full(count, NEVER, np.int64),
        "plain": np.full(count, NEVER, np.int64),
        "age": np.zeros(count, np.int32),
        "support": np.zeros(count, np.int32),
        "strongest": np.zeros(count),
        "shown": np.full((count, FEATURES), np.nan),
        "window_evidence": np.zeros((count, WINDOW, len(COVERS))),
        "window_seconds": np.full((count, WINDOW), NEVER, np.int64),
        "window_plain": np.full((count, WINDOW), NEVER, np.int64),
        "window_residual": np.full((count, WINDOW, FEATURES, PARTS), np.nan),
        "reached": np.zeros((count, 3), np.int32),
    }


def windowed(evidence: Array, persistence: float) -> tuple[float, int]:
    """Return the largest evidence of the last looks together, and of how many looks it is.

    One cover must explain all the looks that are added up.

    Parameters
    ----------
    evidence : ndarray, shape (look, cover)
        Nats, oldest first.
    persistence : float
        Correlation between the errors of successive looks, by which their joint evidence is
        shrunk: what is odd about a place today is odd about it in five days.
    """
    looks = np.arange(1, len(evidence) + 1)
    shrunk = 1.0 / (1.0 + (looks - 1) * persistence)
    sums = any_cover(np.cumsum(evidence[::-1], axis=0) * shrunk[:, None])
    best = int(np.argmax(sums))
    return float(sums[best]), best + 1


def remember(
    rows: Mapping[str, NDArray[Any]], place: int, evidence: Array, seconds: int, residual: Array
) -> None:
    """Put one usable look into a settlement's window, in place.

    Parameters
    ----------
    evidence : ndarray, shape (cover,)
        Nats.
    residual : ndarray, shape (feature, part)
        Kept for the level that is taken as the new normal when an episode ends.
    """
    for name in ("evidence", "seconds", "plain", "residual"):
        array = rows[f"window_{name}"]
        array[place, :-1] = array[place, 1:].copy()
    rows["window_evidence"][place, -1] = evidence
    rows["window_seconds"][place, -1] = seconds
    rows["window_plain"][place, -1] = rows["plain"][place]
    rows["window_residual"][place, -1] = residual


def advance(
    rows: Mapping[str, NDArray[Any]], place: int, seconds: int, error: Array, *, plain: bool,
    rules: EpisodeRules,
) -> Turn | None:  # fmt: skip
    """Move one settlement on by the look just remembered, in place.

    Parameters
    ----------
    plain : bool
        Whether the look shows the settlement plainly unharmed.
    error : ndarray, shape (feature,)
        What the look departed from the baseline by, kept with the episode's plainest look.

    Returns
    -------
    Turn or None
        None where nothing is to be told.
    """
    evidence = rows["window_evidence"][place]
    total, looks = windowed(evidence, rules.persistence)
    before = Level(rows["level"][place])
    if before == Level.QUIET:
        if total <= rules.watch:
            rows["plain"][place] = seconds if plain else rows["plain"][place]
            return None
        _open(rows, place, looks)
    else:
        rows["age"][place] += 1
        rows["support"][place] += any_cover(evidence[-1]) > 0.0
    if total > rows["strongest"][place]:
        rows["strongest"][place] = total
        rows["shown"][place] = error
    ending = _ending(before, int(rows["age"][place]), total, rules)
    if ending is not None:
        return _close(rows, place, ending, seconds if plain else NEVER, rules)
    return _rise(rows, place, before, total, rules)


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
    rows["support"][place] = int((any_cover(rows["window_evidence"][place, first:]) > 0.0).sum())
    rows["strongest"][place] = 0.0


def _rise(
    rows: Mapping[str, NDArray[Any]], place: int, before: Level, total: float, rules: EpisodeRules
) -> Turn | None:
    """Go to the highest state the evidence bears; None if that is no news."""
    support = rows["support"][place]
    level = max(before, Level.WATCH)
    if total > rules.probable and support >= rules.looks_probable:
        level = max(level, Level.PROBABLE)
    if total > rules.established and support >= rules.looks_established:
        level = max(level, Level.ESTABLISHED)
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
    for name, nothing in (("opened", NEVER), ("unharmed", NEVER), ("age", 0), ("support", 0),
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
