"""A backup: store, states, archive and layers as of one moment, sealed, while the service works."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

from hearthwatch.errors import BackupError
from hearthwatch.layout import Layout, is_address
from hearthwatch.operation import folder
from hearthwatch.operation.vault import PIECE_BYTES, Filling, Vault, read_back
from tiles.verify import MANIFEST

FORM = 1
TRIES = 3
"""Before states are told as missing that were removed while the store was read."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is whole.

    Attributes
    ----------
    files, size : int
        What it holds, and how many bytes that is.
    written : int
        Bytes that were not in the folder before.
    missing : tuple of str
        Files that the store or the archive names and that are not there.
    """

    name: str
    files: int
    size: int
    written: int
    missing: tuple[str, ...]


@dataclass(slots=True)
class _Listing:
    """What was backed up so far, as lines of a file."""

    lines: IO[bytes]
    filling: Filling
    files: int = 0
    size: int = 0
    taken: set[str] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)

    def take(self, source: Path, name: str) -> bool:
        """Put a file in; tell whether it was there."""
        digest, size, pieces = hashlib.sha256(), 0, []
        try:
            for piece in folder.read_pieces(source, PIECE_BYTES):
                digest.update(piece)
                size += len(piece)
                pieces.append(self.filling.put(piece))
        except FileNotFoundError:
            return False
        line = {"path": name, "size": size, "sha256": digest.hexdigest(), "pieces": pieces}
        self.lines.write(json.dumps(line).encode() + b"\n")
        self.files, self.size = self.files + 1, self.size + size
        self.taken.add(name)
        return True

    def take_named(self, root: Path, names: Iterable[str], under: str = "") -> None:
        """Put files in that must be there; those that are not are told."""
        for name in names:
            if not self.take(root / name, f"{under}{name}"):
                self.missing.append(f"{under}{name}")


def back_up(
    place: Path | str,
    layout: Layout,
    vault: Vault,
    tell: Tell = lambda _: None,
    *,
    anew: bool = False,
) -> Made:
    """Make a backup; it counts once it is whole, and a killed one leaves none.

    Parameters
    ----------
    place : Path or str
        Where the store is.
    vault : Vault
        Where to. What is in it already is not written again.
    tell : callable
        Told what is begun.
    anew : bool
        Write all of it, what is in the vault too, and read it back from there.

    Raises
    ------
    BackupError
        Another one is being made, or the folder is not restored to the end.
    StoreError, StoreLocked
    """
    now = datetime.now(UTC)
    if layout.restoring.exists():
        raise BackupError(f"{layout.root} is not restored to the end: `hearthwatch restore` first.")
    with vault.alone(), _work(layout) as work, (work / "listing").open("w+b") as lines:
        filling = Filling(vault, folder.naming_key(layout), anew=anew)
        listing = _of_everything(place, layout, work, filling, lines, tell)
        name = f"{now:%Y%m%dT%H%M%S%fZ}-{secrets.token_hex(4)}"
        filling.finish(name, _document(place, now, listing, _listed(lines, filling)))
    if anew:
        tell("what was written")
        read_back(vault, filling.sealed)
    return Made(name, listing.files, listing.size, filling.written, tuple(listing.missing))


def _of_everything(
    place: Path | str, layout: Layout, work: Path, filling: Filling, lines: IO[bytes], tell: Tell
) -> _Listing:
    for last in (*[False] * (TRIES - 1), True):
        lines.seek(0)
        lines.truncate()
        listing = _Listing(lines, filling)
        tell("the store")
        if _fits(place, layout, work, listing, last=last):
            break
    tell("the archives")
    for archive in layout.all_archives():
        _take_archive(archive, layout, work, listing)
    tell("what else is kept")
    for name in folder.other_files(layout):
        listing.take(layout.root / name, name)
    return listing


def _take_archive(archive: Path, layout: Layout, work: Path, listing: _Listing) -> None:
    copied, under = work / MANIFEST, f"{archive.relative_to(layout.root).as_posix()}/"
    names = folder.manifest_of(archive, copied)
    if copied.stat().st_size:
        listing.take(copied, f"{under}{MANIFEST}")
    listing.take_named(archive, names, under)


def _fits(place: Path | str, layout: Layout, work: Path, listing: _Listing, *, last: bool) -> bool:
    """Take in store and states; tell whether every state is there that the store names."""
    copied = work / folder.STORE
    copied.unlink(missing_ok=True)
    folder.copy_of_store(place, copied)
    named = folder.states_named(copied)
    listing.take(copied, folder.STORE)
    copied.unlink()
    # All of them: the newest are of a commit that the copy does not know, and do no harm.
    for name in folder.files_below(layout.root, layout.states):
        listing.take(layout.root / name, name)
    gone = sorted(named - listing.taken)
    if last:
        listing.missing += gone
    return not gone


def _listed(lines: IO[bytes], filling: Filling) -> dict[str, Any]:
    lines.seek(0)
    digest, pieces = hashlib.sha256(), []
    while piece := lines.read(PIECE_BYTES):
        digest.update(piece)
        pieces.append(filling.put(piece))
    return {"sha256": digest.hexdigest(), "pieces": pieces}


def _document(
    place: Path | str, now: datetime, listing: _Listing, listed: dict[str, Any]
) -> dict[str, Any]:
    return {
        "form": FORM,
        "taken": now.isoformat(),
        "version": version("hearthwatch"),
        "store": "postgresql" if is_address(place) else "sqlite",
        "files": listing.files,
        "size": listing.size,
        "listing": listed,
        "missing": listing.missing,
    }


@contextmanager
def _work(layout: Layout) -> Iterator[Path]:
    """Make a private folder for what is not sealed yet; clear what a killed backup left in it."""
    work = layout.root / folder.WORK
    layout.root.mkdir(parents=True, exist_ok=True)
    work.mkdir(mode=0o700, exist_ok=True)
    held = os.open(work, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(f"Another backup of {layout.root} is being made.") from None
        _clear(work)
        yield work
        _clear(work)
    finally:
        os.close(held)


def _clear(work: Path) -> None:
    for entry in work.iterdir():
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink()
