import errno
import hashlib
import os
from pathlib import Path

import pytest

from tiles.atomic import staged, sweep, write_atomically
from tiles.errors import IntegrityError, StorageFailed, StorageFull


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_the_digest_returned_is_that_of_the_file(tmp_path: Path) -> None:
    sha256 = write_atomically(tmp_path / "a" / "b" / "file", b"content")
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"content"
    assert sha256 == hashlib.sha256(b"content").hexdigest()
    assert names(tmp_path / "a" / "b") == ["file"]


def test_a_reader_sees_the_old_file_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with staged(path, b"new") as file:
        assert path.read_bytes() == b"old"
        assert file.part.read_bytes() == b"new"
        file.publish()
    assert path.read_bytes() == b"new"


def test_a_failed_check_leaves_nothing_behind(tmp_path: Path) -> None:
    def refuse(part: Path) -> None:
        raise IntegrityError(f"{part.name} is not what it should be")

    with pytest.raises(IntegrityError):
        write_atomically(tmp_path / "file", b"content", check=refuse)
    assert names(tmp_path) == []


def test_bytes_that_the_disk_changed_are_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "read_bytes", lambda path: b"contend")
    with pytest.raises(IntegrityError, match="read back"):
        write_atomically(tmp_path / "file", b"content")
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, StorageFull),
        (errno.EDQUOT, StorageFull),
        (errno.EIO, StorageFailed),
        (errno.EROFS, StorageFailed),
    ],
)
@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_disk_that_refuses_is_told_by_name_and_leaves_nothing(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    error: type[Exception],
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(number, os.strerror(number))

    path = tmp_path / "file"
    write_atomically(path, b"old")
    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(error, match="file"):
        write_atomically(path, b"new")
    assert names(tmp_path) == ["file"]
    assert path.read_bytes() == b"old"


def test_short_writes_are_carried_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, bytes(data[:3])))
    write_atomically(tmp_path / "file", b"0123456789")
    assert (tmp_path / "file").read_bytes() == b"0123456789"


def test_a_sweep_takes_orphans_and_nothing_else(tmp_path: Path) -> None:
    orphan = tmp_path / ".hearthwatch-123-0123abcd-file.tif.part"
    for path in (orphan, tmp_path / "mine.part", tmp_path / ".hidden", tmp_path / "file.tif"):
        path.write_bytes(b"x")
    assert sweep(tmp_path) == (orphan,)
    assert names(tmp_path) == [".hidden", "file.tif", "mine.part"]
    assert sweep(tmp_path / "missing") == ()


def test_a_sweep_spares_what_is_still_being_written(tmp_path: Path) -> None:
    with staged(tmp_path / "file", b"content") as file:
        assert sweep(tmp_path) == ()
        file.publish()
    assert names(tmp_path) == ["file"]
