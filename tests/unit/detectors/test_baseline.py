"""Seasons, levels and errors are drawn first; the baseline must find them again."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.baseline import ORBITS, TERMS, YEAR_S, errors, learn, relevel, terms
from detectors.ring import SECTORS
from detectors.types import PARTS
from tests.support.learner import (
    EVERY_S,
    FEATURES,
    RULES,
    SURE,
    Array,
    Learner,
    learner,
    weather,
)

EXACT = replace(RULES, memory=1.0, winsor=math.inf, disturbed=math.inf)
"""Without what makes it robust, the fit is ridge regression and can be solved at once."""


# What is recovered


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6), looks=st.integers(1, 60))
def test_the_fit_is_the_ridge_regression_of_all_looks_at_once(seed: int, looks: int) -> None:
    rng = np.random.default_rng(seed)
    slots = rng.integers(0, 3, looks)
    series = rng.normal(0.0, 1.0, (looks, 1, FEATURES, PARTS))
    work, design = learner(1, EXACT), []
    for values, slot in zip(series, slots, strict=True):
        design.append(terms(work.seconds, slot))
        work.look(values, slot)
    x = np.array(design)
    level, orbit, annual, half = EXACT.prior
    prior = np.array([level, *[orbit] * (ORBITS - 1), annual, annual, half, half])
    normal = x.T @ x + np.diag(1.0 / prior)
    for part in (0, 5):
        solved = np.linalg.solve(normal, x.T @ series[:, 0, 2, part])
        assert np.allclose(work.rows["coefficients"][0, 2, part], solved, atol=1e-6)
    assert np.allclose(work.rows["knowledge"][0, 2], np.linalg.inv(normal), atol=1e-6)


def test_the_season_and_the_level_of_every_orbit_are_recovered() -> None:
    rng = np.random.default_rng(4)
    truth = rng.normal(0.0, 0.3, (1, FEATURES, PARTS, TERMS))
    work = learner(1)
    truth[..., 4:ORBITS] = 0.0
    for n in range(4 * 73):
        work.look(truth @ terms(work.seconds, n % 4), n % 4)
    for slot in range(4):
        x = terms(work.seconds + 90 * 86400, slot)
        assert np.allclose(work.rows["coefficients"] @ x, truth @ x, atol=0.03)


def test_the_terms_of_a_look_are_those_of_its_orbit_and_day() -> None:
    x = terms(round(YEAR_S / 4), 2)
    assert list(x[:ORBITS]) == [1, 0, 1, 0, 0]
    assert np.allclose(x[ORBITS:], [0, 1, -1, 0], atol=1e-6)
    # An orbit more than there are levels for shares that of the first.
    assert np.array_equal(terms(0, ORBITS), terms(0, 0))


def test_the_baseline_of_a_combination_is_the_combination_of_the_baselines() -> None:
    rng = np.random.default_rng(8)
    looks, weights = 60, rng.dirichlet(np.ones(SECTORS - 1))
    series = weather(looks, 1, shared=1.0, own=0.6) + rng.normal(0, 0.2, (1, 1, FEATURES, PARTS))
    series[..., PARTS - 1] = series[..., 1 : PARTS - 1] @ weights
    work = learner(1)
    # The robust weighting stays on: it is the same for all parts of a settlement and feature.
    work.rules = replace(RULES, disturbed=math.inf)
    work.looks(series)
    each = work.rows["coefficients"][0]
    combined = np.einsum("k,fkd->fd", weights, each[:, 1 : PARTS - 1])
    assert np.allclose(each[:, PARTS - 1], combined, rtol=0, atol=1e-12)


@pytest.mark.parametrize("outliers", [0.0, 0.05])
def test_the_scale_is_near_the_truth_after_a_hundred_looks(outliers: float) -> None:
    places = 40
    series = weather(100, places, shared=0.0, own=0.8)
    rng = np.random.default_rng(2)
    struck = rng.random((100, places)) < outliers
    series[..., 0] += struck[..., None] * 10 * np.array(RULES.scale_start)
    # A floor above the truth would be recovered in its place.
    work = learner(places, replace(RULES, scale_floor=(1e-4,) * FEATURES))
    work.looks(series)
    # Of the core alone, whose truth is known; places differ as the estimate moves by steps.
    ratio = work.rows["scale"][..., 1] / (0.8 * np.array(RULES.scale_start))
    assert 0.85 < np.median(ratio) < 1.15
    assert np.quantile(ratio, 0.05) > 0.6
    assert np.quantile(ratio, 0.95) < 1.6


def test_the_scale_of_the_errors_is_that_of_the_errors_made() -> None:
    work = learner(20, replace(RULES, scale_floor=(1e-4,) * FEATURES))
    found = work.looks(weather(140, 20, shared=1.0, own=0.4))
    made = np.stack([one.error for one in found[60:]]).std(0)
    assert 0.85 < np.median(work.rows["scale"][..., 0] / made) < 1.15
    scores = np.stack([one.score for one in found[60:]])
    assert 0.85 < scores.std() < 1.2


# The ring


def test_the_sectors_that_follow_the_core_are_weighed_and_the_others_are_not() -> None:
    # Half of the ring is another land, with a weather of its own: a plain mean would bring it in.
    places, looks = 10, 120
    alike = weather(looks, places, shared=1.0, own=0.3)
    other = weather(looks, places, shared=2.0, own=0.3, seed=1)
    series = np.concatenate([alike[..., :9], other[..., 9:]], -1)
    work = learner(places)
    found = work.looks(series)[60:]
    residual = np.stack([one.residual for one in found])
    control = np.stack([one.error for one in found]).std()
    plain = (residual[..., 0] - residual[..., 1:].mean(-1)).std()
    assert control < 0.5 * plain
    assert control < 0.5 * residual[..., 0].std()
    weights = work.rows["weights"]
    assert weights[..., 8:].sum() < 0.05 * weights.sum()


def test_a_ring_that_tells_nothing_does_little_harm() -> None:
    series = weather(160, 10, shared=0.0, own=1.0)
    found = learner(10).looks(series)[80:]
    alone = np.stack([one.residual[..., 0] for one in found]).std()
    assert np.stack([one.error for one in found]).std() < 1.1 * alone


def test_a_sector_that_burns_is_left_out_and_moves_neither_error_nor_baseline() -> None:
    work = learner(1)
    work.looks(weather(80, 1, shared=1.0, own=0.4))
    look = weather(1, 1, shared=1.0, own=0.4, seed=9)[0]
    burned = look.copy()
    burned[..., 5] += 12 * np.array(RULES.scale_start)
    plain, found = work.held(look), work.held(burned)
    own = 0.4 * np.array(RULES.scale_start)
    assert (np.abs(found.error - plain.error) < 0.5 * own).all()
    assert (plain.ring_changed == 0).all()
    assert np.allclose(found.ring_changed, 1 / SECTORS)
    before = work.rows["coefficients"][..., 5, 0].copy()
    for _ in range(10):
        work.look(burned)
    assert (np.abs(work.rows["coefficients"][..., 5, 0] - before) < own).all()


def test_sectors_not_seen_are_taken_to_be_like_the_others() -> None:
    work = learner(1)
    work.looks(weather(80, 1, shared=2.0, own=0.3))
    look = weather(1, 1, shared=2.0, own=0.3, seed=9)[0]
    gappy = look.copy()
    gappy[..., 1:8:2] = np.nan
    found, whole = work.held(gappy), work.held(look)
    assert found.ringed.all()
    assert np.isfinite(found.residual).all()
    assert (np.abs(found.error - whole.error) < np.array(RULES.scale_start)).all()
    # Without any, the weather is in the error.
    gappy[..., 1:] = np.nan
    assert not work.held(gappy).ringed.any()


def test_a_settlement_without_a_ring_is_followed_all_the_same_and_it_is_said() -> None:
    series = weather(80, 3, shared=0.5, own=0.5)
    series[..., 1:] = np.nan
    work = learner(3)
    found = work.looks(series)
    assert not any(one.ringed.any() for one in found)
    scores = np.stack([one.score for one in found[30:]])
    assert np.isfinite(scores).all()
    assert 0.8 < scores.std() < 1.25


def test_a_sector_that_joins_late_still_learns_its_level() -> None:
    rng = np.random.default_rng(3)
    level = rng.normal(0.0, 0.5, (1, FEATURES, PARTS))
    series = level + weather(80, 1, shared=1.0, own=0.3)
    series[:60, ..., 7] = np.nan
    work = learner(1)
    work.looks(series)
    learned = work.rows["coefficients"][..., 7, 0]
    apart = np.abs(learned - level[..., 7]) / np.array(RULES.scale_start)
    # Four looks at an error of 0.3 and what the common season still carries.
    assert (apart < 1.0).all()
    assert (work.rows["part_looks"][..., 7] == 20).all()


# Memory


def test_what_is_known_is_half_as_sure_after_nine_and_a_half_years() -> None:
    work = learner(1)
    for n in range(200):
        work.look(weather(1, 1, shared=1.0, own=0.4, seed=n)[0], n % ORBITS)
    before = work.rows["knowledge"].copy()
    work.seconds += round(9.48 * YEAR_S) - EVERY_S
    # A look that teaches next to nothing.
    work.look(weather(1, 1, shared=1.0, own=0.4, seed=999)[0], trust=1e-9)
    assert np.allclose(work.rows["knowledge"], 2 * before, rtol=1e-3)


def test_a_settlement_seen_on_one_orbit_forgets_as_well() -> None:
    # Of the orbits that never came nothing can be forgotten; that must not stop the rest.
    work = learner(1)
    work.looks(weather(200, 1, shared=1.0, own=0.4))
    seen = [0, *range(ORBITS, TERMS)]
    before = work.rows["knowledge"][..., seen, seen].copy()
    work.seconds += round(9.48 * YEAR_S) - EVERY_S
    work.look(weather(1, 1, shared=1.0, own=0.4, seed=999)[0], trust=1e-9)
    assert np.allclose(work.rows["knowledge"][..., seen, seen], 2 * before, rtol=1e-3)


@settings(max_examples=20, deadline=None)
@given(gaps=st.lists(st.floats(0.01, 500.0), min_size=1, max_size=30), seed=st.integers(0, 99))
def test_no_gap_makes_a_settlement_less_known_than_it_was_at_first(
    gaps: list[float], seed: int
) -> None:
    work = learner(1)
    level, orbit, annual, half = RULES.prior
    prior = np.array([level, *[orbit] * (ORBITS - 1), annual, annual, half, half])
    for n, gap in enumerate(gaps):
        work.look(weather(1, 1, shared=1.0, own=0.4, seed=seed + n)[0], n % 3)
        work.seconds += round(gap * YEAR_S)
        knowledge = work.rows["knowledge"][0]
        assert (np.diagonal(knowledge, axis1=-2, axis2=-1) <= prior * (1 + 1e-9)).all()
        assert (np.linalg.eigvalsh(knowledge) > -1e-9).all()


def test_a_state_neither_grows_nor_slows_down() -> None:
    series = weather(300, 4, shared=1.0, own=0.4)
    work, took = learner(4), []
    size = {name: array.nbytes for name, array in work.rows.items()}
    for values in series:
        began = time.process_time()
        work.look(values)
        took.append(time.process_time() - began)
    assert {name: array.nbytes for name, array in work.rows.items()} == size
    assert np.median(took[-100:]) < 5 * np.median(took[50:150])


def test_a_look_that_is_not_trusted_leaves_no_trace() -> None:
    work = learner(2)
    work.looks(weather(30, 2, shared=1.0, own=0.4))
    before = {name: array.copy() for name, array in work.rows.items()}
    look = weather(1, 2, shared=1.0, own=0.4, seed=77)[0]
    x = terms(work.seconds, 0)
    found = errors(work.rows, look, x, work.seconds, np.zeros(2, bool), SURE, RULES)
    after = learn(work.rows, look, found, x, work.seconds, np.array([0.0, 1.0]), RULES)
    for name, array in before.items():
        # Nothing that was given is written to, and the first settlement stays as it was.
        assert np.array_equal(work.rows[name], array), name
        assert np.array_equal(after[name][0], array[0]), name
    assert not np.array_equal(after["coefficients"][1], before["coefficients"][1])


def test_a_feature_not_seen_leaves_its_rows_as_they_were() -> None:
    work = learner(1)
    work.looks(weather(30, 1, shared=1.0, own=0.4))
    before = work.rows
    look = weather(1, 1, shared=1.0, own=0.4, seed=5)[0]
    look[:, 2] = np.nan
    assert np.isnan(work.look(look).score[0, 2])
    for name in ("coefficients", "knowledge", "covariance", "scale", "worth", "part_looks"):
        assert np.array_equal(work.rows[name][0, 2], before[name][0, 2]), name


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), missing=st.floats(0.0, 0.6))
def test_how_features_err_together_stays_a_covariance_whatever_was_seen(
    seed: int, missing: float
) -> None:
    rng = np.random.default_rng(seed)
    work = learner(3)
    series = rng.normal(0.0, 1.0, (40, 3, FEATURES, PARTS))
    series[rng.random((40, 3, FEATURES)) < missing] = np.nan
    for number, values in enumerate(series):
        if number == 20:
            # As where one thing moves all features alike: the least error makes it indefinite.
            work.rows["kinship"][:] = 1.0
        work.look(values)
        lowest = np.linalg.eigvalsh(work.rows["kinship"]).min(-1)
        assert (lowest > -1e-9).all()


def test_releveling_makes_what_was_last_seen_the_new_normal() -> None:
    work = learner(2)
    work.looks(weather(150, 2, shared=0.3, own=0.3))
    step = 8 * np.array(RULES.scale_start)[:, None]
    changed = weather(4, 2, shared=0.3, own=0.3, seed=6)
    changed[:, 0, :, :1] += step
    recent = np.stack([work.held(one).residual[0] for one in changed[:3]])
    seasons = work.rows["coefficients"][..., 1:].copy()
    other = work.rows["coefficients"][1].copy()
    relevel(work.rows, 0, recent)
    assert (np.abs(work.held(changed[3]).error[0]) < step[:, 0] / 4).all()
    assert np.array_equal(work.rows["coefficients"][..., 1:], seasons)
    assert np.array_equal(work.rows["coefficients"][1], other)


# What no history shows


@settings(max_examples=30, deadline=None)
@given(
    unsure=st.lists(st.floats(0.0, 1.0), min_size=FEATURES, max_size=FEATURES),
    seed=st.integers(0, 10**6),
)  # fmt: skip
def test_what_no_history_shows_widens_the_score_and_nothing_else(
    unsure: list[float], seed: int
) -> None:
    work = learner(2)
    work.looks(weather(15, 2, shared=1.0, own=0.4))
    look = weather(1, 2, shared=1.0, own=0.4, seed=seed)[0]
    sure, wide = work.held(look), work.held(look, np.array(unsure))
    assert np.array_equal(wide.error, sure.error)
    assert np.array_equal(wide.residual, sure.residual)
    expected = np.sqrt(sure.predictive**2 + np.square(unsure))
    assert np.allclose(wide.predictive, expected, rtol=1e-12)
    assert np.allclose(wide.score, sure.error / expected, rtol=1e-12)


# The look's own null


def test_a_look_on_which_placebos_scatter_wide_counts_less() -> None:
    places = 40
    work = learner(places)
    work.null = np.arange(places) >= 10
    work.looks(weather(40, places, shared=1.0, own=0.4))
    look = weather(1, places, shared=1.0, own=0.4, seed=8)[0]
    hazy = look.copy()
    hazy[10:, :, 0] += np.random.default_rng(0).normal(0, 3, (30, FEATURES)) * np.array(
        RULES.scale_start
    )
    clear_scores, hazy_scores = work.held(look).score[:10], work.held(hazy).score[:10]
    assert np.median(np.abs(hazy_scores)) < 0.5 * np.median(np.abs(clear_scores))
    # What all placebos show is the look's, not the settlement's.
    shifted = look.copy()
    shifted[..., 0] += 3 * np.array(RULES.scale_start)
    moved = work.held(shifted).score[:10] - clear_scores
    without = without_null(work, shifted) - without_null(work, look)
    assert np.median(np.abs(moved)) < 0.4 * np.median(np.abs(without))


def without_null(work: Learner, look: Array) -> Array:
    return Learner(work.rows, work.rules, None, work.seconds).held(look).score[:10]


def test_however_many_settlements_burn_on_one_day_each_keeps_its_score() -> None:
    places = 40
    work = learner(places)
    work.null = np.arange(places) >= 24
    work.looks(weather(40, places, shared=1.0, own=0.4))
    look = weather(1, places, shared=1.0, own=0.4, seed=8)[0]
    alone = look.copy()
    alone[0, :, 0] += 5 * np.array(RULES.scale_start)
    for burning in (1, 12, 24):
        burned = look.copy()
        burned[:burning, :, 0] += 5 * np.array(RULES.scale_start)
        score = work.held(burned).score
        assert np.array_equal(score[0], work.held(alone).score[0])
        assert np.array_equal(score[burning:], work.held(look).score[burning:])


def test_too_few_placebos_say_nothing_of_a_look() -> None:
    work = learner(10)
    work.looks(weather(30, 10, shared=1.0, own=0.4))
    look = weather(1, 10, shared=9.0, own=0.4, seed=8)[0]
    plain = work.held(look).score
    work.null = np.arange(10) >= 10 - (RULES.null_least - 1)
    assert np.array_equal(work.held(look).score, plain)
