"""Styles tell the states apart, by the colours of the page."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from detectors.types import DetectorState
from hearthwatch.disclosure.content import SURE
from hearthwatch.export.columns import SHAPES
from hearthwatch.export.styles import LOOKS, qml
from hearthwatch.records import EventState

ROOT = Path(__file__).resolve().parents[4]


def test_every_collection_with_places_is_drawn_by_columns_that_it_has():
    assert LOOKS.keys() == {name for name, shape in SHAPES.items() if shape.has_place}
    for name, look in LOOKS.items():
        assert {look.by, look.label, "mode"} - {""} <= SHAPES[name].columns.keys()


def test_every_state_has_a_look_of_its_own():
    assert LOOKS["events"].symbols.keys() == {state.value for state in EventState}
    assert set(SURE.values()) <= LOOKS["released"].symbols.keys()
    assert LOOKS["detections"].symbols.keys() <= {state.value for state in DetectorState}


def test_the_colours_are_those_of_the_page():
    text = (ROOT / "api/web/src/symbols.ts").read_text(encoding="utf-8")
    page = dict(re.findall(r"^  (\w+): \{ shape: .*colour: \"(#\w+)\"", text, re.MULTILINE))
    assert {state: colour for state, (colour, _) in LOOKS["events"].symbols.items()} == page


@pytest.mark.parametrize("name", sorted(LOOKS))
def test_a_style_is_xml_and_marks_what_is_no_world(name):
    root = ET.fromstring(qml(name))
    renderer = root.find("renderer-v2")
    named = {one.get("symbol") for one in renderer.iter("category")} or {"0"}
    assert named == {one.get("name") for one in renderer.find("symbols")}
    assert 'upper("mode")' in root.find("labeling/settings/text-style").get("fieldName")
