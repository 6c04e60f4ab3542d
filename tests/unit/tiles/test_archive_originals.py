"""What the provider sent is kept as it was sent, once, and vouched for."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from imagery.types import Chip, Layer
from tests.support.chips import LOOK, response
from tiles.archive import Archive
from tiles.errors import IntegrityError

MakeChip = Callable[..., Chip]
MakeLayer = Callable[..., Layer]
BODY = b"II*\x00 as the provider sent it"


def kept(archive: Archive) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in archive.root.rglob("*.provider.tif")}


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


def test_a_response_lies_beside_its_master_byte_for_byte(
    archive: Archive, make_chip: MakeChip, make_layer: MakeLayer, cell_id: str
) -> None:
    chip = make_chip((make_layer(),), originals=(response(BODY, ("B03", "B04")),))
    (ref,) = archive.store(chip, cell_id)
    name = Path(ref.path).name.replace(".tif", ".provider.tif")
    assert kept(archive) == {name: BODY}
    assert archive.original(ref) == BODY
    told = json.loads((archive.root / ref.path).with_suffix(".json").read_text())["original"]
    assert told["sha256"] == hashlib.sha256(BODY).hexdigest()
    assert told["bytes"] == len(BODY)
    loaded = archive.load(LOOK, cell_id)
    assert loaded is not None
    assert loaded.originals == ()
    assert archive.verify() == []


def test_one_response_for_several_layers_is_kept_once_and_each_layer_finds_it(
    archive: Archive, make_chip: MakeChip, cell_id: str
) -> None:
    chip = make_chip(originals=(response(BODY, ("B03", "B04", "SCL")),))
    refs = archive.store(chip, cell_id)
    assert list(kept(archive).values()) == [BODY]
    assert [archive.original(ref) for ref in refs] == [BODY, BODY]
    assert archive.verify() == []


def test_each_layer_has_its_own_response_where_several_were_sent(
    archive: Archive, make_chip: MakeChip, cell_id: str
) -> None:
    two = (response(b"one", ("B03", "B04")), response(b"two", ("SCL",)))
    refs = archive.store(make_chip(originals=two), cell_id)
    assert [archive.original(ref) for ref in refs] == [b"one", b"two"]
    assert sorted(kept(archive).values()) == [b"one", b"two"]


def test_a_layer_without_a_response_has_none(
    archive: Archive, make_chip: MakeChip, cell_id: str
) -> None:
    refs = archive.store(make_chip(originals=(response(BODY, ("SCL",)),)), cell_id)
    assert [archive.original(ref) for ref in refs] == [None, BODY]


def test_a_response_that_is_not_what_its_digest_says_is_refused(
    archive: Archive, make_chip: MakeChip, cell_id: str
) -> None:
    lie = replace(response(BODY, ("SCL",)), data=BODY + b"!")
    with pytest.raises(IntegrityError, match="SHA-256"):
        archive.store(make_chip(originals=(lie,)), cell_id)
    assert not list(archive.root.rglob("*.tif"))


def test_a_second_response_never_touches_the_one_that_is_listed(
    archive: Archive, make_chip: MakeChip, cell_id: str
) -> None:
    """A killed writer listed the first layer only; the second is fetched again, differently."""
    archive.store(make_chip(originals=(response(b"one", ("B03", "B04", "SCL")),)), cell_id)
    manifest = archive.root / "manifest.jsonl"
    first = manifest.read_bytes().splitlines(keepends=True)[0]
    manifest.write_bytes(first)
    second = json.loads(first)["layers"][1]
    for path in archive.root.rglob(f"*{second}*"):
        path.unlink()
    again = Archive(archive.root)
    refs = again.store(make_chip(originals=(response(b"two", ("B03", "B04", "SCL")),)), cell_id)
    assert [again.original(ref) for ref in refs] == [b"one", b"two"]
    assert again.verify() == []


@pytest.mark.parametrize("what", ["altered", "missing"])
def test_verify_names_a_response_that_is_altered_or_missing(
    archive: Archive, make_chip: MakeChip, cell_id: str, what: str
) -> None:
    refs = archive.store(make_chip(originals=(response(BODY, ("B03", "B04", "SCL")),)), cell_id)
    (path,) = archive.root.rglob("*.provider.tif")
    path.chmod(0o644)
    path.write_bytes(BODY[:-1] + b"?") if what == "altered" else path.unlink()
    (fault,) = archive.verify()
    assert fault.path == path.relative_to(archive.root).as_posix()
    assert fault.problem == (
        "missing" if what == "missing" else "its SHA-256 is not the listed one"
    )
    with pytest.raises(IntegrityError):
        archive.original(refs[0])


def test_a_response_that_no_sidecar_names_is_a_stranger(
    archive: Archive, make_chip: MakeChip, cell_id: str
) -> None:
    ref = archive.store(make_chip(), cell_id)[0]
    stranger = archive.root / ref.path.replace(".tif", ".provider.tif")
    stranger.write_bytes(BODY)
    (fault,) = archive.verify()
    assert fault.problem == "not listed in the manifest"
    assert archive.root / fault.path == stranger
