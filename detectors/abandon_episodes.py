"""What the verdicts on seasons make of a settlement: reduced activity, abandoned, people back.

Before a season has ended nothing rises above WATCH, and nothing is called abandoned.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.abandon_verdict import Verdict
from detectors.calibration import Thresholds
from detectors.season_calendar import Season
from detectors.types import NEVER, DetectorState, SiteChange

Rows = dict[str, NDArray[Any]]


class Level(IntEnum):
    """How far an episode has come."""

    NONE = 0
    WATCH = 1
    PROBABLE = 2
    ESTABLISHED = 3


@dataclass(frozen=True, slots=True)
class EpisodeRules:
    """When fields that went are called abandoned, and when they are back.

    Attributes
    ----------
    abandoned : float
        Of what the past and the ring let expect, that may still be tilled.
    back : float
        Of the same, that must be tilled again.
    seasons : int
        Abandoned seasons without which nothing is ESTABLISHED.
    moved, still : float
        Standard deviations by which yards must have changed, and within which they must lie
        again, for the people's return to be called a rebuilding.
    """

    abandoned: float = 0.4
    back: float = 0.6
    seasons: int = 2
    moved: float = 2.0
    still: float = 1.5


@dataclass(frozen=True, slots=True)
class Told:
    """What is new at one place.

    Attributes
    ----------
    over, judged : bool
        Whether the season it rests on has ended, and could be judged at its end.
    seasons : int
        Abandoned seasons of the episode.
    first_changed, last_unharmed : int
        Seconds since the epoch; the latter is `NEVER` where no quiet season is known.
    """

    place: int
    episode: int
    state: DetectorState
    change: SiteChange | None
    over: bool
    judged: bool
    first_changed: int
    last_unharmed: int
    looks: int
    seasons: int
    evidence: float


def new_rows(count: int) -> Rows:
    """Return what is kept of places without an episode."""
    return {
        "episode": np.zeros(count, np.int32),
        "level": np.zeros(count, np.int8),
        "opened": np.full(count, NEVER),
        "unharmed": np.full(count, NEVER),
        "normal": np.full(count, NEVER),
        "gone": np.zeros(count, np.int32),
        "episode_looks": np.zeros(count, np.int32),
        "total": np.zeros(count),
        "yards_moved": np.zeros(count, np.int8),
        "reached": np.zeros((count, len(Level) - 1), np.int32),
    }


def is_open(rows: Rows) -> NDArray[np.bool_]:
    """Tell where an episode is open."""
    found: NDArray[np.bool_] = rows["level"] > Level.NONE
    return found


def so_far(rows: Rows, place: int, found: Verdict, seconds: int, least: Thresholds) -> Told | None:
    """Open an episode at WATCH where a running season shows much less than it should."""
    if is_open(rows)[place] or not found.evidence[place] > least.watch:
        return None
    _open(rows, place, seconds)
    return _told(rows, place, DetectorState.WATCH, None, found, over=False)


def ended(
    rows: Rows, place: int, found: Verdict, least: Thresholds, rules: EpisodeRules
) -> Told | None:
    """Move a place on by a season that has ended; return what is new."""
    level = _level(rows, place, found, least, rules)
    before = Level(int(rows["level"][place]))
    if before is Level.NONE and level is Level.NONE:
        return None
    if before is Level.NONE:
        _open(rows, place, int(rows["look_last"][place]))
    if level >= Level.PROBABLE:
        rows["gone"][place] += 1
        rows["total"][place] += found.evidence[place]
        rows["yards_moved"][place] |= _yards(found, place) > rules.moved
    ending = _ending(before, level, found, place, rules, bool(rows["yards_moved"][place]))
    if ending is not None:
        told = _told(rows, place, *ending, found, over=True)
        _reset(rows, place)
        return told
    news = _risen(rows, place, before, level, found)
    rows["episode_looks"][place] += rows["looks"][place]
    return news


def unjudged(rows: Rows, place: int, found: Verdict, season: Season) -> Told | None:
    """Leave a place as it is by a season that could not be judged: nobody saw that all is well.

    A WATCH that was raised while the season was running is told of once more, for it is over.
    """
    if not is_open(rows)[place]:
        return None
    raised = rows["level"][place] == Level.WATCH
    raised &= rows["opened"][place] >= int(season.begin.timestamp())
    watch = DetectorState.WATCH
    told = _told(rows, place, watch, None, found, over=True, judged=False) if raised else None
    rows["episode_looks"][place] += rows["looks"][place]
    return told


def _level(rows: Rows, place: int, found: Verdict, least: Thresholds, rules: EpisodeRules) -> Level:
    """Return how far the season alone, and with those before it, lets a place come."""
    evidence, left = float(found.evidence[place]), float(found.left[place])
    if evidence > least.probable and left <= rules.abandoned:
        lasts = rows["gone"][place] + 1 >= rules.seasons
        together = rows["total"][place] + evidence > least.established
        return Level.ESTABLISHED if lasts and together else Level.PROBABLE
    return Level.WATCH if evidence > least.watch else Level.NONE


def _risen(rows: Rows, place: int, before: Level, level: Level, found: Verdict) -> Told | None:
    """Raise a place to a level by a season that has ended; return what is new."""
    if level > before:
        _rise(rows, place, level)
    elif not before is level is Level.WATCH:
        return None
    # A WATCH is told of again: what was said of it was said of a season that was running.
    change = SiteChange.ABANDONED if level >= Level.PROBABLE else None
    return _told(rows, place, DetectorState[level.name], change, found, over=True)


def _ending(
    before: Level, level: Level, found: Verdict, place: int, rules: EpisodeRules, moved: bool
) -> tuple[DetectorState, SiteChange | None] | None:
    """Return how an episode ends, None where it goes on."""
    if level > Level.NONE:
        return None
    if before <= Level.WATCH:
        return DetectorState.LAPSED, None
    left = float(found.left[place])
    if left < rules.back or found.evidence[place] > 0.0:
        return None
    rebuilt = moved and abs(_yards(found, place)) < rules.still
    change = SiteChange.REBUILT if rebuilt else SiteChange.REOCCUPIED
    return DetectorState.CLOSED, change


def _yards(found: Verdict, place: int) -> float:
    """Return how far yards grew over or faded, the greater, in standard deviations."""
    scores = [float(one.error[place] / one.deviation[place])
              for one in (found.greening, found.fading)]  # fmt: skip
    known = [score for score in scores if math.isfinite(score)]
    return max(known, default=0.0)


def _open(rows: Rows, place: int, seconds: int) -> None:
    rows["episode"][place] += 1
    rows["opened"][place] = seconds
    rows["unharmed"][place] = rows["normal"][place]
    _rise(rows, place, Level.WATCH)


def _rise(rows: Rows, place: int, level: Level) -> None:
    first = int(rows["level"][place])
    rows["reached"][place, first : int(level)] += 1
    rows["level"][place] = level


def _reset(rows: Rows, place: int) -> None:
    fresh = new_rows(1)
    for name in ("level", "opened", "unharmed", "gone", "episode_looks", "total", "yards_moved"):
        rows[name][place] = fresh[name][0]


def _told(
    rows: Rows, place: int, state: DetectorState, change: SiteChange | None, found: Verdict, *,
    over: bool, judged: bool = True,
) -> Told:  # fmt: skip
    return Told(
        place, int(rows["episode"][place]), state, change, over, judged,
        first_changed=int(rows["opened"][place]), last_unharmed=int(rows["unharmed"][place]),
        looks=int(rows["episode_looks"][place] + rows["looks"][place]),
        seasons=int(rows["gone"][place]), evidence=float(found.evidence[place]),
    )  # fmt: skip
