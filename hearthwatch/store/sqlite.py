"""SQLite: files, connections and how safely they are written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

from hearthwatch.errors import StoreError
from hearthwatch.store.faults import translated_files

BUSY_SECONDS = 30
"""How long a statement waits for another program that holds the database."""

_READING = ("PRAGMA cache_size = -65536",)  # KiB, taken as needed; the default is 2 MB
_WRITING = (
    *_READING,
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


def create_file(path: Path) -> None:
    """Make the database's folder and file where missing, readable by the owner only.

    SQLite gives the files beside it (-wal, -shm) the same permissions.
    """
    with translated_files(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)


def writing_engine(path: Path) -> Engine:
    """Return an engine of one connection whose transactions hold the write lock from the start."""
    _require_rtree()
    return _engine(f"{path.as_uri()}?mode=rw", _WRITING, begin="BEGIN IMMEDIATE", pool_size=1)


def reading_engine(path: Path) -> Engine:
    """Return an engine that cannot write; each of its transactions sees one moment.

    Raises
    ------
    StoreError
        There is no database at `path`.
    """
    if not path.is_file():
        raise StoreError(f"There is no database at {path}. Nothing was recorded there yet.")
    return _engine(f"{path.as_uri()}?mode=ro", _READING, begin="BEGIN", pool_size=8)


def _engine(uri: str, pragmas: tuple[str, ...], *, begin: str, pool_size: int) -> Engine:
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=_connector(uri, pragmas),
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=-1,
        hide_parameters=True,
    )

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _connector(uri: str, pragmas: tuple[str, ...]) -> Callable[[], sqlite3.Connection]:
    def connect() -> sqlite3.Connection:
        # Without an isolation level the driver begins nothing by itself; the engine does.
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            for pragma in pragmas:
                connection.execute(pragma)
        except BaseException:
            connection.close()
            raise
        return connection

    return connect


def _require_rtree() -> None:
    # Asked of a database in memory: the one to be written may be held by another process.
    with closing(sqlite3.connect(":memory:")) as connection:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    if "ENABLE_RTREE" not in options:
        raise StoreError(
            f"SQLite {sqlite3.sqlite_version} of this Python was built without R*Tree. "
            "Use a Python whose SQLite has it; Debian's does."
        )
