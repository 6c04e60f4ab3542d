"""How far a season departs from the past ones, held against scipy and against drawn seasons."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from detectors.abandon_odds import (
    MOST,
    Spread,
    departure,
    log_likelihood_ratio,
    student_density,
)

FLAT = Spread(0.2, 10.0)
REACH = (0.7, 4.0)
NONE = np.zeros(1)


def test_the_departure_is_what_the_formula_says():
    past = np.array([[0.1, 0.3, np.nan, 0.2]])
    found = departure(past, np.array([0.9]), np.array([0.01]), FLAT)
    variance = (10.0 * 0.04 + 0.02) / 12.0
    assert found.error == pytest.approx([0.7])
    assert found.freedom == pytest.approx([12.0])
    assert found.deviation == pytest.approx([np.sqrt(variance * (4.0 / 3.0) + 0.01)])
    assert found.seasons.tolist() == [3]
    low, high = found.interval()
    half = stats.t.ppf(0.975, 12.0) * found.deviation
    assert (low, high) == (pytest.approx(0.7 - half), pytest.approx(0.7 + half))


@given(x=st.floats(-30.0, 30.0), freedom=st.floats(1.0, 60.0))
def test_the_density_is_students(x, freedom):
    found = student_density(np.array([x]), np.array([freedom]))
    assert found == pytest.approx(stats.t.pdf(x, freedom), rel=1e-9)


def test_evidence_is_the_ratio_of_two_densities():
    found = departure(np.zeros((1, 4)), np.array([1.2]), NONE, FLAT)
    scale, law = found.deviation[0], stats.t(found.freedom[0])
    changed = (law.cdf((1.2 - 0.7) / scale) - law.cdf((1.2 - 4.0) / scale)) / 3.3
    expected = np.log(changed / (law.pdf(1.2 / scale) / scale))
    assert log_likelihood_ratio(found, REACH) == pytest.approx([expected])


@given(first=st.floats(-5.0, 5.0), more=st.floats(0.0, 5.0), seasons=st.integers(3, 8))
def test_a_greater_loss_is_never_less_evidence_and_none_exceeds_the_most(first, more, seasons):
    past = np.zeros((2, seasons))
    now = np.array([first, first + more])
    less, greater = log_likelihood_ratio(departure(past, now, np.zeros(2), FLAT), REACH)
    # On the far side of nought both laws are in their tails, and the ratio is flat.
    assert greater >= less - 1e-9 or first < 0.0
    assert max(abs(less), abs(greater)) <= MOST


def test_what_was_not_seen_says_nothing():
    past = np.array([[np.nan, np.nan], [0.0, 0.0]])
    found = departure(past, np.array([1.0, np.nan]), np.zeros(2), FLAT)
    assert np.isnan(found.error).all()
    assert log_likelihood_ratio(found, REACH).tolist() == [0.0, 0.0]


def test_quiet_seasons_seldom_bring_seven_and_a_half_nats():
    rng = np.random.default_rng(5)
    # Spreads are drawn from the law that the prior stands for: the intervals are then exact.
    spread = np.sqrt(10.0 * 0.04 / rng.chisquare(10.0, 20_000))
    seasons = rng.normal(0.0, spread[:, None], (20_000, 5))
    found = departure(seasons[:, :4], seasons[:, 4], np.zeros(20_000), FLAT)
    inside = np.mean((found.interval()[0] < 0.0) & (found.interval()[1] > 0.0))
    assert inside == pytest.approx(0.95, abs=0.006)
    assert (log_likelihood_ratio(found, REACH) > 7.5).sum() <= 3
