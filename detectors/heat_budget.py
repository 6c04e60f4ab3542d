"""Thresholds of heat that hold a budget of hints, from what quiet years on record brought.

Months are of two kinds, by what the years that teach say of the surroundings: those in which the
land burns and those in which it does not. A settlement that knows both has half of the budget for
each, and a threshold of its own in each, so that the fires of one season do not deafen the other.
Every threshold is a conformal quantile of the highest scores of quiet settlement-years
(`detectors.conformal`): if a quiet year of a settlement is exchangeable with those, its chance of a
hint is at most the budget, whatever the law of heat. Years that burn more than all on record, or
satellites that were not there then, are not exchangeable, and break it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detectors.calibration import BUILT_IN
from detectors.conformal import PER, Threshold, threshold_of, years_needed
from detectors.heat_climate import (
    MONTHS,
    Archive,
    Climate,
    Past,
    archive_of,
    climate_of,
    rates_at,
    scores,
)
from detectors.heat_season import Rates, SeasonRules, surprise

BURNING, STILL = "burning", "still"

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BudgetRules:
    """Constants of the budget.

    Attributes
    ----------
    per_thousand : float
        Quiet settlement-years, of 1,000, that may bring a hint.
    burning : float
        Heat pixels a day in the surroundings from which on a month is one that burns.
    most : int
        Pixels of one day that heat at a settlement may have to show before it is said that heat
        tells nothing there.
    """

    per_thousand: float = 20.0
    burning: float = 0.2
    most: int = 6


@dataclass(frozen=True, slots=True)
class Bound:
    """What heat of a month at a settlement must exceed to be a hint.

    Attributes
    ----------
    value : float
        Nats.
    years : int
        Quiet settlement-years it was taken from.
    per_thousand : float
        Quiet settlement-years, of 1,000, in which it is exceeded at most: of the budget the share
        of such months where the years suffice for the quantile, else one in as many as there are
        and one.
    kept : bool
        Whether the years suffice.
    needed : int
        Pixels of one day that exceed it where the surroundings burn as they use to; one more than
        `BudgetRules.most` where so many do not.
    tells : bool
        Whether no more than `BudgetRules.most` are needed.
    """

    value: float
    years: int
    per_thousand: float
    kept: bool
    needed: int
    tells: bool


@dataclass(frozen=True, slots=True)
class _Year:
    """What one year is judged by."""

    climate: Climate
    strata: tuple[tuple[str, ...], ...]
    thresholds: Mapping[str, Threshold]


@dataclass(slots=True)
class Budget:
    """The thresholds of settlements of one land, year by year.

    Attributes
    ----------
    own : Archive
        The settlements that are judged.
    kin : sequence of Archive
        Of other land, heard where the own quiet years are too few for a quantile.
    """

    own: Archive
    kin: Sequence[Archive]
    season: SeasonRules
    rules: BudgetRules
    _years: dict[int, _Year] = field(default_factory=dict)

    def rates(self, settlement: int, year: int, month: int) -> Rates:
        """Return what is known of a settlement's month (0..11) when a year is judged."""
        return rates_at(self._year(year).climate, settlement, np.array([month]))

    def bound(self, settlement: int, year: int, month: int) -> Bound | None:
        """Return what heat of a month (0..11) must exceed; None where no year taught it."""
        judged = self._year(year)
        if not judged.climate.taught[settlement, month]:
            return None
        stratum = judged.strata[settlement][month]
        found = judged.thresholds.get(stratum) or threshold_of(
            np.empty(0), self.rules.per_thousand, BUILT_IN.watch
        )
        needed = self._needed(rates_at(judged.climate, settlement, np.array([month])), found.value)
        held = _share(stratum, self.rules) if found.conformal else PER / (found.years + 1)
        tells = needed <= self.rules.most
        return Bound(found.value, found.years, held, found.conformal, needed, tells)

    def _needed(self, rates: Rates, value: float) -> int:
        counts = np.arange(1.0, self.rules.most + 1.0)
        ring = np.full(counts.size, float(rates.ring[0]))
        exceeds = surprise(counts, ring, rates, self.season).score > value
        return int(np.argmax(exceeds)) + 1 if exceeds.any() else self.rules.most + 1

    def _year(self, year: int) -> _Year:
        if year not in self._years:
            self._years[year] = self._judged_by(year)
        return self._years[year]

    def _judged_by(self, year: int) -> _Year:
        climate = climate_of(self.own, year, self.season)
        strata = strata_of(climate, self.rules)
        mine = highest(self.own, climate, strata, self.season)
        others: dict[str, list[Array]] = defaultdict(list)
        if any(_is_short(mine, one, self.rules) for one in _names(strata)):
            for archive in self.kin:
                known = climate_of(archive, year, self.season)
                theirs = strata_of(known, self.rules)
                for name, found in highest(archive, known, theirs, self.season).items():
                    others[name].append(found)
        thresholds = {}
        for name in _names(strata):
            maxima = mine.get(name, np.empty(0))
            if _is_short(mine, name, self.rules):
                maxima = np.concatenate([maxima, *others[name]])
            thresholds[name] = threshold_of(maxima, _share(name, self.rules), BUILT_IN.watch)
        return _Year(climate, strata, thresholds)


def budget_of(
    pasts: Sequence[Past],
    kin: Sequence[Sequence[Past]],
    season: SeasonRules,
    rules: BudgetRules,
) -> Budget:
    """Return the thresholds of settlements of one land.

    Parameters
    ----------
    kin : sequence of sequence of Past
        Settlements of other land, land by land.
    """
    return Budget(archive_of(pasts), [archive_of(one) for one in kin], season, rules)


def strata_of(climate: Climate, rules: BudgetRules) -> tuple[tuple[str, ...], ...]:
    """Return the stratum of each settlement in each month of the calendar.

    ``burning`` or ``still``; with ``, both`` of settlements that know both kinds of month.
    """
    burning: NDArray[np.bool_] = climate.rates.ring >= rules.burning
    mixed: NDArray[np.bool_] = np.asarray(burning.any(1) & ~burning.all(1))
    return tuple(
        tuple((BURNING if hot else STILL) + (", both" if both else "") for hot in months)
        for months, both in zip(burning, mixed, strict=True)
    )


def highest(
    archive: Archive,
    climate: Climate,
    strata: Sequence[Sequence[str]],
    season: SeasonRules,
) -> Mapping[str, Array]:
    """Return the highest score of every quiet settlement-year that was held back, by stratum.

    A settlement-year has one for each stratum that its months are of; 0 where there was no heat.
    """
    found: dict[str, list[float]] = defaultdict(list)
    years = np.flatnonzero(climate.held)
    for i in range(len(archive.pasts)):
        months, score = scores(archive, climate, i, season)
        index = months // MONTHS - (archive.first - 1970)
        names = np.array(strata[i])[months % MONTHS]
        for year in years:
            if not (archive.quiet[i, year] and climate.taught[i].all()):
                continue
            for name in sorted(set(strata[i])):
                found[name].append(score[(index == year) & (names == name)].max(initial=0.0))
    return {name: np.array(values) for name, values in found.items()}


def enough(settlements: int, years: int, rules: BudgetRules) -> bool:
    """Tell whether so many settlements with so many whole years on record keep the budget alone."""
    return settlements * (years // 2) >= years_needed(rules.per_thousand / 2.0)


def _names(strata: Sequence[Sequence[str]]) -> list[str]:
    return sorted({name for months in strata for name in months})


def _share(stratum: str, rules: BudgetRules) -> float:
    return rules.per_thousand / (2.0 if stratum.endswith("both") else 1.0)


def _is_short(mine: Mapping[str, Array], name: str, rules: BudgetRules) -> bool:
    return len(mine.get(name, ())) < years_needed(_share(name, rules))
