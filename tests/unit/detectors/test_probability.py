"""Probabilities: Bayes' rule with a stated prior, and curves fitted to what people judged."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.probability import (
    Isotonic,
    Platt,
    brier,
    brier_interval,
    fit,
    fit_isotonic,
    fit_platt,
    posterior,
    prior_within,
)


def drawn(curve, count, seed):
    """Return scores, and verdicts drawn with the probability that a curve gives each."""
    rng = np.random.default_rng(seed)
    scores = rng.uniform(2, 14, count)
    return scores, rng.random(count) < curve(scores)


def test_a_posterior_is_bayes_rule():
    # Odds of 1 : 99 times a ratio of 99 are even.
    assert posterior(math.log(99.0), 0.01) == pytest.approx(0.5)
    assert posterior(0.0, 0.01) == pytest.approx(0.01)
    assert posterior(800.0, 1e-6) == 1.0


@pytest.mark.parametrize("prior", [0.0, 1.0, -0.1])
def test_certainty_is_no_prior(prior):
    with pytest.raises(ValueError, match="prior"):
        posterior(1.0, prior)


def test_a_prior_grows_with_the_time_in_which_it_may_have_happened():
    assert prior_within(0.01, 1.0) == pytest.approx(1 - math.exp(-0.01))
    assert prior_within(0.01, 5 / 365.25) == pytest.approx(0.01 * 5 / 365.25, rel=1e-3)


def test_platts_curve_finds_the_curve_that_verdicts_were_drawn_from():
    scores, truth = drawn(Platt(0.8, -6.0), 4000, 3)
    found = fit_platt(scores, truth)
    assert found.slope == pytest.approx(0.8, abs=0.08)
    assert found.offset == pytest.approx(-6.0, abs=0.6)


def test_more_evidence_never_makes_a_burn_less_likely():
    scores = np.linspace(0, 10, 200)
    assert fit_platt(scores, scores < 5).slope == 0.0
    falling = fit_isotonic(scores, scores < 5)
    assert (np.diff(falling(scores)) >= 0).all()


@given(st.lists(st.tuples(st.integers(0, 8).map(float), st.booleans()), min_size=1, max_size=60))
def test_the_isotonic_curve_rises_stays_off_certainty_and_keeps_the_mean(pairs):
    scores, truth = (np.array(one) for one in zip(*pairs, strict=True))
    curve = fit_isotonic(scores, truth.astype(bool))
    found = curve(scores)
    least = 1 / (len(pairs) + 2)
    assert (np.diff(curve(np.sort(scores))) >= -1e-12).all()
    assert least - 1e-12 <= found.min() and found.max() <= 1 - least + 1e-12
    # But for what certainty was cut off, the mean is the share that was confirmed.
    assert found.mean() == pytest.approx(truth.mean(), abs=least + 1e-9)


def test_the_isotonic_curve_pools_what_does_not_rise():
    curve = fit_isotonic(np.array([1.0, 2.0, 3.0, 4.0]), np.array([False, True, False, True]))
    assert curve(np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx([1 / 6, 0.5, 0.5, 5 / 6])
    assert curve(np.array([-9.0, 99.0])) == pytest.approx([1 / 6, 5 / 6])


def step(scores):
    return np.where(scores < 7.0, 0.1, np.where(scores < 9.0, 0.5, 0.95))


@pytest.mark.parametrize(("curve", "kind"), [(Platt(0.8, -6.0), "platt"), (step, "isotonic")])
def test_the_curve_that_forecasts_better_is_chosen(curve, kind):
    scores, truth = drawn(curve, 3000, 5)
    found = fit(scores, truth, [str(n) for n in range(3000)])
    assert found.kind == kind
    assert found.brier[kind] == min(found.brier.values()) == brier(found.forecasts, truth)
    assert isinstance(found.model, Platt if kind == "platt" else Isotonic)
    # Forecasts of what was left out are as good as the truth lets any be.
    best = brier(curve(scores), truth)
    assert found.brier[kind] == pytest.approx(best, abs=0.01)


def test_verdicts_on_one_place_are_left_out_together():
    """Places whose verdicts contradict their scores must not be learned from themselves."""
    scores = np.repeat(np.arange(20.0), 10)
    truth = np.repeat(np.arange(20) % 2 == 0, 10)
    together = fit(scores, truth, [str(int(one)) for one in scores])
    apart = fit(scores, truth, [str(n) for n in range(200)])
    assert together.brier["isotonic"] > apart.brier["isotonic"]


@pytest.mark.parametrize("truth", [np.ones(5, bool), np.zeros(5, bool)])
def test_verdicts_of_one_kind_teach_nothing(truth):
    with pytest.raises(ValueError, match="say the same"):
        fit(np.arange(5.0), truth, list("abcde"))


def test_verdicts_on_one_place_cannot_be_left_out():
    with pytest.raises(ValueError, match="one place"):
        fit(np.arange(4.0), np.array([True, False, True, False]), ["a"] * 4)


def test_the_interval_holds_the_score_and_is_the_same_each_time():
    rng = np.random.default_rng(1)
    forecasts = rng.random(300)
    truth = rng.random(300) < forecasts
    low, high = brier_interval(forecasts, truth, 0)
    assert low < brier(forecasts, truth) < high
    assert (low, high) == brier_interval(forecasts, truth, 0)
    # The standard error of the mean squared error, by hand.
    error = (forecasts - truth) ** 2
    assert high - low == pytest.approx(2 * 1.96 * error.std() / math.sqrt(300), rel=0.1)
