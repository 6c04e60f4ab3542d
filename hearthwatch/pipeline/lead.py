"""One of many processes takes the looks: a lease that is renewed, and a turn that commits bear.

Every process on one server asks for the lease; who has it is the coordinator. Each commit of its
runs renews the lease in the same transaction, or is refused: by then another process may work in
a later turn. A process that died is followed when its lease has run out.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, cast

from hearthwatch.errors import HearthwatchError, StoreLocked
from hearthwatch.records import Lease
from hearthwatch.store.protocol import Store, Transaction

NAME = "looks"
"""Of the lease."""
LEASE_SECONDS = 30.0
"""How long the work rests after its process died."""
RENEWALS = 3
"""In the time of a lease."""

_LOST = (
    "Another process has taken over the looks, so nothing more of this run is kept here. It goes "
    "on there."
)
_log = logging.getLogger(__name__)


class Alone(Protocol):
    """What keeps out every process that would write the store alone."""

    def ensure(self) -> None:
        """Make sure that it does so still."""
        ...

    def release(self) -> None:
        """Let them in again."""
        ...


class Lead:
    """Asks for the lease and holds it.

    Parameters
    ----------
    store : Store
        Opened for writing beside other processes.
    alone : callable
        Keeps out processes that would write alone; `StoreLocked` while one does.
    seconds : float
        How long a lease lasts that is not renewed.
    """

    def __init__(
        self, store: Store, alone: Callable[[], Alone], seconds: float = LEASE_SECONDS
    ) -> None:
        self._store = store
        self._alone = alone
        self._seconds = seconds
        # Told apart from every other process there ever was: turns begin anew after a lease was
        # given back.
        self._holder = f"{os.getpid()}@{socket.gethostname()}/{uuid.uuid4()}"
        self._guard = threading.RLock()
        self._turn: int | None = None
        self._keeping: Alone | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._renew, name="lease", daemon=True)

    @property
    def is_held(self) -> bool:
        """Whether this process has the lease, as far as it knows."""
        return self._turn is not None

    def hold(self) -> bool:
        """Ask for the lease unless it is held; return whether it is."""
        with self._guard:
            if self._turn is not None:
                return True
            with self._store.transaction() as tx:
                taken = tx.take_lease(self._wanted())
            if taken is None:
                return False
            self._turn = taken.turn
            try:
                self._keeping = self._alone()
            except StoreLocked:
                # A run of somebody's own is under way, and works on the same looks.
                self._give_back()
                return False
            if not self._thread.is_alive():
                self._thread.start()
            return True

    def check(self, tx: Transaction) -> None:
        """Renew the lease within a transaction.

        Raises
        ------
        StoreLocked
            It is another process's, or it had run out.
        """
        turn = self._turn
        taken = None if turn is None else tx.take_lease(self._wanted())
        if taken is None or taken.turn != turn:
            self._lose()
            raise StoreLocked(_LOST)

    def close(self) -> None:
        """Give the lease back, so that another process takes it at once."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        with self._guard:
            self._give_back()

    def fenced(self) -> Store:
        """Return the store, whose commits are refused once the lease is lost."""
        return cast(Store, _Fenced(self._store, self))

    def _renew(self) -> None:
        while not self._over.wait(self._seconds / RENEWALS):
            if self._turn is None:
                continue
            try:
                with self._store.transaction() as tx:
                    self.check(tx)
            except HearthwatchError as error:
                # It runs out by itself unless a later renewal or a commit comes in time.
                _log.warning("the lease of the looks is not renewed: %s", error.message)
                continue
            self._keep_out()

    def _keep_out(self) -> None:
        keeping = self._keeping
        try:
            if keeping is not None:
                keeping.ensure()
        except HearthwatchError as error:
            _log.warning("the looks are given up: %s", error.message)
            with self._guard:
                self._give_back()

    def _wanted(self) -> Lease:
        now = datetime.now(UTC)
        until = now + timedelta(seconds=self._seconds)
        return Lease(NAME, "", self._holder, now, until, 0)

    def _lose(self) -> None:
        self._turn = None
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            keeping.release()

    def _give_back(self) -> None:
        turn = self._turn
        self._lose()
        if turn is None:
            return
        try:
            with self._store.transaction() as tx:
                tx.drop_lease(NAME, self._holder, turn)
        except HearthwatchError as error:
            _log.warning("the lease of the looks runs out by itself: %s", error.message)


class _Fenced:
    """A store whose transactions begin by renewing the lease; see `Lead.fenced`."""

    def __init__(self, store: Store, lead: Lead) -> None:
        self._store = store
        self._lead = lead

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a write transaction in this process's turn, or refuse (`StoreLocked`)."""
        with self._store.transaction() as tx:
            self._lead.check(tx)
            yield tx

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
