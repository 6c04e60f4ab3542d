"""When keys and sessions were last used, written beside the requests and not within them."""

from __future__ import annotations

import dataclasses
import logging
import threading
from datetime import UTC, datetime, time
from enum import Enum, auto

from hearthwatch.errors import HearthwatchError
from hearthwatch.store.protocol import Store, Transaction

MOST = 10_000
"""Keys and sessions whose last use is remembered here at a time."""

_log = logging.getLogger(__name__)


class _Kind(Enum):
    KEY = auto()
    SESSION = auto()


_Use = tuple[_Kind, str]


class Uses:
    """Keeps when keys (to the day) and sessions (to the minute) were last used.

    A request only leaves a note here and waits for no write. What cannot be written is noted
    again with the next request; nothing hangs on it but that an idle session ends earlier.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._known: dict[_Use, datetime] = {}
        self._waiting: dict[_Use, datetime] = {}

    def of_key(self, key_id: str, now: datetime) -> None:
        """Note that a key is used."""
        self._note((_Kind.KEY, key_id), datetime.combine(now.astimezone(UTC).date(), time(), UTC))

    def of_session(self, session_id: str, now: datetime) -> None:
        """Note that a session is used."""
        self._note((_Kind.SESSION, session_id), now.replace(second=0, microsecond=0))

    def seen(self, session_id: str) -> datetime | None:
        """Return when this process last saw a session used, written or not."""
        return self._known.get((_Kind.SESSION, session_id))

    def _note(self, what: _Use, when: datetime) -> None:
        if self._known.get(what) == when:
            return
        with self._lock:
            if len(self._known) >= MOST:
                # They are noted anew when they come again: one write too many each.
                self._known.clear()
            self._known[what] = when
            idle = not self._waiting
            self._waiting[what] = when
        if idle:
            # Short-lived, so that a process at its end has nothing to stop.
            threading.Thread(target=self._write, name="uses").start()

    def _write(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        try:
            with self._store.transaction() as transaction:
                for (kind, name), when in waiting.items():
                    if kind is _Kind.KEY:
                        self._write_key(transaction, name, when)
                    else:
                        self._write_session(transaction, name, when)
        except HearthwatchError as error:
            _log.info("when keys were last used could not be written: %s", error.code)
            with self._lock:
                for what in waiting:
                    self._known.pop(what, None)

    def _write_key(self, transaction: Transaction, key_id: str, when: datetime) -> None:
        key = self._store.key(key_id)
        if key is not None and (key.used is None or key.used < when):
            transaction.put_key(dataclasses.replace(key, used=when))

    def _write_session(self, transaction: Transaction, session_id: str, when: datetime) -> None:
        session = self._store.session(session_id)
        if session is not None and session.seen < when:
            transaction.put_session(dataclasses.replace(session, seen=when))
