"""The weights of a ring's sectors, against every choice of sectors there is."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.ring import SECTORS, control_weights, fill_sectors, median
from detectors.types import PARTS

Array = NDArray[np.float64]


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), count=st.integers(0, 6))
def test_the_weights_are_the_best_of_all_that_are_not_negative(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    factor = rng.normal(0.2, 1.0, (PARTS, PARTS))
    covariance = factor @ factor.T
    usable = np.zeros(SECTORS, bool)
    usable[rng.choice(SECTORS, count, False)] = True
    found = control_weights(covariance, usable, -1.0)
    assert (found >= 0).all()
    assert (found[~usable] == 0).all()
    # Every set of sectors is tried: the best one without a negative weight is the answer.
    chosen = np.flatnonzero(usable)
    if not chosen.size:
        return
    block = covariance[np.ix_(chosen + 1, chosen + 1)]
    block = block + 1e-3 * np.trace(block) / chosen.size * np.eye(chosen.size)
    target = covariance[chosen + 1, 0]

    def variance(weights: Array) -> float:
        return float(weights @ block @ weights - 2 * weights @ target)

    least = 0.0
    for size in range(1, chosen.size + 1):
        for some in map(list, combinations(range(chosen.size), size)):
            solved = np.zeros(chosen.size)
            solved[some] = np.linalg.solve(block[np.ix_(some, some)], target[some])
            if (solved >= 0).all():
                least = min(least, variance(solved))
    assert math.isclose(variance(found[chosen]), least, rel_tol=1e-6, abs_tol=1e-9)


def test_a_sector_that_does_not_follow_the_core_has_no_weight() -> None:
    covariance = np.full((PARTS, PARTS), 0.8) + 0.2 * np.eye(PARTS)
    covariance[0, 3] = covariance[3, 0] = 0.29
    found = control_weights(covariance, np.ones(SECTORS, bool), 0.3)
    assert found[2] == 0.0
    assert np.isclose(found.sum(), 1.0, atol=0.05)


@given(st.lists(st.one_of(st.floats(-5, 5), st.just(math.nan)), min_size=1, max_size=17))
def test_the_median_leaves_out_what_was_not_seen(values: list[float]) -> None:
    seen = [one for one in values if not math.isnan(one)]
    expected = float(np.median(seen)) if seen else 0.0
    assert math.isclose(float(median(np.array(values))), expected, abs_tol=1e-12)


def test_only_a_sector_known_well_enough_can_depart_and_only_upwards_is_it_burned() -> None:
    residual = np.zeros((2, PARTS))
    residual[:, 3], residual[:, 4] = 9.0, -9.0
    residual[:, 5] = np.nan
    known = np.isfinite(residual[:, 1:])
    judged = np.array([[True], [False]])
    filled, burned = fill_sectors(residual, known, judged, np.ones((2, SECTORS)), 4.0)
    assert filled[0].tolist() == [0.0] * PARTS
    assert filled[1, 3:5].tolist() == [9.0, -9.0]
    assert burned.tolist() == [1 / 15, 0.0]
