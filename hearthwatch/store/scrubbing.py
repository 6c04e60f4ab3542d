"""Writing a database anew, so that its files hold nothing of what was deleted.

A deleted row stays in its page until something else takes the room, in the log beside the file,
and of a place its corners in the index of windows. What the file system, the disk and copies of
them keep cannot be reached from here.
"""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, text

from hearthwatch.errors import StoreLocked
from hearthwatch.store import tables
from hearthwatch.store.faults import translated

_WINDOWS = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE '%USING rtree%'"
_CONTENT = """
SELECT p.attname, c.data_type FROM pg_stats AS p JOIN information_schema.columns AS c
ON (c.table_schema, c.table_name, c.column_name) = (p.schemaname, p.tablename, p.attname)
WHERE p.schemaname = current_schema() AND p.tablename = %s AND c.data_type IN ('text', 'bytea')
"""
_BUSY = (
    "Others are reading the store, so old pages stay in the log beside it. Nothing of what was "
    "erased can be asked for; scrub again when it is quiet."
)


def scrub(writer: Engine) -> None:
    """Write all tables anew.

    Parameters
    ----------
    writer : Engine
        Of the one connection that writes; nobody has it at this moment.

    Raises
    ------
    StoreError, StoreLocked, DiskFull
    """
    with translated():
        raw = writer.raw_connection()
    try:
        with translated():
            connection: Any = raw.driver_connection
            if writer.dialect.name == "postgresql":
                _scrub_postgresql(connection)
            else:
                _scrub_sqlite(connection)
    finally:
        raw.close()


def overwrite_deleted(connection: Connection) -> None:
    """Let SQLite put zeros where rows were, for what is deleted on a connection from now on."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("PRAGMA secure_delete = ON"))


def _scrub_sqlite(connection: Any) -> None:
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("BEGIN IMMEDIATE")
    try:
        for name, made in connection.execute(_WINDOWS).fetchall():
            _make_anew(connection, name, made)
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("VACUUM")
    busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    connection.execute("PRAGMA secure_delete = OFF")
    if busy:
        raise StoreLocked(_BUSY)


def _make_anew(connection: sqlite3.Connection, name: str, made: str) -> None:
    # Its nodes are values of rows: VACUUM copies them with all that once stood in them.
    connection.execute(f'CREATE TABLE scrubbed AS SELECT * FROM "{name}"')
    connection.execute(f'DROP TABLE "{name}"')
    connection.execute(made)
    connection.execute(f'INSERT INTO "{name}" SELECT * FROM scrubbed')
    connection.execute("DROP TABLE scrubbed")


def _scrub_postgresql(connection: psycopg.Connection[Any]) -> None:
    connection.autocommit = True
    try:
        connection.execute("SET statement_timeout = 0")
        for table in tables.metadata.sorted_tables:
            # With its statistics, which hold values of rows.
            connection.execute(f'VACUUM (FULL, ANALYZE) "{table.name}"'.encode())
            _forget_statistics(connection, table.name)
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
            connection.execute("VACUUM FULL pg_statistic")
        with contextlib.suppress(psycopg.errors.InsufficientPrivilege):
            connection.execute("CHECKPOINT")
    finally:
        connection.execute("RESET statement_timeout")
        connection.autocommit = False


def _forget_statistics(connection: psycopg.Connection[Any], table: str) -> None:
    """Drop the statistics of a table without rows: ANALYZE leaves those of the rows it had."""
    if connection.execute(f'SELECT 1 FROM "{table}" LIMIT 1'.encode()).fetchone():
        return
    for name, kind in connection.execute(_CONTENT, [table]).fetchall():
        # To the type that it has: that changes nothing else.
        same = 'text COLLATE "C"' if kind == "text" else kind
        connection.execute(f'ALTER TABLE "{table}" ALTER COLUMN "{name}" TYPE {same}'.encode())
