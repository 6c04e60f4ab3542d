"""SQLite: files, connections and how safely they are written."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path

from sqlalchemy import Connection, Engine, QueuePool, create_engine, event

from hearthwatch.errors import StoreError
from hearthwatch.store import filters, patience, schema
from hearthwatch.store.faults import translated_files
from hearthwatch.store.lock import WriteLock

BUSY_SECONDS = 30
"""How long a statement waits for another program that holds the database."""

READERS = 8
"""Questions answered at once; more wait for one of them, as long as for another program.

They share one interpreter, so more of them answer no more questions and hold more memory.
"""

# KiB, taken as needed and kept; the default is 2 MB. Each connection has its own: times the
# connections, it is what they hold of memory.
_READING = ("PRAGMA cache_size = -32768",)
_WRITING = (
    "PRAGMA cache_size = -65536",
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
    reader = reading_engine(path, seconds=patience.QUESTION_SECONDS)
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
    return _engine(f"{path.as_uri()}?mode=rw", _WRITING, begin="BEGIN IMMEDIATE", size=1)


def reading_engine(path: Path, *, seconds: float = math.inf) -> Engine:
    """Return an engine that cannot write; each of its transactions sees one moment.

    Parameters
    ----------
    seconds : float
        After which a transaction is stopped in the middle of its question.

    Raises
    ------
    StoreError
        There is no database at `path`.
    """
    if not path.is_file():
        raise StoreError(f"There is no database at {path}. Nothing was recorded there yet.")
    engine = _engine(f"{path.as_uri()}?mode=ro", _READING, begin="BEGIN", size=READERS)

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        patience.have(connection, seconds)

    return engine


def _is_current(path: Path) -> bool:
    reader = reading_engine(path)
    try:
        return schema.is_current(reader)
    finally:
        reader.dispose()


def _engine(uri: str, pragmas: tuple[str, ...], *, begin: str, size: int) -> Engine:
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=_connector(uri, pragmas),
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
        # The one used last has the pages of late questions.
        pool_use_lifo=True,
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
