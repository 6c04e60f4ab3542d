"""When the growing seasons of a place begin and end, from the course of its surroundings' green.

A season runs from one trough of green to the next: one or two a year, on either side of the
equator. Once found, a calendar stays as it is, for what is compared must have been counted alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

BINS = 24
"""Half months of a year in which the course is kept."""
YEAR_DAYS = 365.25
BIN_DAYS = YEAR_DAYS / BINS
LEAST_BINS = 15
"""Half months that must have been seen before a calendar is read off the course."""
LEAST_GAP = 4
"""Half months on end that may be unseen: what is drawn across more is a guess."""
LEAST_GREENING = 0.06
"""NDVI between trough and peak of a year; ground that greens less has no season to be told."""
SECOND = 0.4
"""Of the year's rise and fall, which a second peak must rise above the lower trough beside it."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of the year on which seasons begin, each ending where the next begins.

    Attributes
    ----------
    begins : tuple of float
        One or two days since New Year, ascending.

    Raises
    ------
    ValueError
        If there are none or more than two, or they are no ascending days of a year.
    """

    begins: tuple[float, ...]

    def __post_init__(self) -> None:
        inside = all(0.0 <= day < YEAR_DAYS for day in self.begins)
        ascending = list(self.begins) == sorted(set(self.begins))
        if not 1 <= len(self.begins) <= 2 or not inside or not ascending:
            raise ValueError(f"{self.begins} are not one or two ascending days of a year")


@dataclass(frozen=True, slots=True)
class Season:
    """One growing season.

    Attributes
    ----------
    slot : int
        Which of the calendar's it is: seasons are compared with those of the same slot.
    name : str
        Year of its first and, where that is another, of its last day: ``2019/20``; with two a
        year the slot's number follows.
    """

    slot: int
    begin: datetime
    end: datetime
    name: str

    def gone(self, moment: datetime) -> float:
        """Return the share of the season that is over at a time within it, 0..1."""
        return (moment - self.begin) / (self.end - self.begin)


def bin_of(moment: datetime) -> int:
    """Return the half month of the year a time lies in, 0..23."""
    return min(int(day_of_year(moment) / BIN_DAYS), BINS - 1)


def day_of_year(moment: datetime) -> float:
    """Return the days since New Year, UTC."""
    return (moment - datetime(moment.year, 1, 1, tzinfo=UTC)) / timedelta(days=1)


def season_of(calendar: Calendar, moment: datetime) -> Season:
    """Return the season a time lies in."""
    begins = [
        (datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day), slot)
        for year in range(moment.year - 1, moment.year + 2)
        for slot, day in enumerate(calendar.begins)
    ]
    at = max(n for n, (begin, _) in enumerate(begins) if begin <= moment)
    (begin, slot), (end, _) = begins[at], begins[at + 1]
    last = end - timedelta(days=1)
    name = f"{begin.year}" if last.year == begin.year else f"{begin.year}/{last.year % 100:02d}"
    return Season(slot, begin, end, f"{name}, {slot + 1}" if len(calendar.begins) > 1 else name)


def calendar_of(course: Array) -> Calendar | None:
    """Read a calendar off the mean course of a year.

    Parameters
    ----------
    course : ndarray, shape (24,)
        Mean NDVI of the surroundings by half month; NaN where nothing was seen.

    Returns
    -------
    Calendar or None
        None where too little was seen, or the ground hardly greens.
    """
    if np.isfinite(course).sum() < LEAST_BINS or _longest_gap(course) > LEAST_GAP:
        return None
    smooth = smoothed(course)
    trough, rise = int(np.argmin(smooth)), float(np.ptp(smooth))
    if rise < LEAST_GREENING:
        return None
    turned = np.roll(smooth, -trough)
    second = _second_trough(turned, rise)
    bins = [trough] if second is None else [trough, (trough + second) % BINS]
    return Calendar(tuple(sorted((one + 0.5) * BIN_DAYS for one in bins)))


def smoothed(course: Array) -> Array:
    """Return a course with its gaps filled along straight lines, smoothed over two months.

    Raises
    ------
    ValueError
        If all of it is NaN.
    """
    at = np.flatnonzero(np.isfinite(course))
    if at.size == 0:
        raise ValueError("a course of which nothing was seen cannot be filled")
    whole = np.interp(np.arange(BINS), at, course[at], period=BINS)
    for _ in range(2):
        whole = (np.roll(whole, 1) + 2.0 * whole + np.roll(whole, -1)) / 4.0
    return whole


def _second_trough(turned: Array, rise: float) -> int | None:
    """Return the bin of the deepest trough between two peaks of a course that begins at one."""
    best, where = SECOND * rise, None
    for one in range(2, BINS - 2):
        depth = min(turned[1:one].max(), turned[one + 1 :].max()) - turned[one]
        if depth > best:
            best, where = float(depth), one
    return where


def _longest_gap(course: Array) -> int:
    """Return how many half months on end are unseen, round the turn of the year."""
    seen = np.flatnonzero(np.isfinite(course))
    after = np.diff(np.append(seen, seen[0] + BINS))
    return int(after.max()) - 1
