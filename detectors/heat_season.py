"""Whether heat at a place is more than its own season and surroundings let expect.

Heat days of a place in a month are counts with a rate of their own. What is known of the rate are
the heat days of the same month in earlier years, each year counted for half, for years differ by
more than chance does; with a weak prior the next month's count is then negative binomial.
Surroundings that burn more than they use to raise what is expected, up to a bound: they can make
heat at a place less surprising, and never silence it whatever it is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import nbinom

DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class SeasonRules:
    """Constants of the climatology.

    Attributes
    ----------
    shape, years : float
        Prior of the rate: a gamma law of this shape, worth so many years.
    weight : float
        Of a year on record against the month that is judged.
    least_years : float
        On record, with fewer of which nothing is called usual.
    covered : float
        Least share of a month's days that must be on record for it to count as a year.
    usual : float
        Chance of so many heat days, or more, above which they are usual.
    ring_most : float
        Factor at most by which burning surroundings raise what is expected.
    """

    shape: float = 0.25
    years: float = 1.0
    weight: float = 0.5
    least_years: float = 2.0
    covered: float = 0.8
    usual: float = 0.1
    ring_most: float = 3.0


@dataclass(frozen=True, slots=True)
class Month:
    """Heat days of one month, and of the same month in earlier years.

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
class Surprise:
    """How odd a month's heat days are.

    Attributes
    ----------
    expected : float
        Heat days.
    ring_expected : float
        The same in the surroundings.
    ring_factor : float
        By which burning surroundings raised `expected`.
    p_value : float
        Chance of so many heat days or more.
    years : int
        On record.
    """

    expected: float
    ring_expected: float
    ring_factor: float
    p_value: float
    years: int


def surprise(month: Month, rules: SeasonRules) -> Surprise:
    """Return how odd a month's heat days are.

    Notes
    -----
    The predictive law of a Poisson count whose rate has a gamma law: A. Gelman et al., Bayesian
    Data Analysis, 3rd ed., section 2.6.
    """
    shape, years = _posterior(month.earlier, rules)
    ring_shape, ring_years = _posterior(month.ring_earlier, rules)
    ring_expected = ring_shape / ring_years
    factor = min(max((month.ring_days + 1.0) / (ring_expected + 1.0), 1.0), rules.ring_most)
    years /= factor
    p_value = float(nbinom.sf(month.days - 1, shape, years / (years + 1.0)))
    return Surprise(shape / years, ring_expected, factor, p_value, len(month.earlier))


def is_usual(one: Surprise, rules: SeasonRules) -> bool:
    """Tell whether heat is what the season brings; of a place without a record it never is."""
    return one.years >= rules.least_years and one.p_value > rules.usual


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
        month for month, number in counted.items() if number >= rules.covered * _length(*month)
    )


def _length(year: int, month: int) -> float:
    begin, end = month_bounds(year, month)
    return (end - begin) / DAY_S


def _posterior(earlier: tuple[int, ...], rules: SeasonRules) -> tuple[float, float]:
    return (
        rules.shape + rules.weight * sum(earlier),
        rules.years + rules.weight * len(earlier),
    )
