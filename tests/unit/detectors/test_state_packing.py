"""What is kept of settlements between two looks: how many bytes, and that it stays sound."""

from __future__ import annotations

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.baseline import ORBITS, TERMS, BaselineRules
from detectors.burn_features import NAMES
from detectors.state_packing import EXACT, pack, unpack
from detectors.types import PARTS, MonitorState
from tests.support.learner import FEATURES, learner, weather
from tests.support.villages import Fire, Land, Watch

BUDGET = 300.0
"""Bytes of state for a settlement, feature and orbit."""
RING = {
    "coefficients": (PARTS - 1) / PARTS,
    "covariance": 1.0 - 1.0 / (PARTS * (PARTS + 1) / 2),
    "window_residual": (PARTS - 1) / PARTS,
    "part_looks": (PARTS - 1) / PARTS,
    "weights": 1.0,
}
"""Share of each array that is of the ring; all of the others is of the core."""
LAND = Land(
    settlements=3, placebos=9, seed=1, fires=[Fire(0, 60.0, 0.6)], orbits={21: 0.0, 64: 0.02}
)
matrices = hnp.arrays(np.float32, (2, 5, 9, 9), elements=st.floats(-1e3, 1e3, width=32))


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch().take(LAND.looks(np.arange(0.0, 90.0, 5.0)))


@given(matrices)
def test_a_symmetric_matrix_is_kept_as_its_triangle_and_comes_back_whole(
    half: NDArray[np.float32],
) -> None:
    whole = half.astype(np.float64) + np.swapaxes(half, -1, -2)
    kept = pack({"knowledge": whole})["knowledge"]
    assert (kept.shape, kept.dtype) == ((2, 5, 45), np.float32)
    back = unpack({"knowledge": kept})["knowledge"]
    assert np.array_equal(back, np.swapaxes(back, -1, -2))
    np.testing.assert_allclose(back, whole, rtol=1e-7)


def test_what_was_kept_once_is_kept_as_it_is_from_then_on(watch: Watch) -> None:
    arrays = by_place(watch.state)
    again = pack(unpack(arrays))
    assert again.keys() == arrays.keys()
    for name, array in arrays.items():
        assert (again[name].dtype, again[name].tobytes()) == (array.dtype, array.tobytes()), name


def test_years_that_thresholds_are_taken_from_are_not_rounded(watch: Watch) -> None:
    kinds = {name: array.dtype for name, array in watch.state.arrays.items()}
    floats = {name for name, kind in kinds.items() if kind == np.float64}
    assert floats == set(EXACT)


def test_a_settlement_takes_so_many_bytes_for_each_feature_and_orbit(watch: Watch) -> None:
    places, parts = len(watch.state.objects), len(NAMES) * ORBITS
    bytes_of = {name: array.nbytes / places for name, array in by_place(watch.state).items()}
    ring = sum(bytes_of[name] * share for name, share in RING.items())
    core = sum(bytes_of.values()) - ring
    assert core / parts <= BUDGET / 3
    # With the ring's own baselines, how its sectors move together, and its last four looks.
    assert (core + ring) / parts <= 400.0
    assert bytes_of["knowledge"] == 4 * len(NAMES) * TERMS * (TERMS + 1) / 2


def test_neither_size_nor_shapes_grow_with_the_looks(watch: Watch) -> None:
    more = Watch(state=watch.state).take(LAND.looks(np.arange(400.0, 2400.0, 20.0)))
    for name, array in watch.state.arrays.items():
        later = more.state.arrays[name]
        assert (later.dtype, later.shape) == (array.dtype, array.shape), name
    assert more.state.scalars.keys() == watch.state.scalars.keys()


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, ORBITS), st.sampled_from([0.0, 0.3]))
def test_after_a_thousand_rounded_looks_knowledge_and_covariance_are_sound(
    seed: int, orbits: int, hidden: float
) -> None:
    rng = np.random.default_rng(seed)
    work = learner(2)
    for n, values in enumerate(weather(1000, 2, shared=1.0, own=0.4, seed=seed)):
        values[rng.random((2, FEATURES)) < hidden] = np.nan
        values[:, :, 1:][rng.random((2, FEATURES, PARTS - 1)) < hidden] = np.nan
        # Now and then nobody is trusted, an episode's freeze, and now and then months go by.
        work.look(values, n % orbits, trust=0.0 if n % 97 > 90 else 1.0)
        work.seconds += int(rng.random() < 0.02) * 150 * 86_400
        work.rows = unpack(pack(work.rows))
    knowledge, covariance = work.rows["knowledge"], work.rows["covariance"]
    assert (np.linalg.eigvalsh(knowledge) > 0.0).all()
    assert (np.linalg.eigvalsh(covariance) > 0.0).all()
    # What an orbit that never came may be is as open as at first.
    prior = BaselineRules().prior[1]
    for slot in range(orbits, ORBITS):
        assert (knowledge[..., slot, slot] == prior).all()


def test_rounding_changes_no_score_that_anybody_reads() -> None:
    whole, kept = learner(3), learner(3)
    series = weather(300, 3, shared=1.0, own=0.4, seed=9)
    apart = []
    for n, values in enumerate(series):
        one, two = whole.look(values, n % 2), kept.look(values, n % 2)
        kept.rows = unpack(pack(kept.rows))
        apart.append(np.abs(one.score - two.score).max())
    assert max(apart) < 1e-3


def by_place(state: MonitorState) -> dict[str, NDArray[np.generic]]:
    return {name: array for name, array in state.arrays.items() if name != "patch_state"}
