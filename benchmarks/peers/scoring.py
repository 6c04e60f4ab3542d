"""Thresholds from quiet years, and what a method found and raised falsely at a threshold.

One arithmetic for every method, ours too. A year of a quiet settlement is alarmed if its statistic
exceeds the threshold at any look. A burn is found if an alarm is *raised* at one of the looks from
the burn to 60 days later: an alarm that stands since before the burn tells nothing of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.series import Series
from hearthwatch.evaluation.intervals import Rate, Share, Spread

Numbers = NDArray[np.float64]
YEAR = np.timedelta64(31_557_600, "s")
WITHIN = np.timedelta64(60, "D")
_NEARLY = 0.98
"""Share of a year that counts as one: 73 looks of 5 days end 5 days before the year does."""


@dataclass(frozen=True, slots=True)
class Found:
    """What became of each burned series.

    Attributes
    ----------
    looks : (series,) int64
        Usable looks until the alarm was raised, of which the first after the burn is 1; 0 where
        none was raised in time.
    days : (series,) float64
        Days from the first look after the burn to the alarm; NaN where none was raised in time.
    """

    looks: NDArray[np.int64]
    days: Numbers

    @property
    def recall(self) -> Share:
        """Share of the burns that were found."""
        return Share(int((self.looks > 0).sum()), len(self.looks))

    @property
    def looks_of_found(self) -> Spread:
        """Looks to detect, of the burns that were found."""
        return Spread.of(float(looks) for looks in self.looks[self.looks > 0])

    @property
    def days_of_found(self) -> Spread:
        """Days to detect, of the burns that were found."""
        return Spread.of(float(days) for days in self.days[self.looks > 0])

    @property
    def median_of_all(self) -> float:
        """Median looks to detect over all burns, those missed counting as never."""
        if not len(self.looks):
            return math.nan
        looks = np.where(self.looks > 0, self.looks, np.inf)
        return float(np.median(looks)) if np.isfinite(looks).any() else math.inf


def annual_maxima(statistic: Numbers, series: Series) -> Numbers:
    """Return the greatest statistic of every whole monitored year of every quiet series.

    Parameters
    ----------
    statistic : (series, look) float64
        NaN where there is none.

    Returns
    -------
    (year,) float64
        Years of one series follow one another. A year in which the method had no statistic though
        there were looks has minus infinity; one without a usable look is left out.

    Raises
    ------
    ValueError
        If less than a year is monitored.
    """
    since = (series.times - series.times[series.start]) / YEAR
    spacing = float(np.median(np.diff(since[series.start :])))
    years = int(since[-1] + spacing + 1 - _NEARLY)
    if years < 1:
        raise ValueError("a budget by the year needs a year of monitoring")
    usable = series.usable[series.quiet]
    filled = np.where(np.isfinite(statistic), statistic, -np.inf)[series.quiet]
    out = np.full((len(filled), years), np.nan)
    for year in range(years):
        within = (since >= year) & (since < year + 1)
        seen = usable[:, within].any(axis=1)
        out[seen, year] = filled[seen][:, within].max(axis=1)
    return np.asarray(out[~np.isnan(out)])


def threshold(maxima: Numbers, per_thousand: float) -> float:
    """Return the conformal threshold of a budget of false alarms.

    Parameters
    ----------
    maxima : (year,) float64
        Annual maxima of quiet settlements, exchangeable with those to come.
    per_thousand : float
        Settlement-years of a thousand in which a false alarm may be raised.

    Returns
    -------
    float
        The ceil((n + 1) (1 - per_thousand / 1000))-th smallest of the n maxima; infinite where n
        is too small for such a rank: below 1000 / per_thousand - 1.

    Raises
    ------
    ValueError
        If the budget is not above 0 and below 1000.
    """
    if not 0 < per_thousand < 1000:
        raise ValueError(f"no budget: {per_thousand} of 1,000")
    # Rounding must not push a rank that is whole up by one.
    rank = math.ceil((len(maxima) + 1) * (1000 - per_thousand) / 1000 - 1e-9)
    return math.inf if rank > len(maxima) else float(np.sort(maxima)[rank - 1])


def false_alarms(statistic: Numbers, series: Series, limit: float) -> Rate:
    """Return the quiet settlement-years with an alarm, of all quiet settlement-years."""
    maxima = annual_maxima(statistic, series)
    return Rate(int((maxima > limit).sum()), float(len(maxima)))


def found(statistic: Numbers, series: Series, limit: float) -> Found:
    """Return which burns are found at a threshold, and after how many looks.

    Parameters
    ----------
    statistic : (series, look) float64
        An alarm stands where it is above `limit`; NaN looks change nothing.
    """
    burned = np.flatnonzero(~series.quiet)
    looks = np.zeros(len(burned), np.int64)
    days = np.full(len(burned), np.nan)
    usable = series.usable
    for n, row in enumerate(burned):
        onset = int(series.onset[row])
        seen = np.flatnonzero(np.isfinite(statistic[row]))
        standing = statistic[row, seen] > limit
        raised = standing & ~np.concatenate([[False], standing[:-1]])
        waited = series.times[seen] - series.times[onset]
        hits = seen[raised & (seen >= onset) & (waited <= WITHIN)]
        if len(hits):
            looks[n] = usable[row, onset : hits[0] + 1].sum()
            days[n] = (series.times[hits[0]] - series.times[onset]) / np.timedelta64(1, "D")
    return Found(looks, days)
