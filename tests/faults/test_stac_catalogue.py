"""Faults of STAC catalogues; the numbers are those of docs/faults.md."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from shapely.geometry import box

from imagery.errors import IntegrityError
from imagery.looks import group_acquisitions
from imagery.stacapi import search as searching
from imagery.types import Query
from tests.support.drawn_stac import (
    AREA,
    START,
    YEAR,
    item,
    provider,
)  # fmt: skip
from tests.support.fake_stac import API, FakeStac, made
from tests.support.listed import listed


def days(count: int, step: timedelta = timedelta(days=1)) -> list[dict]:
    return [item(f"T34TFQ_{n:04d}", START + n * step) for n in range(count)]


def paged(body: dict, stac: FakeStac, more: bool = True) -> dict:
    first, found = int(body.get("token", 0)), stac.matching(body)
    link = {"rel": "next", "href": f"{API}/search", "method": "POST", "merge": True,
            "body": {"token": first + body["limit"]}}  # fmt: skip
    page = found[first : first + body["limit"]]
    return {"features": page, "links": [link] if first + body["limit"] < len(found) else []}


def test_f52_a_next_page_that_was_sent_before_ends_the_search_in_an_error(tmp_path):
    link = {"rel": "next", "href": f"{API}/search", "method": "POST", "body": {"token": "same"}}
    stac = FakeStac(search=lambda body, stac: {"features": days(3), "links": [link]})
    with pytest.raises(IntegrityError, match="already sent"):
        list(provider(stac, tmp_path).search(YEAR))
    assert len(stac.requests) == 2


def test_f52_pages_without_end_that_hold_nothing_new_end_in_an_error(tmp_path):
    def forever(body, stac):
        token = int(body.get("token", 0)) + 1
        link = {"rel": "next", "href": f"{API}/search", "method": "POST", "merge": True,
                "body": {"token": token}}  # fmt: skip
        return {"features": days(3), "links": [link]}

    stac = FakeStac(search=forever)
    with pytest.raises(IntegrityError, match="without end"):
        list(provider(stac, tmp_path).search(YEAR))
    assert len(stac.requests) == 4


@pytest.mark.parametrize(
    "page", [{}, {"links": []}, {"links": None}, {"links": ["x"]}, {"context": {}}]
)
def test_f53_a_page_without_links_or_context_is_the_last(tmp_path, page):
    stac = FakeStac(
        search=lambda body, stac: {"features": stac.matching(body), **page}, items=days(5)
    )
    assert len(list(provider(stac, tmp_path).search(YEAR))) == 5


def test_f53_full_pages_without_links_are_taken_apart_by_time_so_that_no_look_is_lost(tmp_path):
    def first_page_only(body, stac):
        return {"features": stac.matching(body)[: body["limit"]]}

    items = days(700, timedelta(hours=12))
    stac = FakeStac(search=first_page_only, items=items)
    found = list(provider(stac, tmp_path).search(YEAR))
    assert [one.id for one in found] == [one["id"] for one in items]


@pytest.mark.parametrize(
    "answer", ["<html>busy</html>", "[]", '{"features": 3}', "{", '{"features": [1]}']
)
def test_f53_what_is_no_page_is_asked_for_again_and_then_refused(tmp_path, answer):
    stac = FakeStac()
    stac._answer = lambda request, tried: made(answer, tried)
    with pytest.raises(IntegrityError):
        list(provider(stac, tmp_path).search(YEAR))
    assert len(stac.requests) == 3


def test_f54_an_item_listed_twice_is_one_scene_as_it_was_last_updated(tmp_path):
    first = item(updated=START, baseline="05.09")
    second = item(updated=START + timedelta(hours=3), baseline="05.10")
    for items in ([first, second], [second, first], [first, second, first]):
        stac = FakeStac(search=lambda body, stac, items=items: {"features": items, "links": []})
        (found,) = provider(stac, tmp_path).search(YEAR)
        assert found.baseline == "05.10"


def test_f54_tiles_and_processings_of_one_pass_stay_apart_and_are_one_look(tmp_path):
    names = [f"S2B_MSIL2A_20260101T093039_N{n}_R136_T34T{tile}_20260101T{n}30" for n, tile in
             (("0509", "FQ"), ("0510", "FQ"), ("0509", "EQ"))]  # fmt: skip
    items = [item(name, baseline=None) for name in names]
    found = list(provider(FakeStac(items=items), tmp_path).search(YEAR))
    assert [one.id for one in found] == sorted(names)
    (look,) = group_acquisitions(found)
    assert names[1] in [one.id for one in look.scenes]
    assert names[0] in [one.id for one in look.superseded]


def test_f55_a_late_item_sensed_before_the_mark_is_found_by_its_publication(tmp_path):
    mark = START + timedelta(days=30)
    items = days(20)
    late = item("T34TFQ_late", START, published=mark + timedelta(hours=1))
    again = item("T34TFQ_again", START, updated=mark + timedelta(hours=2))
    stac = FakeStac(items=[*items, late, again])
    found = provider(stac, tmp_path).search(replace(YEAR, published_after=mark))
    assert [one.id for one in found] == ["T34TFQ_again", "T34TFQ_late"]


@pytest.mark.parametrize(
    "text",
    ["2026-01-10T10:00:00Z", "2026-01-10T10:00:00.024Z", "2026-01-10T10:00:00.024123Z",
     "2026-01-10T12:00:00+02:00", "2026-01-10T04:30:00.5-05:30", "2026-01-10 10:00:00+00:00"],
)  # fmt: skip
def test_f59_a_time_is_the_same_moment_however_it_is_written(tmp_path, text):
    one = item()
    one["properties"]["datetime"] = text
    moment = datetime.fromisoformat(text)
    asked = Query(AREA, moment, moment)
    stac = FakeStac(items=[one])
    (found,) = provider(stac, tmp_path).search(asked)
    assert found.sensed == moment and found.sensed.utcoffset() == timedelta(0)
    told = stac.searches[0]["datetime"].split("/")
    assert all(part.endswith("Z") and "." not in part for part in told)
    assert not list(
        provider(stac, tmp_path).search(Query(AREA, moment + timedelta(microseconds=1), YEAR.end))
    )


def test_f59_a_time_without_a_zone_leaves_out_the_item_and_no_other(tmp_path, caplog):
    items = days(3)
    items[1]["properties"]["datetime"] = "2026-01-02T00:00:00"
    stac = FakeStac(search=lambda body, stac: {"features": items, "links": []})
    assert len(list(provider(stac, tmp_path).search(YEAR))) == 2
    assert "no time zone" in caplog.text


def test_f59_a_place_on_the_date_line_is_asked_for_and_found_on_both_sides(tmp_path):
    east = listed(START, "T01KAB_1", at=(-180.0, -17.0))
    west = listed(START, "T60KXF_1", at=(179.0, -17.0))
    stac = FakeStac(items=[east, west])
    asked = Query(box(179.9, -16.6, 180.1, -16.4), YEAR.start, YEAR.end)
    found = provider(stac, tmp_path).search(asked)
    assert [one.id for one in found] == ["T01KAB_1", "T60KXF_1"]
    assert all(body["bbox"][2] - body["bbox"][0] <= 0.5 for body in stac.searches)


def test_f59_a_shape_of_many_corners_is_told_in_few(tmp_path):
    stac = FakeStac(items=days(2))
    coast = box(22.0, 44.0, 23.0, 45.0).buffer(0.01, quad_segs=2000)
    found = list(provider(stac, tmp_path).search(Query(coast, YEAR.start, YEAR.end)))
    assert len(found) == 2 and len(json.dumps(stac.searches[0])) < 500


def test_f60_a_burst_of_500_rows_comes_in_order_and_no_more_is_held_than_allowed(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(searching, "MOST_HELD", 120)
    items = days(500, timedelta(hours=3))
    order = np.random.default_rng(1).permutation(500)
    largest = []

    def answer(body, stac):
        body = {**body, "limit": 50}
        page = paged(body, stac)
        largest.append(int(body.get("token", 0)) + len(page["features"]))
        return page

    stac = FakeStac(items=[items[n] for n in order], search=answer)
    found = [one.id for one in provider(stac, tmp_path).search(YEAR)]
    assert found == [one["id"] for one in items]
    assert max(largest) <= 120 + 50 and len(stac.requests) < 60
