"""The trend filter against drawn curves, against its own model, and over uneven times."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors import site_trend
from detectors.site_trend import LEVEL, RATE, WEEK_S, TrendRules

RULES = TrendRules()
DAY = 86_400
ZERO = np.zeros(1)


def filtered(shares, days, rules=RULES, variance=0.0):
    rows = site_trend.new_rows(1, rules)
    for day, share in zip(days, shares, strict=True):
        rows = site_trend.take(rows, np.array([share]), np.array([variance]), int(day * DAY), rules)
    return rows


def test_an_even_growth_is_told_with_its_rate():
    days = np.arange(0.0, 500.0, 5.0)
    rng = np.random.default_rng(1)
    shares = np.where(days < 300, 0.2, 0.2 + (days - 300) / 7.0 * 0.01)
    rows = filtered(shares + rng.normal(0, 0.005, days.size), days)
    level, low, high = (float(one[0]) for one in site_trend.interval(rows, LEVEL))
    assert low < shares[-1] < high
    assert level == pytest.approx(shares[-1], abs=0.03)
    rate, slow, fast = (float(one[0]) for one in site_trend.interval(rows, RATE))
    assert 0.0 < slow < 0.01 < fast
    assert rate == pytest.approx(0.01, abs=0.004)


def test_one_odd_look_moves_little_and_three_move_all():
    days = np.arange(0.0, 300.0, 5.0)
    steady = np.full(days.size, 0.3)
    quiet = filtered(steady, days)
    odd = filtered([*steady, 0.9], [*days, 300.0])
    moved = odd["trend"][0, LEVEL] - quiet["trend"][0, LEVEL]
    assert 0.0 < moved < 0.05
    jumped = filtered([*steady, 0.9, 0.9, 0.9], [*days, 300.0, 305.0, 310.0])
    assert jumped["trend"][0, LEVEL] == pytest.approx(0.9, abs=0.05)


def test_the_season_of_a_site_is_learned_and_is_no_growth():
    days = np.arange(0.0, 365.25 * 4, 7.0)
    shares = 0.3 + 0.03 * np.cos(2 * np.pi * days / 365.25)
    rows = filtered(shares, days)
    assert rows["trend"][0, LEVEL] == pytest.approx(0.3, abs=0.012)
    at = int(365.25 * 4 * DAY)
    assert site_trend.season(rows, at)[0] == pytest.approx(0.03, abs=0.012)


@given(st.lists(st.floats(0.1, 200.0), min_size=1, max_size=30), st.integers(0, 1000))
def test_whatever_the_times_the_state_keeps_its_size_and_stays_a_covariance(steps, seed):
    rng = np.random.default_rng(seed)
    days = np.cumsum(steps)
    rows = site_trend.new_rows(1, RULES)
    sizes = {name: one.nbytes for name, one in rows.items()}
    for day in days:
        rows = site_trend.take(rows, rng.uniform(-0.1, 1.1, 1), ZERO, int(day * DAY), RULES)
        site_trend.anchor(rows, np.ones(1, bool), int(day * DAY))
    assert {name: one.nbytes for name, one in rows.items()} == sizes
    values = np.linalg.eigvalsh(rows["covariance"][0])
    assert values.min() > -1e-9
    assert np.isfinite(rows["trend"]).all()


@given(st.floats(1.0, 100.0), st.floats(1.0, 100.0))
def test_two_steps_in_time_are_one(first, second):
    rows = filtered([0.3, 0.32, 0.31], [0.0, 5.0, 10.0])
    start = 10 * DAY
    middle, end = start + int(first * DAY), start + int((first + second) * DAY)
    mean, covariance = site_trend._predicted(rows, end, RULES)
    half = dict(rows)
    half["trend"], half["covariance"] = site_trend._predicted(rows, middle, RULES)
    half["trend_until"] = np.array([middle])
    again, wider = site_trend._predicted(half, end, RULES)
    assert again == pytest.approx(mean, abs=1e-9)
    assert wider == pytest.approx(covariance, abs=1e-9)


def test_a_difference_from_an_anchor_is_surer_than_both_levels():
    days = np.arange(0.0, 60.0, 5.0)
    rows = filtered(np.full(days.size, 0.3), days)
    site_trend.anchor(rows, np.ones(1, bool), 55 * DAY)
    for day in (60.0, 65.0, 70.0):
        rows = site_trend.take(rows, np.array([0.3]), ZERO, int(day * DAY), RULES)
    moved, deviation = site_trend.moved(rows)
    assert np.isnan(moved[0, :-1]).all()
    level = np.sqrt(rows["covariance"][0, LEVEL, LEVEL])
    assert deviation[0, -1] < level
    assert abs(moved[0, -1]) < deviation[0, -1]
    site_trend.forget_anchors(rows, 0)
    assert np.isnan(site_trend.moved(rows)[0]).all()


def test_intervals_hold_what_is_true_of_curves_of_the_models_own():
    rng = np.random.default_rng(7)
    count, weeks = 400, np.cumsum(rng.uniform(0.5, 2.0, 60))
    level, rate = np.full(count, 0.4), np.zeros(count)
    rows, before = site_trend.new_rows(count, RULES), weeks[0]
    for now in weeks:
        left = np.exp(-(now - before) / RULES.rate_weeks)
        level = level + rate * (now - before)
        level += rng.normal(0, RULES.level_deviation * np.sqrt(now - before), count)
        own = RULES.rate_deviation * np.sqrt(1 - left**2)
        rate, before = left * rate + rng.normal(0, own, count), now
        shown = level + rng.normal(0, 0.02, count)
        rows = site_trend.take(rows, shown, np.zeros(count), int(now * WEEK_S), RULES)
    _, low, high = site_trend.interval(rows, LEVEL)
    assert 0.9 <= ((low <= level) & (level <= high)).mean() <= 1.0
