"""GIS clients: two builds of GDAL, and OWSLib, read, filter and page the collections."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from owslib.ogcapi.features import Features
from shapely.geometry import box, mapping

from hearthwatch.records import Mode
from tests.conftest import RequireSystem
from tests.support import settled
from tests.support.served import Served

COLLECTIONS = ["events", "camps", "detections", "settlements", "regions", "ledger"]
MANY = 25
FIELD = (23.0, 45.0)


@pytest.fixture(scope="module")
def settlements(service: Served) -> Iterator[list[str]]:
    """Twenty-five settlements in a row, so that there is something to page."""
    squares = [box(FIELD[0] + n / 100, FIELD[1], FIELD[0] + n / 100 + 0.005, FIELD[1] + 0.005)
               for n in range(MANY)]  # fmt: skip
    features = [
        {"type": "Feature", "geometry": mapping(one), "properties": {"name": f"village {n:02d}"}}
        for n, one in enumerate(squares)
    ]
    with service.client() as client:
        sent = {"type": "FeatureCollection", "features": features}
        made = client.post("/settlements", json=sent).json()["features"]
        yield [one["id"] for one in made]
        for one in made:
            client.delete(f"/settlements/{one['id']}")


def walk(client: httpx.Client, address: str) -> list[dict[str, Any]]:
    """Follow `next` to the end."""
    pages = []
    while address:
        answer = client.get(address)
        assert answer.status_code == 200, answer.text
        pages.append(answer.json())
        links = {link["rel"]: link["href"] for link in pages[-1]["links"]}
        address = links.get("next", "")
    return pages


def test_the_landing_page_leads_everywhere(client: httpx.Client) -> None:
    landing = client.get("/ogc").json()
    links = {link["rel"]: link for link in landing["links"]}
    assert links["service-desc"]["type"] == "application/vnd.oai.openapi+json;version=3.0"
    for link in links.values():
        answer = client.get(link["href"])
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(link["type"].split(";")[0])
    described = client.get(links["service-desc"]["href"]).json()
    assert described["openapi"].startswith("3.0")
    items = described["paths"]["/collections/{name}/items"]["get"]
    assert {"bbox", "datetime", "limit"} <= {p["name"] for p in items["parameters"]}
    assert '"type": "null"' not in json.dumps(described)
    collections = client.get(links["data"]["href"]).json()["collections"]
    assert [one["id"] for one in collections] == COLLECTIONS


def test_pages_hold_everything_once_and_keep_the_filter(
    client: httpx.Client, settlements: list[str]
) -> None:
    west, south = FIELD
    where = f"bbox={west},{south},{west + 0.1},{south + 1}"
    pages = walk(client, f"/ogc/collections/settlements/items?limit=4&{where}")
    found = [one["id"] for page in pages for one in page["features"]]
    assert sorted(found) == sorted(settlements[:11])
    assert len(pages) == 3
    assert pages[0]["numberReturned"] == 4
    assert "bbox=" in pages[0]["links"][-1]["href"]
    assert pages[0]["links"][-1]["href"].startswith("http://127.0.0.1:")


def test_regions_are_paged_too(client: httpx.Client) -> None:
    made = [
        client.post(
            "/regions",
            json={
                "type": "Feature",
                "geometry": mapping(box(n, 1, n + 0.01, 1.01)),
                "properties": {"name": f"paged {n}"},
            },
        ).headers["location"]
        for n in range(3)
    ]
    pages = walk(client, "/ogc/collections/regions/items?limit=1")
    assert len({one["id"] for page in pages for one in page["features"]}) == 4
    assert {page["numberMatched"] for page in pages} == {4}
    for address in made:
        client.delete(address)


@pytest.mark.parametrize(
    ("datetime", "number"),
    [
        ("../..", 2),
        ("2018-01-01/2018-12-31", 2),
        ("2019-01-01T00:00:00Z/..", 0),
        ("../2018-08-11T00:00:00Z", 1),
        ("/2017-01-01", 0),
    ],
)
def test_events_are_filtered_by_time(client: httpx.Client, datetime: str, number: int) -> None:
    answer = client.get("/ogc/collections/events/items", params={"datetime": datetime}).json()
    assert answer["numberMatched"] == answer["numberReturned"] == number


@pytest.mark.parametrize(
    "query",
    ["bbox=1,2,3", "bbox=a,b,c,d", "bbox=1,9,2,3", "datetime=yesterday", "limit=0", "limit=x",
     "datetime=2020-01-01/2019-01-01", "colour=red", "bbox=nan,0,1,1", "after=x",
     "datetime=2019-01-01%2010:00:00%2B02:00", "kind=burned&kind=ground_change",
     "bbox=22,44,23,45&bbox=0,0,1,1"],
)  # fmt: skip
@pytest.mark.parametrize("collection", ["events", "regions"])
def test_a_wrong_filter_is_400(client: httpx.Client, collection: str, query: str) -> None:
    answer = client.get(f"/ogc/collections/{collection}/items?{query}")
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_one_feature(client: httpx.Client, settlements: list[str]) -> None:
    for name, key in (("regions", "region-1"), ("settlements", settlements[0])):
        feature = client.get(f"/ogc/collections/{name}/items/{key}").json()
        assert feature["id"] == key
        assert client.get(f"/ogc/collections/{name}/items/nothing").status_code == 404
    assert client.get("/ogc/collections/nothing/items").status_code == 404


def test_gdal_lists_filters_and_pages(
    service: Served, settlements: list[str], require_system: RequireSystem
) -> None:
    ogrinfo = require_system("gdal-bin", "ogrinfo")

    def ask(*more: str) -> str:
        done = subprocess.run(
            [ogrinfo, "-ro", "-oo", "PAGE_SIZE=7", f"OAPIF:{service.url}/ogc", *more],
            env={"PATH": "/usr/bin:/bin", "GDAL_HTTP_HEADERS": _header(service)},
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "ERROR" not in done.stderr, done.stderr
        return done.stdout

    layers = ask()
    assert all(name in layers for name in COLLECTIONS)
    whole = ask("-al", "settlements")
    assert whole.count("OGRFeature(settlements)") == MANY + 1
    west, south = FIELD
    some = ask("-spat", str(west), str(south), str(west + 0.1), str(south + 1), "settlements")
    assert some.count("OGRFeature(settlements)") == 11
    assert "first_changed: DateTime" in ask("-so", "events")
    later = ask("-where", "first_changed >= '2018/08/10 00:00:00'", "events")
    assert later.count("OGRFeature(events)") == 1


READ = """
import json, sys, pyogrio
address, bbox, who = sys.argv[1], json.loads(sys.argv[2]), {"USERPWD": sys.argv[3]}
near = pyogrio.raw.read(address, layer="settlements", bbox=tuple(bbox), **who)
events = pyogrio.raw.read(address, layer="events", **who)
print(json.dumps({
    "gdal": pyogrio.__gdal_version__,
    "layers": sorted(pyogrio.list_layers(address)[:, 0]),
    "near": len(near[2]), "events": len(events[2]), "fields": list(events[0]["fields"]),
}))
"""


def test_the_gdal_of_a_wheel_reads_the_same(service: Served, settlements: list[str]) -> None:
    west, south = FIELD
    near = json.dumps([west, south, west + 0.1, south + 1])
    # In a process of its own: it holds the interpreter's lock while it waits for the server.
    command = [sys.executable, "-c", READ, f"OAPIF:{service.url}/ogc", near]
    # Its OAPIF driver sends no GDAL_HTTP_HEADERS; the key goes as a password.
    command.append(f"analyst:{service.keys.ours}")
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["gdal"] >= [3, 9]
    assert found["layers"] == sorted(COLLECTIONS)
    assert (found["near"], found["events"]) == (11, 2)
    assert {"observed", "last_unharmed", "doubts"} <= set(found["fields"])


JOIN = """
SELECT events.settlement_name AS told, settlements.name AS joined, settlements.mode AS its_mode
FROM events LEFT JOIN settlements ON events.settlement = settlements.id
"""
JOINED = """
import json, sys, pyogrio
found = pyogrio.raw.read(sys.argv[1], sql=sys.argv[2], read_geometry=False, USERPWD=sys.argv[3])
print(json.dumps({name: list(one) for name, one in zip(found[0]["fields"], found[3])}))
"""


def test_events_are_joined_to_their_settlements(
    valley: Served, require_system: RequireSystem
) -> None:
    """By two builds of GDAL; the name is the settlement's own, and so is the mode."""
    address, who = f"OAPIF:{valley.url}/ogc", f"analyst:{valley.keys.ours}"
    command = [sys.executable, "-c", JOINED, address, JOIN, who]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert sorted(found["joined"]) == sorted(found["told"])
    modes = dict(zip(found["joined"], found["its_mode"], strict=True))
    assert modes == {"East": "actual", "Middle": "actual", "West": "exercise"}

    ogrinfo = require_system("gdal-bin", "ogrinfo")
    done = subprocess.run(
        [ogrinfo, "-ro", "-oo", f"USERPWD={who}", address, "-sql", JOIN],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert "ERROR" not in done.stderr, done.stderr
    joined = re.findall(r"joined \(String\) = (.*)", done.stdout)
    assert sorted(joined) == ["East", "Middle", "West"]


def test_a_settlement_off_the_list_keeps_its_name_on_its_events(valley: Served) -> None:
    west = "/ogc/collections/settlements/items/id-West"
    with valley.client() as client:
        assert client.delete("/settlements/id-West").status_code == 204
        assert client.get(west).status_code == 404
        asked = {"settlement": "id-West"}
        items = client.get("/ogc/collections/events/items", params=asked).json()["features"]
        assert {one["properties"]["settlement_name"] for one in items} == {"West"}
        with valley.store.transaction() as tx:
            tx.put_settlements([settled.settlement(settled.WEST, Mode.EXERCISE)])
        assert client.get(west).json()["properties"]["id"] == "id-West"


def test_gdal_sends_the_key_as_a_password_too(
    service: Served, require_system: RequireSystem
) -> None:
    ogrinfo = require_system("gdal-bin", "ogrinfo")
    address = f"OAPIF:{service.url}/ogc"
    done = subprocess.run(
        [ogrinfo, "-ro", "-oo", f"USERPWD=analyst:{service.keys.ours}", "-so", address, "events"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "Feature Count: 2" in done.stdout, done.stderr


def test_owslib(service: Served, settlements: list[str]) -> None:
    headers = {"Authorization": f"Bearer {service.keys.ours}"}
    found = Features(f"{service.url}/ogc", headers=headers)
    assert (
        "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"
        in (found.conformance()["conformsTo"])
    )
    assert set(found.feature_collections()) == set(COLLECTIONS)
    west, south = FIELD
    near = [west, south, west + 0.1, south + 1]
    items = found.collection_items("settlements", bbox=near, limit=5)
    assert items["numberReturned"] == 5
    item = found.collection_item("settlements", settlements[3])
    assert item["properties"]["name"] == "village 03"
    assert "paths" in found.api()


def _header(service: Served) -> str:
    return f"Authorization: Bearer {service.keys.ours}"
