"""Counts what is seen in hundreds of small pieces: an entry a minute, not one for every tile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hearthwatch.audit.log import Log
from hearthwatch.records import AuditEntry

MOST = 10_000
"""Of what is counted at a time; beyond, each piece has an entry of its own."""
MINUTE = timedelta(minutes=1)

_Key = tuple[str, str, str, str, str, datetime]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Counted:
    """What came in one minute.

    Attributes
    ----------
    first : Future
        Of the entry of the first one, which all others wait for.
    more : int
        How many came after it.
    """

    entry: AuditEntry
    first: Future[None]
    more: int = 0


class Counting:
    """Stores the first of a kind in each minute at once, and how many followed at its end.

    Nothing is seen without an entry of that minute. What is lost with a process that is killed
    is at most the number of one minute.
    """

    def __init__(self, log: Log, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._log = log
        self._clock = clock
        self._lock = threading.Lock()
        self._counted: dict[_Key, _Counted] = {}
        self._timer: threading.Timer | None = None

    def submit(self, entry: AuditEntry) -> Future[None]:
        """Count an act; the future ends when its minute has an entry, or with `AuditError`."""
        key = _key(entry)
        with self._lock:
            known = self._counted.get(key)
            if known is not None and not _failed(known.first):
                known.more += 1
                return known.first
            first = self._log.submit(entry)
            if len(self._counted) < MOST:
                self._counted[key] = _Counted(entry, first)
                self._wake()
        return first

    def flush(self, *, all_of_it: bool = True) -> list[Future[None]]:
        """Store the numbers, of minutes that are over or of all; the futures end with that."""
        now = self._clock()
        with self._lock:
            over = [key for key in self._counted if all_of_it or now >= key[-1] + MINUTE]
            told = [self._counted.pop(key) for key in over]
            if self._timer is not None and not self._counted:
                self._timer.cancel()
                self._timer = None
        stored = [self._log.submit(_of_more(one)) for one in told if one.more]
        for future in stored:
            future.add_done_callback(_tell_if_lost)
        return stored

    def _wake(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(MINUTE.total_seconds(), self._again)
            # A process at its end calls `flush`; it must not wait for a minute.
            self._timer.daemon = True
            self._timer.start()

    def _again(self) -> None:
        with self._lock:
            self._timer = None
        self.flush(all_of_it=False)
        with self._lock:
            if self._counted:
                self._wake()


def _key(entry: AuditEntry) -> _Key:
    minute = entry.at.replace(second=0, microsecond=0)
    return (
        entry.organisation, entry.actor, entry.act, entry.subject,
        f"{entry.outcome} {sorted(entry.detail.items())}", minute,
    )  # fmt: skip


def _of_more(one: _Counted) -> AuditEntry:
    return replace(one.entry, detail={**one.entry.detail, "more": one.more})


def _failed(future: Future[None]) -> bool:
    return future.cancelled() or (future.done() and future.exception() is not None)


def _tell_if_lost(future: Future[None]) -> None:
    if _failed(future):
        _log.error("how often something was seen within a minute could not be logged")
