"""The ground told to a catalogue: never less than is wanted, never where exactly."""

import math

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon, Point, Polygon, box, shape

from imagery.discretion import SQUARE
from imagery.stacapi.places import MOST_VERTICES, filters, on_one_globe


def told(area):
    """Return the ground that the filters stand for."""
    return shapely.union_all(
        [box(*one["bbox"]) if "bbox" in one else shape(one["intersects"]) for one in filters(area)]
    )


CORNERS = st.tuples(
    st.floats(-179, 175), st.floats(-88, 85), st.floats(0.001, 4), st.floats(0.001, 3)
)


@given(st.lists(CORNERS, min_size=1, max_size=12))
def test_what_is_told_covers_what_is_wanted(boxes):
    area = shapely.union_all([box(x, y, x + w, y + h) for x, y, w, h in boxes])
    assert told(on_one_globe(area)).buffer(1e-9).covers(area)


@given(st.floats(-179, 179), st.floats(-89, 89))
def test_a_village_is_told_as_a_square_of_a_quarter_of_a_degree(lon, lat):
    ((name, bounds),) = (
        (k, v) for one in filters(Point(lon, lat).buffer(1e-4)) for k, v in one.items()
    )
    assert name == "bbox"
    assert all(math.isclose(edge / SQUARE, round(edge / SQUARE)) for edge in bounds)
    assert SQUARE <= bounds[2] - bounds[0] <= 2 * SQUARE


def test_an_area_over_the_date_line_is_asked_for_on_both_sides_and_not_around_the_globe():
    area = on_one_globe(box(179.5, -17.0, 180.5, -16.0))
    found = filters(area)
    assert [one["bbox"] for one in found] == [
        [-180, -17, -179.25, -15.75],
        [179.5, -17, 180, -15.75],
    ]
    assert area.area == pytest.approx(1.0)


def test_an_area_already_cut_at_the_date_line_is_asked_for_on_both_sides():
    halves = MultiPolygon([box(179.5, -17.0, 180.0, -16.0), box(-180.0, -17.0, -179.5, -16.0)])
    assert told(halves).area < 2.0 and told(halves).covers(halves)


def test_far_too_many_corners_are_told_as_the_box_around_them():
    ragged = shapely.union_all(
        [box(x * 0.6, x * 0.6, x * 0.6 + 0.1, x * 0.6 + 0.1) for x in range(99)]
    )
    (one,) = filters(ragged)
    assert "bbox" in one and told(ragged).covers(ragged)
    circle = Polygon([(math.cos(a / 999) * 3, math.sin(a / 999) * 3) for a in range(6270)])
    assert shapely.get_num_coordinates(told(circle)) <= MOST_VERTICES and told(circle).covers(
        circle
    )


def test_ragged_places_on_both_sides_of_the_date_line_do_not_become_the_whole_globe():
    east = [box(170 + i * 0.3, i * 0.3, 170.1 + i * 0.3, i * 0.3 + 0.1) for i in range(30)]
    west = [shapely.affinity.translate(one, -349.5) for one in east]
    area = shapely.union_all([*east, *west])
    assert told(area).covers(area) and told(area).area < 500


def test_the_whole_world_is_one_box():
    assert filters(box(-180, -90, 180, 90)) == ({"bbox": [-180, -90, 180, 90]},)
