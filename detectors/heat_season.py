"""How odd a day's heat at a settlement is, given the season and the surroundings of that very day.

Heat pixels of a day are counts. At the settlement their rate is that of the same month in other
years; on one day, what makes fields burn makes them burn all round, so settlement and surroundings
share a factor of the day, which the surroundings tell: fire all round makes heat at the settlement
less odd, and surroundings that lie still where they use to burn make it odder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nbinom

DAY_S = 86_400

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SeasonRules:
    """Constants of the climatology.

    Attributes
    ----------
    shape, days : float
        Prior of a place's heat pixels a day: a gamma law of this shape, worth so many days.
    kin_days : float
        Days on record that the mean of the same land's settlements in that month is worth.
    surge : float
        Shape of the gamma law, with mean 1, of the factor that a day puts on settlement and
        surroundings alike: the less it is, the more the surroundings of the day say.
    least_years : int
        On record, with fewer of which nothing is called usual: one to learn the season from, one
        to set the threshold by.
    covered : float
        Least share of a month's days that must be on record for it to count.
    """

    shape: float = 0.1
    days: float = 60.0
    kin_days: float = 30.0
    surge: float = 0.5
    least_years: int = 2
    covered: float = 0.8


@dataclass(frozen=True, slots=True)
class Month:
    """Heat days of one month so far, and of the same month in earlier years.

    Attributes
    ----------
    days : int
        At the place, in the month that is judged.
    earlier : tuple of int
        At the place, one count for each earlier year on record.
    ring_days : int
        In its surroundings, settlements left out.
    ring_earlier : tuple of int
        The same of earlier years.
    """

    days: int
    earlier: tuple[int, ...]
    ring_days: int
    ring_earlier: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rates:
    """What is known of heat pixels a day at a settlement in one month of the calendar.

    Attributes
    ----------
    shape, days : ndarray
        Gamma law of the settlement's rate: shape, and days that it rests on.
    ring : ndarray
        Heat pixels a day of the surroundings; of the same shape.
    """

    shape: Array
    days: Array
    ring: Array


@dataclass(frozen=True, slots=True)
class Surprise:
    """How odd the heat of a day is.

    Attributes
    ----------
    expected : ndarray
        Heat pixels at the settlement on such a day.
    ring_factor : ndarray
        By which the surroundings of that day raised it, or lowered it below 1.
    score : ndarray
        Minus the logarithm of the chance of so many pixels or more; nats, 0 or more.
    """

    expected: Array
    ring_factor: Array
    score: Array


def surprise(core: Array, ring: Array, rates: Rates, rules: SeasonRules) -> Surprise:
    """Return how odd days are.

    Parameters
    ----------
    core, ring : ndarray, shape (n,)
        Heat pixels of a day at the settlement and in its surroundings, so far.
    rates : Rates
        Of shape (n,) or ().

    Notes
    -----
    A Poisson count whose rate has a gamma law is negative binomial, and the surroundings' count
    makes of the day's factor, gamma with shape k, another gamma with shape k + ring and rate
    k + expected ring: A. Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.6. The product
    of the two gamma laws is taken for the gamma law of the same mean and variance.
    """
    k = rules.surge
    factor = (k + ring) / (k + rates.ring)
    mean = rates.shape / rates.days * factor
    spread = (1.0 + 1.0 / rates.shape) * (1.0 + 1.0 / (k + ring)) - 1.0
    size = 1.0 / spread
    score = -nbinom.logsf(core - 1.0, size, size / (size + mean))
    return Surprise(mean, factor, np.maximum(score, 0.0))


def month_of(seconds: int) -> tuple[int, int]:
    """Return year and month, UTC, of seconds since the epoch."""
    month = int(np.datetime64(seconds, "s").astype("datetime64[M]").astype(np.int64))
    return 1970 + month // 12, month % 12 + 1


def month_bounds(year: int, month: int) -> tuple[int, int]:
    """Return the first second of a month and of the next, since the epoch, UTC."""
    first = np.datetime64(f"{year:04d}-{month:02d}", "M")
    begin, end = (one.astype("datetime64[s]").astype(np.int64) for one in (first, first + 1))
    return int(begin), int(end)


def heat_days(seconds: NDArray[np.int64], begin: int, end: int) -> int:
    """Return on how many UTC days of a span heat was seen, `end` left out."""
    inside = seconds[(seconds >= begin) & (seconds < end)]
    return int(np.unique(inside // DAY_S).size)


def months_on_record(
    spans: Iterable[tuple[int, int]], rules: SeasonRules
) -> frozenset[tuple[int, int]]:
    """Return the months, as (year, month), of which enough days are on record.

    Parameters
    ----------
    spans : iterable of (int, int)
        First and last second of what is on record, since the epoch, in any order.
    """
    days = {day for begin, end in spans for day in range(begin // DAY_S, end // DAY_S + 1)}
    counted = Counter(month_of(day * DAY_S) for day in days)
    return frozenset(
        month for month, number in counted.items() if number >= rules.covered * length(*month)
    )


def length(year: int, month: int) -> float:
    """Return the days of a month."""
    begin, end = month_bounds(year, month)
    return (end - begin) / DAY_S
