"""Filters, the collections and their schemas over HTTP, and pages while somebody writes."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from owslib.ogcapi.features import Features

from hearthwatch.keys import new_key
from hearthwatch.records import Kind, Role
from hearthwatch.store import open_store
from tests.conftest import RequireSystem
from tests.contract import store_records as a
from tests.support.filter_bombs import JSON_BOMBS, TEXT_BOMBS
from tests.support.served import NOON, Served, listening
from tests.support.watched import settings_for

SECONDS = 2.0
"""Of the processor, forty times what any of them may take: a bomb that goes off takes minutes."""
COLLECTIONS = ["events", "camps", "detections", "settlements", "regions", "ledger"]


def ask(client: httpx.Client, name: str, text: str, **more: Any) -> dict[str, Any]:
    answer = client.get(f"/ogc/collections/{name}/items", params={"filter": text, **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def features(client: httpx.Client, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/ogc/collections/{name}/items").json()["features"]
    return found


@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_collection_tells_what_may_be_asked_and_what_is_answered(
    client: httpx.Client, name: str
) -> None:
    told = client.get(f"/ogc/collections/{name}").json()
    assert told["itemType"] == "feature"
    assert told["storageCrs"] == told["crs"][0]
    assert told["extent"]["spatial"]["bbox"] == [[-180, -90, 180, 90]]
    links = {link["rel"].rpartition("/")[2]: link for link in told["links"]}
    for rel in ("queryables", "schema"):
        answer = client.get(links[rel]["href"])
        assert answer.headers["content-type"] == "application/schema+json" == links[rel]["type"]
        assert answer.json()["$id"] == links[rel]["href"]
    asked = set(client.get(links["queryables"]["href"]).json()["properties"])
    told_of = set(client.get(links["schema"]["href"]).json()["properties"])
    for one in features(client, name):
        properties = set(one["properties"])
        assert properties <= told_of, "what is answered is in the schema"
        assert asked <= properties | {"geometry"}, "what may be asked for is shown"
        item = client.get(f"/ogc/collections/{name}/items/{quote(one['id'])}").json()
        assert item["properties"] == one["properties"]


@pytest.mark.parametrize("name", COLLECTIONS)
def test_every_property_may_be_asked_for(client: httpx.Client, name: str) -> None:
    queryables = client.get(f"/ogc/collections/{name}/queryables").json()["properties"]
    whole = len(features(client, name))
    for prop, shape in queryables.items():
        if shape.get("format") == "geometry-any":
            asked = f"s_intersects({prop}, BBOX(-180, -90, 180, 90))"
        else:
            asked = f"{prop} IS NULL OR {prop} = {prop}"
        assert ask(client, name, asked)["numberMatched"] == whole, prop


def test_text_json_and_parameters_filter_alike(client: httpx.Client) -> None:
    (one, other) = features(client, "events")
    text = f"first_changed > TIMESTAMP('{other['properties']['first_changed']}')"
    document = {
        "op": ">",
        "args": [
            {"property": "first_changed"},
            {"timestamp": other["properties"]["first_changed"]},
        ],
    }
    found = ask(client, "events", text)
    as_json = ask(client, "events", json.dumps(document), **{"filter-lang": "cql2-json"})
    assert [f["id"] for f in found["features"]] == [one["id"]]
    assert as_json["features"] == found["features"]
    # What is shown is rounded.
    west, south, east, north = (
        edge + side for edge, side in zip(one["bbox"], (-1e-6, -1e-6, 1e-6, 1e-6), strict=True)
    )
    inside = f"s_within(geometry, BBOX({west}, {south}, {east}, {north}))"
    both = ask(client, "events", inside, bbox=f"{west},{south},{east},{north}", datetime="../..")
    assert one["id"] in [f["id"] for f in both["features"]]
    assert ask(client, "events", inside, datetime="../2000-01-01")["features"] == []


def test_next_keeps_the_filter(client: httpx.Client) -> None:
    first = ask(client, "ledger", "detector LIKE '%' AND usable >= 0", limit=3)
    assert first["numberMatched"] > 3
    found, page = list(first["features"]), first
    while links := [one["href"] for one in page["links"] if one["rel"] == "next"]:
        page = client.get(links[0]).json()
        assert "numberMatched" not in page
        found += page["features"]
    assert len({one["id"] for one in found}) == len(found) == first["numberMatched"]


@pytest.mark.parametrize("wrong", [
    {"filter": "a = 1", "filter-lang": "cql-text"},
    {"filter": "looks = 1", "filter-crs": "http://www.opengis.net/def/crs/EPSG/0/4326"},
    {"crs": "http://www.opengis.net/def/crs/EPSG/0/3857"},
    {"filter": "colour = 'red'"},
])  # fmt: skip
def test_what_is_not_offered_is_400(client: httpx.Client, wrong: dict[str, str]) -> None:
    answer = client.get("/ogc/collections/events/items", params=wrong)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["where"].startswith("query.")


def test_bombs_are_answered_with_400_at_once(client: httpx.Client) -> None:
    bombs = [(text, "cql2-text") for text in TEXT_BOMBS.values()]
    bombs += [(text, "cql2-json") for text in JSON_BOMBS.values()]
    sent = [urlencode({"filter": text, "filter-lang": language}, errors="surrogatepass")
            for text, language in bombs]  # fmt: skip
    assert len(sent) > 30
    for query in sent:
        # Of this process, in which client and server are: what others do does not count.
        began = time.process_time()
        answer = client.get(f"/ogc/collections/events/items?{query}")
        took = time.process_time() - began
        # What is longer than any query may be is refused before it is read.
        assert answer.status_code in (400, 413, 414), (query[:80], answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert took < SECONDS, query[:80]
    assert client.get("/healthz").status_code == 200


def test_owslib_filters(service: Served) -> None:
    headers = {"Authorization": f"Bearer {service.keys.ours}"}
    found = Features(f"{service.url}/ogc", headers=headers)
    assert "kind" in found.collection_queryables("events")["properties"]
    asked = "kind = 'ground_change' AND area_m2 > 0"
    assert found.collection_items("events", filter=asked, limit=5)["numberMatched"] == 2
    none = found.collection_items("events", filter=f"NOT ({asked})")
    assert none["features"] == []


def test_ogr2ogr_filters(service: Served, require_system: RequireSystem, tmp_path: Path) -> None:
    ogr2ogr = require_system("gdal-bin", "ogr2ogr")
    for layer, where, number in (
        ("events", "kind = 'ground_change'", 2), ("events", "kind = 'burned'", 0),
        ("ledger", "status = 'unchanged'", None),
    ):  # fmt: skip
        out = tmp_path / f"{layer}.geojson"
        out.unlink(missing_ok=True)
        done = subprocess.run(
            [ogr2ogr, "-oo", f"USERPWD=me:{service.keys.ours}", "-where", where, str(out),
             f"OAPIF:{service.url}/ogc", layer],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert "ERROR" not in done.stderr, done.stderr
        found = json.loads(out.read_text())["features"]
        if number is None:
            assert found
            assert {one["properties"]["status"] for one in found} == {"unchanged"}
        else:
            assert len(found) == number


STANDING, RATE = 2_000, 100
WRITER = """
import sys, time
from pathlib import Path
from datetime import timedelta
from hearthwatch.store import open_store
from tests.contract import store_records as a
with_store = open_store(Path(sys.argv[1]), write=True, alone=False)
rate, number = int(sys.argv[2]), 0
while True:
    with with_store.transaction() as tx:
        # Newer than all, older than all, and in between.
        for _ in range(rate // 10):
            moved = timedelta(hours=(number * 7919) % 100_000 - 50_000)
            tx.put_event(a.event(id=f"new{number:06d}", first_changed=a.NOON + moved))
            number += 1
    print(number, flush=True)
    time.sleep(0.1)
"""
CONVERT = """
import sys, pyogrio
address, out, who = sys.argv[1:]
meta, _, geometry, data = pyogrio.raw.read(address, layer="events", PAGE_SIZE=100, USERPWD=who)
pyogrio.raw.write(out, geometry, data, meta["fields"], geometry_type="MultiPolygon",
                  crs="EPSG:4326", driver="GPKG", layer="events")
"""


@pytest.fixture
def written_to(tmp_path: Path) -> Iterator[tuple[str, str, Path]]:
    """A served store that another process writes to, 100 events a second."""
    path = tmp_path / "hearthwatch.db"
    store = a.with_region(open_store(path, write=True, alone=False))
    key, shown = new_key("ours", "reader", Role.VIEWER, NOON)
    with store.transaction() as tx:
        tx.put_key(key)
        for number in range(STANDING):
            moved = (number - STANDING // 2) * a.DAY / 10
            tx.put_event(a.event(id=f"old{number:06d}", first_changed=a.NOON + moved,
                                 kind=Kind.BURNED))  # fmt: skip
    settings = settings_for(tmp_path / "var", tmp_path, executor="threads", workers=2)
    root = str(Path(__file__).resolve().parents[2])
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(RATE)], cwd=root,
                              stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root},
                              text=True)  # fmt: skip
    try:
        with listening(settings, store) as url:
            assert writer.stdout is not None
            assert writer.stdout.readline(), "the writer writes"
            yield url, shown, path
        assert writer.poll() is None, "it wrote to the end"
    finally:
        writer.kill()
        writer.communicate()
        store.close()


def test_gdal_converts_all_pages_while_somebody_writes(
    written_to: tuple[str, str, Path], require_system: RequireSystem, tmp_path: Path
) -> None:
    """What stood before the first page is there once; what came since at most once."""
    url, key, _ = written_to
    ogr2ogr = require_system("gdal-bin", "ogr2ogr")
    address, who = f"OAPIF:{url}/ogc", f"me:{key}"
    outs = [tmp_path / "by_ogr.gpkg", tmp_path / "by_pyogrio.gpkg"]
    commands = [
        [ogr2ogr, "-oo", f"USERPWD={who}", "-oo", "PAGE_SIZE=100", str(outs[0]), address, "events"],
        [sys.executable, "-c", CONVERT, address, str(outs[1]), who],
    ]
    for command, out in zip(commands, outs, strict=True):
        done = subprocess.run(command, capture_output=True, text=True, timeout=200)
        assert done.returncode == 0, done.stderr
        ids = ids_of(out)
        assert len(ids) == len(set(ids)), "nothing twice"
        assert {one for one in ids if one.startswith("old")} == {
            f"old{number:06d}" for number in range(STANDING)
        }
        assert any(one.startswith("new") for one in ids)


def ids_of(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM events")]
