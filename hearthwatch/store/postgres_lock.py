"""The lock that lets one process at a time write a PostgreSQL database alone."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import Any

import psycopg

from hearthwatch.errors import StoreLocked
from hearthwatch.store.faults import translated

TURNS = (0x48575354, 1)
"""Advisory lock of one write transaction."""
ALONE = (0x48575354, 2)
"""Advisory lock of the process that writes alone."""

_HOLDER = """
SELECT a.application_name FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
WHERE l.locktype = 'advisory' AND l.granted AND (l.classid, l.objid) = (%s, %s)
AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


class AloneLock:
    """Holds a session's advisory lock; the server lets go of it when the connection ends.

    Parameters
    ----------
    connect : callable
        Makes the lock's own connection.
    place : str
        What the database is called in errors.

    Raises
    ------
    StoreLocked
        Another process holds it, or this one does already.
    """

    def __init__(self, connect: Callable[[], psycopg.Connection[Any]], place: str) -> None:
        self._connect = connect
        self._place = place
        self._guard = threading.Lock()
        with translated():
            self._connection: psycopg.Connection[Any] | None = self._taken()

    def ensure(self) -> None:
        """Make sure that the lock is held, anew if its connection was lost.

        Raises
        ------
        StoreLocked
            It was lost, and another process has taken it since.
        """
        with self._guard, translated():
            if self._connection is None or not _answers(self._connection):
                self._connection = None
                self._connection = self._taken()

    def release(self) -> None:
        """Let go of the lock; a second time does nothing."""
        with self._guard:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _taken(self) -> psycopg.Connection[Any]:
        connection = self._connect()
        try:
            connection.autocommit = True
            row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", ALONE).fetchone()
            if not (row and row[0]):
                raise StoreLocked(self._in_words(connection))
        except BaseException:
            connection.close()
            raise
        return connection

    def _in_words(self, connection: psycopg.Connection[Any]) -> str:
        row = connection.execute(_HOLDER, ALONE).fetchone()
        holder = str(row[0]) if row else "hearthwatch process of another user"
        if holder == connection.info.get_parameters().get("application_name"):
            return f"This process ({os.getpid()}) has {self._place} open for writing already."
        name = holder.removeprefix("hearthwatch ")
        return (
            f"{name[:1].upper()}{name[1:]} is writing {self._place}. Wait until it has finished, "
            "or stop it and try again; reading is possible meanwhile."
        )


def _answers(connection: psycopg.Connection[Any]) -> bool:
    try:
        connection.execute("SELECT 1")
    except psycopg.Error:
        connection.close()
        return False
    return True
