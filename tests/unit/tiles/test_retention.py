"""What may be removed, what never, and what the manifest says of it."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from imagery.types import Chip, Original
from tiles.archive import Archive
from tiles.errors import RetentionError
from tiles.retention import Pruning, holds, prune, put_hold, release_hold, select

MakeChip = Callable[..., Chip]
OTHER_CELL = "35N_0040_0497"
AT = datetime(2026, 1, 1, tzinfo=UTC)
YEARS = (2015, 2018, 2021, 2024)


@pytest.fixture
def archive(tmp_path: Path, make_chip: MakeChip, cell_id: str) -> Archive:
    """Four looks in each of two cells, one every third year."""
    opened = Archive(tmp_path / "archive")
    for cell in (cell_id, OTHER_CELL):
        for year in YEARS:
            sensed = datetime(year, 6, 30, tzinfo=UTC)
            opened.store(replace(make_chip(acquisition=f"look{year}"), sensed=sensed), cell)
    return opened


def retire(archive: Archive, before: date, *rested_on: str, dry_run: bool = False) -> Pruning:
    return prune(archive, before, rested_on, who="ops", why="retention", at=AT, dry_run=dry_run)


def hold(archive: Archive, name: str, *selects: str) -> None:
    put_hold(archive, name, selects, who="counsel", why="case 7", at=AT)


def looks(archive: Archive) -> set[str]:
    return {f"{ref.cell}/{ref.acquisition}" for ref in archive.listed()}


def test_only_looks_before_the_day_go_and_the_manifest_says_so(
    archive: Archive, cell_id: str
) -> None:
    before = archive.listed()
    pruning = retire(archive, date(2021, 6, 30))
    assert len(pruning.retired) == 2 * 2 * 2
    assert looks(archive) == {
        f"{cell}/look{year}" for cell in (cell_id, OTHER_CELL) for year in (2021, 2024)
    }
    for ref in before:
        there = ref not in pruning.retired
        assert (archive.root / ref.path).exists() == there
        assert (archive.root / ref.path).with_suffix(".json").exists() == there
    last = json.loads((archive.root / "manifest.jsonl").read_text().splitlines()[-1])
    assert last["note"] == "retired"
    assert set(last["about"]) == {ref.key for ref in pruning.retired}
    assert (last["who"], last["why"]) == ("ops", "retention")
    assert archive.verify() == []


def test_a_dry_run_says_the_same_and_does_nothing(archive: Archive) -> None:
    before = archive.listed()
    pruning = retire(archive, date(2021, 6, 30), dry_run=True)
    assert archive.listed() == before
    assert retire(archive, date(2021, 6, 30)) == pruning
    assert pruning.bytes == sum(ref.bytes for ref in pruning.retired)


def test_a_look_that_something_found_rests_on_stays_with_all_its_masters(
    archive: Archive, cell_id: str
) -> None:
    one, other = archive.masters("look2015", cell_id)
    pruning = retire(archive, date(2025, 1, 1), other.sha256)
    # The same pixels are stored in the other cell, under the same digest.
    assert looks(archive) >= {f"{cell_id}/look2015"}
    assert (archive.root / one.path).exists()
    assert pruning.rested_on >= 2
    assert archive.verify() == []


@pytest.mark.parametrize(
    ("selector", "kept"),
    [
        ("35N_0039_0497", {f"35N_0039_0497/look{year}" for year in YEARS}),
        ("look2015", {"35N_0039_0497/look2015", "35N_0040_0497/look2015"}),
        ("35N_0039_0497/look2018", {"35N_0039_0497/look2018"}),
        ("all", {f"{cell}/look{year}" for cell in ("35N_0039_0497", OTHER_CELL) for year in YEARS}),
    ],
)
def test_what_is_on_hold_stays_until_it_is_released(
    archive: Archive, selector: str, kept: set[str]
) -> None:
    hold(archive, "case-7", selector)
    retire(archive, date(2025, 1, 1))
    assert looks(archive) == kept
    release_hold(archive, "case-7", who="counsel", why="closed", at=AT)
    retire(archive, date(2025, 1, 1))
    assert looks(archive) == set()
    assert archive.verify() == []


def test_one_of_two_holds_is_enough(archive: Archive) -> None:
    hold(archive, "one", "look2015")
    hold(archive, "two", "look2015")
    release_hold(archive, "one", who="counsel", why="closed", at=AT)
    assert [one.name for one in holds(archive)] == ["two"]
    assert retire(archive, date(2016, 1, 1)) == Pruning((), 0, 4)


def test_a_hold_says_who_and_why_and_stays_in_the_chain_when_released(archive: Archive) -> None:
    hold(archive, "case-7", "look2015")
    (found,) = holds(archive)
    assert (found.selects, found.who, found.why) == (("look2015",), "counsel", "case 7")
    assert found.since == "2026-01-01T00:00:00+00:00"
    release_hold(archive, "case-7", who="judge", why="closed", at=AT)
    assert holds(archive) == ()
    assert [note.note for note in archive.manifest.notes()] == ["held", "released"]


def test_a_mistyped_hold_is_refused(archive: Archive) -> None:
    with pytest.raises(RetentionError, match="look2051 selects no master"):
        hold(archive, "case-7", "look2015", "look2051")
    assert holds(archive) == ()
    hold(archive, "case-7", "look2015")
    with pytest.raises(RetentionError, match="in force already"):
        hold(archive, "case-7", "look2018")
    with pytest.raises(RetentionError, match="no hold"):
        release_hold(archive, "case-8", who="counsel", why="closed", at=AT)


def test_selectors_name_cells_acquisitions_or_both(archive: Archive, cell_id: str) -> None:
    assert len(select(archive, [cell_id])) == 8
    assert len(select(archive, ["look2015"])) == 4
    assert len(select(archive, [f"{cell_id}/look2015"])) == 2
    assert len(select(archive, [cell_id, "look2015"])) == 10
    assert len(select(archive, ["all"])) == 16


def test_a_look_pulled_again_after_it_was_retired_is_there_again(
    archive: Archive, make_chip: MakeChip, cell_id: str
) -> None:
    retire(archive, date(2016, 1, 1))
    assert not archive.has("look2015", cell_id)
    chip = replace(make_chip(acquisition="look2015"), sensed=datetime(2015, 6, 30, tzinfo=UTC))
    archive.store(chip, cell_id)
    retire(archive, date(2014, 1, 1))
    loaded = archive.load("look2015", cell_id)
    assert loaded is not None
    assert loaded.layers[0].dn.tobytes() == chip.layers[0].dn.tobytes()
    assert archive.verify() == []
    assert Archive(archive.root).listed() == archive.listed()


def test_the_response_goes_with_its_masters(
    tmp_path: Path, make_chip: MakeChip, cell_id: str
) -> None:
    archive = Archive(tmp_path / "archive")
    body = b"response"
    original = Original(
        "S2A_T35TLM_20200630", ("B03", "B04", "SCL"), hashlib.sha256(body).hexdigest(), body
    )
    archive.store(make_chip(originals=(original,)), cell_id)
    retire(archive, date(2025, 1, 1))
    assert not [path for path in archive.root.rglob("*.*") if path.suffix in (".tif", ".json")]
    assert archive.verify() == []


def test_files_of_a_retired_master_that_are_still_there_are_named_and_then_removed(
    archive: Archive,
) -> None:
    ref = archive.listed()[0]
    data = (archive.root / ref.path).read_bytes()
    retire(archive, date(2016, 1, 1))
    (archive.root / ref.path).write_bytes(data)
    (fault,) = archive.verify()
    assert fault.path == ref.path
    assert "was retired" in fault.problem
    retire(archive, date(2016, 1, 1))
    assert archive.verify() == []
