"""F44, F69 and F72: whatever was altered is named, and what an older version wrote is read."""

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagery.types import Cost, Source
from tests.support import chips
from tests.support.chips import CELL, LOOK, chip, response
from tiles.archive import Archive
from tiles.errors import IntegrityError
from tiles.notes import note_superseded
from tiles.retention import prune, put_hold
from tiles.rows import GENESIS, Entry, chained, line_of

VERSION_1 = Path(chips.__file__).with_name("archive_v1")
AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """Masters, sidecars, a response, and a manifest with notes of several kinds."""
    archive = Archive(tmp_path_factory.mktemp("evidence"))
    archive.store(chip(acquisition="retired"), CELL)
    prune(archive, AT.date(), (), who="ops", why="retention", at=AT)
    archive.store(chip(originals=(response(b"as sent", ("B03", "B04", "SCL")),)), CELL)
    put_hold(archive, "case", [LOOK], who="counsel", why="case 7", at=AT)
    note_superseded(archive, LOOK, "old", "new", who="folder", why="baseline", at=AT)
    return archive


@given(data=st.data())
@settings(deadline=None, max_examples=150)
def test_f44_f69_a_single_flipped_bit_anywhere_is_named(
    stored: Archive, data: st.DataObject
) -> None:
    files = sorted(path for path in stored.root.rglob("*.*") if path.suffix != ".lock")
    assert len(files) == 6
    target = data.draw(st.sampled_from(files))
    whole = target.read_bytes()
    bit = data.draw(st.integers(0, 8 * len(whole) - 1))
    changed = bytearray(whole)
    changed[bit // 8] ^= 1 << (bit % 8)
    target.chmod(0o644)
    target.write_bytes(bytes(changed))
    try:
        name = target.relative_to(stored.root).as_posix()
        assert name in {fault.path for fault in stored.verify()}
        if name.endswith(".provider.tif"):
            with pytest.raises(IntegrityError, match="SHA-256"):
                stored.original(stored.listed()[0])
        elif name != "manifest.jsonl":
            with pytest.raises(IntegrityError, match="SHA-256"):
                stored.load(LOOK, CELL)
    finally:
        target.write_bytes(whole)
    assert stored.verify() == []


@given(data=st.data())
@settings(deadline=None, max_examples=40)
def test_f69_a_file_that_is_gone_or_strange_is_named(stored: Archive, data: st.DataObject) -> None:
    files = sorted(path for path in stored.root.rglob("*.*") if path.suffix in (".tif", ".json"))
    target = data.draw(st.sampled_from(files))
    whole, stranger = target.read_bytes(), target.with_name(f"x{target.name}")
    target.rename(stranger)
    try:
        faults = {fault.path: fault.problem for fault in stored.verify()}
        assert faults[target.relative_to(stored.root).as_posix()] == "missing"
        stray = stranger.relative_to(stored.root).as_posix()
        assert faults[stray] == "not listed in the manifest"
    finally:
        stranger.rename(target)
    assert target.read_bytes() == whole
    assert stored.verify() == []


@pytest.fixture
def old(tmp_path: Path) -> Archive:
    """An archive as the first version of the format wrote it, byte for byte."""
    shutil.copytree(VERSION_1, tmp_path / "archive")
    return Archive(tmp_path / "archive")


def test_f72_an_archive_of_the_first_format_is_read_as_it_was_written(old: Archive) -> None:
    assert old.verify() == []
    loaded = old.load(LOOK, CELL)
    assert loaded is not None
    reflectance, classes = loaded.layers
    counted = np.arange(2 * 4 * 6).reshape(2, 4, 6)
    assert np.array_equal(reflectance.dn, (counted * 7 + 1000).astype("u2"))
    assert (reflectance.scale, reflectance.offset) == ((1e-4, 1e-4), (-0.1, -0.1))
    assert np.array_equal(classes.dn, np.arange(24).reshape(1, 4, 6) % 12)
    assert (classes.bands, classes.scale) == (("SCL",), (None,))
    assert loaded.provenance.sources == (Source("B03.tif", "b" * 64, 1234),)
    assert loaded.provenance.cost == Cost(2, 0.5, 4321)
    assert [old.original(ref) for ref in old.masters(LOOK, CELL)] == [None, None]


def test_f72_an_archive_of_the_first_format_goes_on_in_the_second(old: Archive) -> None:
    first = (old.root / "manifest.jsonl").read_bytes()
    old.store(chip(acquisition="newer"), CELL)
    put_hold(old, "case", [LOOK], who="counsel", why="case 7", at=AT)
    pruning = prune(old, AT.date(), (), who="ops", why="retention", at=AT)
    assert (len(pruning.retired), pruning.held) == (2, 2)
    assert (old.root / "manifest.jsonl").read_bytes().startswith(first)
    assert old.load(LOOK, CELL) is not None
    assert old.load("newer", CELL) is None
    assert old.verify() == []


def test_f72_a_sidecar_of_a_format_to_come_is_refused_not_guessed(old: Archive) -> None:
    manifest = (old.root / "manifest.jsonl").read_bytes()
    for path in old.root.rglob("*.json"):
        data = path.read_bytes()
        changed = data.replace(b"hearthwatch master 1", b"hearthwatch master 9")
        path.write_bytes(changed)
        before, after = (hashlib.sha256(one).hexdigest().encode() for one in (data, changed))
        manifest = manifest.replace(before, after)
    (old.root / "manifest.jsonl").write_bytes(_rechained(manifest))
    with pytest.raises(IntegrityError, match="'hearthwatch master 1' or 'hearthwatch master 2'"):
        old.load(LOOK, CELL)
    assert any("not a sidecar of the format" in fault.problem for fault in old.verify())


def _rechained(manifest: bytes) -> bytes:
    """Write the chain of altered rows anew, as a newer version would have written it."""
    last, out = GENESIS, b""
    for number, line in enumerate(manifest.splitlines(), start=1):
        said = json.loads(line)
        kept = {name: said[name] for name in Entry.__dataclass_fields__}
        row = chained(Entry(**(kept | {"layers": tuple(said["layers"])})), number, last)
        out, last = out + line_of(row), row.hash
    return out
