"""What is made to stop, slow down or confuse a parser, at every route that parses something."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import pytest
from shapely.geometry import Point, mapping

from hearthwatch.store import MemoryStore
from tests.support import worlds
from tests.support.filter_bombs import JSON_BOMBS, TEXT_BOMBS
from tests.support.inside import Inside

SECONDS = 2.0
"""Of the processor, forty times what any of them may take: a bomb that goes off takes minutes."""
TRIES = 3
JSON = {"Content-Type": "application/json"}
REFUSED = (400, 413, 414, 415, 422)
FILTERED = ("/ogc/collections/events/items", "/ogc/collections/ledger/items",
            "/exports/events.geojson", "/exports/settlements.csv")  # fmt: skip


def nested(depth: int) -> Any:
    """Return a collection in a collection, so many times over."""
    value: dict[str, Any] = {"type": "Point", "coordinates": [25, 13]}
    for _ in range(depth):
        value = {"type": "GeometryCollection", "geometries": [value]}
    return value


def spiked(corners: int) -> dict[str, Any]:
    """Return an outline that crosses itself as often as it can."""
    ring = [[25 + (n * 7919 % corners) / corners, 13 + (n * 104729 % corners) / corners]
            for n in range(corners)]  # fmt: skip
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


SQUARE = mapping(Point(25, 13).buffer(0.01, quad_segs=1))
GEOMETRIES: Mapping[str, Any] = {
    "no object": [], "null": None, "text": "POLYGON((0 0,1 1,1 0,0 0))", "nothing": {},
    "unknown": {"type": "Torus", "coordinates": []},
    "empty": {"type": "Polygon", "coordinates": []},
    "of one corner": {"type": "Polygon", "coordinates": [[[25, 13]]]},
    "of text": {"type": "Polygon", "coordinates": [[["a", "b"]] * 5]},
    "of objects": {"type": "Polygon", "coordinates": [[[{}, {}]] * 5]},
    "ragged": {"type": "Polygon", "coordinates": [[[25], [25, 13, 1, 1, 1, 1], [], [25, 13]]]},
    "beyond the world": {"type": "Polygon", "coordinates": [[[1e300, 0], [1, 1e300], [1, 0]]]},
    "collections in each other": nested(40), "many collections in each other": nested(250),
    "crossing itself": spiked(60), "crossing itself everywhere": spiked(1_500),
    "many rings": {"type": "Polygon", "coordinates": [SQUARE["coordinates"][0]] * 60},
}  # fmt: skip
RAW = {
    "brackets": b"[" * 100_000,
    "balanced brackets": b"[" * 5_000 + b"]" * 5_000,
    "objects": b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    "a number too long": b'{"type":' + b"9" * 100_000 + b"}",
    "an exponent too large": b'{"type":1e99999}',
    "no number": b'{"type":NaN}',
    "NUL": b'{"type":"\\u0000"}',
    "half a pair": b'{"type":"\\ud800"}',
    "twice": b'{"type":"Feature","type":"Point"}',
    "no UTF-8": b"\xff\xfe{",
    "broken off": b'{"type":"FeatureCollection","features":[',
}
SEARCHES: Mapping[str, Mapping[str, str]] = {
    "a box of too many": {"bbox": ",".join(["1"] * 1_000)},
    "a box of no numbers": {"bbox": "a,b,c,d"},
    "a box without end": {"bbox": "-1e999,0,1e999,1"},
    "a box of digits": {"bbox": "1" * 4_000 + ",0,1,1"},
    "a time of digits": {"datetime": "2" * 4_000},
    "times without end": {"datetime": "/".join([".."] * 1_000)},
    "far off": {"datetime": "99999-01-01T00:00:00Z"},
    "a cursor": {"after": "A" * 4_000},
    "a limit": {"limit": "9" * 4_000},
}
KML = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{}</Document></kml>'


def zipped(name: str, data: bytes, times: int = 1) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(times):
            archive.writestr(f"{number}{name}", data)
    return memory.getvalue()


def laughs() -> str:
    """Return entities that are ten of another each: a gigabyte if they are put in."""
    lines = ['<!ENTITY a0 "ha">']
    lines += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10)]
    return f"<!DOCTYPE kml [{''.join(lines)}]>{KML.format('<name>&a9;</name>')}"


ZEROS = bytes(30_000_000)
FILES: Mapping[str, tuple[str, bytes]] = {
    "entities": ("a.kml", laughs().encode()),
    "a file by an entity": ("a.kml", (
        '<!DOCTYPE kml [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + KML.format("&x;")).encode()),
    "a link": ("a.kml", KML.format(
        "<NetworkLink><Link><href>http://127.0.0.1/</href></Link></NetworkLink>").encode()),
    "folders in each other": ("a.kml", KML.format(
        "<Folder>" * 5_000 + "</Folder>" * 5_000).encode()),
    "broken off": ("a.kml", b"<kml><Document>"),
    "a long number": ("a.kml", KML.format(
        "<Placemark><Point><coordinates>" + "1" * 100_000 + "</coordinates></Point></Placemark>"
    ).encode()),
    "zeros in a KMZ": ("a.kmz", zipped("doc.kml", ZEROS)),
    "zeros in a zip": ("a.zip", zipped("a.shp", ZEROS)),
    "many files in a zip": ("a.zip", zipped("a.txt", b"", 3_000)),
    "a zip in a zip": ("a.zip", zipped("a.zip", zipped("a.zip", zipped("a.shp", bytes(9))))),
    "no zip": ("a.zip", b"PK\x03\x04" + bytes(100)),
    "no package": ("a.gpkg", b"SQLite format 3\0" + bytes(2_000)),
    "collections in each other": ("a.geojson", json.dumps(
        {"type": "Feature", "properties": {}, "geometry": nested(150)}).encode()),
    "brackets": ("a.geojson", b"[" * 100_000),
    "rows of commas": ("a.csv", b"name,lat,lon\n" + b"," * 200_000),
    "an open quote": ("a.csv", b'name,lat,lon\n"' + b"a\n" * 100_000),
}  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inside]:
    who = worlds.callers()
    app = worlds.service(tmp_path_factory.mktemp("b"), MemoryStore(), who, watched=False)
    one = Inside(app, headers=who.headers["admin"])
    yield one
    one.close()


def defused(client: Inside, method: str, address: str, **more: Any) -> None:
    """Fail unless something is refused at once; what other processes take does not count.

    What other threads of this process take does count, and whatever is made at the first request
    of all, so a slow one is asked again: a bomb goes off every time.
    """
    for _ in range(TRIES):
        began = time.process_time()
        answer = client.request(method, address, **more)
        took = time.process_time() - began
        assert answer.status_code in REFUSED, (answer.status_code, answer.text[:300])
        assert answer.headers["content-type"] == "application/problem+json"
        if took < SECONDS:
            return
    raise AssertionError(f"{method} {address[:60]}: {took * 1000:.0f} ms, {answer.text[:300]}")


@pytest.mark.parametrize("address", FILTERED)
def test_filters(client: Inside, address: str) -> None:
    bombs = [(text, "cql2-text") for text in TEXT_BOMBS.values()]
    bombs += [(text, "cql2-json") for text in JSON_BOMBS.values()]
    for text, language in bombs:
        query = urlencode({"filter": text, "filter-lang": language}, errors="surrogatepass")
        defused(client, "GET", f"{address}?{query}")
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("name", GEOMETRIES)
def test_geometries(client: Inside, name: str) -> None:
    shape = GEOMETRIES[name]
    body = json.dumps({"type": "Feature", "geometry": shape, "properties": {"name": "M"}})
    many = json.dumps({"type": "FeatureCollection", "features": [json.loads(body)]})
    asked = json.dumps({"intersects": shape})
    for address, content in (("/regions", body), ("/settlements", many),
                             ("/regions/estimate", body), ("/stac/search", asked)):  # fmt: skip
        if address == "/stac/search" and name in ("null", "crossing itself", "many rings"):
            continue  # Asked for nothing, and for what is an area once its rings are joined.
        defused(client, "POST", address, content=content, headers=JSON)
    query = urlencode({"intersects": json.dumps(shape)})
    if name not in ("crossing itself", "many rings"):
        defused(client, "GET", f"/stac/search?{query}")


@pytest.mark.parametrize("name", RAW)
def test_bodies(client: Inside, name: str) -> None:
    for address in ("/regions", "/settlements", "/regions/estimate", "/stac/search", "/jobs",
                    "/passes", "/holds", "/reviews/evt-1/assessments"):  # fmt: skip
        defused(client, "POST", address, content=RAW[name], headers=JSON)


@pytest.mark.parametrize("name", SEARCHES)
def test_searches(client: Inside, name: str) -> None:
    query = SEARCHES[name]
    if "limit" not in query:  # By STAC and OGC API - Features, too high a one is lowered.
        for address in ("/stac/search", "/stac/collections/sentinel-2-l2a/items",
                        "/ogc/collections/events/items"):  # fmt: skip
            defused(client, "GET", f"{address}?{urlencode(query)}")
    if "datetime" not in query:
        defused(client, "GET", f"/events?{urlencode(query)}")


@pytest.mark.parametrize("name", FILES)
def test_files(client: Inside, name: str) -> None:
    for what in ("regions", "settlements"):
        defused(client, "POST", f"/imports/{what}", files={"file": FILES[name]})
    assert client.get("/healthz").status_code == 200
