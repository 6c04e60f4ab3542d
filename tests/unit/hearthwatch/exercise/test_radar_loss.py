"""What is taken from real looks must be the power alone: speckle and weather stay as they were."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearthwatch.exercise.radar_loss import (
    Loss,
    built,
    lost_pixels,
    razed,
    speckle_ratio,
    surroundings,
)

CORE = np.zeros((30, 30), bool)
CORE[10:20, 10:20] = True
RING = ~CORE
WEATHER = np.array([1.0, 2.0, 0.5, 1.0, 1.5, 1.0, 0.8, 1.2])


def looks(seed: int = 1):
    """Return eight looks at even ground of power 0.1, wet and dry, with speckle of five looks."""
    speckle = np.random.default_rng(seed).gamma(5.0, 0.2, (WEATHER.size, 30, 30))
    return 0.1 * WEATHER[:, None, None] * speckle


def test_the_level_of_the_surroundings_follows_the_weather() -> None:
    level = surroundings(looks(), RING)
    assert level / level[0] == pytest.approx(WEATHER, rel=0.1)


@given(st.floats(-1.0, 2.0), st.integers(0, 50))
def test_a_settlement_is_as_bright_as_asked_for_and_keeps_its_speckle(
    contrast: float, seed: int
) -> None:
    power = looks()
    level = surroundings(power, RING)
    got = built(power, CORE, level, contrast, seed=seed)
    mean = (got[:, CORE].mean(1) / level).mean()
    assert np.log(mean) == pytest.approx(contrast, abs=0.03)
    assert np.array_equal(got[:, RING], power[:, RING])
    before, after = (speckle_ratio(one[:, CORE], level) for one in (power, got))
    assert np.allclose(before, after)


def test_a_tenth_of_it_are_corners() -> None:
    power = looks()
    level = surroundings(power, RING)
    got = built(power, CORE, level, 1.0)[:, CORE] / level[:, None]
    levels = np.sort(got.mean(0))
    assert levels[-10:] / levels[0] == pytest.approx(4.0)
    assert levels[:90] == pytest.approx(levels[0])


def test_what_is_lost_stands_on_the_surroundings_and_what_is_not_stays() -> None:
    power = looks()
    level = surroundings(power, RING)
    town = built(power, CORE, level, 1.5)
    loss = Loss(0.4, first=4)
    got = razed(town, CORE, level, loss)
    lost = lost_pixels(CORE, loss)
    assert lost.sum() == 40
    assert not (lost & ~CORE).any()
    assert np.array_equal(got[:4], town[:4])
    assert np.array_equal(got[:, ~lost], town[:, ~lost])
    assert (got[4:, lost] / level[4:, None]).mean() == pytest.approx(1.0, abs=0.1)
    # Each pixel keeps its own speckle: what it lost is one factor for all looks.
    factors = got[4:, lost] / town[4:, lost]
    assert np.allclose(factors, factors[0])
    rough = razed(town, CORE, level, Loss(0.4, first=4, rubble=1.6))
    assert rough[4:, lost] == pytest.approx(1.6 * got[4:, lost])


def test_dark_ground_has_nothing_to_lose() -> None:
    power = looks()
    level = surroundings(power, RING)
    dark = built(power, CORE, level, -0.5, corners=0.0)
    assert np.array_equal(razed(dark, CORE, level, Loss(1.0, first=0)), dark)


@given(st.floats(0.0, 1.0), st.integers(0, 20))
def test_the_same_draw_is_lost_again_and_a_larger_loss_takes_it_in(share: float, seed: int) -> None:
    one = lost_pixels(CORE, Loss(share, 0, seed=seed))
    assert one.sum() == round(share * 100)
    assert np.array_equal(one, lost_pixels(CORE, Loss(share, 5, seed=seed)))
    assert not (one & ~lost_pixels(CORE, Loss(1.0, 0, seed=seed))).any()
