"""A calibration set from null years: thresholds by stratum, and how they held where held out."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from detectors.calibration import BUILT_IN, POOLED
from detectors.conformal import held_out, threshold_of, years_needed
from hearthwatch.calibration.sets import (
    LEVELS,
    Budget,
    LevelResult,
    NullYears,
    Source,
    SourceResult,
    StratumResult,
)
from hearthwatch.evaluation.claims import Budgeted, against_budget
from hearthwatch.evaluation.intervals import Rate
from hearthwatch.words import counted

KEPT = 1000
"""Null maxima that a set keeps, the highest."""
_BUILT_IN = (BUILT_IN.watch, BUILT_IN.probable, BUILT_IN.established)

Mask = NDArray[np.bool_]


def stratum_results(nulls: NullYears, budget: Budget) -> tuple[StratumResult, ...]:
    """Return the thresholds of every stratum that has any of its own, the pooled one first.

    A stratum has its own threshold for a state where its null years suffice for the quantile;
    else that of the next coarser one. Resampled years serve for none.
    """
    real = _real(nulls)
    rows: dict[str, StratumResult] = {}
    for stratum, inside in _strata(nulls, real):
        years = int(inside.sum())
        own = [stratum == POOLED or years >= years_needed(rate) for rate in _aimed(budget)]
        if any(own):
            results = (
                _level(nulls, budget, number, stratum, inside)
                if own[number]
                else _inherited(nulls, budget, number, inside, rows[_coarser(stratum)])
                for number in range(len(LEVELS))
            )
            rows[stratum] = StratumResult(stratum, years, _nested(results))
    return tuple(rows.values())


def source_results(nulls: NullYears, budget: Budget) -> tuple[SourceResult, ...]:
    """Return how the pooled thresholds held in the years of each source.

    Those of real years are held out; on resampled ones the thresholds of all real years are tried.
    """
    sources = np.array(nulls.sources, dtype=object)
    found = []
    for source in Source:
        mine = np.asarray(sources == source, bool)
        places = len({place for place, one in zip(nulls.places, mine, strict=True) if one})
        rates = tuple(_of_source(nulls, budget, number, mine) for number in range(len(LEVELS)))
        found.append(SourceResult(source, int(mine.sum()), places, rates))
    return tuple(found)


def highest_maxima(nulls: NullYears) -> tuple[float, ...]:
    """Return the highest yearly maxima of the evidence of any looks, of real years."""
    found = nulls.maxima[_real(nulls), 0]
    ordered = np.sort(found[np.isfinite(found)])[::-1][:KEPT]
    return tuple(round(float(one), 4) for one in ordered)


def real_years(nulls: NullYears) -> int:
    """Return how many null years are of real pixels."""
    return int(_real(nulls).sum())


def _real(nulls: NullYears) -> Mask:
    return np.array([one is not Source.RESAMPLED for one in nulls.sources], bool)


def _strata(nulls: NullYears, real: Mask) -> Iterator[tuple[str, Mask]]:
    """Yield every stratum with its years, the coarser before the finer."""
    keys = {key for keys in nulls.strata for key in keys} | {POOLED}
    for key in sorted(keys, key=lambda one: (one.count("/") + (one != POOLED), one)):
        inside = [key == POOLED or key in keys for keys in nulls.strata]
        yield key, np.array(inside, bool) & real


def _coarser(stratum: str) -> str:
    return stratum.rpartition("/")[0]


def _aimed(budget: Budget) -> tuple[float, ...]:
    return tuple(rate * budget.aim for rate in budget.nominal)


def _level(
    nulls: NullYears, budget: Budget, number: int, stratum: str, inside: Mask
) -> LevelResult:
    """Take the threshold of one state from the years of a stratum."""
    nominal, aimed = budget.nominal[number], _aimed(budget)[number]
    found = threshold_of(nulls.maxima[inside, number], aimed, _BUILT_IN[number])
    rate = _held_out(nulls, number, aimed, inside, inside)
    return _result(
        number, nominal, aimed, found.years, stratum, found.value, found.conformal, rate,
        nulls.undecided,
    )  # fmt: skip


def _nested(levels: Iterable[LevelResult]) -> tuple[LevelResult, ...]:
    """Raise thresholds to that of the state before: who is ESTABLISHED was PROBABLE as well.

    Else a state would be reached past the budget of the one below it.
    """
    found: list[LevelResult] = []
    for one in levels:
        least = found[-1].threshold if found else one.threshold
        found.append(dataclasses.replace(one, threshold=max(one.threshold, least)))
    return tuple(found)


def _inherited(
    nulls: NullYears, budget: Budget, number: int, inside: Mask, coarser: StratumResult
) -> LevelResult:
    """Hold the threshold of a coarser stratum against the years of a finer one."""
    above = coarser.levels[number]
    real = _real(nulls)
    source = np.array(
        [above.taken_from == POOLED or above.taken_from in keys for keys in nulls.strata], bool
    )
    rate = _held_out(nulls, number, above.aimed, source & real, inside)
    return _result(
        number, above.nominal, above.aimed, above.years, above.taken_from, above.threshold,
        above.conformal, rate, nulls.undecided,
    )  # fmt: skip


def _result(
    number: int, nominal: float, aimed: float, years: int, taken_from: str, threshold: float,
    conformal: bool, rate: Rate, undecided: int,
) -> LevelResult:  # fmt: skip
    why_not = _why_not(nominal, aimed, years, conformal, rate, undecided)
    return LevelResult(
        level=LEVELS[number],
        nominal=nominal,
        aimed=aimed,
        years=years,
        taken_from=taken_from,
        threshold=threshold,
        conformal=conformal,
        realised=rate,
        established=not why_not,
        why_not=why_not,
    )


def _why_not(
    nominal: float, aimed: float, years: int, conformal: bool, rate: Rate, undecided: int
) -> str:
    """Say why a budget is not shown to be held; empty if it is.

    Years were left out as undecided for the evidence that they brought: what is shown must hold
    if every one of them was a false alarm.
    """
    if not conformal:
        return f"{counted(years, 'null year')}; {years_needed(aimed):,} are needed"
    if rate.bound is None:
        return "no places could be held out"
    if against_budget(rate, nominal) is not Budgeted.HELD:
        return f"up to {rate.bound:.3g} per 1,000 years are not ruled out"
    worst = Rate(rate.count + undecided, rate.exposure + undecided)
    if against_budget(worst, nominal) is not Budgeted.HELD:
        return f"{counted(undecided, 'year')} with an event that nobody judged may be false alarms"
    return ""


def _held_out(nulls: NullYears, number: int, aimed: float, source: Mask, counted_: Mask) -> Rate:
    places = [place for place, one in zip(nulls.places, source, strict=True) if one]
    tried = held_out(
        nulls.maxima[source, number], places, aimed, _BUILT_IN[number], counted_[source]
    )
    return Rate(tried.exceeded, tried.years)


def _of_source(nulls: NullYears, budget: Budget, number: int, mine: Mask) -> Rate:
    real, aimed = _real(nulls), _aimed(budget)[number]
    if not (mine & ~real).any():
        return _held_out(nulls, number, aimed, real, mine)
    least = threshold_of(nulls.maxima[real, number], aimed, _BUILT_IN[number]).value
    return Rate(int((nulls.maxima[mine, number] > least).sum()), int(mine.sum()))
