"""What a detector found on both sides of a border of the work grid is one change."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod
from shapely.geometry import box

from detectors.fusion import TOLERANCE, Source
from detectors.fusion_pieces import continues, may_be_one, metres_apart
from detectors.types import DetectorState as State

NOON = datetime(2024, 2, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WEST, EAST = box(25.30, 13.60, 25.32, 13.62), box(25.32, 13.60, 25.34, 13.62)
GEOD = Geod(ellps="WGS84")


def piece(**changes: Any) -> Source:
    plain = Source(
        id="west", detector="ground_change", kind="ground_change", groups=("optical",),
        state=State.PROBABLE, reached=State.PROBABLE, last_unharmed=NOON - 5 * DAY,
        first_changed=NOON, last_detected=NOON, weight=8.0, geometry=WEST, cell="a",
    )  # fmt: skip
    return dataclasses.replace(plain, **changes)


def east(**changes: Any) -> Source:
    return piece(**({"id": "east", "geometry": EAST, "cell": "b"} | changes))


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, True),
        ({"last_unharmed": None}, True),
        # Some 54 m away, and some 76 m.
        ({"geometry": box(25.3205, 13.60, 25.34, 13.62)}, True),
        ({"geometry": box(25.3207, 13.60, 25.34, 13.62)}, False),
        ({"cell": "a"}, False),
        ({"detector": "camp_change"}, False),
        ({"settlement": "v1"}, False),
        ({"state": State.LAPSED}, False),
        ({"state": State.CLOSED}, True),
        # Changed after the other had changed already.
        ({"last_unharmed": NOON + DAY, "first_changed": NOON + 2 * DAY}, False),
        ({"first_changed": NOON + TOLERANCE}, True),
        ({"first_changed": NOON + TOLERANCE + DAY}, False),
    ],
)
def test_what_is_a_piece_of_one_change(changes: dict[str, Any], fits: bool) -> None:
    one, other = piece(), east(**changes)
    assert (continues(one, other), continues(other, one)) == (fits, fits)


@given(st.floats(-75, 75), st.floats(1e-6, 0.01), st.floats(-0.01, 0.01))
def test_distances_are_those_on_the_ground(lat: float, lon: float, north: float) -> None:
    one, other = (box(x, y, x, y).centroid for x, y in ((0.0, lat), (lon, lat + north)))
    _, _, metres = GEOD.inv(0.0, lat, lon, lat + north)
    assert metres_apart(one, other) == pytest.approx(metres, rel=0.01, abs=0.01)


def test_events_of_two_settlements_or_of_two_kinds_are_not_made_one() -> None:
    some = [piece(), piece(id="v", detector="burned", kind="burned", settlement="v1")]
    assert may_be_one(some, [east()])
    other = east(id="w", detector="burned", kind="burned", settlement="v2")
    assert not may_be_one(some, [east(), other])
    camp = east(id="c", detector="camp_change", kind="camp_change")
    assert not may_be_one(some, [east(), camp])


def test_ground_that_changed_twice_under_one_detector_is_two_events() -> None:
    again = piece(id="again", last_unharmed=NOON + 80 * DAY, first_changed=NOON + 90 * DAY)
    assert not may_be_one([piece(), east()], [again])
    elsewhere = dataclasses.replace(again, geometry=box(25.30, 13.70, 25.32, 13.72))
    assert may_be_one([piece(), east()], [elsewhere])
