"""Thresholds from null maxima: the rate that was asked for, whatever the maxima look like."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from detectors.conformal import (
    FLOOR,
    MARGIN,
    conformal_threshold,
    held_out,
    p_values,
    q_values,
    threshold_of,
    years_needed,
)

rates = st.sampled_from([1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 200.0])
values = st.one_of(st.floats(-20, 20).map(lambda one: round(one, 1)), st.just(-math.inf))


@pytest.mark.parametrize(("rate", "years"), [(20, 49), (5, 199), (1, 999), (0.5, 1999), (2.5, 399)])
def test_a_rate_needs_as_many_years_as_the_quantile_has_places(rate, years):
    assert years_needed(rate) == years
    few = np.arange(years - 1.0)
    assert conformal_threshold(few, rate) is None
    enough = np.arange(float(years))
    # With just enough the threshold is the highest maximum of all.
    assert conformal_threshold(enough, rate) == years - 1


def test_the_threshold_is_the_order_statistic_that_the_formula_names():
    # ceil(100 * 0.98) = 98, and the 98th smallest of 1..99 is 98.
    assert conformal_threshold(np.arange(1.0, 100.0), 20.0) == 98.0


@pytest.mark.parametrize("rate", [0.0, -1.0, 1000.0, math.nan])
def test_what_is_no_rate_is_refused(rate):
    with pytest.raises(ValueError, match="no rate"):
        conformal_threshold(np.arange(10.0), rate)


def test_a_maximum_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="no number"):
        conformal_threshold(np.array([1.0, math.nan]), 500.0)


@given(st.lists(values, min_size=49, max_size=300), rates, st.randoms(use_true_random=False))
def test_order_does_not_matter_and_ties_do_not_raise_the_rate(maxima, rate, random):
    found = conformal_threshold(np.array(maxima), rate)
    mixed = list(maxima)
    random.shuffle(mixed)
    assert conformal_threshold(np.array(mixed), rate) == found
    if found is None:
        assert len(maxima) < years_needed(rate)
        return
    # Of n + 1 exchangeable years at most this many can lie above the threshold.
    above = sum(one > found for one in maxima)
    assert above <= (len(maxima) + 1) * rate / 1000.0


@given(st.lists(values, min_size=50, max_size=200), rates)
def test_a_new_year_is_above_the_threshold_of_the_others_no_oftener_than_asked(maxima, rate):
    """The guarantee itself, exactly: each year in turn is the new one."""
    years = np.array(maxima)
    above = 0
    for new in range(len(years)):
        least = conformal_threshold(np.delete(years, new), rate)
        if least is None:
            return
        above += years[new] > least
    assert above <= len(years) * rate / 1000.0


@pytest.mark.parametrize("rate", [5.0, 20.0, 100.0])
def test_the_rate_holds_on_exchangeable_draws(rate):
    rng = np.random.default_rng(11)
    trials, above = 4000, 0
    for _ in range(trials):
        years = rng.standard_t(3, 300)
        above += years[0] > conformal_threshold(years[1:], rate)
    # 299 years give ceil(300 (1 - a)): the exact chance is the share of ranks above that.
    exact = 1.0 - math.ceil(300 * (1 - rate / 1000)) / 300
    low, high = binom.interval(0.999, trials, exact)
    assert low <= above <= high


def test_too_few_years_give_a_bound_and_say_so():
    few = np.array([1.0, 3.0, -math.inf])
    assert threshold_of(few, 20.0, 2.0).value == 3.0 + MARGIN
    assert threshold_of(few, 20.0, 9.0).value == 9.0
    assert threshold_of(np.full(3, -math.inf), 20.0, 8.0).value == 8.0
    assert threshold_of(np.empty(0), 20.0, 8.0).value == 8.0
    assert not threshold_of(few, 20.0, 2.0).conformal


def test_years_that_bore_no_statistic_leave_the_floor():
    found = threshold_of(np.full(60, -math.inf), 20.0, 3.5)
    assert (found.value, found.conformal, found.years) == (FLOOR, True, 60)


def test_a_place_is_held_out_with_all_its_years():
    """One place brings high years only: held against the others, each of them is a false alarm."""
    places = [f"quiet {n}" for n in range(60)] + ["loud"] * 3
    maxima = np.array([1.0] * 60 + [9.0] * 3)
    everyone = np.ones(63, bool)
    found = held_out(maxima, places, 20.0, 3.5, everyone)
    assert (found.exceeded, found.years) == (3, 63)
    # Held out year by year the loud place would have hidden itself.
    by_year = held_out(maxima, [str(n) for n in range(63)], 20.0, 3.5, everyone)
    assert by_year.exceeded < 3


def test_only_the_counted_years_are_counted():
    places = [str(n) for n in range(100)]
    counted = np.arange(100) < 30
    found = held_out(np.linspace(0, 1, 100), places, 20.0, 3.5, counted)
    assert (found.exceeded, found.years) == (0, 30)


def test_nothing_is_held_out_of_one_place():
    found = held_out(np.ones(80), ["one"] * 80, 20.0, 3.5, np.ones(80, bool))
    assert (found.exceeded, found.years) == (0, 0)


def test_a_p_value_counts_the_null_years_at_least_as_high():
    nulls = np.array([1.0, 2.0, 3.0, 4.0])
    found = p_values(np.array([5.0, 4.0, 2.5, 0.0]), nulls, 4)
    assert found == pytest.approx([1 / 5, 2 / 5, 3 / 5, 1.0])


def test_below_the_maxima_that_were_kept_nothing_is_known():
    kept = np.array([3.0, 4.0])
    assert p_values(np.array([3.5, 2.0, -math.inf]), kept, 99) == pytest.approx([0.02, 1.0, 1.0])


def test_q_values_are_those_of_benjamini_and_hochberg():
    # p (i) * 4 / i, the smallest from behind: .04, .04, .04, .5
    assert q_values(np.array([0.01, 0.02, 0.03, 0.5])) == pytest.approx([0.04, 0.04, 0.04, 0.5])
    assert q_values(np.empty(0)).shape == (0,)
