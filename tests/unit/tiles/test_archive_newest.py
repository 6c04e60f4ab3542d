"""Two processings of one scene: the newest for analysis, the older for what rests on it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from imagery.types import Chip, Layer
from tiles.archive import Archive
from tiles.errors import IntegrityError, NotArchived
from tiles.notes import note_superseded, note_withdrawn
from tiles.retention import prune
from tiles.rows import NoteKind
from tiles.windows import stored_layers

MakeChip = Callable[..., Chip]
MakeLayer = Callable[..., Layer]
LOOK = "S2A_20200630T092031"
OLD, NEW, NEWEST, BESIDE = "T35TLM_N0214", "T35TLM_N0500", "T35TLM_N0510", "T35TLN_N0214"
AT = datetime(2021, 3, 1, tzinfo=UTC)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


@pytest.fixture
def twice(
    archive: Archive, make_chip: MakeChip, make_layer: MakeLayer, cell_id: str
) -> tuple[Chip, Chip]:
    """The same look stored in an old and a new processing, with other pixels."""
    old = make_chip((make_layer(scene=OLD), make_layer(scene=BESIDE, seed=2)))
    new = make_chip((make_layer(scene=NEW, seed=1), make_layer(scene=BESIDE, seed=2)))
    archive.store(old, cell_id)
    archive.store(new, cell_id)
    return old, new


def supersede(archive: Archive, scene: str, by: str) -> None:
    note_superseded(archive, LOOK, scene, by, who="folder", why="baseline 05.00", at=AT)


def scenes(chip: Chip | None) -> list[str]:
    return [] if chip is None else [layer.scene_id for layer in chip.layers]


def test_the_caller_says_which_scenes_are_current(
    archive: Archive, twice: tuple[Chip, Chip], cell_id: str
) -> None:
    assert scenes(archive.load(LOOK, cell_id, scenes=[NEW, BESIDE])) == [BESIDE, NEW]
    assert scenes(archive.load(LOOK, cell_id, scenes=[OLD, BESIDE])) == [OLD, BESIDE]
    assert archive.load(LOOK, cell_id, scenes=["another"]) is None
    assert not archive.has(LOOK, cell_id, scenes=["another"])
    assert archive.bands(LOOK, cell_id, scenes=[NEW]) == {"B03", "B04"}
    assert len(archive.masters(LOOK, cell_id, scenes=[NEW])) == 1
    assert len(archive.masters(LOOK, cell_id)) == 3


def test_pixels_of_the_current_processing_are_those_that_came_with_it(
    archive: Archive, twice: tuple[Chip, Chip], cell_id: str
) -> None:
    for chip, scene in zip(twice, (OLD, NEW), strict=True):
        loaded = archive.load(LOOK, cell_id, scenes=[scene])
        assert loaded is not None
        assert np.array_equal(loaded.layers[0].dn, chip.layers[0].dn)


def test_a_layer_laid_of_several_scenes_is_current_while_all_of_them_are(
    archive: Archive, make_chip: MakeChip, make_layer: MakeLayer, cell_id: str
) -> None:
    chip = make_chip((make_layer(scene=OLD), make_layer(("SCL",), scene=BESIDE, dtype="uint8")))
    mosaic = make_layer(scene="laid of both", seed=3)
    archive.store(Chip(**{**_fields(chip), "layers": (mosaic,)}), cell_id)
    assert scenes(archive.load(LOOK, cell_id, scenes=[OLD, BESIDE])) == ["laid of both"]
    assert archive.load(LOOK, cell_id, scenes=[NEW, BESIDE]) is None


def _fields(chip: Chip) -> dict[str, object]:
    return {name: getattr(chip, name) for name in chip.__dataclass_fields__}


def test_f56_after_the_note_the_newer_is_given_and_the_older_stays(
    archive: Archive, twice: tuple[Chip, Chip], cell_id: str
) -> None:
    before = archive.listed()
    supersede(archive, OLD, NEW)
    assert scenes(archive.load(LOOK, cell_id)) == [BESIDE, NEW]
    assert {layer.scene_id for layer in stored_layers(archive, LOOK, cell_id)} == {NEW, BESIDE}
    assert archive.listed() == before
    old = next(ref for ref in before if scenes(archive.load_master(ref.row_hash)) == [OLD])
    assert np.array_equal(archive.load_master(old.row_hash).layers[0].dn, twice[0].layers[0].dn)
    assert archive.verify() == []


def test_the_older_is_given_until_the_newer_is_stored_with_the_same_bands(
    archive: Archive, make_chip: MakeChip, make_layer: MakeLayer, cell_id: str
) -> None:
    archive.store(make_chip((make_layer(scene=OLD),)), cell_id)
    supersede(archive, OLD, NEW)
    assert scenes(archive.load(LOOK, cell_id)) == [OLD]
    archive.store(make_chip((make_layer(("B03",), scene=NEW),)), cell_id)
    assert scenes(archive.load(LOOK, cell_id)) == [OLD, NEW]
    archive.store(make_chip((make_layer(scene=NEW),)), cell_id)
    assert set(scenes(archive.load(LOOK, cell_id))) == {NEW}


def test_a_chain_of_processings_leads_to_the_last_and_a_circle_hides_nothing(
    archive: Archive, make_chip: MakeChip, make_layer: MakeLayer, cell_id: str
) -> None:
    for seed, scene in enumerate((OLD, NEW, NEWEST)):
        archive.store(make_chip((make_layer(scene=scene, seed=seed),)), cell_id)
    supersede(archive, OLD, NEW)
    supersede(archive, NEW, NEWEST)
    assert scenes(archive.load(LOOK, cell_id)) == [NEWEST]
    supersede(archive, NEWEST, OLD)
    assert archive.load(LOOK, cell_id) is not None


def test_notes_are_read_back_and_not_repeated(
    archive: Archive, twice: tuple[Chip, Chip], cell_id: str
) -> None:
    supersede(archive, OLD, NEW)
    supersede(archive, OLD, NEW)
    for _ in range(2):
        note_withdrawn(archive, LOOK, NEW, who="CDSE", why="duplicate", at=AT)
    told = [(n.note, n.name, n.other, n.who, n.why) for n in archive.notes(LOOK)]
    assert told == [
        (NoteKind.SUPERSEDED, OLD, NEW, "folder", "baseline 05.00"),
        (NoteKind.WITHDRAWN, NEW, "", "CDSE", "duplicate"),
    ]
    assert archive.notes("another") == ()
    # What was taken back is still what was seen; the reader is told, and decides.
    assert scenes(archive.load(LOOK, cell_id)) == [BESIDE, NEW]


def test_a_scene_does_not_supersede_itself(archive: Archive) -> None:
    with pytest.raises(ValueError, match="itself"):
        supersede(archive, OLD, OLD)


def test_a_retired_master_is_refused_with_the_reason(
    archive: Archive, twice: tuple[Chip, Chip], cell_id: str
) -> None:
    ref = archive.listed()[0]
    prune(archive, AT.date(), (), who="ops", why="older than 5 years", at=AT)
    with pytest.raises(NotArchived, match="older than 5 years"):
        archive.load_master(ref.row_hash)
    with pytest.raises(NotArchived, match="no row"):
        archive.load_master("f" * 64)
    assert archive.load(LOOK, cell_id) is None


def test_a_note_changed_by_a_letter_breaks_the_chain(
    archive: Archive, twice: tuple[Chip, Chip], cell_id: str
) -> None:
    supersede(archive, OLD, NEW)
    manifest = archive.root / "manifest.jsonl"
    manifest.write_bytes(manifest.read_bytes().replace(b"baseline", b"Baseline"))
    assert "its hash is not that of what it says" in archive.verify()[0].problem
    with pytest.raises(IntegrityError):
        Archive(archive.root).load(LOOK, cell_id)
