"""`hearthwatch exercise` and `hearthwatch evaluate` with the real detector, from end to end."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from hearthwatch.cli.call import store_at
from hearthwatch.records import EventFilter, Kind, Mode
from hearthwatch.store.whole import all_events, all_looks, all_settlements
from tests.support import settled
from tests.support.settled import EAST, LOOKS, MIDDLE, Fire

BURNED, NUMBER = 8, 12
DAY = date(2020, 2, 10)
"""Between the last look before and the first one after."""
SECRET = "Umm Drawn"


@pytest.fixture(scope="module")
def quiet(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("quiet") / "looks"
    return settled.write_looks(folder, LOOKS[:NUMBER], settled.dry_land())


@pytest.fixture(scope="module")
def burning(tmp_path_factory) -> Path:
    fires = [Fire(DAY, MIDDLE.core)]
    folder = tmp_path_factory.mktemp("burning") / "looks"
    return settled.write_looks(folder, LOOKS[:NUMBER], settled.dry_land(fires))


def at(village) -> tuple[float, float]:
    centre = settled.degrees(village.core).centroid
    return centre.x, centre.y


def test_an_exercise_is_found_and_marked_as_one_everywhere(quiet, call, document, tmp_path):
    assert LOOKS[BURNED - 1].date() < DAY < LOOKS[BURNED].date()
    lon, lat = at(MIDDLE)
    words = ("exercise", "--catalogue", quiet, "--out", "out", "--at", f"{lon:.6f},{lat:.6f}",
             "--radius", 60, "--date", DAY, "--share", "0.8")  # fmt: skip
    _, told = document(*words)
    (truth,) = told["truths"]
    found = truth["found"]["PROBABLE"]
    assert told["mode"] == "exercise"
    assert "nothing of this happened" in told["note"]
    assert (found["dated"], found["looks"]) == ("inside", [2, 2])
    assert found["last_unharmed"][:10] == f"{LOOKS[BURNED - 1]:%Y-%m-%d}"
    assert found["first_changed"][:10] == f"{LOOKS[BURNED]:%Y-%m-%d}"
    assert told["false_alerts"] == dict.fromkeys(told["false_alerts"], 0)
    _, text, _ = call(*words)
    assert text.startswith("EXERCISE.")
    assert f"EXERCISE burn of {DAY}" in text
    with store_at(tmp_path / "out" / "data") as store:
        (region,) = store.regions("local")
        (place,) = all_settlements(store, "local")
        events = list(all_events(store, "local", EventFilter()))
        rows = list(all_looks(store, region))
        heard = [one for event in events for one in store.detections("local", event.id)]
        versions = [one for event in events for one in store.event_history("local", event.id)]
    assert len(rows) == NUMBER
    assert len(events) == 1
    assert len(heard) == len(versions) >= 2
    everything = [region, place, *events, *rows, *heard, *versions]
    assert {one.mode for one in everything} == {Mode.EXERCISE}
    assert {one.settlement for one in (*events, *rows, *heard)} == {place.id}
    assert {region.kind} == {Kind.BURNED}
    there = ("--data-dir", "out/data")
    for command in (("events", "list"), ("events", "show", events[0].id), ("ledger", region.name)):
        for as_json in ((), ("--json",)):
            status, out, _ = call(*command, *there, *as_json)
            assert status == 0
            assert "EXERCISE village" in out
            assert "attack" not in out.lower()
    (event,) = document("events", "list", *there)[1]["events"]
    assert event["mode"] == "exercise"


@pytest.fixture
def evaluated(burning, tmp_path):
    """Return `f(*more)`, the words of an evaluation of a burned village and a quiet one."""
    names = {SECRET: MIDDLE, "Second Drawn": EAST}
    with (tmp_path / "places.csv").open("w") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "longitude", "latitude", "radius_m"])
        rows.writerows([name, *at(village), 60] for name, village in names.items())
    truth = f"place,earliest,latest,kind\n{SECRET},{DAY},{DAY},burned\n"
    (tmp_path / "truth.csv").write_text(truth)
    return lambda *more: (
        "evaluate", "--catalogue", burning, "--settlements", "places.csv",
        "--truth", "truth.csv", "--out", "report", "--until", "2020-12-31", *more,
    )  # fmt: skip


def test_an_evaluation_finds_the_burn_in_its_interval_and_gives_no_place_away(
    evaluated, call, tmp_path
):
    status, out, _ = call(*evaluated())
    assert status == 0
    told = json.loads((tmp_path / "report" / "evaluation.json").read_text())
    html = (tmp_path / "report" / "evaluation.html").read_text()
    for level in told["levels"].values():
        assert (level["recall"]["hits"], level["recall"]["of"]) == (1, 1)
        assert (level["precision"]["hits"], level["precision"]["of"]) == (1, 1)
        inside = level["dating"]["inside"]
        assert (inside["hits"], inside["of"]) == (1, 1)
    assert told["levels"]["PROBABLE"]["delay"]["looks"]["at_least"]["median"] == 2
    assert told["evaluated"]["settlements"] == 2
    assert told["evaluated"]["settlement_looks"] == 2 * NUMBER
    lon, lat = at(MIDDLE)
    for text in (html, json.dumps(told), out):
        assert "Drawn" not in text
        assert f"{lon:.3f}" not in text
        assert f"{lat:.3f}" not in text
        assert "attack" not in text.lower()


def test_places_are_named_when_they_are_asked_for(evaluated, call, tmp_path):
    call(*evaluated("--with-places"))
    told = json.loads((tmp_path / "report" / "evaluation.json").read_text())
    assert {one["name"] for one in told["settlements"]} == {SECRET, "Second Drawn"}
