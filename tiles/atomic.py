"""Files that appear whole or not at all.

A file is written under a private ``.part`` name in the folder it belongs to, forced to disk,
read back, and only then given its name. A reader, a kill or a power cut between any two steps
finds the old state or the new one, never a mixture.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tiles.errors import IntegrityError, StorageFailed, StorageFull
from tiles.faultpoints import reach

Check = Callable[[Path], None]

_PART = re.compile(r"^\.hearthwatch-[0-9]+-[0-9a-f]{8}-.+\.part$")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_HASH_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that is on disk, checked, and not yet visible under its name.

    Attributes
    ----------
    path : Path
        The name it is meant for.
    part : Path
        Where it lies now.
    sha256 : str
        Digest of the bytes read back from disk.
    points : str
        Prefix of the fault points it passes; empty for none.
    """

    path: Path
    part: Path
    sha256: str
    points: str = ""

    def publish(self, *, durable: bool = True) -> None:
        """Give the file its name, replacing what bears it, and make the name durable.

        Parameters
        ----------
        durable : bool
            Not, where another file of the same folder is published after it before anything is
            said of either: that makes both names durable.

        Raises
        ------
        StorageFull, StorageFailed
        """
        with storage_errors(self.path):
            self.part.replace(self.path)
            if durable:
                sync_folder(self.path.parent)
        _reach(self.points, "renamed")


@contextmanager
def staged(
    path: Path, data: bytes, *, check: Check | None = None, points: str = "", mode: int = 0o644
) -> Iterator[Staged]:
    """Write `data` beside `path`, force it to disk and check it; drop it if not published.

    Parameters
    ----------
    path : Path
        Final name; its folder is made if missing.
    check : callable, optional
        Gets the path of the part file after fsync; whatever it raises ends the write.
    points : str
        Prefix for the fault points ``part_written`` and ``checked``.
    mode : int
        Permission bits of the file.

    Raises
    ------
    StorageFull
        No space or quota left.
    StorageFailed
        Any other refusal of the file system.
    IntegrityError
        The bytes read back are not those written.
    """
    with storage_errors(path):
        make_folder(path.parent)
        part, descriptor = _create_part(path)
    try:
        with storage_errors(path):
            os.fchmod(descriptor, mode)
            write_all(descriptor, data)
            os.fsync(descriptor)
        _reach(points, "part_written")
        sha256 = _check_part(part, data, check)
        _reach(points, "checked")
        yield Staged(path, part, sha256, points)
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        os.close(descriptor)


def write_atomically(
    path: Path,
    data: bytes,
    *,
    check: Check | None = None,
    points: str = "",
    mode: int = 0o644,
    durable: bool = True,
) -> str:
    """Write `data` to `path` so that it is there whole or not at all; return its SHA-256.

    Parameters and errors are those of :func:`staged` and :meth:`Staged.publish`.
    """
    with staged(path, data, check=check, points=points, mode=mode) as file:
        file.publish(durable=durable)
        return file.sha256


def sweep(folder: Path) -> tuple[Path, ...]:
    """Remove part files in `folder` whose writer is gone; return what was removed.

    Only names this module makes are touched. A part file that a living process still writes is
    locked by it and stays.
    """
    if not folder.is_dir():
        return ()
    with storage_errors(folder):
        found = sorted(entry for entry in folder.iterdir() if is_part(entry.name))
        return tuple(part for part in found if _remove_if_orphan(part))


def is_part(name: str) -> bool:
    """Tell whether `name` is one that this module gives to unfinished files."""
    return _PART.match(name) is not None


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file, read in blocks.

    Raises
    ------
    FileNotFoundError
    StorageFailed
        If it cannot be read to the end.
    """
    digest = hashlib.sha256()
    with storage_errors(path, pass_absence=True), path.open("rb") as source:
        while block := source.read(_HASH_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def make_folder(folder: Path) -> None:
    """Make `folder` and its parents, each new name forced to disk."""
    missing = [folder, *folder.parents]
    for step in reversed([one for one in missing if not one.exists()]):
        with suppress(FileExistsError):
            step.mkdir()
        sync_folder(step.parent)


def sync_folder(folder: Path) -> None:
    """Force the names in `folder` to disk: without it a rename may be lost with the power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def storage_errors(path: Path, *, pass_absence: bool = False) -> Iterator[None]:
    """Turn the file system's errors about `path` into this room's.

    Parameters
    ----------
    pass_absence : bool
        Let ``FileNotFoundError`` through as it is.

    Raises
    ------
    StorageFull
        For ENOSPC and EDQUOT.
    StorageFailed
        For every other ``OSError``.
    """
    try:
        yield
    except OSError as error:
        if pass_absence and isinstance(error, FileNotFoundError):
            raise
        kind = StorageFull if error.errno in _FULL else StorageFailed
        raise kind(f"{path}: {error.strerror or error}") from error


def _reach(points: str, step: str) -> None:
    if points:
        reach(f"{points}.{step}")


def _create_part(path: Path) -> tuple[Path, int]:
    """Create and lock a part file.

    A sweep may come between the creation and the lock and take the file for an orphan; then the
    name is gone and the next one is tried.
    """
    while True:
        name = f".hearthwatch-{os.getpid()}-{secrets.token_hex(4)}-{path.name}.part"
        part = path.with_name(name)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.fstat(descriptor).st_nlink:
            return part, descriptor
        os.close(descriptor)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`, however many pieces the system takes it in."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _check_part(part: Path, data: bytes, check: Check | None) -> str:
    with storage_errors(part):
        found = part.read_bytes()
    if found != data:
        raise IntegrityError(f"{part}: the bytes read back are not those written")
    sha256 = hashlib.sha256(found).hexdigest()
    if check is not None:
        check(part)
    return sha256


def _remove_if_orphan(part: Path) -> bool:
    try:
        descriptor = os.open(part, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        part.unlink(missing_ok=True)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
