"""Intervals against published tables and closed forms."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from scipy.stats import poisson as poisson_law

from hearthwatch.evaluation.intervals import (
    F1,
    Rate,
    Share,
    Spread,
    f1_interval,
    poisson,
    poisson_bound,
    wilson,
)


# Newcombe 1998, table I, method 3.
@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611),
     (1, 29, 0.0061, 0.1718)],
)  # fmt: skip
def test_wilson_gives_the_published_intervals(hits, of, low, high):
    interval = wilson(hits, of)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


@given(of=st.integers(1, 3000), part=st.floats(0, 1))
def test_wilson_agrees_with_scipy_and_is_a_mirror(of, part):
    hits = round(part * of)
    ours, theirs = wilson(hits, of), binomtest(hits, of).proportion_ci(method="wilson")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
    other = wilson(of - hits, of)
    assert (1 - other.high, 1 - other.low) == pytest.approx((ours.low, ours.high), abs=1e-12)
    assert 0 <= ours.low <= hits / of <= ours.high <= 1


def test_nothing_out_of_nothing_is_not_known():
    share = Share(0, 0)
    assert share.value is None
    assert (share.interval.low, share.interval.high) == (0.0, 1.0)


@pytest.mark.parametrize(("hits", "of"), [(3, 2), (-1, 2), (1, 0)])
def test_what_is_no_share_is_refused(hits, of):
    with pytest.raises(ValueError, match="no share"):
        wilson(hits, of)


# Garwood's limits as printed in tables of the Poisson distribution.
@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (2, 0.2422, 7.2247), (5, 1.6235, 11.6683),
     (10, 4.7954, 18.3904), (20, 12.2165, 30.8884)],
)  # fmt: skip
def test_poisson_gives_the_tabulated_limits(count, low, high):
    interval = poisson(count)
    assert (interval.low, interval.high) == pytest.approx((low, high), abs=6e-5)


@given(st.integers(0, 500))
def test_poisson_limits_leave_a_fortieth_on_each_side(count):
    interval = poisson(count)
    assert poisson_law.cdf(count, interval.high) == pytest.approx(0.025, rel=1e-6)
    if count:
        assert poisson_law.sf(count - 1, interval.low) == pytest.approx(0.025, rel=1e-6)


def test_no_false_alert_in_600_settlement_years_bounds_the_rate_at_five_per_thousand():
    assert poisson_bound(0) == pytest.approx(-math.log(0.05))
    assert Rate(0, 600.0).bound == pytest.approx(4.993, abs=1e-3)
    assert Rate(0, 598.0).bound > 5.0
    assert Rate(0, 600.0).value == 0.0


def test_a_rate_is_scaled_with_its_interval():
    rate = Rate(5, 1000.0)
    assert rate.value == 5.0
    assert rate.interval == pytest.approx((1.6235, 11.6683), abs=6e-5)
    assert Rate(2, 4.0, per=1.0).value == 0.5


def test_a_rate_without_exposure_is_not_known():
    rate = Rate(0, 0.0)
    assert (rate.value, rate.interval, rate.bound) == (None, (None, None), None)


def test_f1_by_hand():
    # Precision 8/10, recall 8/12: F1 = 2 (.8 x .6667) / (.8 + .6667) = 16/22; J = 8/14.
    assert F1(8, 2, 4).value == pytest.approx(16 / 22)
    j = wilson(8, 14)
    assert (j.low, j.high) == pytest.approx((0.32591, 0.78620), abs=1e-5)
    interval = F1(8, 2, 4).interval
    assert (interval.low, interval.high) == pytest.approx((0.49160, 0.88030), abs=1e-5)


@given(st.integers(0, 200), st.integers(0, 200), st.integers(0, 200))
def test_f1_lies_in_its_interval_and_is_the_harmonic_mean(found, false, missed):
    f1 = F1(found, false, missed)
    assert 0 <= f1.interval.low <= f1.interval.high <= 1
    if found:
        precision, recall = found / (found + false), found / (found + missed)
        assert f1.value == pytest.approx(2 * precision * recall / (precision + recall))
        assert f1.interval.low <= f1.value <= f1.interval.high


@pytest.mark.parametrize("f1", [0.6, 0.8, 0.95])
@pytest.mark.parametrize("objects", [20, 60, 200])
def test_the_f1_interval_covers_as_often_as_it_says(f1, objects):
    """Exact sum over all outcomes, with the true J = F1 / (2 - F1)."""
    j = f1 / (2 - f1)
    covered = sum(
        binom.pmf(found, objects, j)
        for found in range(objects + 1)
        if f1_interval(found, objects - found, 0).low <= f1
        and f1 <= f1_interval(found, objects - found, 0).high
    )
    assert 0.92 < covered < 0.985


def test_quartiles_interpolate_linearly():
    # Order statistics 1, 2, 3, 10: positions 0.75, 1.5 and 2.25 of 0..3.
    assert Spread.of([10, 1, 3, 2]).quartiles == (1.75, 2.5, 4.75)
    assert Spread.of([7]).quartiles == (7.0, 7.0, 7.0)
    assert Spread.of([]).quartiles is None
