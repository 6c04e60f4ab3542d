import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiles.warp import corners_at, means, picked, pixels_at


@given(
    st.integers(1, 23), st.integers(1, 23), st.sampled_from([2, 4, 8]), st.integers(0, 2**32 - 1)
)
def test_a_mean_is_that_of_the_observed_pixels_around_its_corner(
    height: int, length: int, width: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    values = rng.uniform(0, 1, (height, length)).astype(np.float32)
    values[rng.uniform(size=values.shape) < 0.3] = np.nan
    found = means(values, width, np.isfinite(values))
    step = width // 2
    assert found.shape == (-(-height // step) + 1, -(-length // step) + 1)
    for row in range(found.shape[0]):
        for col in range(found.shape[1]):
            rows = slice(max(row * step - step, 0), row * step + step)
            around = values[rows, max(col * step - step, 0) : col * step + step]
            seen = around[np.isfinite(around)]
            if 2 * len(seen) >= width * width:
                assert found[row, col] == pytest.approx(seen.mean(), rel=1e-4)
            else:
                assert np.isnan(found[row, col])


@given(st.integers(1, 23), st.integers(1, 23), st.sampled_from([2, 4, 8]))
def test_where_all_was_observed_nobody_need_say_so(height: int, length: int, width: int) -> None:
    values = np.random.default_rng(height).integers(0, 65_536, (height, length), np.uint16)
    said = means(values, width, np.ones(values.shape, np.bool_))
    assert np.array_equal(means(values, width), said, equal_nan=True)


def test_a_place_takes_the_corner_next_to_it() -> None:
    values = np.arange(64, dtype=np.float32).reshape(8, 8)
    at = (np.array([[4.0, 4.9]]), np.array([[4.0, 3.1]]))
    around = means(values, 4)
    assert picked(around, corners_at(at, around.shape, 4)).tolist() == [
        [values[2:6, 2:6].mean()] * 2
    ]
    assert picked(values, pixels_at(at, (8, 8))).tolist() == [[values[4, 4], values[3, 4]]]


def test_beyond_the_edges_there_is_nothing() -> None:
    at = (np.array([[-0.1, 0.0, 7.9, 8.0]]), np.array([[3.0, 3.0, 3.0, 3.0]]))
    assert pixels_at(at, (8, 8)).inside.tolist() == [[False, True, True, False]]
