"""Daily means of a drawn village: the numbers are its own, and they are off unless asked for."""

from __future__ import annotations

import csv
import dataclasses
import json
from datetime import UTC, date, datetime

import numpy as np
import pytest
import shapely
from shapely.geometry import box, mapping

from hearthwatch.cli.call import store_at
from hearthwatch.records import EventFilter, Mode, Priority, SpendStatus
from hearthwatch.settings import load_settings
from hearthwatch.store.whole import all_settlements, all_spends
from tests.standin import Standin, faults
from tests.support import clock
from tests.support.catalogue import make_catalogue
from tests.unit.hearthwatch.cli import recent
from tiles.geodesy import project

OLD, NEW, HAZY = date(2020, 6, 1), date(2020, 6, 6), date(2020, 6, 11)
VILLAGE = box(630_100, 4_951_700, 630_300, 4_951_900)
"""In EPSG:32634; of the scenes' pixels of 10 m the rows and columns 10 to 29."""
PIXELS, PIXELS_20 = slice(10, 30), slice(5, 15)
BANDS = ("B04", "B8A", "B12")
NAME = "=East"
"""A spreadsheet would take it for a formula."""


def draw(sensed: datetime) -> dict[str, np.ndarray]:
    """Return ground of which no two pixels are alike, and a cloud over the village's east."""
    rng = np.random.default_rng(sensed.toordinal())
    sides = {"B04": 60, "B8A": 30, "B12": 30}
    drawn = {
        band: rng.integers(300, 4000, (side, side)).astype(np.uint16)
        for band, side in sides.items()
    }
    classes = np.full((30, 30), 5, np.uint16)
    if sensed.date() == HAZY:
        classes[:, 10:] = 9
        for band, side in sides.items():
            drawn[band][:, side // 3 :] = 8000
    return {**drawn, "SCL": classes}


def truth(day: str, band: str) -> np.ndarray:
    """Return the village's pixels without cloud; reflectance."""
    rows = PIXELS if band == "B04" else PIXELS_20
    cols = rows if day != str(HAZY) else slice(rows.start, 2 * rows.start)
    return draw(datetime.fromisoformat(day))[band][rows, cols] * 1e-4


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scenes")
    make_catalogue(folder, [OLD], draw, baseline="02.14")
    make_catalogue(folder, [NEW, HAZY], draw, baseline="05.00", offset=True)
    return folder


@pytest.fixture
def hub(scenes, tmp_path, monkeypatch):
    """Name the stand-in as the provider, with daily means allowed; return it."""
    with Standin(scenes) as server:
        for name, value in recent.environment(server, recent.credentials(tmp_path)).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("HEARTHWATCH_STATISTICS_BASELINES", "true")
        yield server


@pytest.fixture
def village(document, tmp_path):
    """Put the village on the list; return how its series is asked for."""
    outline = project(VILLAGE, "EPSG:32634", "OGC:CRS84")
    feature = {"type": "Feature", "properties": {"name": NAME}, "geometry": mapping(outline)}
    path = tmp_path / "village.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert document("settlement", "import", path)[1]["added"] == 1
    return (
        "settlement", "series", NAME, "--bands", ",".join(BANDS), "--since", "2020-05-01",
        "--until", "2020-06-30", "--out", "means.csv",
    )  # fmt: skip


def rows(tmp_path):
    with (tmp_path / "means.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def spends():
    with store_at(load_settings().data_dir) as store:
        return list(all_spends(store, "local"))


def test_the_means_are_those_of_the_drawn_village(hub, village, document, tmp_path):
    status, told = document(*village)
    assert (status, told["days"], told["failed_days"]) == (0, 3, {})
    found = rows(tmp_path)
    assert [(row["day"], row["band"]) for row in found] == [
        (str(day), band) for day in (OLD, NEW, HAZY) for band in BANDS
    ]
    for row in found:
        pixels = truth(row["day"], row["band"])
        assert float(row["mean"]) == pytest.approx(pixels.mean(), abs=1e-6), row
        assert float(row["deviation"]) == pytest.approx(pixels.std(), abs=1e-6), row
        assert int(row["clear_pixels"]) == (200 if row["day"] == str(HAZY) else 400)
        assert (row["outline_pixels"], row["error"], row["mode"]) == ("400", "", "actual")
        assert row["settlement_name"] == f"'{NAME}"
        assert row["notice"] == "Contains modified Copernicus Sentinel data 2020"
        (scene,) = row["scenes"].split(" ")
        assert scene.startswith("S2B_MSIL2A_" + row["day"].replace("-", ""))


def test_what_it_took_is_in_the_ledger_of_spends_and_nothing_else_is(hub, village, document):
    told = document(*village)[1]
    search, means = sorted(spends(), key=lambda one: one.reserved)
    assert (search.detail, means.detail) == ("search", "daily means")
    assert (means.status, means.priority) == (SpendStatus.SETTLED, Priority.BACKFILL)
    # Three bands and the classes, three days, the least area there is.
    assert means.estimated_units == pytest.approx(0.01 * 4 / 3 * 3)
    assert told["units"] == pytest.approx(means.units, abs=1e-4)
    assert means.units + search.units == pytest.approx(hub.units_spent, abs=1e-5)
    assert means.requests + search.requests == len(hub.calls("statistics") + hub.calls("catalog"))
    assert hub.calls("process") == []
    with store_at(load_settings().data_dir) as store:
        assert store.events("local", EventFilter()).items == ()
        assert store.regions("local") == store.runs("local") == ()


def test_it_is_refused_unless_it_was_allowed(hub, village, failure, monkeypatch, tmp_path):
    monkeypatch.delenv("HEARTHWATCH_STATISTICS_BASELINES")
    status, code, message = failure(*village)
    assert (status, code) == (11, "settings")
    assert "which places are watched" in message
    assert "HEARTHWATCH_STATISTICS_BASELINES=true" in message
    assert hub.calls() == []
    assert spends() == []
    assert not (tmp_path / "means.csv").exists()


def test_another_provider_makes_none(hub, village, failure, monkeypatch):
    monkeypatch.setenv("HEARTHWATCH_PROVIDER", "stac")
    status, code, message = failure(*village)
    assert (status, code) == (11, "settings")
    assert "HEARTHWATCH_PROVIDER=sentinelhub" in message
    assert hub.calls() == []


def test_a_cap_that_is_reached_refuses_it_before_it_is_asked_for(
    hub, village, failure, monkeypatch, tmp_path
):
    # Backfill may take half of it: less than the 0.04 units that are wanted.
    monkeypatch.setenv("HEARTHWATCH_UNITS_PER_MONTH", "0.079")
    status, code, message = failure(*village)
    assert (status, code) == (22, "budget")
    assert "0.040 units are wanted for daily means" in message
    assert "(units_per_month)" in message
    assert hub.calls("statistics") == []
    assert [one.detail for one in spends()] == ["search"]
    assert not (tmp_path / "means.csv").exists()


def test_f20_a_quota_the_provider_calls_spent_pauses_it(
    hub, village, document, failure, monkeypatch
):
    # With the month the pause ends too.
    at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    clock.stop(monkeypatch, at, "imagery.net.wire", "hearthwatch.budget.account")
    hub.faults["statistics"].append(faults.quota_spent())
    assert failure(*village)[1] == "catalogue"
    assert document("spend")[1]["pauses"][0]["provider"] == "sentinelhub"
    assert failure(*village)[1] == "budget"
    assert len(hub.calls("statistics")) == 1
    assert {one.status for one in spends()} == {SpendStatus.SETTLED}


def test_a_day_that_the_provider_could_not_work_out_says_so(hub, village, document, tmp_path):
    hub.failed_days[str(NEW)] = "TIMEOUT"
    _, told = document(*village)
    assert told["failed_days"] == {str(NEW): "TIMEOUT"}
    failed = [row for row in rows(tmp_path) if row["day"] == str(NEW)]
    assert [row["band"] for row in failed] == list(BANDS)
    for row in failed:
        assert (row["mean"], row["clear_pixels"], row["error"]) == ("", "", "TIMEOUT")
        assert row["scenes"]
    assert told["requests"] == len(hub.calls("statistics")) == 3
    means = [one for one in spends() if one.detail == "daily means"]
    assert sum(one.requests for one in means) == 3


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"--bands": "SCL"}, "not_found", "no daily means of SCL"),
        ({"--bands": "VV"}, "not_found", "no daily means of VV"),
        ({"--out": "village.geojson"}, "error", "exists"),
        ({"--out": "no/folder/means.csv"}, "error", "no folder"),
        ({"--until": "2020-04-30"}, "not_found", "ends before it begins"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anyone_is_asked(
    hub, village, failure, change, code, words
):
    asked = list(village)
    for option, value in change.items():
        asked[asked.index(option) + 1] = value
    _, got, message = failure(*asked)
    assert got == code
    assert words in message
    assert not [call for call in hub.calls() if call.route != "token"]


def test_a_time_without_looks_is_told_of(hub, village, failure):
    asked = [word.replace("2020-", "2019-") for word in village]
    assert "lists no look at it from 2019-05-01 to 2019-06-30" in failure(*asked)[2]
    assert hub.calls("statistics") == []


def test_a_settlement_of_an_exercise_is_not_looked_up_in_the_world(hub, village, failure):
    with store_at(load_settings().data_dir, write=True) as store:
        (one,) = all_settlements(store, "local")
        with store.transaction() as tx:
            tx.put_settlements([dataclasses.replace(one, mode=Mode.EXERCISE)])
    assert "is of an exercise" in failure(*village)[2]
    assert hub.calls("catalog") == []


def test_a_settlement_of_others_is_not_there(hub, village, failure, monkeypatch):
    monkeypatch.setenv("HEARTHWATCH_ORGANISATION", "others")
    assert failure(*village)[1] == "not_found"
    assert hub.calls("catalog") == []


def test_one_that_was_taken_off_the_list_is_shown_to_nobody(hub, village, document, failure):
    (listed,) = document("settlement", "list")[1]["settlements"]
    document("settlement", "remove", listed["id"])
    assert failure(*village)[1] == "not_found"
    assert hub.calls("catalog") == []


def test_the_outline_is_asked_for_as_it_is_listed(hub, village, document):
    document(*village)
    (call,) = hub.calls("statistics")
    asked = shapely.geometry.shape(call.document["input"]["bounds"]["geometry"])
    assert asked.symmetric_difference(VILLAGE).area < 1e-3 * VILLAGE.area
    assert "EPSG/0/32634" in call.document["input"]["bounds"]["properties"]["crs"]
