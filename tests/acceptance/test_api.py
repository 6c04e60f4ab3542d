"""The API as a client of ours sees it."""

from __future__ import annotations

import dataclasses
import io
import json
from typing import Any

import httpx
import pytest
import shapely
from PIL import Image
from shapely.geometry import box, mapping, shape

from hearthwatch.layout import Layout
from tests.support import blind, watched
from tests.support.served import Served
from tiles.archive import Archive

BOX = box(22.70, 44.60, 22.72, 44.62)


def polygon(name: str, geometry: Any = BOX, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": mapping(geometry),
        "properties": {"name": name, **properties},
    }


@pytest.fixture(scope="module")
def events(service: Served) -> list[dict[str, Any]]:
    with service.client() as client:
        return client.get("/events").json()["features"]


def test_a_watched_square_and_how_it_stands(client: httpx.Client) -> None:
    (region,) = client.get("/regions").json()["features"]
    status = region["properties"]["status"]
    assert region["properties"]["name"] == watched.REGION
    assert status["looks"] == 17
    assert 0 < status["usable_looks"] < 17
    assert status["events"] == 2
    assert status["job"]["state"] in ("complete", "waiting")
    alone = client.get(f"/regions/{region['id']}").json()["properties"]["status"]
    assert alone.pop("longest_blind_days") > 0
    assert alone.pop("backtest") is None
    assert alone == status


def test_a_paused_provider_and_a_missing_pass_are_told_to_whom_they_belong(
    client: httpx.Client, service: Served
) -> None:
    def imagery(one: httpx.Client, region: str) -> dict[str, Any]:
        alone = one.get(f"/regions/{region}").json()["properties"]["status"]["imagery"]
        (listed,) = one.get("/regions").json()["features"]
        assert listed["properties"]["status"]["imagery"] == alone
        return alone

    well = {
        "stage": "full", "words": "reads at full resolution", "why": "", "blind_since": None,
        "until": None, "missing_passes": 0,
    }  # fmt: skip
    ours, theirs = "region-1", "their-region"
    with service.client(service.keys.theirs) as strangers:
        assert imagery(client, ours) == imagery(strangers, theirs) == well
        with blind.paused(service.store, "local"), blind.missing(service.store, "local", ours):
            why = "the month's 10,000 units are spent; back on 1 December"
            missing = "1 pass missing since 2026-11-18"
            assert imagery(client, ours) == {
                "stage": "paused",
                "words": f"blind since 2026-11-20 10:12: {why}; {missing}",
                "why": f"{why}; {missing}",
                "blind_since": "2026-11-20T10:12:00Z",
                "until": "2999-12-01T00:00:00Z",
                "missing_passes": 1,
            }
            assert imagery(strangers, theirs) == well
        with blind.paused(service.store, "theirs"), blind.missing(service.store, "theirs", theirs):
            assert imagery(client, ours) == well
            assert imagery(strangers, theirs)["stage"] == "paused"
            assert imagery(strangers, theirs)["missing_passes"] == 1
        assert imagery(client, ours) == imagery(strangers, theirs) == well


def test_a_region_is_added_changed_and_removed(client: httpx.Client) -> None:
    sent = polygon("Field", purpose="a test", owner="us", expires="2100-01-01T00:00:00Z")
    made = client.post("/regions", json=sent)
    assert made.status_code == 201
    address = made.headers["location"]
    assert shape(made.json()["geometry"]).equals_exact(
        shapely.geometry.MultiPolygon([BOX]).normalize(), 1e-7
    ) or shape(made.json()["geometry"]).equals(BOX)
    assert made.json()["properties"]["purpose"] == "a test"

    changed = client.patch(address, json={"purpose": "another", "expires": None})
    assert changed.status_code == 200
    properties = client.get(address).json()["properties"]
    assert (properties["purpose"], properties["expires"]) == ("another", None)
    assert properties["owner"] == "us"

    assert client.delete(address).status_code == 204
    assert client.get(address).status_code == 404
    assert client.get(f"{address}/ledger").status_code == 200
    assert client.delete(address).status_code == 404


def test_what_was_repaired_is_told(client: httpx.Client) -> None:
    clockwise = shapely.Polygon([*BOX.exterior.coords][::-1])
    sent = polygon("Heights", shapely.force_3d(clockwise, 7.0))
    made = client.post("/regions", json=sent)
    assert made.status_code == 201
    assert any("heights" in words for words in made.json()["properties"]["repairs"])
    client.delete(made.headers["location"])


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}, "cross"),
        ({"type": "Point", "coordinates": [1, 2]}, "polygon"),
        (mapping(box(0, 0, 9, 9)), "km²"),
        ({"type": "Polygon", "coordinates": [[[0, 0], [400, 1], [1, 1], [0, 0]]]}, ""),
        ({"type": "Polygon", "coordinates": "x"}, ""),
    ],
)  # fmt: skip
def test_an_outline_that_cannot_be_used_is_explained(
    client: httpx.Client, geometry: Any, words: str
) -> None:
    sent = {"type": "Feature", "geometry": geometry, "properties": {"name": "Bad"}}
    answer = client.post("/regions", json=sent)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert words in json.dumps(answer.json(), ensure_ascii=False)


def test_one_name_is_given_once(client: httpx.Client) -> None:
    answer = client.post("/regions", json=polygon("SQUARE"))
    assert answer.status_code == 409
    assert answer.json()["type"] == "urn:hearthwatch:problem:name_taken"


def test_a_misspelt_member_or_parameter_is_refused(client: httpx.Client) -> None:
    assert client.post("/regions", json=polygon("A", purpos="x")).status_code == 422
    answer = client.get("/events", params={"from": "2020-01-01"})
    assert answer.status_code == 400
    assert "since" in answer.json()["detail"]


def test_the_ledger_tells_of_every_look(client: httpx.Client) -> None:
    first = client.get("/regions/region-1/ledger", params={"limit": 30}).json()
    rest = client.get(first["links"][0]["href"]).json()
    rows = first["items"] + rest["items"]
    assert len(rows) == 34
    assert rest["next"] is None
    assert {row["status"] for row in rows} > {"changed", "not_processed"}
    assert all(row["words"] for row in rows)
    assert [row["sensed"] for row in rows] == sorted(row["sensed"] for row in rows)


def test_events_are_found_by_place_time_kind_and_state(
    client: httpx.Client, events: list[dict[str, Any]]
) -> None:
    assert len(events) == 2
    newest, oldest = events
    west, south, east, north = oldest["bbox"]
    found = client.get("/events", params={"bbox": f"{west},{south},{east},{north}"}).json()
    assert [one["id"] for one in found["features"]] == [oldest["id"]]
    since = {"since": newest["properties"]["first_changed"]}
    assert [e["id"] for e in client.get("/events", params=since).json()["features"]] == [
        newest["id"]
    ]
    assert len(client.get("/events?kind=ground_change").json()["features"]) == 2
    assert client.get("/events?kind=burned").json()["features"] == []
    states = {e["properties"]["state"] for e in events}
    query = [("state", state) for state in states]
    assert len(client.get("/events", params=query).json()["features"]) == 2
    assert client.get("/events?state=confirmed").json()["features"] == []


def test_events_come_in_pages(client: httpx.Client, events: list[dict[str, Any]]) -> None:
    first = client.get("/events?limit=1&kind=ground_change").json()
    assert [one["id"] for one in first["features"]] == [events[0]["id"]]
    assert "kind=ground_change" in first["links"][0]["href"]
    second = client.get(first["links"][0]["href"]).json()
    assert [one["id"] for one in second["features"]] == [events[1]["id"]]
    assert second["next"] is None and second["links"] == []
    assert client.get("/events?limit=1&after=nonsense").status_code == 400
    assert client.get("/events", params={"limit": 1, "after": first["next"]}).status_code == 400


def test_an_event_says_what_was_observed(
    client: httpx.Client, events: list[dict[str, Any]]
) -> None:
    event = client.get(f"/events/{events[0]['id']}").json()
    properties = event["properties"]
    assert properties["last_unharmed"] < properties["first_changed"]
    assert "Ground over" in properties["observed"]
    assert properties["evidence"]["log_likelihood_ratio"] > 5
    versions = client.get(f"/events/{event['id']}/versions").json()["items"]
    assert [v["properties"]["version"] for v in versions] == list(range(1, len(versions) + 1))
    detections = client.get(f"/events/{event['id']}/detections").json()["items"]
    assert len(detections) == len(versions)


def test_the_series_shows_the_change_and_what_was_left_out(
    client: httpx.Client, events: list[dict[str, Any]]
) -> None:
    for event in events:
        series = client.get(f"/events/{event['id']}/series").json()
        assert len(series["features"]) == 2
        assert len(series["looks"]) == 17
        used = [look for look in series["looks"] if look["used"]]
        left_out = [look for look in series["looks"] if not look["used"]]
        assert left_out and all(not look["why"].startswith("used") for look in left_out)
        before = [k["values"][0] for k in used if k["sensed"] <= series["last_unharmed"]]
        after = [k["values"][0] for k in used if k["sensed"] >= series["first_changed"]]
        assert min(after) > max(before)


def test_before_and_after(client: httpx.Client, events: list[dict[str, Any]]) -> None:
    event = events[0]
    pair = client.get(f"/events/{event['id']}/pair").json()
    assert pair["before"]["sensed"] <= event["properties"]["last_unharmed"]
    assert pair["after"]["sensed"] >= event["properties"]["first_changed"]
    chip = client.get(f"/events/{event['id']}/chip.png", params={"colours": "false"})
    assert chip.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(chip.content)).width > 1000


def test_a_job_is_asked_for_once(client: httpx.Client) -> None:
    made = client.post("/jobs", json={"region": "region-1"})
    again = client.post("/jobs", json={"region": "region-1"})
    assert made.status_code == again.status_code == 202
    assert made.json()["id"] == again.json()["id"]
    assert made.json()["state"] == "waiting"
    read = client.get(made.headers["location"]).json()
    assert read["id"] == made.json()["id"]
    listed = client.get("/jobs", params={"region": "region-1"}).json()["items"]
    assert read["id"] in [job["id"] for job in listed]
    assert client.post("/jobs", json={"region": "nowhere"}).status_code == 404


def test_settlements(client: httpx.Client) -> None:
    two = {
        "type": "FeatureCollection",
        "features": [polygon("Beta"), polygon("Alpha", box(22.9, 44.6, 22.91, 44.61))],
        "source": "drawn by hand",
    }
    made = client.post("/settlements", json=two)
    assert made.status_code == 201
    listed = client.get("/settlements", params={"bbox": "22.69,44.59,22.95,44.63"}).json()
    assert [one["properties"]["name"] for one in listed["features"]] == ["Alpha", "Beta"]
    for one in made.json()["features"]:
        assert client.get(f"/settlements/{one['id']}").json()["properties"]["area_ha"] > 10
        assert client.delete(f"/settlements/{one['id']}").status_code == 204
        assert client.get(f"/settlements/{one['id']}").status_code == 404


def test_wrong_settlements_are_refused_together(client: httpx.Client) -> None:
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    three = [polygon("Good"), polygon("Bow", bow), polygon("Dot", shapely.Point(1, 2))]
    answer = client.post("/settlements", json={"type": "FeatureCollection", "features": three})
    assert answer.status_code == 422
    assert "feature 2" in json.dumps(answer.json())
    names = [f["properties"]["name"] for f in client.get("/settlements").json()["features"]]
    assert "Good" not in names


def test_what_no_watch_of_ours_took_is_not_there(service: Served) -> None:
    ledger = service.store.ledger("local", "region-1").items
    failed = next(row for row in ledger if not row.detail.get("masters"))
    seen = next(row for row in ledger if row.detail.get("masters") and row.cell == failed.cell)
    archive = Archive(Layout(service.settings.data_dir).archive("local"))
    chip = archive.load(seen.acquisition, seen.cell)
    assert chip is not None
    archive.store(dataclasses.replace(chip, acquisition=failed.acquisition), failed.cell)
    with service.client() as client:
        assert client.get(f"/tiles/looks/{seen.acquisition}/ndvi/tilejson.json").status_code == 200
        other = client.get(f"/tiles/looks/{failed.acquisition}/ndvi/tilejson.json")
        assert other.status_code == 404
        looks = client.get("/regions/region-1/looks").json()["items"]
    assert failed.acquisition not in {look["acquisition"] for look in looks}
