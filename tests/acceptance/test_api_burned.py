"""Burned settlements as clients of the API see them: the drawn fires are found in every answer."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from shapely.geometry import box, shape

from api.answers import look_in_words
from hearthwatch.before_after import beside
from hearthwatch.layout import Layout
from hearthwatch.ledger_words import masters_of
from hearthwatch.records import NotObservable, ObservationStatus
from hearthwatch.series import BURNED
from tests.contract import store_records as a
from tests.support import burned, settled
from tests.support.served import Served
from tiles.archive import Archive

MOST_BLANK = 0.2
"""Share of a corner of a picture that the arrow or the scale bar may cover."""


@pytest.fixture(scope="module")
def client(valley: Served) -> Iterator[httpx.Client]:
    with valley.client() as one:
        yield one


@pytest.fixture(scope="module")
def events(client: httpx.Client) -> dict[str, dict[str, Any]]:
    """The events by the name of their settlement."""
    found = client.get("/events", params={"kind": "burned"}).json()["features"]
    return {one["properties"]["settlement_name"]: one for one in found}


def test_every_fire_is_one_event_of_its_settlement_and_mode(
    events: dict[str, dict[str, Any]],
) -> None:
    told = {
        name: (one["properties"]["settlement"], one["properties"]["mode"])
        for name, one in events.items()
    }
    assert told == {
        "Middle": ("id-Middle", "actual"),
        "East": ("id-East", "actual"),
        "West": ("id-West", "exercise"),
    }
    for name in ("Middle", "East"):
        properties = events[name]["properties"]
        interval = (properties["last_unharmed"], properties["first_changed"])
        assert interval == (burned.UNHARMED, burned.CHANGED)
        assert properties["evidence"]["near_infrared_factor"] < 0.8


@pytest.mark.parametrize("name", ["Middle", "East", "West"])
def test_the_series_of_a_burned_event_is_what_its_detector_said(
    client: httpx.Client, valley: Served, events: dict[str, dict[str, Any]], name: str
) -> None:
    event = events[name]
    series = client.get(f"/events/{event['id']}/series").json()
    assert [one["key"] for one in series["features"]] == [
        "near_infrared", "visible", "char_index", "char_fraction", "short_wave", "evidence",
    ]  # fmt: skip
    assert [one["unit"] for one in series["features"]] == ["scores"] * 5 + ["nats"]
    assert [one["about"] for one in series["features"]] == [one.about for one in BURNED]
    told = {
        row.acquisition: row.detail["said"]
        for row in valley.store.ledger(
            "local", event["properties"]["region"], settlement=event["properties"]["settlement"]
        ).items
    }
    assert [look["acquisition"] for look in series["looks"]] == list(told)
    for look in series["looks"]:
        said = told[look["acquisition"]]
        scores = said.get("scores", {})
        assert look["values"][:-1] == [scores.get(one["key"]) for one in series["features"][:-1]]
        assert look["values"][-1] == said.get("evidence")


@pytest.mark.parametrize("name", ["Middle", "East", "West"])
def test_every_number_rises_with_the_fire(
    client: httpx.Client, events: dict[str, dict[str, Any]], name: str
) -> None:
    series = client.get(f"/events/{events[name]['id']}/series").json()
    used = [look for look in series["looks"] if look["used"]]
    before = [k["values"] for k in used if k["sensed"] <= series["last_unharmed"]]
    after = next(k["values"] for k in used if k["sensed"] == series["first_changed"])
    for number in range(len(BURNED)):
        usual = [values[number] for values in before if values[number] is not None]
        assert usual and after[number] > max(usual)
    assert after[-1] > 0


def test_looks_that_say_nothing_say_why(
    client: httpx.Client, events: dict[str, dict[str, Any]]
) -> None:
    looks = client.get(f"/events/{events['East']['id']}/series").json()["looks"]
    (clouded,) = [k for k in looks if k["sensed"].startswith(burned.CLOUDED.isoformat())]
    assert (clouded["used"], clouded["why"]) == (False, "cloud over 100%")
    assert clouded["values"] == [None] * len(BURNED)
    learning = looks[0]
    assert learning["used"] and learning["values"][-1] is None
    assert "still being learned" in learning["why"]
    others = client.get(f"/events/{events['Middle']['id']}/series").json()["looks"]
    assert all(look["used"] for look in others)


@pytest.mark.parametrize("name", ["Middle", "East", "West"])
def test_before_and_after_show_the_surroundings(
    client: httpx.Client, events: dict[str, dict[str, Any]], name: str
) -> None:
    event = events[name]
    pair = client.get(f"/events/{event['id']}/pair").json()
    assert pair["before"]["sensed"] <= event["properties"]["last_unharmed"]
    assert pair["after"]["sensed"] >= event["properties"]["first_changed"]
    assert {"true_colour", "nbr", "change"} <= set(pair["styles"])
    view, core = settled.metres(box(*pair["bounds"])), settled.metres(shape(event["geometry"]))
    west, south, east, north = view.bounds
    inner = core.bounds
    margins = (inner[0] - west, inner[1] - south, east - inner[2], north - inner[3])
    assert min(margins) > 290
    assert view.area > 20 * core.area


def test_a_settlement_at_the_corner_of_four_cells_is_seen_whole(
    client: httpx.Client, events: dict[str, dict[str, Any]]
) -> None:
    """Its ledger names one cell; the others were taken with it, and are shown."""
    event = events["Middle"]
    pair = client.get(f"/events/{event['id']}/pair").json()
    look = pair["after"]["acquisition"]
    answer = client.get(f"/tiles/looks/{look}/true_colour/tilejson.json").json()
    west, south, east, north = pair["bounds"]
    bounds = answer["bounds"]
    assert bounds[0] < west and bounds[1] < south and bounds[2] > east and bounds[3] > north
    chip = client.get(f"/events/{event['id']}/chip.png")
    picture = np.asarray(Image.open(io.BytesIO(chip.content)).convert("RGB")).astype(int)
    height, width, _ = picture.shape
    panel = picture[int(0.25 * height) : int(0.9 * height), int(0.05 * width) : int(0.47 * width)]
    for quarter in (panel[:200, :200], panel[:200, -200:], panel[-200:, :200], panel[-200:, -200:]):
        blank = (quarter.max(-1) - quarter.min(-1) < 3) & (quarter.mean(-1) > 200)
        assert blank.mean() < MOST_BLANK


def test_the_settlements_of_a_watch_and_how_well_each_was_seen(client: httpx.Client) -> None:
    found = client.get("/regions/region-1/settlements").json()
    assert found["next"] is None
    whole = {one["settlement"]: one for one in found["items"]}
    assert {key: one["settlement_name"] for key, one in whole.items()} == {
        "id-East": "East", "id-Middle": "Middle",
    }  # fmt: skip
    for key, one in whole.items():
        rows = client.get("/regions/region-1/ledger", params={"settlement": key}).json()["items"]
        usable = [row["sensed"] for row in rows if row["status"] in ("changed", "unchanged")]
        assert (one["looks"], one["usable_looks"]) == (len(rows), len(usable))
        assert (one["last_look"], one["last_usable_look"]) == (rows[-1]["sensed"], usable[-1])
        times = [datetime.fromisoformat(sensed) for sensed in usable]
        gaps = [(after - before).days for before, after in itertools.pairwise(times)]
        assert one["longest_blind_days"] == max(gaps)
    seen = [one["last_usable_look"] for one in found["items"]]
    assert seen == sorted(seen)
    assert whole["id-East"]["longest_blind_days"] >= 10

    first = client.get("/regions/region-1/settlements", params={"limit": 1}).json()
    rest = client.get(first["links"][0]["href"]).json()
    assert first["items"] + rest["items"] == found["items"]
    assert client.get("/regions/nowhere/settlements").status_code == 404
    other = client.get("/regions/region-2/settlements", params={"after": first["next"]})
    assert other.status_code == 400


def test_a_look_at_one_settlement_is_told_for_it_alone(client: httpx.Client) -> None:
    looks = client.get("/regions/region-1/looks", params={"settlement": "id-East"}).json()["items"]
    (clouded,) = [k for k in looks if k["sensed"].startswith(burned.CLOUDED.isoformat())]
    assert clouded["words"] == "cloud over 100%"
    every = client.get("/regions/region-1/looks").json()["items"]
    assert {k["words"] for k in every if k["sensed"] == clouded["sensed"]} != {clouded["words"]}


def test_only_cells_whose_pixels_the_look_itself_took_are_shown(valley: Served) -> None:
    archive = Archive(Layout(valley.settings.data_dir).archive("local"))
    row = valley.store.ledger("local", "region-1", settlement="id-Middle").items[-1]
    assert row.cell == "34N_0061_0147"
    around = {"34N_0060_0146", "34N_0060_0147", "34N_0061_0146"}
    own = archive.only(masters_of([row]))
    assert set(beside(own, row.cell, row.acquisition)) == around
    home = [one.sha256 for one in archive.masters(row.acquisition, row.cell)]
    assert beside(archive.only(home), row.cell, row.acquisition) == ()


def test_a_core_that_was_seen_is_not_called_lost() -> None:
    """Where the surroundings were lost there is nothing to compare with."""
    lost = {"status": ObservationStatus.NOT_OBSERVABLE, "cause": NotObservable.CLOUD}
    around = a.look(settlement="set-1", usable=1.0, detail={"lost": {}}, **lost)
    assert look_in_words(around) == "cloud over its surroundings"
    core = a.look(settlement="set-1", usable=0.25, detail={"lost": {"cloud": 0.75}}, **lost)
    assert look_in_words(core) == "cloud over 75%"
    dark = {**lost, "cause": NotObservable.NODATA}
    assert look_in_words(a.look(usable=0.0, detail={}, **dark)) == "no data over 100%"
