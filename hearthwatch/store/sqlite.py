"""SQLite: files, connections and how safely they are written."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

from hearthwatch.errors import StoreError
from hearthwatch.store import filters, schema
from hearthwatch.store.faults import translated_files
from hearthwatch.store.lock import WriteLock

BUSY_SECONDS = 30
"""How long a statement waits for another program that holds the database."""

STATEMENT_SECONDS = 60.0
"""How long one question may take."""
_STEPS = 100_000
"""Of SQLite's machine, some milliseconds, after which the time is looked at."""

_READING = ("PRAGMA cache_size = -65536",)  # KiB, taken as needed; the default is 2 MB
_WRITING = (
    *_READING,
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
)


def open_engines(
    path: Path, held: ExitStack, *, write: bool, alone: bool
) -> tuple[Engine, Engine | None]:
    """Open a database for questions and, if `write`, for writing.

    Parameters
    ----------
    held : ExitStack
        Takes what is to be let go of on closing.
    write, alone : bool
        As for `hearthwatch.store.open_store`.

    Returns
    -------
    reader, writer : Engine, Engine or None
    """
    writer = None
    if write:
        create_file(path)
        if alone:
            held.callback(WriteLock(path).release)
        elif not _is_current(path):
            # Alone for a moment: no other process may write while the schema changes.
            with ExitStack() as moment:
                open_engines(path, moment, write=True, alone=True)
        writer = writing_engine(path)
        held.callback(writer.dispose)
        if alone:
            schema.upgrade(writer)
    reader = reading_engine(path, patience=STATEMENT_SECONDS)
    held.callback(reader.dispose)
    return reader, writer


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


def reading_engine(path: Path, *, patience: float = math.inf) -> Engine:
    """Return an engine that cannot write; each of its transactions sees one moment.

    Parameters
    ----------
    patience : float
        Seconds after which a transaction is stopped in the middle of its question.

    Raises
    ------
    StoreError
        There is no database at `path`.
    """
    if not path.is_file():
        raise StoreError(f"There is no database at {path}. Nothing was recorded there yet.")
    engine = _engine(f"{path.as_uri()}?mode=ro", _READING, begin="BEGIN", pool_size=8)

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        until = time.monotonic() + patience
        driver: Any = connection.connection.driver_connection
        driver.set_progress_handler(lambda: time.monotonic() > until, _STEPS)

    return engine


def _is_current(path: Path) -> bool:
    reader = reading_engine(path)
    try:
        return schema.is_current(reader)
    finally:
        reader.dispose()


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
        # Past SQLAlchemy, which makes a cursor and a result of it.
        connection.connection.driver_connection.execute(begin)  # type: ignore[union-attr]

    return engine


def _connector(uri: str, pragmas: tuple[str, ...]) -> Callable[[], sqlite3.Connection]:
    def connect() -> sqlite3.Connection:
        # Without an isolation level the driver begins nothing by itself; the engine does.
        connection = sqlite3.connect(
            uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            filters.install(connection)
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
