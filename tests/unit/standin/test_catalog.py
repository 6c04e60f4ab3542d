"""The Catalog stand-in lists what is on disk, in pages, under the names the real one gives."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest

from tests.standin import Standin
from tests.support.catalogue import every, make_catalogue, uniform
from tests.support.plain_client import ask, bearer, token
from tests.support.radar import ASCENDING, DESCENDING, even, make_radar_catalogue

DAYS = every(date(2020, 6, 1), date(2020, 7, 1))
NAME = r"S2B_MSIL2A_2020\d{4}T100000_N0214_R093_T34TFQ_2020\d{4}T160000\.SAFE"
YEAR = "2020-01-01T00:00:00Z/2020-12-31T23:59:59Z"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("catalog")
    make_catalogue(folder / "optical", DAYS, uniform(B04=1500))
    make_radar_catalogue(folder / "radar", [date(2020, 6, 3)], even())
    with Standin(folder) as running:
        yield running


@pytest.fixture(scope="module")
def opened(server):
    return token(server)


def search(server, opened, **asked):
    body = {"collections": ["sentinel-2-l2a"], "datetime": YEAR, **asked}
    url = f"{server.url}/api/v1/catalog/1.0.0/search"
    return ask(url, "POST", body, bearer(opened))


def test_items_have_the_real_shape(server, opened):
    item = search(server, opened, limit=1).json()["features"][0]
    assert re.fullmatch(NAME, item["id"])
    stated = item["properties"]
    assert stated["datetime"] == "2020-07-01T10:00:00Z", "the newest comes first"
    assert stated["platform"] == "sentinel-2b"
    assert stated["proj:epsg"] == 32634
    assert stated["proj:bbox"] == [630_000, 4_951_400, 630_600, 4_952_000]
    assert set(item["assets"]) == {"data"}, "no band has a file of its own there"


def test_pages_give_every_scene_once(server, opened):
    found, mark, pages = [], None, 0
    while True:
        page = search(server, opened, limit=3, **({"next": mark} if mark else {})).json()
        found += [item["id"] for item in page["features"]]
        pages += 1
        assert page["context"]["returned"] == len(page["features"]) <= 3
        mark = page["context"].get("next")
        if mark is None:
            break
    assert pages == 3
    assert len(found) == len(set(found)) == len(DAYS) == 7


@pytest.mark.parametrize("limit", [0, 101, "many"])
def test_a_page_holds_at_most_a_hundred(server, opened, limit):
    assert search(server, opened, limit=limit).status == 400


def test_time_and_place_choose(server, opened):
    def count(**asked):
        return len(search(server, opened, limit=100, **asked).json()["features"])

    assert count(datetime="2020-06-06T10:00:00Z/2020-06-11T09:59:59Z") == 1
    assert count(datetime="2020-06-06T10:00:00Z") == 1
    assert count(datetime="../2020-06-06T10:00:00Z") == 2
    assert count(bbox=[22.0, 44.0, 23.0, 45.0]) == 7
    assert count(bbox=[20.0, 44.0, 21.0, 45.0]) == 0
    point = {"type": "Point", "coordinates": [22.6447, 44.707]}
    assert count(intersects=point) == 7


def test_filters_and_distinct_dates(server, opened):
    none = search(server, opened, filter="eo:cloud_cover > 40", **{"filter-lang": "cql2-text"})
    assert none.json()["features"] == []
    dates = search(server, opened, distinct="date", limit=100).json()["features"]
    assert dates == sorted((f"{day:%Y-%m-%d}" for day in DAYS), reverse=True)
    assert search(server, opened, filter="what ?").status == 400


def test_radar_items_say_how_they_were_taken(server, opened):
    found = search(server, opened, collections=["sentinel-1-grd"]).json()["features"]
    assert [item["properties"]["sat:orbit_state"] for item in found] == ["ascending", "descending"]
    for item, track in zip(found, (ASCENDING, DESCENDING), strict=True):
        stated = item["properties"]
        assert stated["sar:instrument_mode"] == "IW"
        assert (stated["s1:polarization"], stated["s1:resolution"]) == ("DV", "HIGH")
        # The mission's rule: relative orbit = (absolute orbit - 73) mod 175 + 1, of Sentinel-1A.
        absolute = int(item["id"].split("_")[6])
        assert (absolute - 73) % 175 + 1 == track.orbit
        assert "sat:relative_orbit" not in stated, "it is not told there"


@pytest.mark.parametrize(
    "change", [{"collections": ["landsat"]}, {"datetime": None}, {"bbox": [1, 2]}, {"next": "x"}]
)
def test_what_is_not_understood_is_refused(server, opened, change):
    assert search(server, opened, **change).status == 400


def test_what_is_published_later_is_not_there_yet(tmp_path):
    make_catalogue(tmp_path, [date(2020, 6, 1)], uniform(B04=1500))
    with Standin(tmp_path) as server:
        opened = token(server)
        server.now = datetime(2020, 6, 1, 15, 59, tzinfo=UTC)
        assert search(server, opened).json()["features"] == []
        server.now = datetime(2020, 6, 1, 16, 0, tzinfo=UTC)
        assert len(search(server, opened).json()["features"]) == 1
        make_catalogue(tmp_path, [date(2020, 5, 1)], uniform(B04=1500))
        assert len(search(server, opened).json()["features"]) == 2, "a late scene is seen"
