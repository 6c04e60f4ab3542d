"""Counts as figures with intervals: shares, F1, rates and spreads."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2, norm

CONFIDENCE = 0.95
PER = 1000.0
"""Settlement-years to which rates of false alerts refer."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Both ends of a two-sided interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` out of `of`; the value is None and the interval 0 to 1 where `of` is 0."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """The share, 0..1."""
        return self.hits / self.of if self.of else None

    @property
    def interval(self) -> Interval:
        """Wilson's 95 % interval."""
        return wilson(self.hits, self.of)


@dataclass(frozen=True, slots=True)
class F1:
    """Harmonic mean of precision and recall, with the three counts it comes from."""

    found: int
    false: int
    missed: int

    @property
    def value(self) -> float | None:
        """2 found / (2 found + false + missed); None where nothing was there or reported."""
        doubled = 2 * self.found + self.false + self.missed
        return 2 * self.found / doubled if doubled else None

    @property
    def interval(self) -> Interval:
        """95 % interval, see `f1_interval`."""
        return f1_interval(self.found, self.false, self.missed)


@dataclass(frozen=True, slots=True)
class Rate:
    """A count over an exposure.

    Attributes
    ----------
    exposure : float
        Settlement-years, or events for `per` 1.
    per : float
        Units of exposure the figures refer to.
    """

    count: int
    exposure: float
    per: float = PER

    @property
    def value(self) -> float | None:
        """Count per `per` units; None without exposure."""
        return self._scaled(self.count)

    @property
    def interval(self) -> tuple[float | None, float | None]:
        """Exact two-sided 95 % Poisson interval of the value."""
        counts = poisson(self.count)
        return self._scaled(counts.low), self._scaled(counts.high)

    @property
    def bound(self) -> float | None:
        """One-sided 95 % upper bound of the value."""
        return self._scaled(poisson_bound(self.count))

    def _scaled(self, count: float) -> float | None:
        return self.per * count / self.exposure if self.exposure > 0 else None


@dataclass(frozen=True, slots=True)
class Spread:
    """Values in ascending order."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Sort values into a spread."""
        return cls(tuple(sorted(values)))

    @property
    def quartiles(self) -> tuple[float, float, float] | None:
        """Lower quartile, median and upper quartile; None without values.

        Linear interpolation between order statistics: type 7 of Hyndman, R. J. & Fan, Y.
        (1996), Sample quantiles in statistical packages, Am. Stat. 50, 361-365.
        """
        if not self.values:
            return None
        low, middle, high = np.percentile(self.values, [25, 50, 75])
        return float(low), float(middle), float(high)


def wilson(hits: int, of: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the score interval of a binomial share, without continuity correction.

    Parameters
    ----------
    hits, of : int
        With `of` 0 nothing is known: 0 to 1.
    confidence : float
        Two-sided, 0..1.

    Raises
    ------
    ValueError
        If `hits` is not from 0 to `of`.

    Notes
    -----
    Wilson, E. B. (1927), Probable inference, the law of succession, and statistical inference,
    J. Am. Stat. Assoc. 22, 209-212; method 3 of Newcombe, R. G. (1998), Two-sided confidence
    intervals for the single proportion, Stat. Med. 17, 857-872.
    """
    if not 0 <= hits <= of:
        raise ValueError(f"{hits} of {of} is no share")
    if of == 0:
        return Interval(0.0, 1.0)
    z = float(norm.ppf(0.5 + confidence / 2))
    share, weight = hits / of, z * z / of
    middle = (share + weight / 2) / (1 + weight)
    half = z * math.sqrt(share * (1 - share) / of + weight / (4 * of)) / (1 + weight)
    # At the ends the formula gives 0 and 1 but for rounding.
    low = 0.0 if hits == 0 else middle - half
    high = 1.0 if hits == of else middle + half
    return Interval(low, high)


def f1_interval(found: int, false: int, missed: int, confidence: float = CONFIDENCE) -> Interval:
    """Return an interval of F1.

    F1 = 2 J / (1 + J), with J = found / (found + false + missed). Given their number, each
    object that was there or was reported is found or not: J is a binomial share, F1 is not. So
    Wilson's interval of J is taken and both its ends are carried over by that increasing
    function, which keeps its coverage.

    Notes
    -----
    J: Hand, D. J., Christen, P. & Kirielle, N. (2021), F*: an interpretable transformation of
    the F-measure, Mach. Learn. 110, 451-456, doi:10.1007/s10994-021-05964-1. Wilson's interval
    for F1: Lam, K. F. Y., Gopal, V. & Qian, J. (2023), Confidence intervals for the F1 score:
    a comparison of four methods, arXiv:2309.14621.
    """
    share = wilson(found, found + false + missed, confidence)
    return Interval(2 * share.low / (1 + share.low), 2 * share.high / (1 + share.high))


def poisson(count: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the exact two-sided interval of a Poisson mean of which `count` were seen.

    Notes
    -----
    Garwood, F. (1936), Fiducial limits for the Poisson distribution, Biometrika 28, 437-442:
    half the quantiles of chi-squared with 2 count and 2 count + 2 degrees of freedom.
    """
    tail = (1 - confidence) / 2
    low = float(chi2.ppf(tail, 2 * count)) / 2 if count else 0.0
    return Interval(low, float(chi2.ppf(1 - tail, 2 * count + 2)) / 2)


def poisson_bound(count: int, confidence: float = CONFIDENCE) -> float:
    """Return the exact one-sided upper bound of a Poisson mean of which `count` were seen."""
    return float(chi2.ppf(confidence, 2 * count + 2)) / 2
