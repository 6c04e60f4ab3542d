"""The manifest of the archive: an append-only file of rows, each chained to the one before.

One line per master, canonical JSON::

    {"bytes":…,"content":…,"hash":…,"key":…,"layers":[…],"path":…,"previous":…,"seq":…,
     "sha256":…,"sidecar_sha256":…}

and between them, in the same chain, what people and providers said later (:mod:`tiles.rows`).

`hash` is the SHA-256 of the row's canonical JSON without `hash` itself, `previous` the hash of
the row before (64 zeros before the first), so a row cannot be changed, moved or taken out of
the middle unseen. A line without its newline is a write that was cut short: readers pass over
it and the next writer takes it off.
"""

from __future__ import annotations

import fcntl
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tiles.atomic import make_folder, storage_errors, sync_folder, write_all
from tiles.errors import IntegrityError
from tiles.faultpoints import reach
from tiles.rows import GENESIS, Entry, Note, NoteKind, Remark, Row, chained, line_of, parse, split

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Listed:
    """What the rows read so far come to.

    Attributes
    ----------
    rows : dict of str to Row
        Masters that are there, by key, oldest first.
    looks : dict of str to list of Row
        The same by ``cell/acquisition``.
    ever : dict of str to Row
        Every master ever listed, retired ones too, by the hash of its row.
    notes : list of Note
    later : dict of str to list of Note
        By acquisition, what its provider did later.
    count : int
        Rows of every kind.
    last : str
        Hash of the last row.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    looks: dict[str, list[Row]] = field(default_factory=dict)
    ever: dict[str, Row] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    later: dict[str, list[Note]] = field(default_factory=dict)
    count: int = 0
    last: str = GENESIS

    def add(self, row: Row | Note) -> None:
        """Take in the next row."""
        self.count += 1
        self.last = row.hash
        if isinstance(row, Row):
            self.rows[row.key] = row
            self.ever[row.hash] = row
            self.looks.setdefault(row.look, []).append(row)
            return
        self.notes.append(row)
        if row.note in (NoteKind.SUPERSEDED, NoteKind.WITHDRAWN):
            for acquisition in row.about:
                self.later.setdefault(acquisition, []).append(row)
        for key in row.about if row.note == NoteKind.RETIRED else ():
            gone = self.rows.pop(key, None)
            if gone is not None:
                self.looks[gone.look].remove(gone)

    def retired(self) -> tuple[Row, ...]:
        """Return the masters that were retired, oldest first."""
        return tuple(row for row in self.ever.values() if self.rows.get(row.key) != row)


@dataclass(slots=True)
class _Index:
    """What has been read of the file so far."""

    inode: int = 0
    offset: int = 0
    listed: Listed = field(default_factory=Listed)


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
        return self._current().listed.rows.get(key)

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
        return tuple(self._current().listed.looks.get(prefix, ()))

    def rows(self) -> tuple[Row, ...]:
        """Return the rows of all masters that are there, oldest first; errors as :meth:`row`."""
        return tuple(self._current().listed.rows.values())

    def row_of(self, row_hash: str) -> Row | None:
        """Return the row with a hash, of a retired master too, or None; errors as :meth:`row`."""
        return self._current().listed.ever.get(row_hash)

    def retired(self) -> tuple[Row, ...]:
        """Return the rows of masters that were retired, oldest first; errors as :meth:`row`."""
        return self._current().listed.retired()

    def notes(self, *kinds: NoteKind) -> tuple[Note, ...]:
        """Return the notes of some kinds, oldest first; all if none is named.

        Raises
        ------
        IntegrityError
            As for :meth:`row`.
        """
        notes = tuple(self._current().listed.notes)
        return tuple(one for one in notes if one.note in kinds) if kinds else notes

    def later(self, acquisition: str) -> tuple[Note, ...]:
        """Return what the provider did to an acquisition later; errors as :meth:`row`."""
        return tuple(self._current().listed.later.get(acquisition, ()))

    def head(self) -> str:
        """Return the hash of the last row, which vouches for all; errors as :meth:`row`."""
        return self._current().listed.last

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
        """List a master and force the row to disk; call it inside :meth:`writing` only.

        Raises
        ------
        StorageFull, StorageFailed
            The file is then as it was before.
        IntegrityError
            If the chain is broken, or the key is in it already.
        """
        index = self._current()
        if entry.key in index.listed.rows:
            raise IntegrityError(f"{self.path}: {entry.key} is listed already")
        row = chained(entry, index.listed.count + 1, index.listed.last)
        self._append_line(index.offset, line_of(row))
        return row

    def remark(self, remark: Remark) -> Note:
        """Add a note and force it to disk; call it inside :meth:`writing` only.

        Raises
        ------
        StorageFull, StorageFailed
            The file is then as it was before.
        IntegrityError
            If the chain is broken.
        """
        index = self._current()
        note = chained(remark, index.listed.count + 1, index.listed.last)
        self._append_line(index.offset, line_of(note))
        return note

    def _append_line(self, end: int, line: bytes) -> None:
        with storage_errors(self.path):
            is_new = not self.path.exists()
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                self._cut_torn_tail(descriptor, end)
                try:
                    os.lseek(descriptor, end, os.SEEK_SET)
                    write_all(descriptor, line)
                    reach("manifest.written")
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
        index, listed = self._index, self._index.listed
        with self.path.open("rb") as source:
            source.seek(index.offset)
            lines, _ = split(source.read())
        for line in lines:
            number = listed.count + 1
            row, problems = parse(line, number, listed.last)
            if row is None or problems:
                raise IntegrityError(f"{self.path}, row {number}: {'; '.join(problems)}")
            listed.add(row)
            index.offset += len(line) + 1


def examine(path: Path) -> tuple[Listed, list[str]]:
    """Read a whole manifest without stopping at its faults.

    Returns
    -------
    listed : Listed
        What every row that can be read at all comes to.
    problems : list of str
        What is wrong, each naming its row.
    """
    listed, problems = Listed(), list[str]()
    if not path.exists():
        return listed, problems
    with storage_errors(path):
        lines, torn = split(path.read_bytes())
    for number, line in enumerate(lines, start=1):
        row, found = parse(line, number, listed.last)
        problems += [f"row {number}: {problem}" for problem in found]
        if row is not None:
            listed.add(row)
    if torn:
        problems.append(f"row {len(lines) + 1}: cut short, {len(torn)} bytes without an end")
    return listed, problems
