"""The STAC stand-ins: one disk, four dialects, each as its catalogue speaks."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlencode

import numpy as np
import pytest

from tests.standin import Standin, faults, spoiling
from tests.standin.dialects import DIALECTS
from tests.support.catalogue import every, make_catalogue
from tests.support.plain_client import ask, raster
from tests.support.radar import even, make_radar_catalogue

DAYS = every(date(2020, 6, 1), date(2020, 7, 1))
OPTICAL = ("earth-search", "cdse", "planetary-computer")


def drawn(sensed):
    fine = np.arange(1, 3601, dtype=np.uint16).reshape(60, 60)
    coarse = np.arange(1, 901, dtype=np.uint16).reshape(30, 30)
    return {"B04": fine, "B8A": coarse, "SCL": np.full((30, 30), 4, np.uint16)}


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stac")
    make_catalogue(folder / "optical", DAYS, drawn, offset=True, baseline="05.00")
    make_radar_catalogue(folder / "radar", [date(2020, 6, 3)], even(), pixel_m=30.0)
    with Standin(folder) as running:
        yield running


@pytest.fixture(autouse=True)
def as_it_was(server):
    yield
    server.files.spoilt.clear()
    server.files.jpeg2000 = True
    server.closed.clear()
    server.stac_page = None


def search(server, dialect, **body):
    return ask(f"{server.stac_url(dialect)}/search", "POST", body)


def first(server, dialect, **body):
    return search(server, dialect, limit=1, **body).json()["features"][0]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_landing_page_and_collections(server, dialect):
    landing = ask(server.stac_url(dialect)).json()
    assert {link["method"] for link in landing["links"] if link["rel"] == "search"} == {
        "GET", "POST",
    }  # fmt: skip
    held = ask(f"{server.stac_url(dialect)}/collections").json()["collections"]
    assert [one["id"] for one in held] == list(DIALECTS[dialect].collections)


@pytest.mark.parametrize("dialect", OPTICAL)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_pages_give_every_scene_once(server, dialect, method):
    collection = next(iter(DIALECTS[dialect].collections))
    url = f"{server.stac_url(dialect)}/search"
    body = {"collections": [collection], "bbox": [22.0, 44.0, 23.0, 45.0], "limit": 3}
    if method == "GET":
        url += "?" + urlencode({"collections": collection, "bbox": "22,44,23,45", "limit": 3})
    found = []
    for _ in range(4):
        page = ask(url, method, body if method == "POST" else None).json()
        found += [item["id"] for item in page["features"]]
        (link,) = [one for one in page["links"] if one["rel"] == "next"] or [None]
        if link is None:
            break
        assert link["method"] == method
        url = link["href"]
        if method == "POST":
            body = {**body, **link["body"]} if link["merge"] else link["body"]
    assert len(found) == len(set(found)) == len(DAYS)


def test_the_server_may_send_smaller_pages_than_asked_for(server):
    server.stac_page = 2
    page = search(server, "earth-search", limit=100, collections=["sentinel-2-c1-l2a"]).json()
    assert len(page["features"]) == 2
    assert page["context"] == {"limit": 2, "matched": 7, "returned": 2}


def test_what_is_asked_for_chooses(server):
    def count(dialect="cdse", **body):
        return len(search(server, dialect, limit=100, **body).json()["features"])

    assert count(datetime="2020-06-06T10:00:00Z/2020-06-11T10:00:00Z") == 2
    assert count(bbox=[20.0, 44.0, 21.0, 45.0]) == 0
    assert count(intersects={"type": "Point", "coordinates": [22.6447, 44.707]}) == 7
    name = first(server, "cdse")["id"]
    assert count(ids=[name]) == 1
    late = "2020-06-26T16:00:00Z"
    assert count(query={"published": {"gte": late}}) == 2
    assert count(query={"published": {"gt": late}}) == 1
    assert count("earth-search", query={"updated": {"gte": late}},
                 collections=["sentinel-2-c1-l2a"]) == 2  # fmt: skip
    by_cql = {"op": ">=", "args": [{"property": "published"}, {"timestamp": late}]}
    assert count(filter=by_cql) == 2
    assert count(filter={"op": "and", "args": [by_cql, by_cql]}) == 2
    text = {"filter": f"published >= TIMESTAMP('{late}') AND eo:cloud_cover < 50"}
    got = ask(f"{server.stac_url('cdse')}/search?{urlencode({**text, 'limit': 100})}")
    assert len(got.json()["features"]) == 2
    assert search(server, "cdse", filter="what ?").status == 400
    assert search(server, "cdse", limit=0).status == 400


def test_order_may_be_asked_for(server):
    up = [{"field": "properties.published", "direction": "asc"}]
    found = search(server, "cdse", limit=100, sortby=up).json()["features"]
    told = [item["properties"]["published"] for item in found]
    assert told == sorted(told)
    assert first(server, "cdse")["properties"]["published"] == told[-1]


def test_earth_search_states_scale_and_offset_per_band(server):
    item = first(server, "earth-search", collections=["sentinel-2-c1-l2a"])
    assert set(item["assets"]) == {"red", "nir08", "scl"}
    raster_band = item["assets"]["nir08"]["raster:bands"][0]
    assert (raster_band["scale"], raster_band["offset"], raster_band["nodata"]) == (1e-4, -0.1, 0)
    assert "offset" not in item["assets"]["scl"]["raster:bands"][0]
    assert item["properties"]["s2:processing_baseline"] == "05.00"
    assert item["properties"]["s2:product_uri"].startswith("S2B_MSIL2A_20200701T100000_N0500_R093_")
    assert "earthsearch:boa_offset_applied" not in item["properties"]
    got = ask(item["assets"]["nir08"]["href"])
    np.testing.assert_array_equal(raster(got.body).data[0], drawn(None)["B8A"] + 1000)


def test_the_older_collection_has_the_offset_applied_and_states_it_too(server):
    item = first(server, "earth-search", collections=["sentinel-2-l2a"])
    assert item["properties"]["earthsearch:boa_offset_applied"] is True
    assert item["assets"]["red"]["raster:bands"][0]["offset"] == -0.1
    got = ask(item["assets"]["red"]["href"])
    np.testing.assert_array_equal(raster(got.body).data[0], drawn(None)["B04"])


def test_the_data_space_speaks_stac_1_1_and_keeps_jpeg_2000_without_loss(server):
    item = first(server, "cdse")
    assert item["stac_version"] == "1.1.0"
    assert set(item["assets"]) == {"B04_10m", "B8A_20m", "SCL_20m"}
    asset = item["assets"]["B8A_20m"]
    assert (asset["raster:scale"], asset["raster:offset"]) == (1e-4, -0.1)
    assert not [key for key in item["assets"]["SCL_20m"] if key.startswith("raster:")]
    assert asset["href"].startswith("s3://eodata/")
    got = ask(asset["alternate"]["https"]["href"])
    assert got.headers["content-type"] == "image/jp2"
    read = raster(got.body)
    np.testing.assert_array_equal(read.data[0], drawn(None)["B8A"] + 1000)
    assert (read.transform.a, read.transform.c, read.transform.f) == (20, 630_000, 4_952_000)
    server.files.jpeg2000 = False
    plain = ask(first(server, "cdse")["assets"]["B8A_20m"]["alternate"]["https"]["href"])
    assert plain.body[:2] == b"II"


def test_files_may_be_for_bearers_only(server):
    href = first(server, "cdse")["assets"]["SCL_20m"]["alternate"]["https"]["href"]
    server.closed.add("cdse")
    assert ask(href).status == 401


def test_the_planetary_computer_states_no_radiometry_and_signs_addresses(server):
    item = first(server, "planetary-computer")
    asset = item["assets"]["B8A"]
    assert "raster:bands" not in asset
    assert item["properties"]["s2:processing_baseline"] == "05.00"
    assert "_N0500_" not in item["id"]
    assert ask(asset["href"]).status == 404
    assert ask(f"{asset['href']}?sig=made-up").status == 403
    sas = server.stac_url("planetary-computer").replace("/stac/", "/sas/")
    signed = ask(f"{sas}/token/sentinel-2-l2a").json()
    got = ask(f"{asset['href']}?{signed['token']}")
    np.testing.assert_array_equal(raster(got.body).data[0], drawn(None)["B8A"] + 1000)
    server.files.sas_seconds = -1.0
    late = ask(f"{sas}/token/sentinel-2-l2a").json()
    assert ask(f"{asset['href']}?{late['token']}").status == 403
    server.files.sas_seconds = 2700.0


def test_opera_lists_bursts_with_a_file_per_polarisation(server):
    found = search(server, "opera", limit=100).json()["features"]
    assert len(found) == 2
    for item in found:
        name = item["id"]
        assert name.startswith("OPERA_L2_RTC-S1_T")
        assert set(item["assets"]) == {f"{name}_{layer}" for layer in ("VV", "VH", "mask")}
        power = raster(ask(item["assets"][f"{name}_VV"]["href"]).body)
        mask = raster(ask(item["assets"][f"{name}_mask"]["href"]).body)
        assert (power.data.dtype, mask.data.dtype) == (np.float32, np.uint8)
        assert power.transform.a == 30
        np.testing.assert_array_equal(np.isnan(power.data), mask.data == 255)
        assert set(np.unique(power.data[np.isfinite(power.data)])) == {np.float32(0.1)}


def test_ranges(server):
    href = first(server, "earth-search")["assets"]["red"]["href"]
    whole = ask(href)
    assert (whole.status, whole.headers["accept-ranges"]) == (200, "bytes")
    size = len(whole.body)
    for text, expected in (
        ("bytes=0-9", whole.body[:10]),
        ("bytes=10-19", whole.body[10:20]),
        (f"bytes={size - 5}-", whole.body[-5:]),
        ("bytes=-7", whole.body[-7:]),
        (f"bytes=5-{size + 100}", whole.body[5:]),
    ):
        part = ask(href, headers={"Range": text})
        assert (part.status, part.body) == (206, expected)
        assert part.headers["content-range"].endswith(f"/{size}")
        assert part.headers["etag"] == whole.headers["etag"]
    beyond = ask(href, headers={"Range": f"bytes={size}-"})
    assert (beyond.status, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    asked = ask(href, "HEAD")
    assert (asked.status, asked.body, int(asked.headers["content-length"])) == (200, b"", size)
    assert ask(href.replace("B04", "B99")).status == 404


def test_faults_can_hit_single_ranges(server):

    href = first(server, "earth-search")["assets"]["red"]["href"]
    server.faults["files"].extend([faults.ok, faults.bit_flipped(0.0, bit=0)])
    parts = [ask(href, headers={"Range": "bytes=0-9"}).body for _ in range(3)]
    assert parts[0] == parts[2]
    assert parts[1][0] == parts[0][0] ^ 1
    assert parts[1][1:] == parts[0][1:]


def test_a_spoilt_file_is_so_in_every_part(server):

    item = first(server, "earth-search")
    href, other = item["assets"]["red"]["href"], item["assets"]["nir08"]["href"]
    before = ask(other).body
    server.files.spoilt["*", "B04"] = spoiling.offset_added(1000)
    whole = ask(href).body
    np.testing.assert_array_equal(raster(whole).data[0], drawn(None)["B04"] + 2000)
    assert ask(href, headers={"Range": "bytes=20-39"}).body == whole[20:40]
    assert ask(other).body == before


def test_listed_but_not_there(server):
    item = first(server, "earth-search")
    server.not_ready = {scene.id for scene in server.scenes()}
    assert ask(item["assets"]["red"]["href"]).status == 404
    assert first(server, "earth-search")["id"] == item["id"]
    server.not_ready = set()
