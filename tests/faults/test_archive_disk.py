"""F65 and F68: a disk that is full, read-only or failing is told, and tears nothing."""

import errno
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.chips import CELL, LOOK, SENSOR, chip, ground_look, layer, response
from tiles.archive import Archive
from tiles.cubes import Cubes
from tiles.errors import IntegrityError, StorageFailed, StorageFull

WITH_RESPONSE = (response(b"as it was sent", ("B03", "B04", "SCL")),)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    opened = Archive(tmp_path / "archive")
    opened.store(chip(acquisition="earlier"), CELL)
    return opened


def failing(patch: pytest.MonkeyPatch, call: str, good: int, number: int = errno.ENOSPC) -> None:
    """Let a call of the system fail after so many good ones."""
    real, left = getattr(os, call), iter(range(good))

    def sometimes(*args: object, **options: object) -> object:
        if next(left, None) is None:
            raise OSError(number, os.strerror(number))
        return real(*args, **options)

    patch.setattr(os, call, sometimes)


@pytest.mark.parametrize(("call", "steps"), [("write", 7), ("fsync", 9), ("replace", 5)])
def test_f65_a_disk_full_at_any_step_is_told_and_tears_nothing(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, steps: int
) -> None:
    """Response, two sidecars, two masters, two rows of the manifest: each in turn has no room."""
    new = chip(originals=WITH_RESPONSE)
    for good in range(60):
        full = Archive(shutil.copytree(archive.root, tmp_path / f"full{good}"))
        with monkeypatch.context() as patch:
            failing(patch, call, good)
            try:
                full.store(new, CELL)
                break
            except StorageFull as error:
                assert str(tmp_path) in str(error)
        assert full.load("earlier", CELL) is not None
        assert {fault.problem for fault in full.verify()} <= {"not listed in the manifest"}
        assert not list(full.root.rglob("*.part"))
        full.store(new, CELL)
        assert full.verify() == []
        assert full.original(full.masters(LOOK, CELL)[0]) == WITH_RESPONSE[0].data
    assert good >= steps


def test_f65_a_really_full_file_system_is_told_and_tears_nothing(
    tmp_path: Path,
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if os.geteuid() != 0 or mount is None:
        pytest.skip("only root may mount a small file system")
    size = ["-o", "size=128k"]
    if subprocess.run([mount, "-t", "tmpfs", *size, "tmpfs", disk], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        archive = Archive(disk)
        archive.store(chip(), CELL)
        big = chip((layer(shape=(400, 400)),), acquisition="too_big")
        with pytest.raises(StorageFull):
            archive.store(big, CELL)
        assert archive.verify() == []
        assert archive.load(LOOK, CELL) is not None
    finally:
        subprocess.run(["umount", disk], check=True)


def test_f65_a_cube_without_room_leaves_the_old_one_and_is_made_later(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cubes = Cubes(tmp_path / "cubes", archive)
    archive.store(ground_look(0), CELL)
    cubes.update(SENSOR, CELL)
    archive.store(ground_look(1), CELL)
    for call in ("rename", "fsync", "replace"):
        with monkeypatch.context() as patch:
            failing(patch, call, 0)
            with pytest.raises(StorageFull):
                cubes.update(SENSOR, CELL)
        assert archive.verify() == []
    assert cubes.update(SENSOR, CELL).looks == 3
    folder = tmp_path / "cubes" / SENSOR / CELL
    assert sorted(path.name for path in folder.iterdir()) == ["cube.zarr", "lock"]


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EIO, errno.ESTALE])
def test_f68_a_disk_that_refuses_to_write_is_told_and_nothing_changes(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    before = {path: path.read_bytes() for path in archive.root.rglob("*") if path.is_file()}
    with monkeypatch.context() as patch:
        failing(patch, "write", 0, number)
        with pytest.raises(StorageFailed, match=os.strerror(number)):
            archive.store(chip(), CELL)
    after = {path: path.read_bytes() for path in archive.root.rglob("*") if path.is_file()}
    assert after == before
    assert archive.load("earlier", CELL) is not None


def test_f68_a_lock_that_the_file_system_does_not_know_is_told(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_lock(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", no_lock)
    with pytest.raises(StorageFailed, match="No locks"):
        archive.store(chip(), CELL)
    with pytest.raises(StorageFailed, match="No locks"), archive.pulling(LOOK, CELL):
        pass


def test_f68_a_file_the_disk_will_not_give_up_is_named_and_hides_no_other(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive.store(chip(), CELL)
    bad, altered = (archive.root / ref.path for ref in archive.masters("earlier", CELL))
    altered.chmod(0o644)
    altered.write_bytes(altered.read_bytes() + b"!")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", _unreadable(Path.open, bad))
        patch.setattr(Path, "read_bytes", _unreadable(Path.read_bytes, bad))
        faults = {fault.path: fault.problem for fault in archive.verify()}
        assert faults.keys() == {
            bad.relative_to(archive.root).as_posix(),
            altered.relative_to(archive.root).as_posix(),
        }
        assert "Input/output error" in faults[bad.relative_to(archive.root).as_posix()]
        with pytest.raises(StorageFailed, match="Input/output error"):
            archive.load("earlier", CELL)
        assert archive.load(LOOK, CELL) is not None
    with pytest.raises(IntegrityError, match="SHA-256"):
        archive.load("earlier", CELL)


def _unreadable(real: object, bad: Path) -> object:
    def call(path: Path, *args: object, **options: object) -> object:
        if path == bad:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path, *args, **options)  # type: ignore[operator]

    return call
