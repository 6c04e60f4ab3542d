"""Settlements that are followed, as clients of the API see them."""

from __future__ import annotations

import dataclasses
import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import mapbox_vector_tile
import pytest
from shapely.geometry import box, mapping

from hearthwatch.keys import new_key
from hearthwatch.records import Event, EventFilter, LedgerRow, ObservationStatus, Role
from hearthwatch.store import Store, open_store
from tests.contract import store_records as a
from tests.support.sensors import only
from tests.support.served import Served, listening

OURS = {"organisation": "local"}
NAMES = {"set-1": "Abu Zerega", "set-2": "Um Baru", "set-3": "Gone"}
CHANGED = "set-2"
"""The settlement that had changed at the last look."""


@pytest.fixture(scope="module")
def looks(service: Served) -> list[LedgerRow]:
    """One row for each look of which there are pictures, in the cell where something happened."""
    rows = service.store.ledger("local", "region-1").items
    cell = happened(service).cell
    return [row for row in rows if row.cell == cell and row.detail.get("masters")]


def happened(service: Served) -> Event:
    return service.store.events("local", EventFilter()).items[0]


@pytest.fixture(scope="module")
def client(
    service: Served, looks: list[LedgerRow], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    """A client of a service that follows three settlements over the same pictures."""
    path: Path = tmp_path_factory.mktemp("followed") / "hearthwatch.db"
    with closing(open_store(path, write=True, alone=False)) as store:
        key = write(store, service, looks)
        with (
            listening(service.settings, store) as url,
            httpx.Client(
                base_url=url, headers={"Authorization": f"Bearer {key}"}, timeout=60
            ) as one,
        ):
            yield one


def write(store: Store, service: Served, looks: list[LedgerRow]) -> str:
    ground = happened(service)
    made, key = new_key("local", "ours", Role.ADMIN, a.NOON)
    with store.transaction() as tx:
        tx.put_key(made)
        tx.put_region(a.region(**OURS))
        tx.put_settlements([
            a.settlement(id=key, name=name, removed=a.NOON if name == "Gone" else None, **OURS)
            for key, name in NAMES.items()
        ])  # fmt: skip
        for look in looks:
            for settlement in NAMES:
                changed = look is looks[-1] and settlement == CHANGED
                tx.put_ledger(
                    dataclasses.replace(
                        look,
                        region="reg-1",
                        settlement=settlement,
                        status=ObservationStatus.CHANGED
                        if changed
                        else ObservationStatus.UNCHANGED,
                        usable=0.8 if changed else 1.0,
                        cause=None,
                    )
                )
        for number, settlement in enumerate(("set-1", "set-2", "set-1", "")):
            event = dataclasses.replace(
                ground, id=f"evt-{number}", region="reg-1", version=1, settlement=settlement
            )
            tx.put_event(event)
        tx.add_detections([a.detection(event="evt-0", settlement="set-1", **OURS)])
    return key


def pages(client: httpx.Client, address: str, key: str, **query: Any) -> list[dict[str, Any]]:
    """Follow `next` to the end."""
    items = []
    answer = client.get(address, params=query).json()
    while True:
        items += answer[key]
        following = [link for link in answer["links"] if link["rel"] == "next"]
        if not following:
            return items
        answer = client.get(following[0]["href"]).json()


@pytest.mark.parametrize("limit", [1, 2, 7, 1000])
def test_the_ledger_has_one_row_for_each_settlement_and_look(
    client: httpx.Client, looks: list[LedgerRow], limit: int
) -> None:
    rows = pages(client, "/regions/reg-1/ledger", "items", limit=limit)
    told = Counter((row["settlement"], row["acquisition"]) for row in rows)
    assert told == {(key, look.acquisition): 1 for key in NAMES for look in looks}
    assert {row["settlement"]: row["settlement_name"] for row in rows} == NAMES
    assert "changed, 80% of the settlement seen" in {row["words"] for row in rows}


def test_the_ledger_of_one_settlement(client: httpx.Client, looks: list[LedgerRow]) -> None:
    rows = pages(client, "/regions/reg-1/ledger", "items", limit=2, settlement="set-3")
    assert [row["acquisition"] for row in rows] == [look.acquisition for look in looks]
    assert {row["settlement"] for row in rows} == {"set-3"}
    assert client.get("/regions/reg-1/ledger?settlement=set-9").json()["items"] == []


def test_a_watch_counts_its_looks_once(client: httpx.Client, looks: list[LedgerRow]) -> None:
    status = client.get("/regions/reg-1").json()["properties"]["status"]
    assert status["looks"] == status["usable_looks"] == len(looks)
    gaps = [(after.sensed - one.sensed).total_seconds() for one, after in itertools.pairwise(looks)]
    assert status["longest_blind_days"] == pytest.approx(max(gaps) / 86_400)


def test_an_archived_look_says_what_became_of_all_settlements(
    client: httpx.Client, looks: list[LedgerRow]
) -> None:
    items = client.get("/regions/reg-1/looks").json()["items"]
    assert [one["acquisition"] for one in items] == [look.acquisition for look in looks]
    *before, last = items
    assert {one["words"] for one in before} == {"3 settlements: 3 unchanged"}
    assert (last["status"], last["words"]) == ("changed", "3 settlements: 2 unchanged, 1 changed")


def test_events_name_their_settlement_and_are_found_by_it(client: httpx.Client) -> None:
    every = {e["id"]: e["properties"] for e in pages(client, "/events", "features", limit=1)}
    assert {key: (e["settlement"], e["settlement_name"]) for key, e in every.items()} == {
        "evt-0": ("set-1", "Abu Zerega"),
        "evt-1": ("set-2", "Um Baru"),
        "evt-2": ("set-1", "Abu Zerega"),
        "evt-3": (None, None),
    }
    found = pages(client, "/events", "features", limit=1, settlement="set-1", kind="ground_change")
    assert [e["id"] for e in found] == ["evt-0", "evt-2"]
    assert client.get("/events?settlement=set-9").json()["features"] == []
    one = client.get("/events/evt-1").json()["properties"]
    assert one == {**every["evt-1"], "sources": [], "meaning": None}
    (version,) = client.get("/events/evt-1/versions").json()["items"]
    assert version["properties"] == every["evt-1"]
    (detection,) = client.get("/events/evt-0/detections").json()["items"]
    assert (detection["settlement"], detection["settlement_name"]) == ("set-1", "Abu Zerega")


def test_the_series_of_an_event_is_of_its_settlement_alone(
    client: httpx.Client, looks: list[LedgerRow]
) -> None:
    series = client.get("/events/evt-0/series").json()
    assert [look["acquisition"] for look in series["looks"]] == [k.acquisition for k in looks]
    assert client.get("/events/evt-0/pair").json()["after"] is not None
    assert client.get("/events/evt-3/series").json()["looks"] == []


def test_gis_programs_filter_by_settlement_too(client: httpx.Client) -> None:
    address = "/ogc/collections/events/items"
    answer = client.get(address, params={"settlement": "set-1", "limit": 1}).json()
    assert (answer["numberMatched"], answer["numberReturned"]) == (2, 1)
    assert answer["features"][0]["properties"]["settlement_name"] == "Abu Zerega"
    rest = pages(client, address, "features", settlement="set-1", limit=1)
    assert [e["id"] for e in rest] == ["evt-0", "evt-2"]
    one = client.get(f"{address}/evt-1").json()["properties"]
    assert (one["settlement"], one["settlement_name"]) == ("set-2", "Um Baru")
    described = client.get("/ogc/api").json()["paths"]["/collections/{name}/items"]["get"]
    assert "settlement" in {parameter["name"] for parameter in described["parameters"]}


def test_vector_tiles_are_filtered_by_settlement(client: httpx.Client) -> None:
    tile = client.get("/tiles/events/0/0/0.mvt", params={"settlement": "set-2"})
    (one,) = mapbox_vector_tile.decode(tile.content)["events"]["features"]
    assert (one["properties"]["id"], one["properties"]["settlement"]) == ("evt-1", "set-2")
    fields = client.get("/tiles/events/tilejson.json").json()["vector_layers"][0]["fields"]
    assert set(fields) == set(one["properties"])


@pytest.mark.parametrize(
    "address", ["/events", "/regions/reg-1/ledger", "/ogc/collections/events/items"]
)
def test_an_empty_settlement_is_no_filter_and_is_refused(
    client: httpx.Client, address: str
) -> None:
    answer = client.get(address, params={"settlement": ""})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["where"] == "query.settlement"


def test_a_kind_can_be_watched_for_when_its_detector_is_installed(
    client: httpx.Client,
) -> None:
    ground = mapping(box(22.70, 44.60, 22.72, 44.62))
    sent = {
        "type": "Feature",
        "geometry": ground,
        "properties": {"name": "Followed", "kind": "burned"},
    }
    with only("ground_change"):
        assert client.get("/limits").json()["kinds"] == ["ground_change"]
        refused = client.post("/regions", json=sent)
        assert refused.status_code == 422
        assert refused.json()["errors"] == [
            {"where": "body.properties.kind", "problem": "has no detector"}
        ]
        words = "No installed detector watches for burned; installed: ground_change."
        assert refused.json()["detail"] == words
    with only("burned", "ground_change"):
        assert client.get("/limits").json()["kinds"] == ["burned", "ground_change"]
        made = client.post("/regions", json=sent)
        assert made.status_code == 201
        assert made.json()["properties"]["kind"] == "burned"
    client.delete(made.headers["location"])
