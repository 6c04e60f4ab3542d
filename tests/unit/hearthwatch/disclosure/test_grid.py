"""The grid of coarse places: whole squares that nest, and hide which of their places is meant."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import MultiPolygon, Point, box

from hearthwatch.disclosure.grid import (
    FINEST,
    Square,
    middle_of,
    smallest_that_hides,
    square_at,
)
from tiles.geodesy import area_m2

LON = st.floats(-180, 180)
LAT = st.floats(-90, 90)
LIVED_IN = st.floats(-60, 72)
LEVEL = st.integers(0, FINEST)
WGS84 = Geod(ellps="WGS84")
SLACK = 1e-6
"""Degrees by which seven decimals may move an edge, and then some."""


@given(LON, LAT, LEVEL)
def test_a_point_lies_in_its_square_and_that_in_those_above(lon, lat, level):
    square = square_at(lon, lat, level)
    # 180 degrees east is 180 degrees west.
    assert any(square.box.buffer(SLACK).covers(Point(at, lat)) for at in (lon, lon - 360))
    for coarser in range(level):
        above = square_at(lon, lat, coarser)
        assert square.within(coarser) == above
        assert above.box.buffer(SLACK).covers(square.box)


@given(LON, LAT, st.integers(0, FINEST - 1))
def test_four_parts_make_a_square_and_nothing_else(lon, lat, level):
    square = square_at(lon, lat, level)
    parts = square.parts()
    assert {one.within(level) for one in parts} == {square}
    assert square.box.area == pytest.approx(sum(one.box.area for one in parts), rel=1e-4)
    assert square_at(lon, lat, level + 1) in parts


@given(LON, LIVED_IN, LEVEL)
def test_no_side_is_shorter_than_is_said(lon, lat, level):
    square = square_at(lon, lat, level)
    west, south, east, north = square.box.bounds
    edges = [((west, south), (west, north)), ((west, south), (east, south)),
             ((west, north), (east, north))]  # fmt: skip
    for one, other in edges:
        _, _, metres = WGS84.inv(*one, *other)
        assert metres > square.km * 1000


@pytest.mark.parametrize("level", [0, 3, FINEST])
def test_where_people_live_squares_are_about_equal(level):
    areas = [area_m2(square_at(25.0, lat, level).box) for lat in np.arange(-59.9, 60, 0.7)]
    assert max(areas) / min(areas) < 1.11


def test_squares_of_one_kilometre_and_of_ten_are_what_is_promised():
    near, far = square_at(25.3, 13.6), square_at(25.3, 13.6, 3)
    assert (near.km, far.km) == (1, 16)
    assert near.box.bounds[3] - near.box.bounds[1] == pytest.approx(1.2 / 128)


@given(LON, st.sampled_from([-89.9, 89.5, 90.0, -90.0]))
def test_at_a_pole_the_whole_square_is_told(lon, lat):
    told = smallest_that_hides((lon, lat), FINEST, [(lon, lat)] * 50, 1)
    assert told.level == 0


def test_a_place_cut_at_180_degrees_is_not_put_on_the_other_side_of_the_earth():
    cut = MultiPolygon([box(179.97, 10, 180, 10.01), box(-180, 10, -179.99, 10.01)])
    assert middle_of(cut) == pytest.approx((179.985, 10.005))


TOWN = (25.3, 13.6)


def in_every_part(square: Square, many: int, level: int) -> list[tuple[float, float]]:
    """Return `many` settlements, a square apart, in each part of a square down to a level."""
    if square.level == level:
        return []
    found = []
    for part in square.parts():
        west, south, east, north = part.box.bounds
        step = (north - south) / (many + 1)
        found += [((west + east) / 2, south + step * (n + 1)) for n in range(many)]
        found += in_every_part(part, many, level)
    return found


def test_without_settlements_known_nothing_but_the_coarsest_is_told():
    assert smallest_that_hides(TOWN, FINEST, [], 1).level == 0
    assert smallest_that_hides(TOWN, FINEST, [TOWN] * 9, 2).level == 0


@pytest.mark.parametrize(("level", "finest"), [(3, FINEST), (4, FINEST), (5, 3)])
def test_a_square_is_divided_where_each_part_holds_enough(level, finest):
    top = square_at(*TOWN, 0)
    known = in_every_part(top, 3, level)
    assert smallest_that_hides(TOWN, finest, known, 3).level == min(level, finest)
    lonely = square_at(*TOWN, level - 1).parts()[3]
    fewer = [one for one in known if square_at(*one, level) != lonely] + [lonely.middle] * 3
    assert smallest_that_hides(TOWN, finest, fewer, 3).level == min(level - 1, finest)


POINTS = st.tuples(st.floats(0, 1), st.floats(0, 1))


def at(square: Square, share: tuple[float, float]) -> tuple[float, float]:
    """Return a point within a square, by shares of its sides, off its lines."""
    west, south, east, north = square.box.bounds
    x, y = (0.001 + 0.998 * one for one in share)
    return west + x * (east - west), south + y * (north - south)


@given(st.lists(POINTS, max_size=300), POINTS, POINTS, st.integers(1, 3))
def test_the_square_told_is_told_of_every_place_in_it(shares, one, other, least):
    top = square_at(*TOWN, 0)
    known = [at(top, share) for share in shares]
    told = smallest_that_hides(at(top, one), FINEST, known, least)
    assert smallest_that_hides(at(told, other), FINEST, known, least) == told
    if told.level:
        held = {square_at(*point) for point in known}
        assert sum(point.within(told.level) == told for point in held) >= least
