"""What is doubtful about an outline is said with everything that is found there."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import shapely
from shapely.geometry import Point, Polygon

from detectors.types import DetectorState, Finding
from hearthwatch.pipeline.score import _placed
from hearthwatch.pipeline.tasks import Place, Site

CORE = Point(24.0, 13.0).buffer(0.001)
FINDING = Finding(
    object=1, kind="burned", state=DetectorState.WATCH, geometry=Polygon(), area_m2=0.0, pixels=0,
    last_unharmed=None, first_changed=datetime(2024, 3, 3, tzinfo=UTC), looks=1, evidence={},
    doubts=("seen without B12",), place="east@1",
)  # fmt: skip


def site(doubt):
    place = Place("east@1", "east", shapely.to_wkb(CORE), doubt)
    return Site("34N_0000_0000", ("34N_0000_0000",), b"", None, (place,))


def test_the_doubt_of_an_outline_stands_with_the_finding():
    placed = _placed(FINDING, site("the radius is a guess"))
    assert placed.doubts == ("seen without B12", "of its outline: the radius is a guess")
    assert placed.geometry.equals(CORE)


def test_an_outline_that_is_not_in_doubt_adds_nothing():
    placed = _placed(FINDING, site(""))
    assert placed.doubts == FINDING.doubts
    assert placed == dataclasses.replace(FINDING, geometry=placed.geometry, area_m2=placed.area_m2)
