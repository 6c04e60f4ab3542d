"""What is odd about a place for a season is drawn first: it is taken up, a burn is not."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.baseline import learn, relevel, terms
from tests.support.learner import (
    FEATURES,
    RULES,
    Array,
    Learner,
    learner,
    weather,
)
from tests.support.villages import PROBABLE, Fire, Land, Watch

SCALE = np.array(RULES.scale_start)
WITHOUT = replace(RULES, lasting_gain=0.0)
DAY_S = 86_400


def grown(looks: int, places: int, by: float, *, since: int) -> Array:
    """Return looks at places whose cores depart by `by` scales more on every look from `since`."""
    series = weather(looks, places, shared=0.5, own=0.5, seed=3)
    steps = by * np.maximum(np.arange(looks) - since, 0)
    series[..., 0] += steps[:, None, None] * SCALE
    return series


def known(places: int = 4, looks: int = 60) -> Learner:
    """Return a baseline of places at which something was odd on the last looks."""
    work = learner(places)
    work.looks(grown(looks, places, 0.4, since=looks - 15))
    assert (work.rows["lately"] > 0.3 * SCALE).all()
    return work


def test_what_grows_slowly_is_taken_up() -> None:
    series = grown(90, 20, 0.15, since=50)
    left = {}
    for rules in (RULES, WITHOUT):
        found = learner(20, rules).looks(series)
        left[rules.lasting_gain] = np.mean([one.error / SCALE for one in found[-10:]])
    # By the last looks the cores are off by five scales and more.
    assert left[WITHOUT.lasting_gain] > 2.0
    assert left[RULES.lasting_gain] < 0.4 * left[WITHOUT.lasting_gain]


def test_where_nothing_is_odd_nothing_is_made_up() -> None:
    series = weather(120, 20, shared=0.5, own=0.5, seed=3)
    spread = {}
    for rules in (RULES, WITHOUT):
        found = learner(20, rules).looks(series)
        spread[rules.lasting_gain] = np.std([one.error for one in found[60:]], axis=(0, 1))
    # What a weighted mean of past errors adds to the scatter: gain / (2 - gain) at the most.
    gain = RULES.lasting_gain
    most = math.sqrt(1 + gain / (2 - gain))
    assert (spread[gain] < 1.05 * most * spread[0.0]).all()


def test_the_first_look_at_an_abrupt_change_is_as_loud_as_it_was() -> None:
    work = learner(20)
    work.looks(weather(60, 20, shared=0.5, own=0.5))
    look = weather(1, 20, shared=0.5, own=0.5, seed=9)[0]
    burned = look.copy()
    burned[..., 0] += 8 * SCALE
    assert np.allclose(work.held(burned).error - work.held(look).error, 8 * SCALE)


def test_one_look_moves_it_by_no_more_than_an_error_that_is_believed() -> None:
    work = learner(10)
    work.looks(weather(60, 10, shared=0.5, own=0.5))
    before = work.rows["lately"].copy()
    look = weather(1, 10, shared=0.5, own=0.5, seed=9)[0]
    look[..., 0] += 50 * SCALE
    found = work.look(look)
    kept = before * math.exp(-5 / RULES.lasting_days)
    most = RULES.lasting_gain * RULES.winsor * found.predictive
    assert (np.abs(work.rows["lately"] - kept) <= most * (1 + 1e-9)).all()


def test_looks_that_are_not_trusted_leave_it_as_it_was() -> None:
    work = known()
    before = work.rows["lately"].copy()
    burned = weather(4, 4, shared=0.5, own=0.5, seed=9)
    burned[..., 0] += 8 * SCALE
    for values in burned:
        work.look(values, trust=0.0)
    assert np.array_equal(work.rows["lately"], before)


def test_a_burn_of_the_detector_is_no_oddity_while_it_is_followed() -> None:
    fire = Fire(0, 502.0, 0.5, half_life=400.0)
    work = Watch().take(
        Land(settlements=2, placebos=0, seed=5, fires=[fire]).looks(np.arange(0.0, 500.0, 5.0))
    )
    quiet = work.state.arrays["lately"].copy()
    land = Land(settlements=2, placebos=0, seed=5, fires=[fire])
    work.take(land.looks(np.arange(505.0, 525.0, 5.0)))
    assert work.of(0, *PROBABLE)
    after = work.state.arrays["lately"]
    # The burn moves the near infrared by some ten scales.
    assert (np.abs(after[0] - quiet[0]) < 0.5 * SCALE).all()


@settings(max_examples=25, deadline=None)
@given(days=st.integers(1, 2000))
def test_it_fades_with_time(days: int) -> None:
    work = known(places=1)
    look = weather(1, 1, shared=0.5, own=0.5, seed=9)[0]
    level = work.rows["lately"].copy()
    work.seconds = int(work.rows["learned"][0]) + days * DAY_S
    found = work.held(look).error
    work.rows = {**work.rows, "lately": np.zeros_like(level)}
    left = level * math.exp(-days / RULES.lasting_days)
    assert np.allclose(work.held(look).error - found, left, atol=1e-12)


def test_it_is_what_recent_errors_add_up_to() -> None:
    work = known(places=2)
    look = weather(1, 2, shared=0.5, own=0.5, seed=9)[0]
    level = work.rows["lately"]
    found = work.held(look)
    x = terms(work.seconds, 0)
    trust = np.array([1.0, 0.25])
    after = learn(work.rows, look, found, x, work.seconds, trust, RULES)
    winsor = np.minimum(1.0, RULES.winsor / np.abs(found.score))
    expected = level * math.exp(-5 / RULES.lasting_days)
    expected = expected + RULES.lasting_gain * winsor * trust[:, None] * found.error
    assert np.allclose(after["lately"], expected, rtol=1e-12)


def test_a_new_level_forgets_what_was_odd_at_that_place_alone() -> None:
    work = known(places=3)
    before = work.rows["lately"].copy()
    look = weather(3, 3, shared=0.5, own=0.5, seed=9)
    relevel(work.rows, 1, np.stack([work.held(one).residual[1] for one in look]))
    assert (work.rows["lately"][1] == 0.0).all()
    assert np.array_equal(work.rows["lately"][[0, 2]], before[[0, 2]])


def test_a_young_baseline_takes_up_nothing() -> None:
    # Its errors are its own ignorance of the season.
    series = grown(40, 3, 0.5, since=0)
    work = learner(3)
    for values in series:
        if (work.rows["worth"] >= RULES.correlation_looks).any():
            break
        work.look(values)
        assert (work.rows["lately"] == 0.0).all()
    else:
        pytest.fail("no baseline grew old enough")


def test_where_there_is_no_ring_or_a_feature_was_not_seen_nothing_is_added() -> None:
    work = known(places=2)
    look = weather(1, 2, shared=0.5, own=0.5, seed=9)[0]
    look[..., 0] += 12 * SCALE
    look[0, :, 1:] = np.nan
    look[1, 2, :] = np.nan
    before = work.rows["lately"].copy()
    work.look(look)
    after = work.rows["lately"]
    assert np.allclose(after[0], before[0] * math.exp(-5 / RULES.lasting_days))
    assert after[1, 2] == pytest.approx(before[1, 2] * math.exp(-5 / RULES.lasting_days))
    others = [k for k in range(FEATURES) if k != 2]
    assert (after[1, others] > before[1, others]).all()
