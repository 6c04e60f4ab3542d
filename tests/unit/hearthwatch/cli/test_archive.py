"""`hearthwatch archive`: what an analyst, a lawyer and an operator type."""

import json
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hearthwatch.cli.archive import _years_before
from hearthwatch.cli.archive_evidence import rested_on
from hearthwatch.cli.call import store_at
from hearthwatch.layout import Layout
from hearthwatch.store import MemoryStore
from tests.contract import store_records as records
from tests.support.chips import CELL, chip
from tiles.archive import Archive
from tiles.manifest import Manifest

YEARS = (2015, 2016, 2024)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Three looks in the archive of the data folder `var`, and an empty database beside it."""
    layout = Layout(tmp_path / "var")
    layout.make()
    with store_at(layout.root, write=True):
        pass
    opened = Archive(layout.archive("local"))
    for number, year in enumerate(YEARS):
        made = chip(acquisition=f"look{year}")
        layers = tuple(replace(one, dn=one.dn + number) for one in made.layers)
        sensed = datetime(year, 6, 30, tzinfo=UTC)
        opened.store(replace(made, layers=layers, sensed=sensed), CELL)
    return opened


def test_verify_says_that_all_is_well_and_gives_the_hash_to_note(archive, document, call):
    status, said = document("archive", "verify")
    assert status == 0
    assert said == {"faults": [], "masters": 6, "head": archive.manifest.head()}
    assert archive.manifest.head() in call("archive", "verify")[1]


def test_verify_names_the_file_and_ends_with_one(archive, document, call):
    ref = archive.listed()[0]
    path = archive.root / ref.path
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1])
    status, said = document("archive", "verify")
    assert status == 1
    assert said["faults"] == [{"path": ref.path, "problem": "its SHA-256 is not the listed one"}]
    status, out, _ = call("archive", "verify")
    assert (status, ref.path in out) == (1, True)


def test_list_shows_looks_by_cell_and_acquisition(archive, document, call):
    _, said = document("archive", "list", "--acquisition", "look2015")
    (look,) = said["looks"]
    assert (look["cell"], look["day"], look["masters"]) == (CELL, "2015-06-30", 2)
    _, said = document("archive", "list", "--cell", "35N_0040_0497")
    assert said == {"looks": [], "holds": []}
    assert "look2024" in call("archive", "list")[1]


def test_export_writes_a_folder_that_proves_itself(archive, document, failure, tmp_path):
    status, said = document("archive", "export", "look2015", f"{CELL}/look2024", "out")
    assert (status, said["masters"]) == (0, 4)
    assert {one["name"] for one in said["files"]} | {"SHA256SUMS"} == {
        path.name for path in (tmp_path / "out").iterdir()
    }
    status, code, message = failure("archive", "export", "look2015", "out")
    assert "not empty" in message
    status, code, message = failure("archive", "export", "look2051", "other")
    assert (code, "look2051" in message) == ("not_found", True)
    assert not (tmp_path / "other").exists()


def test_prune_spares_what_is_held_and_what_is_young(archive, document, call):
    document("archive", "hold", "case-7", "look2016", "--why", "case 7", "--by", "counsel")
    _, said = document("archive", "prune", "--keep-years", "9", "--dry-run")
    assert len(said["retired"]) == 2
    assert len(archive.listed()) == 6
    _, said = document("archive", "prune", "--keep-years", "9", "--by", "ops")
    assert (len(said["retired"]), said["kept_on_hold"], said["kept_as_evidence"]) == (2, 2, 0)
    assert {ref.acquisition for ref in archive.listed()} == {"look2016", "look2024"}
    note = archive.manifest.notes()[-1]
    assert (note.who, note.why) == ("ops", "older than 9 years")
    assert "Hold case-7 on look2016" in call("archive", "list")[1]
    document("archive", "release", "case-7", "--why", "closed", "--by", "counsel")
    _, said = document("archive", "prune", "--keep-years", "9")
    assert len(said["retired"]) == 2
    assert document("archive", "verify")[0] == 0


def test_a_hold_that_holds_nothing_is_refused(archive, failure):
    _, _, message = failure("archive", "hold", "case-7", "look2051", "--why", "case 7")
    assert "look2051 selects no master" in message
    _, _, message = failure("archive", "release", "case-7", "--why", "closed")
    assert "no hold case-7" in message


def test_prune_refuses_where_nobody_can_say_what_rests_on_it(archive, failure, tmp_path):
    Layout(tmp_path / "var").database.unlink()
    _, _, message = failure("archive", "prune", "--keep-years", "1")
    assert "no database" in message
    assert len(archive.listed()) == 6


def test_cube_is_made_from_the_masters_of_a_cell(archive, document, failure):
    _, said = document("archive", "cube", CELL)
    assert said["cubes"] == [
        {"sensor": "sentinel-2-l2a", "looks": 3, "added": 3, "rebuilt": True}
    ]  # fmt: skip
    _, said = document("archive", "cube", CELL)
    assert said["cubes"][0]["added"] == 0
    assert failure("archive", "cube", "35N_0040_0497")[1] == "not_found"


def test_nothing_archived_yet_is_said(failure):
    assert failure("archive", "verify")[1] == "not_found"


def test_a_leap_day_has_a_day_years_before():
    assert _years_before(datetime(2024, 2, 29, tzinfo=UTC).date(), 3).isoformat() == "2021-02-28"
    assert _years_before(datetime(2026, 7, 4, tzinfo=UTC).date(), 10).isoformat() == "2016-07-04"


def ledger(acquisition: str, day: int, cell: str, master: str) -> object:
    sensed = records.NOON + day * records.DAY
    named = {"masters": [master]}
    return records.look(acquisition=acquisition, sensed=sensed, cell=cell, detail=named)


def test_an_event_rests_on_every_look_of_its_place_up_to_its_last():
    store, here, elsewhere = MemoryStore(), "36N_0512_0143", "36N_0999_0143"
    rows = [
        ledger("early", -9, here, "early"),
        ledger("first", 0, here, "first"),
        ledger("late", 9, here, "late"),
        ledger("first", 0, elsewhere, "elsewhere"),
    ]
    event = records.event(first_detected=records.NOON, last_detected=records.NOON)
    with store.transaction() as change:
        change.put_region(records.region(removed=records.NOON))
        for row in rows:
            change.put_ledger(row)
        change.put_event(event)
        found = records.detection(evidence={"masters": ["named"]})
        change.add_detections([found])
    assert rested_on(store, "ours") == {"early", "first", "named"}


def test_prune_spares_what_was_found(archive, document, tmp_path):
    row = archive.masters("look2015", CELL)[0]
    with store_at(tmp_path / "var", write=True) as store, store.transaction() as change:
        # Nobody watches any more; what was found there stays evidence.
        own = {"organisation": "local"}
        change.put_region(records.region(removed=records.NOON, **own))
        change.put_event(records.event(**own))
        found = records.detection(evidence={"masters": [row.sha256]}, **own)
        change.add_detections([found])
    _, said = document("archive", "prune", "--keep-years", "1")
    assert (len(said["retired"]), said["kept_as_evidence"]) == (4, 2)
    assert archive.has("look2015", CELL)


@pytest.fixture
def manifest(archive) -> Manifest:
    return archive.manifest


def test_a_hold_goes_on_record_with_who_and_why(archive, document, manifest):
    _, said = document("archive", "hold", "case-7", CELL, "--why", "case 7", "--by", "counsel")
    assert said["masters"] == 6
    last = json.loads(manifest.path.read_text().splitlines()[-1])
    assert (last["hash"], last["who"], last["why"]) == (said["row"], "counsel", "case 7")


@pytest.fixture
def earlier(tmp_path: Path) -> Layout:
    """A data folder as an earlier version left it: one archive for all, and cubes beside it."""
    layout = Layout(tmp_path / "an old var")
    layout.make()
    with store_at(layout.root, write=True):
        pass
    Archive(layout.archives).store(chip(acquisition="look2015"), CELL)
    (layout.all_cubes / "sentinel-2-l2a").mkdir(parents=True)
    return layout


def files_of(root: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(root)): one.read_bytes() for one in root.rglob("*.*") if one.is_file()
    }


@pytest.mark.parametrize(
    "words", [("archive", "verify"), ("region", "list"), ("doctor", "--quick"), ("events", "list")]
)
def test_a_folder_of_the_earlier_layout_is_refused_and_left_as_it_is(failure, earlier, words):
    before = files_of(earlier.archives)
    status, code, message = failure(*words, "--data-dir", earlier.root)
    assert (status, code) == (30, "earlier_layout")
    assert "all organisations shared one archive" in message
    assert files_of(earlier.archives) == before


def test_the_line_that_is_told_gives_the_archive_to_the_organisation(
    failure, document, earlier, monkeypatch
):
    monkeypatch.setenv("HEARTHWATCH_ORGANISATION", "watchers")
    _, _, message = failure("archive", "verify", "--data-dir", earlier.root)
    line = message.split("To give it to watchers: ")[1].split(" (docs/")[0]
    subprocess.run(["/bin/sh", "-c", line], check=True)
    status, said = document("archive", "verify", "--data-dir", earlier.root)
    assert (status, said["masters"], said["faults"]) == (0, 2, [])
    assert earlier.all_archives() == (earlier.archive("watchers"),)
    assert not earlier.all_cubes.exists()
    assert sorted(one.name for one in earlier.root.iterdir() if "archive" in one.name) == [
        "archive"
    ]


def test_each_organisation_sees_and_prunes_its_own_archive_alone(document, archive, monkeypatch):
    monkeypatch.setenv("HEARTHWATCH_ORGANISATION", "others")
    layout = Layout(archive.root.parents[1])
    theirs = Archive(layout.archive("others"))
    theirs.store(
        replace(chip(acquisition="look2015"), sensed=datetime(2015, 6, 30, tzinfo=UTC)), CELL
    )
    _, said = document("archive", "list")
    assert [one["acquisition"] for one in said["looks"]] == ["look2015"]
    _, said = document("archive", "prune", "--keep-years", "1")
    assert len(said["retired"]) == 2
    assert len(archive.listed()) == 6
    assert archive.verify() == theirs.verify() == []


def test_the_doctor_proves_the_archives_of_all(document, archive, monkeypatch):
    monkeypatch.setenv("HEARTHWATCH_ORGANISATION", "others")
    master = archive.root / archive.listed()[0].path
    master.chmod(0o644)
    master.write_bytes(b"")
    _, found = document("doctor")
    (check,) = [one for one in found["checks"] if one["name"] == "archive"]
    assert check["outcome"] == "fail"
    assert f"{archive.root.name}/{archive.listed()[0].path}" in check["found"]
