"""Searches: all scenes, each once, in order, whichever way the catalogue links its pages."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from imagery.errors import IntegrityError, Permanent
from imagery.stacapi import search as searching
from imagery.stacapi.dialects import PLAIN, scene_of
from imagery.stacapi.pages import PAGE, origin
from imagery.stacapi.search import search
from imagery.types import Query
from tests.support.fake_stac import API, FakeStac
from tests.support.listed import listed

START = datetime(2026, 1, 1, tzinfo=UTC)
AREA = box(33.0, 2.0, 35.0, 4.0)


def query(days: float = 365, after: datetime | None = None, area=AREA) -> Query:
    return Query(area, START, START + timedelta(days=days), published_after=after)


def run(stac: FakeStac, asked: Query | None = None, dated: str | None = None, collections=("s2",)):
    def to_scene(item):
        return scene_of(item, "stac", PLAIN)

    return list(search(stac, API, collections, asked or query(), to_scene, dated))


def pages(link):
    """Return a catalogue that sends pages of ten, linked in the given way."""

    def answer(body, stac):
        first = int(body.get("token", 0))
        found = stac.matching(body)
        page = {"features": found[first : first + 10], "links": [{"rel": "self", "href": API}]}
        if first + 10 < len(found):
            page["links"].append({"rel": "next", **link(body, first + 10)})
        return page

    return answer


def by_post(body, first):
    return {"href": f"{API}/search", "method": "POST", "body": {**body, "token": first}}


def by_merge(body, first):
    return {"href": f"{API}/search", "method": "post", "merge": True, "body": {"token": first}}


def by_relative(body, first):
    return {"href": "search", "method": "POST", "merge": True, "body": {"token": first}}


@pytest.mark.parametrize("link", [by_post, by_merge, by_relative])
@given(st.lists(st.integers(0, 360), max_size=45), st.randoms(use_true_random=False))
def test_every_scene_comes_once_and_in_order(link, days, random):
    items = [listed(START + timedelta(days=day), f"T{n:03d}") for n, day in enumerate(days)]
    random.shuffle(items)
    stac = FakeStac(items=items, search=pages(link))
    scenes = run(stac)
    assert [scene.sensed for scene in scenes] == sorted(START + timedelta(days=day) for day in days)
    assert scenes == sorted(scenes, key=lambda scene: (scene.sensed, scene.id))
    assert len({scene.id for scene in scenes}) == len(items)


def test_what_is_asked_says_ground_time_and_collection():
    stac = FakeStac()
    after = START + timedelta(days=3, microseconds=5)
    asked = Query(AREA, START, START + timedelta(days=9, milliseconds=1), published_after=after)
    run(stac, asked, dated="updated")
    assert stac.searches == [
        {
            "collections": ["s2"],
            "bbox": [33.0, 2.0, 35.25, 4.25],
            "datetime": "2026-01-01T00:00:00Z/2026-01-10T00:00:01Z",
            "query": {"updated": {"gte": "2026-01-04T00:00:00Z"}},
            "limit": PAGE,
        }
    ]


def test_a_catalogue_that_cannot_be_asked_for_what_is_new_is_not_asked():
    stac = FakeStac()
    run(stac, query(after=START))
    assert "query" not in stac.searches[0]


def test_scenes_of_no_known_publication_are_given_rather_than_missed():
    dated, undated = listed(START, "T001", published=START), listed(START, "T002", published=None)
    stac = FakeStac(items=[dated, undated])
    assert [one.id for one in run(stac, query(after=START + timedelta(days=1)))] == ["T002"]


def test_one_broken_item_does_not_hide_the_others(caplog):
    items = [listed(START + timedelta(days=n), f"T{n}") for n in range(3)]
    items[1]["geometry"] = None
    assert [one.id for one in run(FakeStac(items=items))] == ["T0", "T2"]
    assert "left out" in caplog.text and "T1" in caplog.text


def test_what_the_catalogue_should_not_have_sent_is_left_out():
    other = listed(START, "T1", collection="landsat")
    elsewhere = listed(START, "T2", at=(100.0, 40.0))
    late = listed(START + timedelta(days=400), "T3")
    stac = FakeStac(search=lambda body, stac: {"features": [other, elsewhere, late], "links": []})
    assert run(stac) == []


def test_a_next_page_elsewhere_is_not_followed():
    def elsewhere(body, first):
        return by_post(body, first) | {"href": "https://evil.example.org/search"}

    items = [listed(START + timedelta(days=n), f"T{n}") for n in range(20)]
    stac = FakeStac(items=items, search=pages(elsewhere))
    with pytest.raises(Permanent, match=r"evil\.example\.org: not followed"):
        run(stac)
    assert len(stac.requests) == 1


@pytest.mark.parametrize(
    "href", ["file:///etc/passwd", "ftp://stac.example.org/", "https://[", "//", "javascript:1"]
)
def test_what_is_no_address_of_the_web_is_none(href):
    with pytest.raises(Permanent):
        origin(href)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://A.example.org/x?y#z", "https://a.example.org"),
        ("https://a.example.org:443/", "https://a.example.org"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080"),
        ("https://a.example.org@evil.example.org/", "https://evil.example.org"),
        ("http://[::1]:81/", "http://[::1]:81"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url, expected):
    assert origin(url) == expected


def test_more_than_may_be_held_is_asked_for_in_pieces_of_time(monkeypatch):
    monkeypatch.setattr(searching, "MOST_HELD", 25)
    items = [listed(START + timedelta(hours=7 * n), f"T{n:03d}") for n in range(200)]
    stac = FakeStac(items=items, search=pages(by_merge))
    scenes = run(stac)
    assert [scene.id for scene in scenes] == [item["id"] for item in items]


def test_a_catalogue_that_does_not_heed_the_time_is_given_up(monkeypatch):
    monkeypatch.setattr(searching, "MOST_HELD", 25)
    items = [listed(START, f"T{n:03d}") for n in range(40)]
    stac = FakeStac(search=lambda body, stac: {"features": items, "links": []})
    with pytest.raises(IntegrityError, match="does not heed"):
        run(stac)
    assert len(stac.requests) < 30
