"""Taking everything of the service out of a PostgreSQL database."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import psycopg

from hearthwatch.store import tables
from hearthwatch.store.faults import translated
from hearthwatch.store.postgres import connect

_OTHERS = (
    "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend'"
)


def others(address: str) -> int:
    """Return how many other connections there are to a database.

    Raises
    ------
    StoreError
    """
    with translated(), _connected(address) as connection:
        row = connection.execute(f"SELECT count(*) {_OTHERS}").fetchone()
        return int(row[0]) if row else 0


def drop_everything(address: str) -> None:
    """End the other connections of the same user and drop every table; there may be none left.

    What the server keeps beside its tables cannot be reached from here: its log of writes,
    replicas, backups of its own.

    Raises
    ------
    StoreError
    """
    names = ", ".join(f'"{name}"' for name in (*tables.metadata.tables, "alembic_version"))
    with translated(), _connected(address) as connection:
        own = f"SELECT pg_terminate_backend(pid) {_OTHERS} AND usename = current_user"
        connection.execute(own.encode())
        connection.execute(f"DROP TABLE IF EXISTS {names} CASCADE".encode())
        for statement in ("VACUUM FULL pg_statistic", "CHECKPOINT"):
            with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


@contextlib.contextmanager
def _connected(address: str) -> Iterator[psycopg.Connection[Any]]:
    connection = connect(address, "-c lock_timeout=60s")
    try:
        connection.autocommit = True
        yield connection
    finally:
        connection.close()
