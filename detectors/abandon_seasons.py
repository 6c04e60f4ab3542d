"""The seasons of settlements: when one begins and ends, what it came to, what is kept of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import abandon_fields, abandon_usual
from detectors.abandon_fields import FieldRules, Tilled
from detectors.abandon_look import BRIGHTNESS, GREENNESS
from detectors.abandon_odds import Spread
from detectors.abandon_usual import KEPT
from detectors.season_calendar import (
    BINS,
    LEAST_GREENING,
    YEAR_DAYS,
    Calendar,
    Season,
    bin_of,
    calendar_of,
    season_of,
    smoothed,
)
from detectors.types import NEVER, PlaceFeatures

SLOTS_A_YEAR = 2
"""Seasons of a year that are told apart; `KEPT` past ones of each are kept."""
GREENING, BRIGHT, NEAR, RING, CHARRED = range(5)
"""What is kept of a season: greenness and brightness of the yards less their ring's, natural-log
units; tilled shares near and in the ring; charred share near."""
_COURSE_LOOKS = 40
"""Looks at a half month beyond which its mean follows new ones: the climate moves."""
COURSE_KNOWN_DAYS = 330.0
"""Days before a season from which on its place must have been looked at for it to be counted."""
LATE = 0.2
"""Share of a season that may be over when the first look falls into it."""
_DAY_S = 86_400.0

Array = NDArray[np.float64]
Rows = dict[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class SeasonRules:
    """What a season is judged by.

    Attributes
    ----------
    calendar : Calendar or None
        Fixed for all places; None to read each place's off its surroundings.
    past : int
        Seasons that must have been seen before one is judged.
    looks : int
        Usable ones without which a season is not judged.
    near, ring : float
        Least tilled shares of the past: where hardly anything was tilled nothing can cease.
    so_far : float
        Share of a season that must be over before anything is said of it.
    so_far_spread : float
        Factor of the standard deviation while a season is not over.
    fields_spread, green_spread, bright_spread : Spread
        Of quiet seasons, natural-log units.
    fields_reach, green_reach, bright_reach : (float, float)
        What abandonment does to each: fields fall by the factors exp(-reach), to a twentieth at
        most, for some fallow ground always passes for tilled.
    yards : float
        Weight of each of the two figures of the yards.
    yards_least, yards_most : float
        Nats between which each of them counts: yards of sand or under trees show nothing when
        nobody sweeps them, so that quiet ones say little.
    """

    calendar: Calendar | None = None
    past: int = 3
    looks: int = 6
    near: float = 0.03
    ring: float = 0.02
    so_far: float = 0.6
    so_far_spread: float = 1.5
    fields: FieldRules = field(default_factory=FieldRules)
    fields_spread: Spread = field(default_factory=lambda: Spread(0.2, 10.0))
    green_spread: Spread = field(default_factory=lambda: Spread(0.12, 8.0))
    bright_spread: Spread = field(default_factory=lambda: Spread(0.06, 8.0))
    fields_reach: tuple[float, float] = (0.7, 3.0)
    green_reach: tuple[float, float] = (0.2, 1.2)
    bright_reach: tuple[float, float] = (0.1, 0.6)
    yards: float = 0.5
    yards_least: float = -0.5
    yards_most: float = 2.0


def new_rows(count: int) -> Rows:
    """Return what is kept of places never looked at."""
    return {
        **abandon_fields.new_rows(count),
        **abandon_usual.new_rows(count, SLOTS_A_YEAR),
        "begun": np.full(count, NEVER),
        "course": np.full((count, BINS), np.nan),
        "course_looks": np.zeros((count, BINS), np.int32),
        "calendar": np.full((count, SLOTS_A_YEAR), np.nan),
        "season": np.full(count, NEVER),
        "whole": np.zeros(count, np.int8),
        "looks": np.zeros(count, np.int32),
        "look_first": np.full(count, NEVER),
        "look_last": np.full(count, NEVER),
        "look_green": np.full(count, NEVER),
        "yard": np.zeros((count, 2)),
        "yard_weight": np.zeros((count, 2)),
        "past": np.full((count, SLOTS_A_YEAR, KEPT, CHARRED + 1), np.nan),
        "past_count": np.zeros((count, SLOTS_A_YEAR), np.int32),
    }


def season_now(rows: Rows, place: int, moment: datetime, rules: SeasonRules) -> Season | None:
    """Return the season a look at a place falls in; None while no calendar is known."""
    begins = rows["calendar"][place]
    known = begins[np.isfinite(begins)]
    calendar = rules.calendar or (Calendar(tuple(map(float, known))) if known.size else None)
    return None if calendar is None else season_of(calendar, moment)


def running(rows: Rows, place: int, rules: SeasonRules) -> Season | None:
    """Return the season that was running at a place when it was last looked at."""
    if rows["season"][place] == NEVER:
        return None
    begin = datetime.fromtimestamp(int(rows["season"][place]) + 1, UTC)
    return season_now(rows, place, begin, rules)


def begin(rows: Rows, place: int, season: Season, moment: datetime) -> None:
    """Begin a season at a place.

    One that is entered late, or before the course of a year is known, does not count.
    """
    fresh = new_rows(1)
    for name in (*abandon_fields.new_rows(0), "looks", "look_first", "look_last",
                 "look_green", "yard", "yard_weight"):  # fmt: skip
        rows[name][place] = fresh[name][0]
    seconds, begun = int(season.begin.timestamp()), rows["begun"][place]
    rows["season"][place] = seconds
    # Fields are told by the usual course of the surroundings, which takes a year to know.
    known = begun != NEVER and seconds - begun >= COURSE_KNOWN_DAYS * _DAY_S
    rows["whole"][place] = known and season.gone(moment) < LATE


def take(
    rows: Rows, places: PlaceFeatures, usable: NDArray[np.bool_], moment: datetime,
    rules: SeasonRules,
) -> None:  # fmt: skip
    """Take a look into the running seasons, in place, at the places where it is usable."""
    assert places.patches is not None
    _, ring = abandon_fields.greenness(places.patches)
    seconds = int(moment.timestamp())
    in_season = usable & (rows["season"] != NEVER)
    usual = _usual_green(rows, in_season)
    at_this_time = usual[:, bin_of(moment)]
    abandon_fields.take(rows, places.patches, in_season, at_this_time, rules.fields)
    rows["looks"] += in_season
    first = in_season & (rows["look_first"] == NEVER)
    rows["look_first"][first], rows["look_last"][in_season] = seconds, seconds
    # Once all has withered a field looks like any other ground, and shows nobody at work.
    rows["look_green"][in_season & (at_this_time >= rules.fields.green)] = seconds
    _take_yards(rows, places, at_this_time)
    _take_course(rows, ring, usable, bin_of(moment))
    rows["begun"][usable & (rows["begun"] == NEVER)] = seconds
    for place in np.flatnonzero(usable & ~np.isfinite(rows["calendar"][:, 0])):
        if seconds - rows["begun"][place] >= YEAR_DAYS * _DAY_S and rules.calendar is None:
            found = calendar_of(rows["course"][place])
            if found is not None:
                rows["calendar"][place, : len(found.begins)] = found.begins


def learn(rows: Rows, place: int, slot: int, figures: Array, count: Tilled) -> None:
    """Keep a season among the past ones of its slot, in place of the oldest."""
    at = int(rows["past_count"][place, slot]) % KEPT
    abandon_usual.learn(rows, place, slot, at, count)
    rows["past"][place, slot, at] = figures
    rows["past_count"][place, slot] += 1


def _usual_green(rows: Rows, where: NDArray[np.bool_]) -> Array:
    """Return the usual course between trough, 0, and peak, 1; shape (place, 24), NaN if unknown."""
    out = np.full(rows["course"].shape, np.nan)
    for place in np.flatnonzero(where & np.isfinite(rows["course"]).any(1)):
        whole = smoothed(rows["course"][place])
        if np.ptp(whole) >= LEAST_GREENING:
            out[place] = (whole - whole.min()) / np.ptp(whole)
    return out


def _take_yards(rows: Rows, places: PlaceFeatures, green: Array) -> None:
    """Add up how green the yards are in the green time of the year, and how bright in the other."""
    for place in np.flatnonzero(np.isfinite(green)):
        weights = (float(green[place]), 1.0 - float(green[place]))
        for at, (feature, weight) in enumerate(zip((GREENNESS, BRIGHTNESS), weights, strict=True)):
            parts = places.values[place, feature]
            around = parts[1:][np.isfinite(parts[1:])]
            if np.isfinite(parts[0]) and around.size:
                rows["yard"][place, at] += weight * (parts[0] - np.median(around))
                rows["yard_weight"][place, at] += weight


def _take_course(rows: Rows, ring: Array, usable: NDArray[np.bool_], at: int) -> None:
    seen = usable & np.isfinite(ring)
    count = np.minimum(rows["course_looks"][:, at], _COURSE_LOOKS)
    kept = np.where(count > 0, rows["course"][:, at], 0.0)
    mean = kept + (np.nan_to_num(ring) - kept) / (count + 1)
    rows["course"][seen, at] = mean[seen]
    rows["course_looks"][:, at] += seen
