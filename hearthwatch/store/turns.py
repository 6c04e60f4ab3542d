"""Turns at writing: one thread at a time, and nothing kept of a transaction that erred."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hearthwatch.errors import StoreError


class Turn:
    """One transaction's turn.

    A database may roll back by itself when a statement fails (disk full, say). What is written
    after that would stand alone, so a transaction that erred once takes no more and keeps
    nothing, even if the caller passed over the error.
    """

    def __init__(self) -> None:
        self._broken = False
        self._over = False

    @contextmanager
    def step(self) -> Iterator[None]:
        """Do one verb of the transaction.

        Raises
        ------
        StoreError
            The transaction is over or erred before.
        """
        if self._over:
            raise StoreError("The transaction is over; open another one to write.")
        self.check()
        try:
            yield
        except BaseException:
            self._broken = True
            raise

    def check(self) -> None:
        """Refuse (`StoreError`) to go on if a verb erred."""
        if self._broken:
            raise StoreError("An earlier step of this transaction failed, so none of it is kept.")

    def end(self) -> None:
        """Let no more be written."""
        self._over = True


class Turns:
    """Gives turns to the threads of one process, one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._writer: int | None = None

    @contextmanager
    def take(self) -> Iterator[Turn]:
        """Wait for the turn and hold it.

        Raises
        ------
        StoreError
            This thread holds it already.
        """
        if self._writer == threading.get_ident():
            raise StoreError("A transaction is open already in this thread; end it first.")
        with self._lock:
            self._writer = threading.get_ident()
            turn = Turn()
            try:
                yield turn
            finally:
                turn.end()
                self._writer = None
