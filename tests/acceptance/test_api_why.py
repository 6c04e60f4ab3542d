"""Why there was an alert or none, and what an event rests on, as clients of the API see it."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.support import burned
from tests.support.served import Served

SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def client(valley: Served) -> Iterator[httpx.Client]:
    with valley.client() as one:
        yield one


@pytest.fixture(scope="module")
def east(client: httpx.Client) -> dict[str, Any]:
    """The event at East, which burned in the drawn truth."""
    found = client.get("/events", params={"settlement": "id-East"}).json()["features"]
    return dict(found[0])


def test_why_finds_the_fire_that_was_drawn(client: httpx.Client, east: dict[str, Any]) -> None:
    asked = {"date": burned.BURNED.isoformat(), "days": "8"}
    found = client.get("/settlements/id-East/why", params=asked).json()
    assert found["answer"].startswith(f"There was an alert: event {east['id'][:8]} (burned, ")
    assert "changed 2020-03-18 .. 2020-03-23" in found["answer"]
    assert [one["id"] for one in found["events"]] == [east["id"]]
    looks = {one["sensed"]: one for one in found["looks"]}
    first = looks[burned.CHANGED]
    assert first["evidence"] > 3.0
    assert first["reckonings"][0]["reached"] is True
    assert looks[burned.UNHARMED]["reckonings"][0]["reached"] is False


def test_why_before_the_fire_there_was_none(client: httpx.Client) -> None:
    asked = {"date": "2020-03-08", "days": "5"}
    found = client.get("/settlements/id-East/why", params=asked).json()
    assert found["answer"].startswith("There was no alert: the evidence did not reach")
    assert found["events"] == []


def test_what_was_held_back_is_what_the_ledger_says(
    client: httpx.Client, valley: Served, east: dict[str, Any]
) -> None:
    region = east["properties"]["region"]
    rows = valley.store.ledger("local", region).items
    held = [(row.sensed, row.settlement, row.detail["said"]["held_back"])
            for row in rows if row.detail.get("said", {}).get("held_back")]  # fmt: skip
    # A fire's first look is held back until a second one bears it out.
    assert any("one_look" in rules for _, _, rules in held)
    found = client.get(f"/regions/{region}/suppressed").json()["items"]
    told = [
        (datetime.fromisoformat(one["sensed"]), one["settlement"], one["held_back"])
        for one in found
    ]
    assert sorted(told) == sorted(held)
    times = [when for when, _, _ in told]
    assert times == sorted(times, reverse=True)
    later = client.get(
        f"/regions/{region}/suppressed", params={"since": (max(times) + SECOND).isoformat()}
    )
    assert later.json()["items"] == []


def test_an_event_is_explained_by_what_was_drawn(
    client: httpx.Client, east: dict[str, Any]
) -> None:
    told = client.get(f"/events/{east['id']}/explanation").json()
    fallen = round(100 * (1.0 - east["properties"]["evidence"]["near_infrared_factor"]))
    assert told["sentences"][0].startswith(
        f"The settlement's near-infrared reflectance fell {fallen}% against its surroundings "
        "between 18 and 23 March 2020, seen in "
    )
    looks = {one["sensed"][:10]: one for one in told["looks"]}
    assert looks[burned.CLOUDED.isoformat()]["use"] == "lost"
    burning = looks[burned.CHANGED[:10]]["features"]["near_infrared"]
    assert burning["observed"] < burning["low"] < burning["expected"] < burning["high"]
    before = looks[burned.UNHARMED[:10]]["features"]["near_infrared"]
    assert before["low"] < before["observed"] < before["high"]


def test_the_chart_comes_as_picture_and_as_drawing(
    client: httpx.Client, east: dict[str, Any]
) -> None:
    picture = client.get(f"/events/{east['id']}/chart.png")
    assert picture.headers["content-type"] == "image/png"
    assert "private" in picture.headers["cache-control"]
    assert Image.open(io.BytesIO(picture.content)).format == "PNG"
    drawing = client.get(f"/events/{east['id']}/chart.svg")
    assert drawing.headers["content-type"].startswith("image/svg+xml")
    assert ElementTree.fromstring(drawing.text)[0].text == (
        f"burned, event {east['id'][:8]}: changed between 18 and 23 March 2020"
    )


def test_the_area_of_a_place_that_is_no_camp_is_told_as_not_looked_at(client: httpx.Client) -> None:
    answer = client.get("/settlements/id-East/area")
    assert "private" in answer.headers["cache-control"]
    told = answer.json()
    assert told["looks"] == []
    assert told["sentences"] == ["No look at it is in the ledger of the detector of known camps."]
    assert "people" not in told
    drawing = client.get("/settlements/id-East/area.svg")
    assert ElementTree.fromstring(drawing.text)[1].text == told["sentences"][0]
    picture = client.get("/settlements/id-East/area.png")
    assert Image.open(io.BytesIO(picture.content)).format == "PNG"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/settlements/nowhere/why", 404),
        ("/settlements/id-East/why?date=1583020800", 400),
        ("/settlements/id-East/why?date=2020-03-05T00:00:00", 400),
        ("/settlements/id-East/why?days=0", 400),
        ("/regions/nowhere/suppressed", 404),
        ("/settlements/nowhere/area", 404),
        ("/settlements/nowhere/area.png", 404),
        ("/settlements/id-East/area.pdf", 400),
        ("/settlements/id-East/area?people_per_ha_low=100", 400),
        ("/settlements/id-East/area?people_per_ha_low=300&people_per_ha_high=100", 400),
        ("/events/nowhere/explanation", 404),
        ("/events/nowhere/chart.svg", 404),
        ("/events/nowhere/chart.pdf", 400),
    ],
)
def test_what_is_not_there_or_no_question_is_a_problem(
    client: httpx.Client, address: str, status: int
) -> None:
    answer = client.get(address)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
