"""Pixels are drawn and burned; the detector must say which burned, and how many by chance."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from detectors import burn_pixels, kernel
from tests.support.drawn_patches import RULES, Blaze, Patches, follow, hidden, seconds

DAYS = list(np.arange(0.0, 600.0, 5.0))
FIRE = 502.0
HAZY = 450.0
BURNED = Patches().disc(5, 2, 1)
LAND = Patches(blazes=[Blaze(0, FIRE, BURNED)], haze={HAZY: 3.0})
N = BURNED.size


@pytest.fixture(scope="module")
def watched():
    return follow(LAND, DAYS)


def test_a_pixel_takes_no_more_than_forty_bytes(watched):
    state, _ = watched
    assert state.nbytes / len(state) == 26
    assert state.nbytes / len(state) <= 40


def test_burned_pixels_are_found_on_the_first_look_and_others_are_not(watched):
    _, said = watched
    for day, look in zip(DAYS, said, strict=True):
        found = look.burned[:N][BURNED].mean()
        assert found > 0.95 if day >= FIRE else found < 0.1


@pytest.mark.parametrize("haze", [0.0, 3.0])
def test_as_many_pixels_are_false_as_the_p_value_says(haze):
    # Twelve looks at 40 unharmed places, each told by placebos drawn apart from them.
    land = Patches(settlements=20, placebos=20, seed=9, haze=dict.fromkeys(DAYS[40:52], haze))
    _, said = follow(land, DAYS[:52])
    looks = said[40:]
    judged = 20 * N
    for look in looks:
        p = look.p_values(RULES)[:judged]
        # What the null's own quantile is off by is part of it: as many pixels tell it.
        for level in (0.01, 0.001):
            count, mean = int((p < level).sum()), level * judged
            spread = np.sqrt(2.0 * mean)
            low, high = mean - 4.0 * spread, mean + 4.0 * spread
            assert count <= high
            if level == RULES.significance:
                assert count >= low


def test_a_hazy_look_widens_its_own_null(watched):
    _, said = watched
    hazy, clear = said[DAYS.index(HAZY)], said[DAYS.index(HAZY) + 1]
    assert hazy.scale.spread.min() > 2.5 > 1.2 > clear.scale.spread.max()
    assert hazy.burned[: 2 * N].mean() < 0.02


def test_a_burning_placebo_does_not_blind_the_others():
    everywhere = Patches().disc(99)
    fires = [Blaze(2, FIRE, everywhere), Blaze(3, FIRE, everywhere), Blaze(0, FIRE, BURNED)]
    _, said = follow(Patches(blazes=fires), DAYS[:104])
    assert said[-1].null < 7 * N
    assert said[-1].burned[:N][BURNED].mean() > 0.95
    # Where most placebos moved, it is the look that is bad, and nothing is significant in it.
    fires = [Blaze(n, FIRE, everywhere) for n in range(2, 8)] + [Blaze(0, FIRE, BURNED)]
    _, said = follow(Patches(blazes=fires), DAYS[:102])
    assert said[-1].burned[:N].mean() < 0.05


def test_ground_that_turns_brighter_in_the_near_infrared_is_not_in_a_burns_direction():
    # Green ground that dries: the burn ratio moves as in a fire, the near infrared hardly.
    land = Patches()
    state, _ = follow(land, DAYS[:60])
    look = land.look(DAYS[60])
    values = look.values.copy()
    values[0, :N] -= 2000
    values[1, :N] += 5000
    found = burn_pixels.weigh(
        state, replace(look, values=values), np.ones(land.places, bool), land.placebo,
        seconds(DAYS[60]), RULES,
    )  # fmt: skip
    assert (found.score[:N] > stats.t.isf(0.01, RULES.freedom)).mean() > 0.4
    assert found.towards[:N].mean() < 0.05
    assert found.burned[:N].mean() < 0.05


def test_without_placebos_scores_count_as_they_are():
    land = Patches(settlements=2, placebos=0, blazes=[Blaze(0, FIRE, BURNED)])
    _, said = follow(land, DAYS[:104])
    assert said[-1].null == 0
    assert said[-1].burned[:N][BURNED].mean() > 0.95
    assert said[-1].burned[N:].mean() < 0.02


# State


def test_places_in_another_order_or_number_give_the_same_bits():
    land = replace(LAND, settlements=4)
    state, said = follow(land, DAYS[:30])
    placebos = list(range(4, land.places))
    order = [3, 0, *placebos[::-1]]
    other, told = follow(land, DAYS[:30], order)
    for row, place in enumerate(order):
        mine, theirs = slice(row * N, (row + 1) * N), slice(place * N, (place + 1) * N)
        assert other[mine].tobytes() == state[theirs].tobytes()
        assert told[-1].score[mine].tobytes() == said[-1].score[theirs].tobytes()


def test_state_is_kept_by_place_and_begins_anew_where_the_place_has_other_pixels():
    land = Patches(settlements=1, placebos=1)
    state, _ = follow(land, DAYS[:10])
    counts = np.array([N, N])
    arrays = {"patch_counts": counts, "patch_state": state}
    known = {"a": 0, "b": 1}
    turned = burn_pixels.aligned(arrays, known, ("b", "new", "a"), np.array([N, 5, N]), RULES)
    assert turned[:N].tobytes() == state[N:].tobytes()
    assert turned[N : N + 5].tobytes() == burn_pixels.new_rows(np.array([5]), RULES).tobytes()
    assert turned[N + 5 :].tobytes() == state[:N].tobytes()
    other = burn_pixels.aligned(arrays, known, ("a",), np.array([N - 1]), RULES)
    assert not other[:, kernel.LOOKS].any()


def test_pixels_that_were_not_seen_stay_as_they_are():
    land = Patches(settlements=1, placebos=2)
    state, _ = follow(land, DAYS[:20])
    where = np.zeros(3 * N, bool)
    where[5:90] = True
    look = hidden(land.look(DAYS[20]), where)
    usable = np.ones(3, bool)
    found = burn_pixels.weigh(state, look, usable, land.placebo, seconds(DAYS[20]), RULES)
    assert np.isnan(found.score[where]).all()
    assert np.isfinite(found.score[~where]).all()
    after = burn_pixels.update(
        state, look, found, usable, ~usable, seconds(DAYS[20]), RULES, hold=False
    )
    assert after[where].tobytes() == state[where].tobytes()
    assert (after[~where, kernel.LOOKS] == state[~where, kernel.LOOKS] + 1).all()


def test_a_place_under_suspicion_learns_nothing_and_its_evidence_goes_on():
    free, _ = follow(LAND, DAYS)
    frozen, _ = follow(LAND, DAYS, suspected=[0], since=FIRE)
    before, _ = follow(LAND, [day for day in DAYS if day < FIRE])
    learned = [kernel.LEVEL_0, kernel.COSINE_0, kernel.LEVEL_1, kernel.SCALE_0, kernel.LOOKS]
    assert (frozen[:N, learned] == before[:N, learned]).all()
    assert (free[N : 2 * N] == frozen[N : 2 * N]).all()
    nats = frozen[:N, kernel.EVIDENCE] * kernel.EVIDENCE_UNIT
    assert (nats[BURNED] > 20.0).all()


def test_what_stands_out_for_long_at_a_quiet_place_becomes_normal():
    state, _ = follow(LAND, DAYS)
    day = DAYS[-1] + 5
    state[:, kernel.RUN][:N][BURNED] = RULES.settled
    look, none = LAND.look(day), np.zeros(LAND.places, bool)
    found = burn_pixels.weigh(state, look, ~none, LAND.placebo, seconds(day), RULES)
    settled = burn_pixels.settle(state, look, found, none, none, seconds(day), RULES)
    assert not settled[:N][BURNED][:, [kernel.EVIDENCE, kernel.RUN]].any()
    error = look.values[:, :N] * kernel.FEATURE_UNIT - burn_pixels.expected(
        settled[:N], seconds(day)
    )
    error -= found.scale.centre[:, None]
    assert np.abs(error[:, BURNED]).max() < 1e-3
    assert settled[N:].tobytes() == state[N:].tobytes()
    # Not where the place is under suspicion.
    suspected = np.ones(LAND.places, bool)
    kept = burn_pixels.settle(state, look, found, none, suspected, seconds(day), RULES)
    assert kept.tobytes() == state.tobytes()


def test_a_look_costs_the_same_after_ten_and_after_a_thousand():
    land = Patches(settlements=4, placebos=8)
    look, usable = land.look(5000.0), np.ones(12, bool)

    def cost(looks):
        state, _ = follow(land, DAYS[:10])
        state[:, kernel.LOOKS] = looks
        best = np.inf
        for _ in range(5):
            begun = time.process_time()
            found = burn_pixels.weigh(state, look, usable, land.placebo, seconds(5000), RULES)
            burn_pixels.update(
                state, look, found, usable, ~usable, seconds(5000), RULES, hold=False
            )
            best = min(best, time.process_time() - begun)
        return best, state.nbytes

    (early, small), (late, large) = cost(10), cost(1000)
    assert small == large
    assert late < 5.0 * early
