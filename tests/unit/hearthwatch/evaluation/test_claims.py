"""What may be claimed: budgets, upper bounds and precision at a base rate, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2

from hearthwatch.evaluation.claims import Budgeted, against_budget, expected_precision
from hearthwatch.evaluation.intervals import Rate, Share
from hearthwatch.evaluation.wording import bounded, budget

HELD, OPEN, EXCEEDED = Budgeted.HELD, Budgeted.NOT_ESTABLISHED, Budgeted.EXCEEDED
COUNTS = st.integers(0, 200)


@pytest.mark.parametrize(
    ("count", "years", "allowed", "verdict"),
    [
        # None in n years bounds the rate at 2.9957 / n a year.
        (0, 600, 5.0, HELD),
        (0, 599, 5.0, OPEN),
        (0, 2996, 1.0, HELD),
        (0, 2995, 1.0, OPEN),
        (0, 0, 20.0, OPEN),
        # Of 5 the bound is 10.513, and the lower end of the two-sided interval 1.6235.
        (5, 2103, 5.0, HELD),
        (5, 2102, 5.0, OPEN),
        (5, 325, 5.0, OPEN),
        (5, 324, 5.0, EXCEEDED),
    ],
)
def test_a_budget_is_held_only_by_enough_years(count, years, allowed, verdict):
    assert against_budget(Rate(count, years), allowed) is verdict


@given(COUNTS, st.floats(0.01, 1e5), st.floats(0.1, 100))
def test_a_budget_is_never_both_held_and_exceeded(count, years, allowed):
    rate = Rate(count, years)
    verdict = against_budget(rate, allowed)
    assert (rate.bound <= allowed) == (verdict is HELD)
    assert (rate.interval[0] > allowed) == (verdict is EXCEEDED)


def test_the_expected_precision_by_hand():
    # 0.9 x 0.02 = 0.018 true and 4 / 1000 = 0.004 false alerts a settlement-year.
    expected = expected_precision(Share(90, 100), Rate(4, 1000.0), 0.02)
    assert expected.value == pytest.approx(0.018 / 0.022)
    z = 2.241402727604947  # of 97.5 %, two-sided
    middle, half = 0.9 + z * z / 200, z * (0.9 * 0.1 / 100 + z * z / 40_000) ** 0.5
    low, high = ((middle + sign * half) / (1 + z * z / 100) for sign in (-1, 1))
    least, most = chi2.ppf(0.0125, 8) / 2000, chi2.ppf(0.9875, 10) / 2000
    assert expected.interval.low == pytest.approx(low * 0.02 / (low * 0.02 + most))
    assert expected.interval.high == pytest.approx(high * 0.02 / (high * 0.02 + least))


@given(COUNTS, COUNTS, COUNTS, st.floats(0.1, 1e4), st.floats(1e-4, 1.0))
def test_the_expected_precision_lies_in_its_interval(hits, misses, false, years, base):
    expected = expected_precision(Share(hits, hits + misses), Rate(false, years), base)
    assert 0 <= expected.interval.low <= expected.interval.high <= 1
    if expected.value is not None:
        assert expected.interval.low <= expected.value <= expected.interval.high


@given(COUNTS, COUNTS, st.floats(0.1, 1e4), st.floats(1e-4, 0.5))
def test_where_more_happens_more_of_the_alerts_are_true(hits, false, years, base):
    rare, often = (
        expected_precision(Share(hits, hits + 3), Rate(false, years), rate)
        for rate in (base, 2 * base)
    )
    assert rare.interval.low <= often.interval.low
    if rare.value is not None and often.value is not None:
        assert rare.value <= often.value


def test_the_interval_covers_the_true_precision_at_least_as_often_as_it_says():
    rng = np.random.default_rng(5)
    recall, rate, base, years = 0.85, 0.006, 0.01, 900.0
    truth = recall * base / (recall * base + rate)
    drawn = zip(rng.binomial(40, recall, 400), rng.poisson(rate * years, 400), strict=True)
    within = [
        one.low <= truth <= one.high
        for hits, false in drawn
        for one in [expected_precision(Share(hits, 40), Rate(false, years), base).interval]
    ]
    assert np.mean(within) >= 0.95


def test_nothing_is_expected_of_what_was_never_tried():
    for share, rate in ((Share(0, 0), Rate(1, 10.0)), (Share(3, 4), Rate(0, 0.0))):
        expected = expected_precision(share, rate, 0.1)
        assert (expected.value, expected.interval.low, expected.interval.high) == (None, 0.0, 1.0)
    with pytest.raises(ValueError, match="above 0"):
        expected_precision(Share(1, 1), Rate(0, 1.0), 0.0)


def told(count, years):
    rate = Rate(count, years)
    low, high = rate.interval
    return {"value": rate.value, "low": low, "high": high, "upper_bound": rate.bound,
            "count": count, "exposure": years}  # fmt: skip


def test_none_counted_is_told_as_a_bound_and_never_as_zero():
    assert bounded(told(0, 600.0)) == "at most 4.99 (none in 600.0)"
    assert bounded(told(5, 1220.0)) == "4.10 [1.33, 9.56] (5 in 1,220.0), at most 8.62"
    assert bounded(told(0, 0.0)) == "- (0 in 0)"


@pytest.mark.parametrize(
    ("count", "years", "words"),
    [
        (0, 600.0, "held: 5 allowed, at most 4.99"),
        (0, 60.0, "not established: 5 allowed, at most 49.93"),
        (5, 100.0, "exceeded: 5 allowed, at least 16.23"),
        (0, 0.0, "not established: 5 allowed, no settlement-years"),
    ],
)
def test_a_budget_in_words(count, years, words):
    verdict = against_budget(Rate(count, years), 5.0).value
    assert budget({"per_1000": 5.0, "verdict": verdict}, told(count, years)) == words
