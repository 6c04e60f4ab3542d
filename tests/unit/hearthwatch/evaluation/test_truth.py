"""The truth file: what it may say, and every way in which it can be wrong."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path

import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearthwatch.errors import RegionError
from hearthwatch.evaluation.locate import Finder
from hearthwatch.evaluation.truth import TruthError, read_truths
from hearthwatch.records import Kind
from tests.unit.hearthwatch.evaluation.cases import settlement

PLACES = [settlement("a"), settlement("b", 25.41), settlement("c", -179.995, -40.0)]
GEOD = pyproj.Geod(ellps="WGS84")


def file_of(tmp_path: Path, *lines: str, name: str = "truth.csv", encoding="utf-8") -> Path:
    path = tmp_path / name
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def read(tmp_path: Path, *lines: str):
    return read_truths(file_of(tmp_path, *lines), PLACES)


def faults(tmp_path: Path, *lines: str) -> str:
    with pytest.raises(TruthError) as caught:
        read(tmp_path, *lines)
    assert caught.value.exit_status == 21
    return caught.value.message


HEADER = "place,earliest,latest,kind,share,lon,lat"


def test_a_row_is_read_in_full(tmp_path):
    (truth,) = read(tmp_path, HEADER, "Village a,2023-03-03,2023-03-05,burned,0.75,,")
    assert (truth.settlement, truth.kind, truth.share) == ("a", Kind.BURNED, 0.75)
    assert truth.earliest == datetime(2023, 3, 3, tzinfo=UTC)
    assert truth.latest == datetime(2023, 3, 5, 23, 59, 59, 999999, tzinfo=UTC)
    assert truth.where == "line 2"


def test_a_time_is_taken_as_it_is_and_carried_to_utc(tmp_path):
    row = "a,2023-03-03T14:30+02:00,2023-03-03T13:00Z,BURNED"
    (truth,) = read(tmp_path, " Place ,Earliest,Latest,Kind,remarks", row + ",anything")
    assert truth.earliest == datetime(2023, 3, 3, 12, 30, tzinfo=UTC)
    assert truth.latest == datetime(2023, 3, 3, 13, tzinfo=UTC)
    assert truth.share is None


def test_a_place_is_found_by_name_in_any_case_or_by_id(tmp_path):
    rows = ("VILLAGE  B,2023-01-01,2023-01-01,burned", "a,2023-01-01,2023-01-01,burned")
    truths = read(tmp_path, "place,earliest,latest,kind", *rows)
    assert [truth.settlement for truth in truths] == ["b", "a"]


def test_a_table_without_a_row_says_that_nothing_happened(tmp_path):
    assert read(tmp_path, HEADER) == ()


def test_blank_lines_are_passed_over_and_lines_counted_as_in_an_editor(tmp_path):
    path = file_of(tmp_path, HEADER, "", '"Village', ' a",2023-01-01,2023-01-01,burned,,,')
    (truth,) = read_truths(path, PLACES)
    assert (truth.settlement, truth.where) == ("a", "line 4")


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    text = f"{HEADER}\na,2023-01-01,2023-01-01,burned,,,"
    (truth,) = read_truths(file_of(tmp_path, text, encoding="utf-8-sig"), PLACES)
    assert truth.settlement == "a"


@given(bearing=st.floats(0, 360), away=st.floats(1, 1200), place=st.sampled_from(PLACES))
def test_a_point_picks_the_settlement_within_500_metres(bearing, away, place):
    # From a corner outwards: within the quarter beyond it the corner is the nearest point.
    west, south, _, _ = place.geometry.bounds
    lon, lat, _ = GEOD.fwd(west, south, 180 + bearing / 4, away)
    finder = Finder(PLACES)
    if away > 500.01:
        with pytest.raises(ValueError, match="more than 500 m away from every settlement"):
            finder.find("", (lon, lat))
    elif away < 499.99:
        assert finder.find("", (lon, lat)) is place


def test_a_point_inside_wins_over_a_near_one_and_a_name_over_a_point():
    near = settlement("near", 25.331)
    finder = Finder([*PLACES, near])
    assert finder.find("", (25.3199, 13.61)).id == "a"
    assert finder.find("", (25.3211, 13.61)).id == "near"
    assert finder.find("Village near", (25.3199, 13.61)).id == "near"
    with pytest.raises(ValueError, match="away from the settlement of that name"):
        finder.find("Village b", (25.31, 13.61))


def test_of_two_places_of_one_name_the_point_tells_which():
    twin = dataclasses.replace(settlement("twin", 26.0), name="village A")
    finder = Finder([*PLACES, twin])
    with pytest.raises(ValueError, match="2 settlements are called so: give lon and lat"):
        finder.find("Village a", None)
    assert finder.find("Village a", (26.0, 13.61)).id == "twin"


def test_everything_wrong_is_listed_at_once_with_its_line(tmp_path):
    said = faults(
        tmp_path,
        HEADER,
        "Nowhere,2023-01-01,2023-01-01,burned,,,",
        "a,2023-02-01,2023-01-01,burned,,,",
        "a,03/03/2023,,flooded,75,,",
        ",2023-01-01,2023-01-01,,0.5,,",
        "a,2023-01-01T10:00,2023-01-01,burned,,25,x",
        "a,2023-01-01,2023-01-01,burned,0,5,,x",
        "b,2023-01-01,2023-01-01,burned,,,",
        "b,2023-01-01,2023-01-01,burned,0.5,,",
    )
    for words in (
        "12 things are wrong with it",
        "line 2 names the place 'Nowhere', which is no settlement of the file",
        "line 3 has an earliest after its latest",
        "line 4 has the kind 'flooded': give one of burned, razed",
        "line 4 has the share '75': give a number from 0 to 1",
        "line 4 has the earliest '03/03/2023': give a date such as 2023-03-03",
        "line 4 has no latest",
        "line 5 has no kind",
        "line 5 names no place: give place, or lon and lat",
        "line 6 has the earliest '2023-01-01T10:00' without a time zone",
        "line 6 has the lon, lat '25', 'x'",
        "line 7 has 8 cells under 7 columns: quote a cell with a comma",
        "line 9 says the same as line 8",
    ):
        assert words in said, words


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ((), "it is empty"),
        (("place,earliest,kind",), "it needs the columns place or lon and lat"),
        (("earliest,latest,kind,lon",), "it has earliest, latest, kind, lon"),
        (("place;earliest;latest;kind",), "cut it with commas, not semicolons"),
        (("place,place,earliest,latest,kind",), "the column place twice"),
        ((HEADER, 'a,"2023'), "not readable as CSV"),
        (('{"type": "Feature"}',), "no GeoJSON FeatureCollection"),
        (('{"type": ',), "not readable as GeoJSON"),
    ],
)
def test_a_file_of_another_shape_is_refused(tmp_path, lines, words):
    assert words in faults(tmp_path, *lines)


def test_another_encoding_and_a_missing_file_are_refused(tmp_path):
    path = file_of(tmp_path, HEADER, "Kébé,2023-01-01,2023-01-01,burned,,,", encoding="latin-1")
    with pytest.raises(TruthError, match="not in UTF-8"):
        read_truths(path, PLACES)
    with pytest.raises(RegionError, match="cannot be read"):
        read_truths(tmp_path / "absent.csv", PLACES)


def feature(geometry, **properties):
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def test_geojson_says_the_same_in_its_properties(tmp_path):
    dates = {"earliest": "2023-01-01", "latest": "2023-01-02", "kind": "burned"}
    point = {"type": "Point", "coordinates": [25.41, 13.61]}
    line = {"type": "LineString", "coordinates": [[25.41, 13.61], [25.42, 13.61]]}
    collection = {
        "type": "FeatureCollection",
        "features": [feature(None, place="a", share=0.5, **dates), feature(point, **dates)],
    }
    path = file_of(tmp_path, json.dumps(collection), name="truth.geojson")
    first, second = read_truths(path, PLACES)
    assert (first.settlement, first.share, first.where) == ("a", 0.5, "feature 1")
    assert (second.settlement, second.share) == ("b", None)
    collection["features"] = [feature(line, **dates), None, feature(None, place=1, share=True)]
    said = faults(tmp_path, json.dumps(collection))
    assert "feature 1 has a geometry that is no Point" in said
    assert "feature 2 has no properties" in said
    assert "feature 3 has the share 'True'" in said
