"""Ellipses of heat pixels on the ground, and what they touch."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import Point, Polygon, box

from detectors.heat_footprint import (
    CORNERS,
    Footprints,
    distance_m,
    ellipse_reach,
    metres_per_degree,
    scan_bearing,
    touching,
)

GEOD = Geod(ellps="WGS84")
LATS = st.floats(-60, 60)
SIDES = st.floats(200, 5000)
BEARINGS = st.floats(0, 180, exclude_max=True)


def pixel(
    lat: float, scan: float, track: float, bearing: float = math.nan, lon: float = 25.0
) -> Footprints:
    return Footprints(*(np.array([value]) for value in (lon, lat, scan, track, bearing)))


def away(lat: float, bearing: float, metres: float, lon: float = 25.0) -> tuple[float, float]:
    east, north, _ = GEOD.fwd(lon, lat, bearing, metres)
    return east, north


@given(LATS, SIDES, SIDES, BEARINGS)
def test_the_corners_of_the_pixel_lie_on_its_ellipse(
    lat: float, scan: float, track: float, bearing: float
) -> None:
    one = pixel(lat, scan, track, bearing)
    turn = math.radians(bearing)
    east = (scan * math.sin(turn) + track * math.cos(turn)) / 2
    north = (scan * math.cos(turn) - track * math.sin(turn)) / 2
    corner = away(lat, math.degrees(math.atan2(east, north)), math.hypot(east, north))
    # The scan may lie some degrees otherwise, and the nearest ellipse counts.
    assert ellipse_reach(one, 0, Point(corner)) <= 1.0 + 0.005
    straight = away(lat, bearing, scan * CORNERS / 2)
    assert ellipse_reach(one, 0, Point(straight)) <= 1.0 + 0.005


@given(LATS, SIDES, SIDES, BEARINGS, st.floats(0, 360), st.floats(0, 8000))
def test_an_ellipse_holds_the_inner_circle_and_lies_in_the_outer_one(
    lat: float, scan: float, track: float, bearing: float, towards: float, metres: float
) -> None:
    reach = ellipse_reach(pixel(lat, scan, track, bearing), 0, Point(away(lat, towards, metres)))
    shortest, longest = sorted((scan, track))
    if metres < shortest * CORNERS / 2 * 0.995:
        assert reach < 1.0
    if metres > longest * CORNERS / 2 * 1.005:
        assert reach > 1.0


@given(LATS, SIDES, SIDES, BEARINGS, st.floats(0, 360), st.floats(0, 8000))
def test_where_the_direction_is_not_known_nothing_is_missed(
    lat: float, scan: float, track: float, bearing: float, towards: float, metres: float
) -> None:
    place = Point(away(lat, towards, metres))
    worst = ellipse_reach(pixel(lat, scan, track), 0, place)
    assert worst <= ellipse_reach(pixel(lat, scan, track, bearing), 0, place) + 1e-9


@given(LATS, SIDES, SIDES, BEARINGS, st.floats(50, 3000), st.floats(0, 360), st.floats(0, 9000))
def test_a_larger_core_is_never_farther_out(
    lat: float,
    scan: float,
    track: float,
    bearing: float,
    side: float,
    towards: float,
    metres: float,
) -> None:
    lon, north = away(lat, towards, metres)
    step = side / 111_000
    small = box(lon, north, lon + step, north + step)
    one = pixel(lat, scan, track, bearing)
    wide = small.buffer(step)
    assert ellipse_reach(one, 0, wide) <= ellipse_reach(one, 0, small)
    inside = Polygon(wide.exterior).buffer(1.0)
    if inside.contains(Point(25.0, lat)):
        assert ellipse_reach(one, 0, inside) == 0.0


@given(
    st.lists(st.tuples(st.floats(24.9, 25.1), st.floats(13.5, 13.7), SIDES, SIDES, BEARINGS),
             min_size=1, max_size=6),
    st.lists(st.tuples(st.floats(24.9, 25.1), st.floats(13.5, 13.7)), min_size=1, max_size=6),
)  # fmt: skip
def test_the_tree_finds_every_pair_that_looking_at_all_finds(
    pixels: list[tuple[float, ...]], places: list[tuple[float, float]]
) -> None:
    one = Footprints(*(np.array(values) for values in zip(*pixels, strict=True)))
    cores = [box(lon, lat, lon + 0.004, lat + 0.004) for lon, lat in places]
    every = [
        (i, k)
        for i in range(len(pixels))
        for k in range(len(cores))
        if ellipse_reach(one, i, cores[k]) <= 1.0
    ]
    assert list(touching(one, cores)) == every


@given(LATS, st.floats(0, 360), st.floats(0, 12_000))
def test_distances_are_those_on_the_ellipsoid(lat: float, towards: float, metres: float) -> None:
    lon, north = away(lat, towards, metres)
    found = distance_m(25.0, lat, np.array([lon]), np.array([north]))
    assert found[0] == pytest.approx(metres, rel=5e-3, abs=0.1)


def test_a_degree_is_as_long_as_it_is_known_to_be() -> None:
    assert metres_per_degree(0.0) == pytest.approx((111_319.49, 110_574.3), abs=1.0)
    assert metres_per_degree(60.0) == pytest.approx((55_800.0, 111_412.0), abs=1.0)


def at(hour: float) -> int:
    return int(datetime(2024, 2, 3, tzinfo=UTC).timestamp() + hour * 3600)


def test_scans_lie_across_the_ground_track() -> None:
    # On the equator the ground moves east at 465 m/s under a satellite that goes north-west at
    # 6.6 km/s over it: the track of Suomi NPP leans to the west of north by day, and back by night.
    by_day = scan_bearing("Suomi NPP", 0.0, 0.0, at(13.5))
    by_night = scan_bearing("Suomi NPP", 0.0, 0.0, at(1.5))
    lean = math.degrees(math.atan2(7530 * math.sin(math.radians(8.7)) / 1.129 + 465, 6590))
    assert by_day == pytest.approx(90.0 - lean, abs=1.0)
    assert by_night == pytest.approx(90.0 + lean, abs=1.0)


def test_terra_goes_south_by_day() -> None:
    assert scan_bearing("Terra", 0.0, 13.0, at(10.5)) == pytest.approx(
        scan_bearing("Aqua", 0.0, 13.0, at(1.5)), abs=0.01
    )


@given(st.floats(-180, 180), st.floats(-60, 60), st.integers(0, 2_000_000_000))
def test_a_scan_lies_roughly_east_and_west(lon: float, lat: float, seconds: int) -> None:
    for satellite in ("Suomi NPP", "NOAA-20", "NOAA-21", "Aqua", "Terra"):
        assert 60.0 < scan_bearing(satellite, lon, lat, seconds) < 120.0


def test_of_a_satellite_nobody_knows_and_near_the_poles_nothing_is_assumed() -> None:
    assert math.isnan(scan_bearing("Sputnik", 0.0, 13.0, at(12)))
    assert math.isnan(scan_bearing("Aqua", 0.0, 61.0, at(12)))
