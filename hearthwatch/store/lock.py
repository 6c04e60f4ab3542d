"""The lock that lets one process at a time write a database."""

from __future__ import annotations

import fcntl
import os
import weakref
from pathlib import Path

from hearthwatch.errors import StoreLocked
from hearthwatch.store.faults import translated_files


class WriteLock:
    """Holds the lock file beside a database; the kernel lets go of it if the process dies.

    Parameters
    ----------
    database : Path
        The database; the lock file is named after it, with ``.lock`` appended.

    Raises
    ------
    StoreLocked
        Another process holds it, or this one does already.
    StoreError
        The lock file cannot be written.
    """

    def __init__(self, database: Path) -> None:
        path = database.with_name(f"{database.name}.lock")
        with translated_files(path):
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                self._take(database)
            except BaseException:
                os.close(self._file)
                raise
        _held.add(self)

    def release(self) -> None:
        """Let go of the lock; a second time does nothing."""
        if self in _held:
            _held.discard(self)
            os.close(self._file)

    def _take(self, database: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreLocked(self._in_words(database)) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode(), 0)

    def _in_words(self, database: Path) -> str:
        holder = os.pread(self._file, 20, 0).decode("ascii", "replace") or "of unknown number"
        if holder == str(os.getpid()):
            return f"This process ({holder}) has {database} open for writing already."
        return (
            f"Process {holder} is writing {database}. Wait until it has finished, or stop it "
            "and try again; reading is possible meanwhile."
        )


_held: weakref.WeakSet[WriteLock] = weakref.WeakSet()


def _let_go_in_child() -> None:
    # A forked worker shares the lock: it would hold it on after its parent was killed.
    for lock in list(_held):
        lock.release()


os.register_at_fork(after_in_child=_let_go_in_child)
