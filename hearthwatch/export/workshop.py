"""A folder that only its owner can read, in which a file is made, and which is gone afterwards.

A kill leaves the folder behind, but never a file under the name that was asked for; the next export
beside it takes the folder away.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tiles.atomic import make_folder, storage_errors, sync_folder

_NAME = re.compile(r"\.hearthwatch-export-[0-9a-f]{12}")


@contextmanager
def workshop(beside: Path) -> Iterator[Path]:
    """Give a new folder in `beside`, made if missing, for the length of a block.

    Raises
    ------
    StorageFull, StorageFailed
    """
    with storage_errors(beside):
        make_folder(beside)
        sweep(beside)
        folder, held = _new(beside)
    try:
        with storage_errors(beside):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def sweep(beside: Path) -> None:
    """Take away folders whose makers are gone; that of a living process is locked by it."""
    for folder in beside.iterdir():
        if _NAME.fullmatch(folder.name) and _is_left(folder):
            shutil.rmtree(folder, ignore_errors=True)


def publish(made: Path, target: Path) -> None:
    """Give a file that is made its name, for its owner alone, replacing what bears it.

    Raises
    ------
    StorageFull, StorageFailed
    """
    with storage_errors(target):
        made.chmod(0o600)
        descriptor = os.open(made, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        made.replace(target)
        sync_folder(target.parent)


def _new(beside: Path) -> tuple[Path, int]:
    """Make and lock a folder; one that is swept away before it is locked is made anew."""
    while True:
        folder = beside / f".hearthwatch-export-{secrets.token_hex(6)}"
        folder.mkdir(mode=0o700)
        with suppress(FileNotFoundError):
            held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(held, fcntl.LOCK_EX)
            if folder.exists():
                return folder, held
            os.close(held)


def _is_left(folder: Path) -> bool:
    with suppress(OSError):
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return False
        finally:
            os.close(held)
    return False
