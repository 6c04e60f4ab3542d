"""The map of change against scipy's own Welch test, and its sizes on quiet pixels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from detectors.radar_map import radar_map


@given(st.integers(2, 9), st.integers(2, 9), st.floats(0.2, 30.0), st.integers(0, 99))
def test_it_is_welchs_test_of_ln_power(before: int, after: int, factor: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, two = rng.gamma(4.4, 1.0, (before, 3, 4)), factor * rng.gamma(4.4, 1.0, (after, 3, 4))
    got = radar_map(one, two)
    known = stats.ttest_ind(np.log(two), np.log(one), axis=0, equal_var=False)
    assert np.allclose(got.t, known.statistic)
    assert np.allclose(got.freedom, known.df)
    assert np.allclose(got.p, known.pvalue)
    assert np.allclose(
        got.change_db, 10 * np.log10(np.exp(np.log(two).mean(0) - np.log(one).mean(0)))
    )


def test_the_law_is_students_and_the_normal_law_would_find_too_much() -> None:
    power = np.random.default_rng(1).gamma(4.4, 1.0, (10, 200, 200))
    got = radar_map(power[:7], power[7:])
    assert (got.p < 0.05).mean() == pytest.approx(0.05, abs=0.012)
    assert (np.abs(got.t) > stats.norm.isf(0.025)).mean() > 0.08


def test_what_was_not_seen_is_left_out_look_by_look() -> None:
    power = np.random.default_rng(2).gamma(4.4, 1.0, (9, 1, 4))
    power[0, 0, 0], power[1, 0, 0] = np.nan, 0.0
    power[:4, 0, 1] = 0.0
    power[:5, 0, 2] = 0.0
    got = radar_map(power[:5], power[5:])
    known = stats.ttest_ind(np.log(power[5:, 0, 0]), np.log(power[2:5, 0, 0]), equal_var=False)
    assert got.p[0, 0] == pytest.approx(known.pvalue)
    # One look has no scatter but a level; none has nothing.
    assert np.isnan(got.p[0, 1])
    assert np.isfinite(got.change_db[0, 1])
    assert np.isnan(got.change_db[0, 2])
    assert np.isfinite(got.p[0, 3])


def test_grids_that_differ_are_refused() -> None:
    with pytest.raises(ValueError, match="grids differ"):
        radar_map(np.ones((3, 2, 2)), np.ones((3, 2, 3)))
