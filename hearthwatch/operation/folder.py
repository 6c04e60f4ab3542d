"""What of a data folder goes into a backup, and in which order so that all of it fits together.

The store comes first, as of one moment: what it names of the archive was stored before. Then the
states, of which older ones are removed as new ones are made, then each archive by its manifest,
which lists a master only when it is whole.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from hearthwatch.layout import Layout, is_address
from tiles.atomic import is_part, storage_errors, write_atomically
from tiles.manifest import examine
from tiles.verify import LOCKS, MANIFEST, OVERVIEWS, files_of

STORE = "hearthwatch.sqlite"
"""What the store is called in a backup, whatever it was kept in."""
NAMING = "backup-names.key"
WORK = ".backup"
"""Folder in a data folder where a backup or a restored store lies unfinished."""

_PRIVATE = 0o600


def naming_key(layout: Layout) -> bytes:
    """Return the key of the names of pieces; it is made where there is none yet."""
    path = layout.root / NAMING
    try:
        return path.read_bytes()
    except FileNotFoundError:
        write_atomically(path, secrets.token_bytes(32), mode=_PRIVATE)
        return path.read_bytes()


def copy_of_store(place: Path | str, target: Path) -> None:
    """Write the store as it is at one moment to a new file of SQLite, while others go on writing.

    Raises
    ------
    StoreError
        There is none, or it is not of this schema.
    """
    if is_address(place):
        from hearthwatch.store.copying import copy_store

        copy_store(place, target, beside=True)
        # One file, without the log beside it.
        with closing(sqlite3.connect(target)) as copied:
            copied.execute("PRAGMA journal_mode = DELETE")
        return
    from hearthwatch.store.whole_database import reading

    with reading(place, alone=False):
        pass  # There is one, and of this schema.
    target.touch(mode=_PRIVATE)
    # All pages in one step: one moment of the log, which keeps no writer waiting.
    with (
        closing(sqlite3.connect(f"{Path(place).resolve().as_uri()}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(target)) as copied,
    ):
        source.backup(copied, pages=-1)
        copied.execute("PRAGMA journal_mode = DELETE")


def states_named(store: Path) -> frozenset[str]:
    """Return the paths of the states that a copy of the store names."""
    with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True)) as opened:
        return frozenset(row[0] for row in opened.execute("SELECT path FROM state_versions"))


def manifest_of(archive: Path, target: Path) -> tuple[str, ...]:
    """Write an archive's manifest as it is now to a file; return the files that it lists.

    A line without its end is a write under way; it is left out. Of a broken manifest everything
    below the archive is returned: nobody can tell what belongs to it.
    """
    path = archive / MANIFEST
    data = path.read_bytes() if path.exists() else b""
    target.write_bytes(data[: data.rfind(b"\n") + 1])
    known, problems = examine(target)
    if problems:
        found = files_below(archive, archive)
        apart = (LOCKS, OVERVIEWS)
        return tuple(one for one in found if one != MANIFEST and not one.startswith(apart))
    return tuple(sorted({name for row in known.rows.values() for name in files_of(archive, row)}))


def other_files(layout: Layout) -> Iterator[str]:
    """Yield the paths of all else that is kept: layers, and whatever somebody put there.

    Caches, locks, tokens of providers and unfinished files are not.
    """
    apart = {layout.archives, layout.all_cubes, layout.scratch, layout.net, layout.states}
    apart |= {layout.root / WORK, layout.exports, layout.backtests}
    for folder, below, files in os.walk(layout.root):
        below[:] = sorted(name for name in below if Path(folder, name) not in apart)
        for name in sorted(files):
            path = Path(folder, name)
            if path.is_symlink() or not path.is_file() or is_part(name) or name.endswith(".lock"):
                continue
            if path == layout.restoring or str(path).startswith(str(layout.database)):
                continue
            yield path.relative_to(layout.root).as_posix()


def files_below(root: Path, folder: Path) -> Iterator[str]:
    """Yield the paths of the files below a folder, relative to `root`, but unfinished ones."""
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        if path.is_file() and not path.is_symlink() and not is_part(path.name):
            yield path.relative_to(root).as_posix()


def read_pieces(path: Path, size: int) -> Iterator[bytes]:
    """Yield the content of a file in pieces.

    Raises
    ------
    FileNotFoundError
    StorageFailed
    """
    with storage_errors(path, pass_absence=True), path.open("rb") as file:
        while piece := file.read(size):
            yield piece
