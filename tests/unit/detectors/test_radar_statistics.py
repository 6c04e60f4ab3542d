"""Speckle is drawn as gamma power, and the tests must find change as rarely as they say they do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from detectors.radar_statistics import (
    less_significant,
    sequential_statistic,
    signed_combination,
    signed_root,
)

DRAWS = 1_000_000
DECIBEL = np.log(10.0) / 10.0


def drawn(looks: int, equivalent: float, jitter_db: float = 0.0, draws: int = DRAWS):
    """Return the newest of a series of mean powers, and the sum of those before it."""
    rng = np.random.default_rng(looks)
    scale = np.exp(jitter_db * DECIBEL * rng.standard_normal((looks, draws)))
    power = rng.gamma(equivalent, 1.0 / equivalent, (looks, draws)) * scale
    return power[-1], power[:-1].sum(0)


def statistic_of(looks: int, equivalent: float, jitter_db: float = 0.0, draws: int = DRAWS):
    """Return the sequential statistic of quiet ground."""
    power, before = drawn(looks, equivalent, jitter_db, draws)
    each = np.full(draws, float(looks))
    return sequential_statistic(each, power, before, np.full(draws, equivalent))


@pytest.mark.parametrize(("looks", "equivalent"), [(2, 10.0), (3, 60.0), (8, 60.0)])
def test_the_sequential_test_is_as_rare_as_it_says(looks: int, equivalent: float) -> None:
    found = statistic_of(looks, equivalent)
    at_5, at_1000 = ((found > stats.chi2.isf(p, 1)).mean() for p in (0.05, 0.001))
    # Four standard errors of the draws beyond the published range.
    assert 0.0486 - 0.0009 < at_5 < 0.0501 + 0.0009
    assert 0.0009 - 0.00013 < at_1000 < 0.0011 + 0.00013


def test_its_statistic_follows_the_law_of_chi_squared() -> None:
    found = statistic_of(6, 30.0, draws=20_000)
    assert stats.kstest(found, stats.chi2(1).cdf).pvalue > 0.01
    assert found.mean() == pytest.approx(1.0, abs=0.03)


def test_the_formula_agrees_with_the_published_one_written_out() -> None:
    n, powers = 12.0, np.array([0.11, 0.09, 0.13, 0.05])
    j, new, old = 4, powers[-1], powers[:-1].sum()
    ln_r = n * (
        j * np.log(j) - (j - 1) * np.log(j - 1)
        + (j - 1) * np.log(old) + np.log(new) - j * np.log(powers.sum())
    )  # fmt: skip
    rho = 1 - (1 + 1 / (j * (j - 1))) / (6 * n)
    got = sequential_statistic(*(np.array(one) for one in (4.0, new, old, n)))
    assert got == pytest.approx(-2 * rho * ln_r)


def test_half_a_decibel_of_jitter_inflates_the_pure_test_and_not_the_combined_one() -> None:
    looks, equivalent, jitter, draws = 8, 60.0, 0.5, 200_000
    found = statistic_of(looks, equivalent, jitter, draws)
    assert (found > stats.chi2.isf(0.001, 1)).mean() > 0.008
    # The seasonal score knows how much the ground jitters; here exactly, with all its freedom.
    power, before = drawn(looks, equivalent, jitter, draws)
    root = signed_root(found, np.full(draws, float(looks)), power, before)
    spread = np.hypot(jitter * DECIBEL, 1.0 / np.sqrt(equivalent))
    score = (np.log(before / (looks - 1)) - np.log(power)) / (spread * np.sqrt(1 + 1 / (looks - 1)))
    both = less_significant(root, score, np.full(draws, 1e6))
    for level in (0.05, 0.01, 0.001):
        # Four standard errors of the draws, and a tenth: the logarithm of power is a little skew.
        most = 1.1 * level + 4 * np.sqrt(level / draws)
        assert (2 * stats.norm.sf(np.abs(both)) < level).mean() <= most


def test_the_first_look_of_an_orbit_is_tested_against_nothing() -> None:
    none = sequential_statistic(*(np.array([one]) for one in (1.0, 0.1, 0.0, 50.0)))
    assert np.isnan(none).all()
    zero = sequential_statistic(*(np.array([one]) for one in (3.0, 0.0, 0.2, 50.0)))
    assert np.isnan(zero).all()


def test_lost_power_is_positive_and_gained_power_negative() -> None:
    two = np.full(2, 3.0), np.array([0.05, 0.2]), np.full(2, 0.2)
    root = signed_root(sequential_statistic(*two, np.full(2, 60.0)), *two)
    assert root[0] > 3.0
    assert root[1] < -3.0


@given(st.floats(-8, 8), st.floats(-8, 8), st.floats(3, 30))
def test_the_lesser_of_two_scores_is_never_more_significant_than_either(
    speckle: float, score: float, freedom: float
) -> None:
    both = float(less_significant(*(np.array([one]) for one in (speckle, score, freedom)))[0])
    p = 2 * stats.t.sf(abs(both), freedom)
    assert p >= 2 * stats.norm.sf(abs(speckle)) * (1 - 1e-6)
    assert p >= 2 * stats.t.sf(abs(score), freedom) * (1 - 1e-6)
    assert both * score >= 0.0
    if np.sign(speckle) != np.sign(score):
        assert both == 0.0


def test_what_one_of_the_tests_does_not_know_is_not_known() -> None:
    got = less_significant(np.array([np.nan, 3.0]), np.array([3.0, np.nan]), np.full(2, 9.0))
    assert np.isnan(got).all()


def test_four_orbits_by_their_signs_keep_the_size_and_absolute_values_inflate_it() -> None:
    freedom, draws = 40, 300_000
    t = np.random.default_rng(3).standard_t(freedom, (draws, 4))
    normal = stats.norm.isf(stats.t.sf(t, freedom))
    signed = np.abs(signed_combination(normal))
    assert (signed > stats.norm.isf(0.001)).mean() == pytest.approx(0.002, rel=0.2)
    # The largest |t| of four, as where the maximum over orbits is taken.
    one, four = (np.abs(t[:, :1]) > 3.3).mean(), (np.abs(t).max(1) > 3.3).mean()
    assert one == pytest.approx(0.0020, rel=0.2)
    assert four > 3.5 * one
    # The scaled sum of |t| exceeds a limit made for one nearly always: its mean is not 0.
    assert (np.abs(t).sum(1) / 2.0 > 1.645).mean() > 0.4
    assert (np.abs(t.sum(1)) / 2.0 > 1.645).mean() == pytest.approx(0.1, abs=0.02)


def test_orbits_that_contradict_each_other_cancel_and_an_unseen_one_says_nothing() -> None:
    got = signed_combination(np.array([[3.0, -3.0], [3.0, np.nan], [np.nan, np.nan], [2.0, 2.0]]))
    assert got[:2] == pytest.approx([0.0, 3.0])
    assert np.isnan(got[2])
    assert got[3] == pytest.approx(4.0 / np.sqrt(2.0))
    alike = signed_combination(np.array([2.0, 2.0]), np.ones((2, 2)))
    assert alike == pytest.approx(2.0)
