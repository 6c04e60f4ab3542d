"""Thresholds of heat from quiet years: what they hold, and where they say that they cannot."""

from __future__ import annotations

import numpy as np
import pytest

from detectors.heat_budget import BudgetRules, budget_of, enough, highest, strata_of
from detectors.heat_climate import Past, archive_of, climate_of
from detectors.heat_season import SeasonRules, month_bounds

RULES, SEASON = BudgetRules(), SeasonRules()
FIRST, JUDGED = 2008, 2020


def record(years: range = range(FIRST, JUDGED + 1)) -> frozenset[tuple[int, int]]:
    return frozenset((year, month) for year in years for month in range(1, 13))


def moments(rng: np.random.Generator, rates: np.ndarray) -> np.ndarray:
    """Draw when heat was seen, by a rate a month for each of 12 months, in all years."""
    found = []
    for year in range(FIRST, JUDGED + 1):
        for month in range(1, 13):
            begin, end = month_bounds(year, month)
            found.append(rng.integers(begin, end, rng.poisson(rates[month - 1])))
    return np.sort(np.concatenate(found)).astype(np.int64)


def land(rng: np.random.Generator, villages: int, burns: bool) -> list[Past]:
    """Draw settlements of one land: in January and December fields burn there, or they do not."""
    months = np.isin(np.arange(12), [0, 11])
    core = np.where(months & burns, 1.0, 0.02)
    ring = np.where(months & burns, 60.0, 0.3)
    return [Past(moments(rng, core), moments(rng, ring), record()) for _ in range(villages)]


@pytest.mark.parametrize("burns", [False, True])
def test_quiet_years_bring_no_more_hints_than_the_budget(burns: bool) -> None:
    rng = np.random.default_rng(11)
    false = years = 0
    for _ in range(4):
        pasts = land(rng, 25, burns)
        budget = budget_of(pasts, (), SEASON, RULES)
        # The judged year as another archive's held year: its highest scores, by stratum.
        whole = archive_of(pasts)
        climate = climate_of(whole, JUDGED, SEASON)
        strata = strata_of(climate, RULES)
        now = np.array([FIRST + k == JUDGED for k in range(whole.days.shape[1])])
        judged = highest(whole, type(climate)(climate.rates, climate.taught, now), strata, SEASON)
        over = np.zeros(len(pasts), dtype=bool)
        for name, found in judged.items():
            at = [any(one == name for one in months) for months in strata]
            month = next(m for m in range(12) if strata[int(np.argmax(at))][m] == name)
            bound = budget.bound(int(np.argmax(at)), JUDGED, month)
            assert bound is not None
            assert bound.kept
            over[np.flatnonzero(at)] |= found > bound.value
        false, years = false + int(over.sum()), years + len(pasts)
    # Twenty in 1,000 of 100 years are 2; more than 6 have a chance below 0.01.
    assert false <= 6


def test_months_that_burn_have_a_threshold_of_their_own() -> None:
    pasts = land(np.random.default_rng(2), 25, burns=True)
    budget = budget_of(pasts, (), SEASON, RULES)
    january, july = budget.bound(0, JUDGED, 0), budget.bound(0, JUDGED, 6)
    assert january is not None
    assert july is not None
    # Half of the budget each, of six held years of 25 settlements.
    assert (january.per_thousand, july.per_thousand) == (10.0, 10.0)
    assert (january.years, july.years) == (150, 150)
    # What Januaries bring more of leaves July as it was.
    extra = month_bounds(2019, 1)[0] + 3600 * np.arange(6)
    more = [
        Past(np.sort(np.concatenate([one.core, extra])), one.ring, one.on_record) for one in pasts
    ]
    worse = budget_of(more, (), SEASON, RULES)
    hotter, same = worse.bound(0, JUDGED, 0), worse.bound(0, JUDGED, 6)
    assert same == july
    assert hotter is not None
    assert hotter.value > january.value


def test_where_it_burns_too_much_it_says_that_heat_tells_nothing() -> None:
    rng = np.random.default_rng(4)
    ring = np.where(np.isin(np.arange(12), [0, 11]), 60.0, 0.3)
    wild = []
    for _ in range(25):
        # Now and then eight pixels at once, in the village's own ground, and nothing round it.
        days = rng.integers(month_bounds(FIRST, 1)[0], month_bounds(JUDGED, 1)[0], 20)
        january = [one for one in days if int(str(np.datetime64(int(one), "s"))[5:7]) in (1, 12)]
        core = np.sort(np.repeat(np.array(january, dtype=np.int64), 9))
        wild.append(Past(core, moments(rng, ring), record()))
    bound = budget_of(wild, (), SEASON, RULES).bound(0, JUDGED, 0)
    assert bound is not None
    assert (bound.tells, bound.needed) == (False, RULES.most + 1)


def test_too_few_years_are_helped_by_kin_and_else_say_that_they_keep_nothing() -> None:
    rng = np.random.default_rng(7)
    alone = budget_of(land(rng, 3, False), (), SEASON, RULES).bound(0, JUDGED, 6)
    assert alone is not None
    assert (alone.years, alone.kept) == (18, False)
    # One quiet year more than the highest of 18 has a chance of at most one in 19.
    assert alone.per_thousand == pytest.approx(1000 / 19)
    helped = budget_of(land(rng, 3, False), [land(rng, 20, False)], SEASON, RULES)
    kin = helped.bound(0, JUDGED, 6)
    assert kin is not None
    assert (kin.years, kin.kept, kin.per_thousand) == (18 + 120, True, 20.0)
    assert enough(17, 12, RULES)
    assert not enough(16, 12, RULES)


def test_a_year_that_burned_by_peoples_word_sets_no_threshold() -> None:
    past = land(np.random.default_rng(9), 1, False)[0]
    told = Past(past.core, past.ring, past.on_record, frozenset({2019}))
    before = budget_of([past], (), SEASON, RULES).bound(0, JUDGED, 6)
    after = budget_of([told], (), SEASON, RULES).bound(0, JUDGED, 6)
    assert before is not None
    assert after is not None
    assert (before.years, after.years) == (6, 5)


def test_years_that_teach_set_no_threshold_and_no_later_year_does_either() -> None:
    pasts = land(np.random.default_rng(1), 2, True)
    climate = climate_of(archive_of(pasts), 2014, SEASON)
    assert list(np.flatnonzero(climate.held) + FIRST) == [2009, 2011, 2013]
    # 2008, 2010 and 2012: three Julys of 31 days, with the prior's 60 and the kin's 30.
    assert climate.rates.days[0, 6] == 3 * 31 + 90
    cut = [
        Past(one.core[one.core < month_bounds(2014, 1)[0]], one.ring, one.on_record)
        for one in pasts
    ]
    same = climate_of(archive_of(cut), 2014, SEASON)
    assert (same.rates.shape == climate.rates.shape).all()


def test_no_record_gives_no_threshold() -> None:
    nothing = np.empty(0, dtype=np.int64)
    assert (
        budget_of([Past(nothing, nothing, frozenset())], (), SEASON, RULES).bound(0, JUDGED, 0)
        is None
    )
