"""Searching: pages that do not end, do not say so, or say the same twice."""

import copy
import json
import logging
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box, mapping

from imagery.errors import ImageryError, IntegrityError, Permanent, Transient
from imagery.hub.asking import Exchange
from imagery.hub.catalogue import MOST_PAGES, PAGE, search
from imagery.net.types import Deadline
from imagery.types import Query
from tests.support.hub import Scripted
from tests.support.items import sentinel_hub_sentinel_1, sentinel_hub_sentinel_2

HERE = "https://hub.example.org"
COLLECTIONS = ("sentinel-2-l2a", "sentinel-1-grd")
YEAR = Query(
    box(33, 2, 35, 4), datetime(2023, 1, 1, tzinfo=UTC), datetime(2023, 12, 31, tzinfo=UTC)
)


def optical(number, **properties):
    """Make the item of one pass, five days after the one before."""
    at = datetime(2023, 1, 12, 8, 15, 24, tzinfo=UTC) + timedelta(days=5 * number)
    item = copy.deepcopy(sentinel_hub_sentinel_2())
    item["id"] = item["id"].replace("20230112T0803", f"{at:%Y%m%dT%H%M}")
    item["properties"] |= {"datetime": f"{at:%Y-%m-%dT%H:%M:%SZ}", **properties}
    return item


class Pages:
    """A catalogue of items, a few to a page, whose pages can be altered."""

    def __init__(self, items, alter=lambda document, number: document, page=PAGE):
        self.items, self.alter, self.page, self.number = items, alter, page, 0
        self.sender = Scripted(self.answer)

    def answer(self, request):
        asked = json.loads(request.body)
        first = asked.get("next", 0)
        items = [i for i in self.items if i["collection"] == asked["collections"][0]]
        context = {"limit": self.page, "returned": len(items[first : first + self.page])}
        if first + self.page < len(items):
            context["next"] = first + self.page
        document = {
            "type": "FeatureCollection",
            "features": items[first : first + self.page],
            "context": context,
            "links": [],
        }
        self.number += 1
        made = self.alter(copy.deepcopy(document), self.number)
        return (made if isinstance(made, bytes) else json.dumps(made).encode()), 0.01

    def found(self, query=YEAR, collections=COLLECTIONS):
        self.exchange = Exchange(self.sender, Deadline.after(60.0))
        return list(search(self.exchange, HERE, collections, query))


def down(*collections):
    """Return an alteration that fails for some collections."""

    def alter(document, number):
        if pages.sender.bodies()[-1]["collections"][0] in collections:
            raise Transient("answered 503")
        return document

    pages = Pages([optical(0), optical(1), sentinel_hub_sentinel_1()], alter)
    return pages


def test_what_of_one_sensor_cannot_be_listed_does_not_hide_the_others():
    pages, told = down("sentinel-1-grd"), []
    pages.exchange = Exchange(pages.sender, Deadline.after(60.0))
    with pytest.raises(Transient, match="sentinel-1-grd: answered 503") as failed:
        told.extend(search(pages.exchange, HERE, COLLECTIONS, YEAR))
    assert failed.value.collections == ("sentinel-1-grd",)
    # A list takes what came before the error.
    assert [scene.sensor for scene in told] == ["sentinel-2-l2a"] * 2


def test_where_nothing_answers_no_sensor_is_named():
    with pytest.raises(Transient) as failed:
        down(*COLLECTIONS).found()
    assert failed.value.collections == ()


def test_all_pages_are_read_and_scenes_come_in_order():
    pages = Pages([*(optical(24 - n) for n in range(25)), sentinel_hub_sentinel_1()], page=4)
    scenes = pages.found()
    assert len(scenes) == 26
    assert scenes == sorted(scenes, key=lambda scene: (scene.sensed, scene.id))
    assert len(pages.sender.asked) == 7 + 1
    assert pages.exchange.units == pytest.approx(0.08)


def test_what_is_asked_for_is_a_box_and_a_time_in_whole_seconds():
    pages = Pages([])
    pages.found(replace(YEAR, start=YEAR.start + timedelta(microseconds=7)))
    assert pages.sender.bodies()[0] == {
        "collections": ["sentinel-2-l2a"],
        "datetime": "2023-01-01T00:00:00Z/2023-12-31T00:00:01Z",
        "bbox": [33.0, 2.0, 35.25, 4.25],
        "limit": 100,
    }
    assert {request.url for request in pages.sender.asked} == {
        f"{HERE}/api/v1/catalog/1.0.0/search"
    }


def test_f60_five_hundred_items_after_an_outage_come_once_and_in_order():
    tiles = [f"36N{a}{b}" for a in "ABCDEFGHJKLMNPQRSTUVW" for b in "ABCDEFGHJKLMNPQRSTUVWXYZ"]
    items = []
    for tile in tiles[:500]:
        item = optical(0)
        items.append({**item, "id": item["id"].replace("36NXF", tile)})
    scenes = Pages(items[::-1]).found()
    assert [scene.tile for scene in scenes] == tiles[:500]


def test_f54_the_same_item_on_two_pages_is_one_scene():
    items = [optical(0), optical(1), optical(0), optical(1)]
    assert len(Pages(items, page=2).found()) == 2
    other = {**optical(0), "bbox": [0, 0, 0, 0]}
    once = Pages([optical(0), other]).found()
    assert once == Pages([other, optical(0)]).found() and len(once) == 1


def test_f52_a_next_that_repeats_is_an_error_and_not_a_short_answer():
    def same(document, number):
        document["context"]["next"] = 1
        return document

    pages = Pages([optical(0), optical(1)], same, page=1)
    with pytest.raises(IntegrityError, match="circles"):
        pages.found()
    assert len(pages.sender.asked) == 2


def test_f52_a_next_that_never_ends_is_bounded():
    def more(document, number):
        document["features"] = [optical(0)]
        document["context"]["next"] = number
        return document

    pages = Pages([], more)
    with pytest.raises(Permanent, match="shorter time"):
        pages.found()
    assert len(pages.sender.asked) == MOST_PAGES


def test_f52_a_next_after_an_empty_page_is_asked_again_and_refused():
    def lost(document, number):
        document["context"]["next"] = 5
        return document

    pages = Pages([], lost)
    with pytest.raises(IntegrityError, match="empty page"):
        pages.found()
    assert len(pages.sender.asked) == 3


def without_context(document, number):
    following = document.pop("context").get("next")
    if following is not None:
        document["links"] = [{"rel": "next", "method": "POST", "body": {"next": following}}]
    return document


def test_f53_without_a_context_the_links_are_followed():
    pages = Pages([optical(n) for n in range(7)], without_context, page=3)
    assert len(pages.found()) == 7


def test_f53_a_full_page_that_says_nothing_of_the_next_is_refused():
    def silent(document, number):
        del document["context"], document["links"]
        return document

    assert len(Pages([optical(n) for n in range(5)], silent).found()) == 5
    with pytest.raises(IntegrityError, match="another page"):
        Pages([optical(n) for n in range(PAGE)], silent).found()


@pytest.mark.parametrize(
    "page",
    [
        b"", b"<html>", b"[]", b"null", b'{"features": null, "context": {}}', b'{"context": {}}',
        b'{"features": [], "context": []}', b'{"features": {}, "context": {}}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_f53_what_is_no_page_is_asked_for_again_and_then_refused(page):
    pages = Pages([], lambda document, number: page)
    with pytest.raises(IntegrityError):
        pages.found()
    assert len(pages.sender.asked) == 3
    healed = Pages([optical(0)], lambda document, n: page if n == 1 else document)
    assert len(healed.found()) == 1


def test_one_broken_item_is_left_out_and_said(caplog):
    broken = {**optical(1), "geometry": None}
    with caplog.at_level(logging.WARNING):
        scenes = Pages([optical(0), broken, optical(2)]).found()
    assert [scene.sensed.day for scene in scenes] == [12, 22]
    assert broken["id"] in caplog.text


def test_a_scene_meets_its_query_exactly():
    items = [optical(n) for n in range(3)]
    second = datetime(2023, 1, 17, 8, 15, 24, tzinfo=UTC)
    assert len(Pages(items).found(replace(YEAR, start=second))) == 2
    assert len(Pages(items).found(replace(YEAR, end=second))) == 2
    assert not Pages(items).found(replace(YEAR, start=second + timedelta(microseconds=1), end=second
                                          + timedelta(seconds=1)))  # fmt: skip
    assert not Pages(items).found(replace(YEAR, area=box(0, 0, 1, 1)))
    assert not Pages(items).found(replace(YEAR, collection="landsat"))
    assert not Pages(items).found(replace(YEAR, collection="sentinel-1-grd"))


def test_f55_a_late_item_is_new_and_so_is_one_that_does_not_say_when_it_came():
    items = [
        optical(0, created="2023-03-01T00:00:00Z"),
        optical(1, created="2023-02-01T00:00:00Z"),
        optical(2, created=None),
    ]
    got = Pages(items).found(replace(YEAR, published_after=datetime(2023, 2, 15, tzinfo=UTC)))
    assert [scene.sensed.day for scene in got] == [12, 22]


def test_f59_an_area_across_180_degrees_is_found_on_both_sides_once():
    across = optical(0)
    outline = box(179.5, -17, 180, -16).union(box(-180, -17, -179.5, -16))
    across["geometry"] = mapping(outline)
    pages = Pages([across])
    assert len(pages.found(replace(YEAR, area=outline))) == 1
    assert [body["bbox"] for body in pages.sender.bodies()[:2]] == [
        [-180.0, -17.0, -179.25, -15.75], [179.5, -17.0, 180.0, -15.75],
    ]  # fmt: skip


@settings(max_examples=60)
@given(data=st.data())
def test_of_a_broken_item_only_imagery_errors_come(data):
    item = optical(0)
    for _ in range(data.draw(st.integers(1, 3))):
        holder = item
        while True:
            keys = sorted(holder) if isinstance(holder, dict) else list(range(len(holder)))
            key = data.draw(st.sampled_from(keys))
            child = holder[key]
            if not child or not isinstance(child, dict | list) or data.draw(st.booleans()):
                break
            holder = child
        holder[key] = data.draw(
            st.sampled_from([None, [], {}, "", "x", -1, 10**400, 1e308, [[[]]], {"a": 1}, True])
        )
    pages = Pages([])
    pages.answer = lambda request: (
        json.dumps({"features": [item, optical(1)], "context": {}}).encode(), None,
    )  # fmt: skip
    pages.sender = Scripted(pages.answer)
    try:
        found = pages.found(collections=COLLECTIONS[:1])
    except ImageryError:
        return
    assert optical(1)["id"] in {scene.id for scene in found}
