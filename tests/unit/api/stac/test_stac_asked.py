"""What a search asks for: every fault is told at once, and the same by either way of asking."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box, mapping, shape

from api.problems import Problem
from api.stac.asked import DEFAULT, MOST, from_body, from_query
from api.stac.words import COLLECTIONS

POLYGON = mapping(box(25, 13, 26, 14))
BOW_TIE = [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]


def test_nothing_asked_is_everything_in_pages_of_a_hundred() -> None:
    asked = from_query()
    assert asked == from_body({})
    assert asked.collections == tuple(COLLECTIONS)
    assert (asked.limit, asked.ids, asked.area, asked.since, asked.until) == (
        DEFAULT, None, None, None, None,
    )  # fmt: skip


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(Problem) as raised:
        from_query(bbox="1,2,3", intersects="[1]", datetime_="yesterday")
    assert raised.value.status == 400
    assert sorted({where for where, _ in raised.value.faults}) == [
        "query.bbox", "query.datetime", "query.intersects",
    ]  # fmt: skip
    with pytest.raises(Problem) as raised:
        from_body({"bbox": [1, 2], "limit": 0, "fields": {}, "ids": "a"})
    assert sorted(where for where, _ in raised.value.faults) == [
        "body.bbox", "body.fields", "body.ids", "body.limit",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        [], None, "x", {"bbox": [1, 2, 3, 4], "intersects": POLYGON}, {"bbox": [0, 2, 1, 1]},
        {"bbox": [0, 0, 0, 0, 0]}, {"bbox": [-181, 0, 0, 0]},
        {"intersects": {"type": "Point"}}, {"intersects": {"type": "Feature"}},
        {"intersects": {"type": "Point", "coordinates": [181, 0]}},
        {"intersects": {"type": "LineString", "coordinates": [[n / 10, 0] for n in range(700)]}},
        {"intersects": {"type": "Polygon", "coordinates": BOW_TIE}},
        {"ids": ["x"] * 1001}, {"limit": -1},
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_refused(body: Any) -> None:
    with pytest.raises(Problem) as raised:
        from_body(body)
    assert raised.value.status == 400
    assert raised.value.faults


@pytest.mark.parametrize(
    "text",
    ["", "/", "../..", "/..", "../", "2020-01-01", "2020-01-01T00:00:00", "2020-13-01T00:00:00Z",
     "2020-01-01T00:00:00Z/2019-01-01T00:00:00Z", "2020-01-01T00:00:00+0100", "x/y",
     "2020-01-01T00:00:00Z/2020-01-02T00:00:00Z/.."],
)  # fmt: skip
def test_a_time_is_one_moment_or_two_with_a_zone(text: str) -> None:
    with pytest.raises(Problem):
        from_query(datetime_=text)


@given(
    first=st.integers(0, 4 * 10**9).map(lambda seconds: datetime.fromtimestamp(seconds, UTC)),
    length=st.timedeltas(min_value=datetime.resolution * 0, max_value=datetime.resolution * 10**15),
    left=st.sampled_from(["both", "since", "until"]),
)
def test_periods_are_read_as_they_are_written(first: Any, length: Any, left: str) -> None:
    since, until = first, first + length
    written = [one.isoformat().replace("+00:00", "Z") for one in (since, until)]
    if left == "since":
        written[0] = ".."
    if left == "until":
        written[1] = ""
    asked = from_query(datetime_="/".join(written))
    assert asked.since == (None if left == "since" else since)
    assert asked.until == (None if left == "until" else until)


def test_a_geometry_a_box_and_names_are_the_same_by_query_and_by_body() -> None:
    by_query = from_query(
        intersects=json.dumps(POLYGON), ids="b,a,b", collections="masks,nothing", limit=5
    )
    by_body = from_body(
        {"intersects": POLYGON, "ids": ["a", "b"], "collections": ["nothing", "masks"], "limit": 5}
    )
    assert by_query.question == by_body.question
    assert (by_query.ids, by_query.collections, by_query.limit) == (("a", "b"), ("masks",), 5)
    assert by_query.area is not None and by_query.area.equals(shape(POLYGON))
    box_asked = from_query(bbox="170,-20,-170,-10")
    assert box_asked.question == from_body({"bbox": [170, -20, -170, -10]}).question
    assert from_body({"bbox": [170, -20, 5, -170, -10, 9]}).question == box_asked.question
    assert box_asked.area is not None
    assert box_asked.area.equals(box(170, -20, 180, -10).union(box(-180, -20, -170, -10)))


def test_a_cursor_is_bound_to_what_is_asked_but_not_to_how_much() -> None:
    assert from_query(limit=1).question == from_query(limit=9, after="x").question
    for other in ({"ids": "a"}, {"bbox": "0,0,1,1"}, {"collections": "masks"},
                  {"datetime_": "2020-01-01T00:00:00Z/.."}):  # fmt: skip
        assert from_query(**other).question != from_query().question  # type: ignore[arg-type]


def test_more_than_the_most_is_the_most() -> None:
    assert from_query(limit=10**9).limit == MOST
