"""The two features of the inside: what they add to a look, and what they never do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from detectors import texture
from detectors.patch_look import LEAST_PIXELS
from detectors.texture import TextureRules

RULES = TextureRules()
SCORES = hnp.arrays(
    np.float64, (5, 2), elements=st.one_of(st.floats(-30, 30), st.just(float("nan")))
)
SPECTRAL = hnp.arrays(np.float64, 5, elements=st.floats(-5, 20))


@settings(max_examples=100, deadline=None)
@given(SCORES, SPECTRAL)
def test_nothing_is_added_to_a_look_whose_spectra_speak_for_no_burn(score, spectral):
    more = texture.evidence(score, spectral, RULES)
    assert (more[spectral <= 0.0] == 0.0).all()
    assert (more >= -RULES.against).all()
    # Each is capped near 4 nats before it is weighed, so neither can open an episode.
    assert (more <= 4.0 * sum(RULES.weight)).all()


@settings(max_examples=50, deadline=None)
@given(SCORES, SPECTRAL)
def test_with_weights_of_nothing_the_evidence_is_as_without(score, spectral):
    none = TextureRules(weight=(0.0, 0.0))
    assert (texture.evidence(score, spectral, none) == 0.0).all()


def test_what_was_not_seen_says_nothing():
    more = texture.evidence(np.full((1, 2), np.nan), np.array([3.0]), RULES)
    assert more.tolist() == [0.0]
    high = texture.evidence(np.array([[np.nan, 6.0]]), np.array([3.0]), RULES)
    assert high[0] > 0.8


def test_the_pixels_share_is_its_logit_with_half_a_pixel_on_either_side():
    counts = np.array([20, 11, 30])
    burned, judged = np.zeros(61, bool), np.ones(61, bool)
    burned[:5] = True
    burned[40:] = True
    judged[55:] = False
    got = texture.pixel_share(burned, judged, counts)
    assert got[0] == pytest.approx(np.log(5.5 / 15.5))
    assert np.isnan(got[1])
    assert counts[1] < LEAST_PIXELS
    assert got[2] == pytest.approx(np.log(15.5 / 9.5))


def test_a_baseline_finds_level_and_scale_and_keeps_them_under_suspicion():
    rng = np.random.default_rng(5)
    rows = texture.new_rows(2, RULES)
    values = rng.normal([0.7, -4.0], [0.2, 0.8], (400, 2))
    for n, value in enumerate(values):
        teaching = np.array([True, n < 200])
        rows = texture.learn(rows, np.tile(value, (2, 1)), teaching, RULES)
        if n == 199:
            before = {name: array.copy() for name, array in rows.items()}
    assert rows["texture_level"][0] == pytest.approx([0.7, -4.0], abs=0.3)
    assert rows["texture_scale"][0] == pytest.approx([0.2, 0.8], rel=0.35)
    assert rows["texture_looks"].tolist() == [[400, 400], [200, 200]]
    for name, array in rows.items():
        assert (array[1] == before[name][1]).all(), name


def test_before_it_is_trained_a_feature_says_nothing():
    rows = texture.new_rows(1, RULES)
    for _ in range(RULES.training - 1):
        rows = texture.learn(rows, np.zeros((1, 2)), np.ones(1, bool), RULES)
    assert np.isnan(texture.scores(rows, np.ones((1, 2)), RULES)).all()
    rows = texture.learn(rows, np.zeros((1, 2)), np.ones(1, bool), RULES)
    assert np.isfinite(texture.scores(rows, np.ones((1, 2)), RULES)).all()


def test_half_of_the_scores_lie_within_a_median_deviation():
    rng = np.random.default_rng(6)
    rows, found = texture.new_rows(50, RULES), []
    for n in range(300):
        values = rng.normal(0.0, [0.3, 1.0], (50, 2))
        if n > 200:
            found.append(texture.scores(rows, values, RULES) * RULES.tail)
        rows = texture.learn(rows, values, np.ones(50, bool), RULES)
    within = np.mean(np.abs(np.stack(found)) < texture.MEDIAN)
    assert within == pytest.approx(0.5, abs=0.05)


def test_an_episode_that_ends_leaves_what_was_last_seen_as_the_level():
    rows = texture.learn(texture.new_rows(2, RULES), np.ones((2, 2)), np.ones(2, bool), RULES)
    texture.relevel(rows, 0, np.array([[3.0, np.nan], [9.0, 9.0]]))
    assert rows["texture_level"].tolist() == [[3.0, 1.0], [1.0, 1.0]]


def test_a_pattern_that_collapses_and_one_that_appears_speak_alike_for_a_burn():
    spectral = np.array([3.0, 3.0, 3.0])
    score = np.array([[5.0, np.nan], [-5.0, np.nan], [0.0, np.nan]])
    more = texture.evidence(score, spectral, RULES)
    assert more[0] == pytest.approx(more[1])
    assert more[0] > 0.3 > 0.0 > more[2]
    pixels = texture.evidence(score[:, ::-1], spectral, RULES)
    assert pixels[0] > 0.3 > 0.0 > pixels[1]
