"""Which pixels a look loses, and to what."""

from datetime import UTC, datetime

import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from imagery.masks import CLOUD_MARGIN_M, Scl, causes_of, look_cube
from imagery.types import Cause, Chip, Cost, GeoBox, Layer, Provenance


def alone(value: int) -> int:
    return int(causes_of(np.full((3, 3), value, np.uint8), 10.0)[1, 1])


@pytest.mark.parametrize(
    "value",
    [Scl.DARK, Scl.SHADOW, Scl.VEGETATION, Scl.BARE, Scl.WATER, Scl.UNCLASSIFIED],
    ids=lambda value: value.name,
)
def test_char_and_dark_roofs_stay_in_use_whatever_they_are_taken_for(value):
    assert alone(value) == Cause.CLEAR


@pytest.mark.parametrize("value", [Scl.CLOUD_MEDIUM, Scl.CLOUD_HIGH, Scl.CIRRUS])
def test_clouds_are_lost(value):
    assert alone(value) == Cause.CLOUD


@pytest.mark.parametrize("value", [0, 1, 12, 99, 255])
def test_nothing_seen_saturated_and_classes_nobody_knows_are_no_observation(value):
    assert alone(value) == Cause.NODATA


def test_snow_is_snow():
    assert alone(Scl.SNOW) == Cause.SNOW


@pytest.mark.parametrize("pixel_m", [10.0, 20.0, 60.0])
def test_a_cloud_reaches_100_metres_further_at_any_pixel_size(pixel_m):
    scl = np.full((61, 61), Scl.VEGETATION, np.uint8)
    scl[30, 30] = Scl.CLOUD_HIGH
    row, col = np.indices(scl.shape)
    metres = np.hypot(row - 30, col - 30) * pixel_m
    lost = causes_of(scl, pixel_m) == Cause.CLOUD
    np.testing.assert_array_equal(lost, metres <= 100.0)
    assert CLOUD_MARGIN_M == 100.0


def test_a_cloud_hides_snow_but_makes_no_observation_where_there_is_none():
    row = np.array([[Scl.CLOUD_HIGH, Scl.SNOW, Scl.NODATA, Scl.SATURATED]], np.uint8)
    assert causes_of(row, 10.0).tolist() == [[Cause.CLOUD, Cause.CLOUD, Cause.NODATA, Cause.NODATA]]


def test_a_wholly_clouded_and_a_wholly_clear_look():
    assert (causes_of(np.full((5, 5), 9, np.uint8), 10.0) == Cause.CLOUD).all()
    assert (causes_of(np.full((5, 5), 4, np.uint8), 10.0) == Cause.CLEAR).all()


@settings(max_examples=50, deadline=None)
@given(hnp.arrays(np.uint8, (9, 9), elements=st.integers(0, 255)))
def test_every_pixel_has_a_cause_and_the_classes_are_not_touched(scl):
    before = scl.copy()
    causes = causes_of(scl, 10.0)
    np.testing.assert_array_equal(scl, before)
    assert causes.dtype == np.uint8 and set(np.unique(causes)) <= {0, 1, 4, 5}


def one_look(classes):
    """Return a chip of 60 by 60 pixels of 10 m with the given classes."""
    grid = GeoBox((60, 60), Affine(10, 0, 600_000, 0, -10, 5_000_000), "EPSG:32634")
    layer = Layer("s", ("SCL",), grid, classes[np.newaxis], (None,), (None,), (0,))
    when = datetime(2020, 6, 1, tzinfo=UTC)
    provenance = Provenance("folder", ("s",), ("",), (), when, Cost(0, 0.0, 0))
    return grid, Chip("a", "sentinel-2-l2a", when, (layer,), provenance)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 59), st.integers(0, 59), st.integers(0, 30), st.integers(0, 30))
def test_ground_at_a_windows_edge_is_masked_as_in_the_middle(row, col, top, left):
    classes = np.full((60, 60), Scl.VEGETATION, np.uint8)
    classes[row, col] = Scl.CLOUD_HIGH
    grid, chip = one_look(classes)
    whole = look_cube(chip, grid, ["SCL"])["cause"].values[0]
    part = look_cube(chip, grid[top : top + 25, left : left + 25], ["SCL"])["cause"]
    assert part.dims == ("time", "y", "x") and part.dtype == np.uint8
    np.testing.assert_array_equal(part.values[0], whole[top : top + 25, left : left + 25])
