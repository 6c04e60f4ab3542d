"""Which pixels are asked for: a grid off by a pixel is evidence of another place."""

import math

import numpy as np
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from shapely.geometry import MultiPolygon, Point, box

from imagery.errors import Permanent
from imagery.hub.grids import boxes, grid_over, ground, halves, windows, within
from tests.support.catalogue import grid

CELL = grid("EPSG:32636", (512_000.0, 399_360.0), 1024)


def test_a_band_as_fine_as_the_cell_is_asked_for_on_the_cells_own_pixels():
    assert grid_over(CELL, 10.0) == CELL


def test_a_coarser_band_of_a_cell_is_asked_for_on_its_own_pixels():
    got = grid_over(CELL, 20.0)
    assert got.shape == (512, 512)
    assert tuple(got.affine)[:6] == (20.0, 0.0, 512_000.0, 0.0, -20.0, 399_360.0)
    assert grid_over(CELL, 60.0).boundingbox.bbox == (511_980.0, 389_100.0, 522_240.0, 399_360.0)


def test_no_band_is_asked_for_finer_than_it_is_or_than_is_wanted():
    assert abs(grid_over(grid(size=100, pixel_m=2.5), 10.0).affine.a) == 10.0
    overview = grid(size=86, pixel_m=120.0)
    assert grid_over(overview, 20.0) == overview


def test_ground_around_is_whole_pixels():
    assert grid_over(CELL, 20.0, 120.0).boundingbox.bbox == (
        512_000.0 - 120, 399_360.0 - 10_240 - 120, 512_000.0 + 10_240 + 120, 399_360.0 + 120,
    )  # fmt: skip
    assert grid_over(grid(pixel_m=120.0), 20.0, 120.0).shape == (62, 62)


@given(
    west=st.integers(100_000, 900_000),
    north=st.integers(100_000, 9_000_000),
    size=st.integers(1, 400),
    pixel=st.sampled_from([1.0, 2.5, 10.0, 13.0, 20.0, 120.0]),
    metres=st.sampled_from([10.0, 20.0, 60.0]),
)
def test_whatever_is_wanted_is_covered_by_whole_pixels(west, north, size, pixel, metres):
    wanted = grid("EPSG:32636", (west, north), size, pixel)
    got = grid_over(wanted, metres)
    step = got.affine.a
    assert step == pytest.approx(max(metres, pixel))
    assert box(*got.boundingbox.bbox).buffer(1e-6).covers(box(*wanted.boundingbox.bbox))
    for inner, outer in zip(wanted.boundingbox.bbox, got.boundingbox.bbox, strict=True):
        assert abs(inner - outer) < step
    rows, cols = within(got, wanted)
    assert (rows.start, cols.start) == (0, 0) and (rows.stop, cols.stop) == got.shape
    around = grid_over(wanted, metres, 120.0)
    part = around[within(around, wanted)]
    assert part.shape == got.shape and part.boundingbox.bbox == pytest.approx(got.boundingbox.bbox)
    if metres > pixel:
        assert all(round(edge / step) * step == pytest.approx(edge) for edge in got.boundingbox)


@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 40))
def test_windows_fill_a_grid_once_and_are_of_nearly_one_size(height, width, most):
    whole = GeoBox((height, width), Affine(10, 0, 0, 0, -10, 0), "EPSG:32636")
    filled = np.zeros((height, width), int)
    parts = windows(whole, most)
    for rows, cols in parts:
        filled[rows, cols] += 1
        assert rows.stop - rows.start <= most and cols.stop - cols.start <= most
    assert (filled == 1).all()
    assert len(parts) == math.ceil(height / most) * math.ceil(width / most)


def test_a_cell_is_one_request_and_a_grid_beyond_the_limit_is_four():
    assert len(windows(CELL)) == 1
    assert len(windows(grid(size=2501))) == 4


@pytest.mark.parametrize(
    "wrong",
    [
        GeoBox((4, 4), Affine(10, 0, 0, 0, -10, 0), None),
        GeoBox((4, 4), Affine(10, 0, 0, 0, 10, 0), "EPSG:32636"),
        GeoBox((4, 4), Affine.rotation(30) * Affine.scale(10, -10), "EPSG:32636"),
        GeoBox((40_000, 40_000), Affine(10, 0, 0, 0, -10, 0), "EPSG:32636"),
    ],
    ids=["nowhere", "south up", "turned", "a continent"],
)
def test_a_grid_that_cannot_be_asked_for_is_refused(wrong):
    with pytest.raises(Permanent):
        grid_over(wrong, 20.0)


def test_the_ground_of_a_cell_is_where_the_cell_is():
    place = ground(CELL)
    assert place.covers(Point(33.15, 3.56))
    assert 1.0e-2 > place.area > 0.8e-2


def test_f59_ground_across_180_degrees_lies_on_both_sides():
    place = ground(grid("EPSG:32760", (812_000.0, 8_000_000.0), 1024))
    west, _, east, _ = place.bounds
    assert (west, east) == (-180.0, 180.0) and place.area < 0.02
    assert {tuple(np.sign(part.bounds[::2])) for part in place.geoms} == {(-1, -1), (1, 1)}


def test_f59_an_area_across_180_degrees_is_asked_for_in_two_small_boxes():
    area = MultiPolygon([box(179, -17, 180, -16), box(-180, -17, -179, -16)])
    told = [(-180, -17, -178.75, -15.75), (179, -17, 180, -15.75)]
    assert sorted(boxes(area)) == told
    beyond = box(179, -17, 181, -16)
    assert sorted(boxes(beyond)) == told


def test_where_in_a_square_a_village_lies_is_not_told_and_the_world_is_one_box_too():
    for village in (Point(30.1, 3.2).buffer(0.01), Point(30.2, 3.05).buffer(0.02)):
        assert boxes(village) == ((30.0, 3.0, 30.25, 3.25),)
    assert boxes(box(-180, -90, 180, 90)) == ((-180, -90, 180, 90),)


def test_f59_an_outline_of_ten_thousand_corners_is_asked_for_as_a_box():
    coast = Point(30, 3).buffer(1.0, quad_segs=2500)
    assert shapely.get_num_coordinates(coast) > 10_000
    assert len(boxes(coast)) == 1


@given(st.floats(-400, 400), st.floats(0.1, 170))
def test_f59_halves_keep_the_area_and_lie_on_the_globe(west, width):
    parts = list(halves(box(max(-540, west), 0, min(540, west + width), 1)))
    assert sum(part.area for part in parts) == pytest.approx(width)
    assert all(part.bounds[0] >= -180 and part.bounds[2] <= 180 for part in parts)
