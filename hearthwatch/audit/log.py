"""Writes the log beside the requests: many entries, one write; and none is promised that fails."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as Late

from hearthwatch.errors import AuditError, HearthwatchError
from hearthwatch.records import AuditEntry
from hearthwatch.store.protocol import Store

MOST_WAITING = 2_000
"""Entries that wait for their write; what would be one more is refused."""
AT_ONCE = 500
PATIENCE_SECONDS = 10.0
"""How long anybody waits for an entry to be stored."""
LINGER_SECONDS = 0.2
"""How long the writer waits for more before it ends: a process at its end has none to stop."""

_Waiting = tuple[AuditEntry, "Future[None]"]

_log = logging.getLogger(__name__)


class Log:
    """Takes entries from many threads and stores what waits in one transaction.

    While one write is on its way the next entries gather, so many requests at once cost few
    writes, and a single one waits for its own alone.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._some = threading.Condition()
        self._waiting: list[_Waiting] = []
        self._writes = False

    @property
    def waiting(self) -> int:
        """How many entries wait for their write."""
        return len(self._waiting)

    def submit(self, entry: AuditEntry) -> Future[None]:
        """Put an entry in line; the future ends when it is stored, or with `AuditError`."""
        future: Future[None] = Future()
        with self._some:
            if len(self._waiting) >= MOST_WAITING:
                future.set_exception(_unwritable())
                return future
            self._waiting.append((entry, future))
            begins, self._writes = not self._writes, True
            self._some.notify()
        if begins:
            threading.Thread(target=self._write, name="audit").start()
        return future

    def write(self, entry: AuditEntry) -> None:
        """Store an entry.

        Raises
        ------
        AuditError
            It is not stored.
        """
        wait_for(self.submit(entry))

    def _write(self) -> None:
        while batch := self._next():
            self._store_all(batch)

    def _next(self) -> list[_Waiting]:
        """Return what waits; nothing when the writer has to end."""
        with self._some:
            if not self._waiting:
                self._some.wait(LINGER_SECONDS)
            batch, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            if not batch:
                self._writes = False
        return batch

    def _store_all(self, batch: list[_Waiting]) -> None:
        # Whoever stopped waiting was told that nothing is stored.
        kept = [one for one in batch if one[1].set_running_or_notify_cancel()]
        try:
            with self._store.transaction() as transaction:
                for entry, _ in kept:
                    transaction.add_audit(entry)
        except Exception as error:
            # Those who wait must hear of it, whatever it was.
            said = error.code if isinstance(error, HearthwatchError) else type(error).__name__
            _log.error("acts could not be logged, and were refused: %s", said)
            for _, future in kept:
                future.set_exception(_unwritable())
            return
        for _, future in kept:
            future.set_result(None)


def wait_for(future: Future[None], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until an entry is stored.

    Raises
    ------
    AuditError
        It is not stored.
    """
    try:
        future.result(seconds)
    except (Late, CancelledError):
        future.cancel()
        raise _unwritable() from None


def _unwritable() -> AuditError:
    return AuditError(
        "The log of acts cannot be written now, and nothing is shown or changed without it. "
        "Try again shortly; the operator's log says why."
    )
