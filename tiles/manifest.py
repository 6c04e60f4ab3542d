"""The manifest of the archive: an append-only file of rows, each chained to the one before.

One line per master, canonical JSON::

    {"bytes":…,"content":…,"hash":…,"key":…,"layers":[…],"path":…,"previous":…,"seq":…,
     "sha256":…,"sidecar_sha256":…}

`hash` is the SHA-256 of the row's canonical JSON without `hash` itself, `previous` the hash of
the row before (64 zeros before the first), so a row cannot be changed, moved or taken out of
the middle unseen. A line without its newline is a write that was cut short: readers pass over
it and the next writer takes it off.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tiles.atomic import make_folder, storage_errors, sync_folder, write_all
from tiles.errors import IntegrityError

GENESIS = "0" * 64

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Row:
    """One master as the manifest lists it.

    Attributes
    ----------
    seq : int
        Counts the rows from 1.
    key : str
        ``sensor/cell/acquisition/grid hash``.
    layers : tuple of str
        Grid hashes of all layers of the chip it was stored with, in the chip's order: without
        the others it is part of a chip only.
    path : str
        Relative to the archive, with forward slashes.
    content : str
        Digest of the pixels and what they mean, free of the file format.
    sha256, sidecar_sha256 : str
    bytes : int
        Size of the master.
    previous, hash : str
    """

    seq: int
    key: str
    layers: tuple[str, ...]
    path: str
    content: str
    sha256: str
    sidecar_sha256: str
    bytes: int
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Entry:
    """What a writer knows of a new row; the manifest adds the chain."""

    key: str
    layers: tuple[str, ...]
    path: str
    content: str
    sha256: str
    sidecar_sha256: str
    bytes: int


@dataclass(slots=True)
class _Index:
    """What has been read of the file so far."""

    inode: int = 0
    offset: int = 0
    last: str = GENESIS
    rows: dict[str, Row] = field(default_factory=dict)
    by_look: dict[str, list[Row]] = field(default_factory=dict)


class Manifest:
    """The manifest file of one archive, with an index that follows it as it grows.

    Thread-safe, and picklable: no handle stays open. The constructor does no I/O. One process
    may write at a time; the lock is the file system's and goes with the process.

    Parameters
    ----------
    path : Path
        The manifest; ``<name>.lock`` is made beside it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._guard = threading.Lock()
        self._index = _Index()

    def __getstate__(self) -> dict[str, Path]:
        return {"path": self.path}

    def __setstate__(self, state: dict[str, Path]) -> None:
        self.__init__(state["path"])  # type: ignore[misc]

    def row(self, key: str) -> Row | None:
        """Return the row of one master, or None.

        Raises
        ------
        IntegrityError
            If the chain is broken in what has not been read yet.
        """
        return self._current().rows.get(key)

    def look(self, prefix: str) -> tuple[Row, ...]:
        """Return the rows of ``sensor/cell/acquisition`` less the sensor, oldest first.

        Parameters
        ----------
        prefix : str
            ``cell/acquisition``.

        Raises
        ------
        IntegrityError
            As for :meth:`row`.
        """
        return tuple(self._current().by_look.get(prefix, ()))

    def rows(self) -> tuple[Row, ...]:
        """Return all rows, oldest first; errors as for :meth:`row`."""
        return tuple(self._current().rows.values())

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the write lock, over threads and processes; waits for it."""
        with storage_errors(self.path):
            make_folder(self.path.parent)
            lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            with storage_errors(self.path):
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def append(self, entry: Entry) -> Row:
        """Add a row and force it to disk; call it inside :meth:`writing` only.

        Raises
        ------
        StorageFull, StorageFailed
            The file is then as it was before.
        IntegrityError
            If the chain is broken, or the key is in it already.
        """
        index = self._current()
        if entry.key in index.rows:
            raise IntegrityError(f"{self.path}: {entry.key} is listed already")
        row = _chained(entry, len(index.rows) + 1, index.last)
        with storage_errors(self.path):
            self._append_line(index.offset, _line(row))
        return row

    def _append_line(self, end: int, line: bytes) -> None:
        is_new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            self._cut_torn_tail(descriptor, end)
            try:
                os.lseek(descriptor, end, os.SEEK_SET)
                write_all(descriptor, line)
                os.fsync(descriptor)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(descriptor, end)
                raise
        finally:
            os.close(descriptor)
        if is_new:
            sync_folder(self.path.parent)

    def _cut_torn_tail(self, descriptor: int, end: int) -> None:
        torn = os.fstat(descriptor).st_size - end
        if torn > 0:
            _log.warning("%s: cut %d bytes of a row that was never finished", self.path, torn)
            os.ftruncate(descriptor, end)

    def _current(self) -> _Index:
        """Return the index after reading what has been added to the file since last time."""
        with self._guard, storage_errors(self.path):
            try:
                state = self.path.stat()
            except FileNotFoundError:
                self._index = _Index()
                return self._index
            if state.st_ino != self._index.inode or state.st_size < self._index.offset:
                self._index = _Index(inode=state.st_ino)
            if state.st_size > self._index.offset:
                self._read_on()
            return self._index

    def _read_on(self) -> None:
        index = self._index
        with self.path.open("rb") as source:
            source.seek(index.offset)
            lines, _ = _split(source.read())
        for line in lines:
            number = len(index.rows) + 1
            row, problems = _parse(line, number, index.last)
            if row is None or problems:
                raise IntegrityError(f"{self.path}, row {number}: {'; '.join(problems)}")
            index.rows[row.key] = row
            index.by_look.setdefault(row.key.split("/", 1)[1].rsplit("/", 1)[0], []).append(row)
            index.last = row.hash
            index.offset += len(line) + 1


def examine(path: Path) -> tuple[list[Row], list[str]]:
    """Read a whole manifest without stopping at its faults.

    Returns
    -------
    rows : list of Row
        Every row that can be read at all.
    problems : list of str
        What is wrong, each naming its row.
    """
    if not path.exists():
        return [], []
    with storage_errors(path):
        lines, torn = _split(path.read_bytes())
    rows: list[Row] = []
    problems: list[str] = []
    last = GENESIS
    for number, line in enumerate(lines, start=1):
        row, found = _parse(line, number, last)
        problems += [f"row {number}: {problem}" for problem in found]
        if row is not None:
            rows.append(row)
            last = row.hash
    if torn:
        problems.append(f"row {len(lines) + 1}: cut short, {len(torn)} bytes without an end")
    return rows, problems


def canonical(value: object) -> bytes:
    """Return the one JSON form of a value: sorted keys, no spaces, ASCII, no NaN."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )
    return text.encode("ascii")


def _chained(entry: Entry, seq: int, previous: str) -> Row:
    fields: dict[str, Any] = asdict(entry) | {"seq": seq, "previous": previous}
    return Row(**fields, hash=_digest(fields))


def _digest(fields: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(fields)).hexdigest()


def _line(row: Row) -> bytes:
    return canonical(asdict(row)) + b"\n"


def _split(data: bytes) -> tuple[list[bytes], bytes]:
    """Return the finished lines, and what follows the last newline."""
    *lines, torn = data.split(b"\n")
    return lines, torn


def _parse(line: bytes, seq: int, previous: str) -> tuple[Row | None, list[str]]:
    """Return the row and what is wrong with it as number `seq` after the hash `previous`."""
    try:
        fields = json.loads(line)
        row = Row(**(fields | {"layers": tuple(fields["layers"])}))
    except (ValueError, TypeError, KeyError):
        return None, ["no manifest row"]
    problems = []
    if _digest({name: value for name, value in fields.items() if name != "hash"}) != row.hash:
        problems.append("its hash is not that of what it says")
    elif _line(row) != line + b"\n":
        problems.append("not in canonical form")
    if row.previous != previous:
        problems.append("not chained to the row before")
    if row.seq != seq:
        problems.append(f"numbered {row.seq}")
    return row, problems
