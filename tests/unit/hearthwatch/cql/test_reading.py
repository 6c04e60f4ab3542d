"""What a filter may say, what is wrong with it and where, and that nothing ends the process."""

from __future__ import annotations

import json
import time
from dataclasses import make_dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point

from hearthwatch.cql.asking import meets
from hearthwatch.cql.faults import FilterError
from hearthwatch.cql.reading import read_json, read_text
from hearthwatch.cql.values import place_of
from tests.contract.store_filters import FIELDS
from tests.support.filter_bombs import JSON_BOMBS, TEXT_BOMBS

Record = make_dataclass("Record", list(FIELDS))
SECONDS = 2.0
"""Of the processor, forty times what any of them may take: a bomb that goes off takes minutes."""


def record(**values: Any) -> Any:
    return Record(**{**dict.fromkeys(FIELDS), **values})


def holds(text: str, **values: Any) -> bool:
    return meets(read_text(text, FIELDS).root, record(**values))


def faults(text: str, read: Any = read_text) -> tuple[tuple[str, str], ...]:
    with pytest.raises(FilterError) as caught:
        read(text, FIELDS)
    return caught.value.faults


@pytest.mark.parametrize(("name", "text"), TEXT_BOMBS.items(), ids=TEXT_BOMBS)
def test_a_bomb_in_text_is_refused_at_once(name: str, text: str) -> None:
    began = time.process_time()
    found = faults(text)
    assert time.process_time() - began < SECONDS
    assert all(words for _, words in found)


@pytest.mark.parametrize(("name", "text"), JSON_BOMBS.items(), ids=JSON_BOMBS)
def test_a_bomb_in_json_is_refused_at_once(name: str, text: str) -> None:
    began = time.process_time()
    found = faults(text, read_json)
    assert time.process_time() - began < SECONDS
    assert all(words for _, words in found)


@given(text=st.text(max_size=300) | st.lists(st.sampled_from([
    "(", ")", "not ", "a", "area_m2", "=", "'", '"', "1", "-", ",", " and ", " like ", "[",
    "t_after(", "POINT(", "DATE(", " in ", " between ", " is null", "%", "e9", "\\",
]), max_size=200).map("".join))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_any_text_is_read_or_refused_with_words(text: str) -> None:
    for read in (read_text, read_json):
        try:
            found = read(text, FIELDS)
        except FilterError as error:
            assert error.faults
        else:
            assert isinstance(found.text, str)


@given(document=st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.sampled_from(list(FIELDS)),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(
        st.sampled_from(["op", "args", "property", "type", "coordinates", "bbox", "date",
                         "timestamp", "interval", "geometries"]), below, max_size=3)
    | st.builds(lambda op, args: {"op": op, "args": args}, st.sampled_from(
        ["and", "or", "not", "=", "in", "like", "between", "isNull", "s_within", "t_during"]),
        st.lists(below, max_size=3)),
    max_leaves=12,
))  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_any_json_is_read_or_refused_with_words(document: Any) -> None:
    try:
        read_json(json.dumps(document), FIELDS)
    except FilterError as error:
        assert error.faults


def test_everything_wrong_is_told_at_once_and_where() -> None:
    text = "colour = 'red' AND (area_m2 > 'large' OR kind = 'flood') AND s_within(geometry, 3)"
    found = dict(faults(text))
    assert len(found) == 4
    assert "there is no property colour" in found[".args[0].args[0]"]
    assert "is not a finite number" in found[".args[1].args[0].args[1]"]
    assert "kind is one of burned, razed" in found[".args[1].args[1]"]
    assert "is no geometry" in found[".args[2].args[1]"]


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("area_m2 >", "character 10", "expected"),
        ("area_m2 > 1)", "character 12", "bracket"),
        ("((area_m2 > 1", "", "2 brackets are opened"),
        ("area_m2 + 1 > 2", "character 9", "reckons"),
        ("looks > 1 -1 -1 -1 -1 -1", "character", "reckons"),
        ("CASEI(observed) = 'a'", ".args[0]", "is reckoned"),
        ("observed = NULL", ".args[1]", "IS NULL"),
        ("first_changed > DATE('2024-02-30')", ".args[1]", "calendar"),
        ("first_changed > 'yesterday'", ".args[1]", "is no day"),
        ("t_after(first_changed, INTERVAL('2024-05-02', '2024-05-01'))", ".args[1]", "ends before"),
        ("s_intersects(geometry, POLYGON((0 0, 1 1, 0 1, 1 0, 0 0)))", ".args[1]", "not a valid"),
        ("s_intersects(geometry, POINT(200 0))", ".args[1]", "180 degrees"),
        ("s_intersects(geometry, POINT EMPTY)", "", "without usable positions"),
        ("s_intersects(geometry, LINESTRING(0 1, 0 3 0))", "", "without usable positions"),
        ("s_within(geometry, GEOMETRYCOLLECTION(POINT(1 1)))", "", "no collection"),
        ("geometry = geometry", "", "compares places"),
        ("observed LIKE 'a\\b'", ".args[1]", "backslash"),
        ("looks LIKE 'a%'", "", "property that is text"),
        ("kind IN ('burned', 'x')", "", "kind is one of"),
    ],
)  # fmt: skip
def test_a_fault_says_where_and_what(text: str, where: str, words: str) -> None:
    ((found, said),) = faults(text)
    assert found.startswith(where)
    assert words in said


@pytest.mark.parametrize(("value", "pattern", "fits"), [
    ("Umm Dukhun", "Umm %", True), ("umm Dukhun", "Umm %", False), ("abab", "%ab", True),
    ("a%b", "a\\%b", True), ("axb", "a\\%b", False), ("a\nb", "a_b", True), ("", "%", True),
    ("ab", "a", False), ("aXbXc", "a%b%c", True), ("acb", "a%b%c", False), ("a", "a%a", False),
])  # fmt: skip
def test_a_pattern_fits_the_whole_text(value: str, pattern: str, fits: bool) -> None:
    assert holds(f"observed LIKE '{pattern}'", observed=value) is fits
    assert holds(f"observed NOT LIKE '{pattern}'", observed=value) is not fits


DAY = "2024-05-01"
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
MIDNIGHT = datetime(2024, 5, 2, tzinfo=UTC)


@pytest.mark.parametrize(("asked", "at_noon", "at_midnight"), [
    ("first_changed = DATE('2024-05-01')", True, False),
    ("first_changed > DATE('2024-05-01')", False, True),
    ("first_changed <= DATE('2024-05-01')", True, False),
    ("first_changed >= TIMESTAMP('2024-05-01T12:00:00Z')", True, True),
    ("first_changed >= '2024-05-01T14:00:00+02:00'", True, True),
    ("t_after(first_changed, DATE('2024-05-01'))", False, True),
    ("t_before(first_changed, TIMESTAMP('2024-05-02T00:00:00Z'))", True, False),
    ("t_during(first_changed, INTERVAL('2024-05-01', '2024-05-01'))", True, False),
    ("t_intersects(first_changed, INTERVAL('..', '2024-05-01T12:00:00Z'))", True, False),
    ("t_meets(first_changed, INTERVAL('2024-05-02T00:00:00Z', '..'))", False, True),
    ("first_changed BETWEEN DATE('2024-05-01') AND DATE('2024-05-01')", True, False),
    ("first_changed IN (DATE('2024-05-02'), DATE('2024-06-02'))", False, True),
])  # fmt: skip
def test_a_day_lasts_from_its_first_to_its_last_moment(
    asked: str, at_noon: bool, at_midnight: bool
) -> None:
    assert holds(asked, first_changed=NOON) is at_noon
    assert holds(asked, first_changed=MIDNIGHT) is at_midnight
    assert holds(f"NOT {asked}", first_changed=NOON) is not at_noon
    assert not holds(asked, first_changed=None)
    assert not holds(f"NOT {asked}", first_changed=None)


def test_a_box_may_go_over_180_degrees() -> None:
    asked = "s_intersects(geometry, BBOX(179, -1, -179, 1))"
    assert holds(asked, geometry=Point(-179.5, 0))
    assert holds(asked, geometry=Point(179.5, 0))
    assert not holds(asked, geometry=Point(0, 0))


@pytest.mark.parametrize(("box", "kind"), [
    ("1,1,1,1", "Point"), ("1,0,1,2", "LineString"), ("0,1,2,1", "LineString"),
    ("0,0,2,2", "Polygon"), ("179,0,-179,2", "MultiPolygon"), ("180,0,-179,2", "Polygon"),
    ("180,0,-180,2", "MultiLineString"), ("180,1,-180,1", "MultiPoint"),
])  # fmt: skip
def test_a_box_is_valid_however_narrow(box: str, kind: str) -> None:
    """PostGIS finds nothing in an area without width, where others find what lies there."""
    place = place_of({"bbox": [float(edge) for edge in box.split(",")]})
    assert (place.geom_type, place.is_valid) == (kind, True)


def test_text_and_json_say_the_same() -> None:
    text = "kind = 'burned' AND NOT (looks IN (1, 2) OR t_after(first_changed, DATE('2024-05-01')))"
    document = {"op": "and", "args": [
        {"op": "=", "args": [{"property": "kind"}, "burned"]},
        {"op": "not", "args": [{"op": "or", "args": [
            {"op": "in", "args": [{"property": "looks"}, [1.0, 2.0]]},
            {"op": "t_after", "args": [{"property": "first_changed"}, {"date": DAY}]},
        ]}]},
    ]}  # fmt: skip
    assert read_text(text, FIELDS) == read_json(json.dumps(document), FIELDS)
