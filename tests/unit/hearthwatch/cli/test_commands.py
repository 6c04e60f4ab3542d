"""Each command on a small catalogue in which two clearings are felled."""

import csv
import json
import subprocess
import sys
from datetime import datetime

import pyogrio
import pytest

from hearthwatch.watchlist import kinds
from tests.support import watched

LOOKS = 18


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Folder of data after one run; no test changes it."""
    root = tmp_path_factory.mktemp("commands")
    looks = watched.write_looks(root / "looks", LOOKS)
    data = watched.prepare(root / "data")
    watched.run(watched.settings_for(data, looks))
    return data


def test_a_region_is_added_listed_shown_and_removed(document):
    options = ("--purpose", "testing", "--owner", "me", "--expires", "2999-01-01")
    status, added = document("region", "add", "Oak", "--bbox", "-10,5,-9.9,5.1", *options)
    assert status == 0
    region = added["region"]
    assert region["name"] == "Oak"
    assert region["bbox"] == [-10.0, 5.0, -9.9, 5.1]
    assert region["area_km2"] == pytest.approx(122.6, abs=0.1)
    assert (region["purpose"], region["owner"]) == ("testing", "me")
    assert region["expires"] == "2999-01-01T23:59:59.999999Z"
    (listed,) = document("region", "list")[1]["regions"]
    shown = document("region", "show", region["id"])[1]["region"]
    assert shown.pop("cells")
    assert {name: shown[name] for name in listed if name in shown} == shown
    assert (listed.pop("level"), listed.pop("level_words"), listed.pop("ending")) == (
        "routine", "", "",
    )  # fmt: skip
    assert listed.pop("hours_between_runs") == 6.0
    assert listed.pop("days_left") > 300_000
    assert (listed.pop("waiting"), listed.pop("raised")) == ("", None)
    imagery = listed.pop("imagery")
    assert (imagery["stage"], imagery["blind_since"]) == ("full", None)
    assert imagery["missing_passes"] == 0
    assert listed == region
    assert document("region", "remove", "Oak")[1]["region"]["removed"] is not None
    assert document("region", "list")[1]["regions"] == []


def test_a_file_of_two_features_makes_one_region_and_tells_the_repairs(document, tmp_path):
    squares = [
        {"type": "Polygon", "coordinates": [[[x, 45], [x + 0.1, 45], [x + 0.1, 45.1], [x, 45.1]]]}
        for x in (22, 23)
    ]
    (tmp_path / "a.geojson").write_text(
        json.dumps({"type": "GeometryCollection", "geometries": squares})
    )
    _, added = document("region", "add", "Oak", "a.geojson")
    assert added["repairs"] == ["a ring was closed"]
    assert len(added["region"]["geometry"]["coordinates"]) == 2


def test_a_name_can_be_taken_once(document, failure):
    words = ("region", "add", "Oak", "--bbox", "22,45,22.1,45.1")
    assert document(*words)[0] == 0
    status, code, message = failure(*words)
    assert (status, code) == (12, "region")
    assert "There is a region Oak already" in message


def test_a_kind_without_a_detector_is_refused(failure, monkeypatch):
    monkeypatch.setattr(kinds, "detectors_of", lambda kind: (kind,) if kind != "razed" else ())
    words = ("region", "add", "Oak", "--bbox", "22,45,22.1,45.1", "--kind", "razed")
    status, code, message = failure(*words)
    assert (status, code) == (12, "region")
    assert "razed" in message
    assert "ground_change" in message


def test_a_run_needs_a_catalogue_and_a_region(failure, tmp_path):
    status, code, message = failure("run")
    assert (status, code) == (11, "settings")
    assert "--catalogue" in message
    assert failure("run", "--catalogue", tmp_path)[:2] == (17, "not_found")


def test_a_run_tells_its_progress_and_what_it_did(call, tmp_path):
    looks = watched.write_looks(tmp_path / "looks", 3)
    data = watched.prepare(tmp_path / "data")
    words = ("run", "--data-dir", data, "--catalogue", looks, "--until", "2018-05-13")
    status, out, err = call(*words)
    assert status == 0
    assert "square: 4 new looks, 0 taken before; 0 events new or changed." in out
    assert "4/4 looks, 2018-05-13" in err
    status, out, err = call(*words, "--json")
    assert (status, err) == (0, "")
    (told,) = json.loads(out)["runs"]
    assert (told["looks"], told["looks_taken_before"], told["outcome"]) == (0, 4, "complete")


def test_a_region_that_cannot_be_looked_at_leaves_no_other_unwatched(call, tmp_path):
    looks = watched.write_looks(tmp_path / "looks", 1)
    data = watched.prepare(tmp_path / "data")
    box = ("--bbox", "22,45,22.1,45.1", "--data-dir", data)
    call("region", "add", "Abandoned", "--kind", "burned", *box)
    words = ("run", "--data-dir", data, "--catalogue", looks, "--until", "2018-05-13")
    status, out, _ = call(*words)
    assert status == 17
    assert "Abandoned: not looked at. No settlement lies in Abandoned" in out
    assert "square: 2 new looks, 0 taken before" in out
    status, out, _ = call(*words, "--json")
    told = json.loads(out)
    assert (status, len(told["runs"]), len(told["failed"])) == (17, 1, 1)


def test_a_catalogue_without_the_sensor_of_a_watch_is_named_with_it(call, tmp_path):
    looks = watched.write_looks(tmp_path / "looks", 1)
    call("region", "add", "Oak", "--kind", "camp_change", "--bbox", "2,45,2.1,45.1")
    status, out, _ = call("run", "--catalogue", looks)
    assert status == 0
    assert "Oak: the catalogue has no Sentinel-2 look at it." in out
    assert "camp_sites: No settlement lies in Oak" in out


def test_a_watch_that_has_ended_is_announced_and_not_looked_at(call, document, tmp_path):
    looks = watched.write_looks(tmp_path / "looks", 1)
    document("region", "add", "Oak", "--bbox", "22,45,22.1,45.1", "--expires", "2999-01-01")
    _end_watch(tmp_path / "var")
    status, _, err = call("run", "--catalogue", looks)
    assert status == 0
    assert "Oak: the watch ended on 2020-01-01; not looked at." in err
    assert document("run", "--catalogue", looks)[1]["lapsed"] == ["Oak"]


def test_events_are_listed_filtered_and_shown(data, document):
    _, listed = document("events", "list", "--data-dir", data)
    events = listed["events"]
    assert events
    assert listed["next"] is None
    changed = [event["first_changed"] for event in events]
    assert changed == sorted(changed, reverse=True)
    one = events[0]
    assert one["region_name"] == watched.REGION
    assert one["observed"].startswith("Ground over ") or "no longer seen" in one["observed"]
    for words in (["--state", "confirmed"], ["--until", "2016-01-01"], ["--bbox", "0,0,1,1"]):
        assert document("events", "list", "--data-dir", data, *words)[1]["events"] == []
    _, first = document("events", "list", "--data-dir", data, "--limit", 1)
    assert [e["id"] for e in first["events"]] == [one["id"]]
    assert (first["next"] is None) == (len(events) == 1)
    _, shown = document("events", "show", one["id"][:8], "--data-dir", data)
    assert shown["event"] == one
    assert [v["version"] for v in shown["history"]] == list(range(1, one["version"] + 1))
    assert len(shown["detections"]) == one["version"]


def test_an_event_is_not_guessed_from_too_little(data, failure):
    assert failure("events", "show", "a", "--data-dir", data)[:2] == (17, "not_found")
    status, _, message = failure("events", "show", "zzzzzzzz", "--data-dir", data)
    assert status == 17
    assert "hearthwatch events list" in message


def test_the_ledger_has_a_word_on_every_look_and_on_the_guard(data, document, call):
    _, found = document("ledger", "--data-dir", data)
    (region,) = found["regions"]
    assert len(region["looks"]) == 2 * LOOKS
    (summary,) = region["summaries"]
    assert sum(summary["statuses"].values()) == summary["looks"] == LOOKS
    assert summary["unguarded_looks"] == LOOKS
    _, out, _ = call("ledger", watched.REGION, "--data-dir", data)
    assert f"the scene guard was not active on {LOOKS} of {LOOKS} looks" in out
    assert summary["guard"][0] in out
    assert out.count("34N_0061_0483") == LOOKS


def test_the_tables_for_people_name_what_they_show(data, call):
    assert watched.REGION in call("region", "list", "--data-dir", data)[1]
    assert "34N_0061_0483" in call("region", "show", watched.REGION, "--data-dir", data)[1]
    listing = call("events", "list", "--data-dir", data)[1].splitlines()
    assert listing[0].split()[:3] == ["id", "state", "kind"]
    shown = call("events", "show", listing[2].split()[0], "--data-dir", data)[1]
    assert "interval" in shown
    assert "evidence" in shown


def exported(document, data, path, *words):
    status, answer = document("export", path, "--data-dir", data, *words)
    assert status == 0
    assert answer["notice"] == "Contains modified Copernicus Sentinel data 2018"
    return answer["events"]


def test_geojson_has_seven_decimals_and_says_whose_data_they_are(data, document, tmp_path):
    count = exported(document, data, "a.geojson")
    value = json.loads((tmp_path / "a.geojson").read_text())
    assert value["notice"] == "Contains modified Copernicus Sentinel data 2018"
    assert len(value["features"]) == count
    one = value["features"][0]
    assert {"last_unharmed", "first_changed", "area_ha", "evidence", "doubts", "mode"} <= one[
        "properties"
    ].keys()
    ring = one["geometry"]["coordinates"][0]
    flat = [number for corner in (ring if one["geometry"]["type"] == "Polygon" else ring[0])
            for number in corner]  # fmt: skip
    assert all(round(number, 7) == number for number in flat)
    datetime.fromisoformat(one["properties"]["first_changed"])


def test_geopackage_and_csv_have_the_same_events(data, document, tmp_path):
    count = exported(document, data, "a.gpkg")
    info = pyogrio.read_info(tmp_path / "a.gpkg")
    assert (info["features"], info["driver"]) == (count, "GPKG")
    assert "CRS84" in info["crs"]
    exported(document, data, "a.txt", "--format", "csv")
    with (tmp_path / "a.txt").open(newline="") as file:
        rows = list(csv.DictReader(file))
    meta, _, _, columns = pyogrio.raw.read(tmp_path / "a.gpkg", read_geometry=False)
    ids = columns[list(meta["fields"]).index("id")]
    assert [row["id"] for row in rows] == list(ids)
    assert all(row["wkt"].startswith(("POLYGON", "MULTIPOLYGON")) for row in rows)
    assert {row["notice"] for row in rows} == {"Contains modified Copernicus Sentinel data 2018"}


def test_an_export_of_nothing_is_a_whole_file(data, document, tmp_path):
    for name in ("a.geojson", "a.gpkg", "a.csv"):
        _, answer = document("export", name, "--data-dir", data, "--state", "confirmed")
        assert answer["events"] == 0
        assert (tmp_path / name).stat().st_size > 0


def test_an_export_overwrites_only_when_told_to(data, document, failure, tmp_path):
    (tmp_path / "a.csv").write_text("mine")
    status, _, message = failure("export", "a.csv", "--data-dir", data)
    assert status == 1
    assert "--force" in message
    assert (tmp_path / "a.csv").read_text() == "mine"
    exported(document, data, "a.csv", "--force")
    assert (tmp_path / "a.csv").read_text() != "mine"


def test_an_export_to_an_unknown_suffix_asks_for_the_format(data, failure):
    status, _, message = failure("export", "a.shp", "--data-dir", data)
    assert status == 1
    assert "--format" in message


def test_the_doctor_finds_all_in_order(data, document, monkeypatch):
    monkeypatch.setenv("HEARTHWATCH_CATALOGUE", str(data.parent / "looks"))
    status, found = document("doctor", "--data-dir", data)
    assert status == 0
    assert found["ok"]
    checks = {check["name"]: check for check in found["checks"]}
    bad = {name for name, check in checks.items() if check["outcome"] != "ok"}
    # What the disk below the tests is, is not theirs to say; and here nothing watches.
    assert bad <= {"free disk", "encryption", "alarms"}
    assert "every SHA-256 as listed" in checks["archive"]["found"]
    assert checks["catalogue"]["found"] == f"{LOOKS} scenes, {LOOKS} with the bands needed"


def test_the_doctor_finds_an_altered_master(call, document, tmp_path):
    looks = watched.write_looks(tmp_path / "looks", 1)
    data = watched.prepare(tmp_path / "data")
    call("run", "--data-dir", data, "--catalogue", looks)
    master = next((data / "archive").rglob("*.tif"))
    master.chmod(0o644)
    master.write_bytes(master.read_bytes()[:-1])
    status, found = document("doctor", "--data-dir", data)
    assert status == 1
    (archive,) = [check for check in found["checks"] if check["name"] == "archive"]
    assert archive["outcome"] == "fail"
    assert master.name in archive["found"]
    assert "backup" in archive["advice"]


def test_the_doctor_sees_a_clock_that_went_back(data, document, monkeypatch):
    class Back(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2025, 1, 1, tzinfo=tz)

    monkeypatch.setattr("hearthwatch.cli.doctor_system.datetime", Back)
    _, found = document("doctor", "--data-dir", data, "--quick")
    checks = {check["name"]: check for check in found["checks"]}
    assert checks["clock"]["outcome"] == "fail"
    assert "Set the clock" in checks["clock"]["advice"]


def test_a_reader_that_goes_away_leaves_no_noise(data):
    command = f"{sys.executable} -m hearthwatch.cli ledger --data-dir {data} --json | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("{", "")


def _end_watch(data):
    """Let the only watch end in the past, which no command does."""
    import dataclasses
    from datetime import UTC

    from hearthwatch.cli.call import store_at

    with store_at(data, write=True) as store:
        (region,) = store.regions("local")
        with store.transaction() as transaction:
            ended = datetime(2020, 1, 1, tzinfo=UTC)
            transaction.put_region(dataclasses.replace(region, expires=ended))
