"""PostgreSQL with PostGIS: addresses, connections and how safely they are written."""

from __future__ import annotations

import os
import socket
import time
import weakref
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import Connection, Engine, QueuePool, create_engine, event
from sqlalchemy.exc import InvalidatePoolError

from hearthwatch.errors import StoreError, StoreLocked
from hearthwatch.layout import checked_address
from hearthwatch.store import patience, schema
from hearthwatch.store.postgres_lock import TURNS, AloneLock

LOCK_SECONDS = 30.0
"""How long a transaction waits for its turn, and a question for a free connection."""
IDLE_SECONDS = 120.0
"""How long a transaction may lie idle: one that is frozen keeps all other writers waiting."""
CONNECT_SECONDS = 10
ASLEEP_SECONDS, WRITER_ASLEEP_SECONDS = 1.0, 0.05
"""After which a reading, or writing, connection is asked whether it still is one.

To ask a writing one that is used again and again is a good part of what an entry of the log takes.
Should it have died since, that is as if it had died a moment later: what fails is said, and nothing
of it is kept.
"""
WAIT_SECONDS = 0.2
"""Between two tries to bring a schema up."""
OLDEST = 150_000
"""PostgreSQL 15, as the server counts."""
NEEDED = ("postgis", "btree_gist")
"""Extensions, which the server's administrator may have to make."""

_NAME_BYTES = 63
# A cable that was pulled is noticed within half a minute, in both directions.
_ALIVE = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
_open: weakref.WeakSet[psycopg.Connection[Any]] = weakref.WeakSet()


def open_engines(
    address: str, held: ExitStack, *, write: bool, alone: bool
) -> tuple[Engine, Engine | None]:
    """Open a database for questions and, if `write`, for writing.

    Parameters
    ----------
    address : str
        ``postgresql://user@host/database``, without a password.
    held : ExitStack
        Takes what is to be let go of on closing.
    write, alone : bool
        As for `hearthwatch.store.open_store`.

    Returns
    -------
    reader, writer : Engine, Engine or None
        The writer's transactions hold the database's turn from their start.

    Raises
    ------
    StoreError, StoreLocked
        The address names a password, the server cannot be used, or another process writes alone.
    """
    address = checked(address)
    writer = None
    if write:
        lock = alone_lock(address) if alone else None
        if lock is not None:
            held.callback(lock.release)
        else:
            _bring_up_beside_others(address)
        if lock is not None:
            bring_up(address)
        writer = writing_engine(address, lock)
        held.callback(writer.dispose)
    reader = reading_engine(address)
    held.callback(reader.dispose)
    return reader, writer


def checked(address: str) -> str:
    """Return an address that libpq can read and that names no password.

    Raises
    ------
    StoreError
        Without the address in its words.
    """
    try:
        conninfo_to_dict(checked_address(address))
    except ValueError as error:
        raise StoreError(f"The address of the database cannot be used: {error}.") from None
    except psycopg.Error:
        raise StoreError(
            "The address of the database cannot be used: libpq does not know one of its parts."
        ) from None
    return address


def alone_lock(address: str, *, frozen_seconds: float | None = None) -> AloneLock:
    """Take the lock of the process that writes alone; see `AloneLock`.

    Parameters
    ----------
    frozen_seconds : float or None
        How long its connection may be silent (`AloneLock.ensure` speaks on it) before the server
        lets go of it. Without it, a process that is frozen holds it on.
    """
    silent = (
        "" if frozen_seconds is None else f" -c idle_session_timeout={frozen_seconds * 1e3:.0f}"
    )
    return AloneLock(lambda: connect(address, _lasting() + silent), name_of(address))


def name_of(address: str) -> str:
    """Return what an error may call a database: its name and host."""
    named = conninfo_to_dict(address)
    database = named.get("dbname") or os.environ.get("PGDATABASE") or "its user's name"
    host = named.get("host") or os.environ.get("PGHOST") or "this machine"
    return f"the database {database} on {host}"


def writing_engine(address: str, lock: AloneLock | None = None) -> Engine:
    """Return an engine of one connection whose transactions hold the turn from their start.

    Every one of them waits for the advisory lock first. What a transaction writes is visible
    before the lock is free again, so what became visible first has the lower change number.

    Parameters
    ----------
    lock : AloneLock or None
        Made sure of before every transaction.
    """
    # Each statement sees what was committed by then: the first one is the wait for the turn.
    engine = _engine(address, _patience(), "READ COMMITTED", read_only=False, size=1, more=0)
    return in_turns(engine, lock)


def in_turns(engine: Engine, lock: AloneLock | None = None) -> Engine:
    """Let every transaction of an engine hold the database's turn from its start."""

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        if lock is not None:
            lock.ensure()
        # Past SQLAlchemy, which takes longer over it than the server does.
        driver: Any = connection.connection.driver_connection
        driver.execute("SELECT pg_advisory_xact_lock(%s, %s)", TURNS)

    return engine


def reading_engine(address: str) -> Engine:
    """Return an engine that cannot write; each of its transactions sees one moment."""
    # Said to the server too: a statement outside a transaction heeds nothing else.
    options = f"{_patience()} -c default_transaction_read_only=on"
    return _engine(address, options, "REPEATABLE READ", read_only=True, size=8, more=16)


def lasting_engine(address: str, *, read_only: bool) -> Engine:
    """Return an engine of one connection whose statements may take as long as they need."""
    level = "REPEATABLE READ" if read_only else "READ COMMITTED"
    return _engine(address, _lasting(), level, read_only=read_only, size=1, more=0)


def bring_up(address: str) -> None:
    """Bring a database, new or older, to the newest schema; nobody else may write meanwhile.

    Raises
    ------
    StoreError
        The server is too old, the database is not in UTF-8, or an extension is missing.
    """
    engine = lasting_engine(address, read_only=False)
    try:
        with engine.connect() as connection:
            _require_server(connection)
            _make_extensions(connection)
            connection.commit()
        schema.upgrade(engine)
    finally:
        engine.dispose()


def _bring_up_beside_others(address: str) -> None:
    """Bring a database up while nobody else writes alone; of several processes the first does it.

    Raises
    ------
    StoreLocked
        Somebody has gone on writing alone, and the schema is still another.
    """
    until = time.monotonic() + LOCK_SECONDS
    while not _is_current(address):
        try:
            lock = alone_lock(address)
        except StoreLocked:
            if time.monotonic() >= until:
                raise
            time.sleep(WAIT_SECONDS)
            continue
        try:
            bring_up(address)
        finally:
            lock.release()


def connect(address: str, options: str, **more: Any) -> psycopg.Connection[Any]:
    """Return a connection that notices a dead server and says whose it is."""
    given = conninfo_to_dict(address)
    own: dict[str, Any] = {
        **_ALIVE, "connect_timeout": CONNECT_SECONDS, "application_name": _own_name(),
    }  # fmt: skip
    joined = f"{given.pop('options', None) or ''} {options}".strip()
    words = make_conninfo(**{**own, **given, "options": joined})
    connection: psycopg.Connection[Any] = psycopg.connect(words, **more)
    _open.add(connection)
    return connection


def _engine(
    address: str, options: str, level: str, *, read_only: bool, size: int, more: int
) -> Engine:
    def make() -> psycopg.Connection[Any]:
        connection = connect(address, options)
        connection.read_only = read_only
        return connection

    creator: Callable[[], Any] = make
    engine = create_engine(
        "postgresql+psycopg://",
        creator=creator,
        isolation_level=level,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=more,
        pool_timeout=LOCK_SECONDS,
        pool_use_lifo=True,
        hide_parameters=True,
    )
    _replace_the_dead(engine, ASLEEP_SECONDS if read_only else WRITER_ASLEEP_SECONDS)
    return engine


def _replace_the_dead(engine: Engine, asleep: float) -> None:
    """Replace connections that died in the pool before they are used.

    SQLAlchemy's own way asks every time; that is a good part of what a small question takes.

    Parameters
    ----------
    asleep : float
        Seconds in the pool after which a connection is asked whether it still is one.
    """

    @event.listens_for(engine, "checkin")
    def _(_: object, record: Any) -> None:
        record.info["since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _(connection: Any, record: Any, _: object) -> None:
        idle = time.monotonic() - record.info.get("since", time.monotonic())
        if idle < asleep:
            return
        try:
            engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            raise InvalidatePoolError from error


def _patience() -> str:
    return (
        f"{_lasting()} "
        f"-c statement_timeout={patience.milliseconds(patience.QUESTION_SECONDS)} "
        f"-c lock_timeout={LOCK_SECONDS * 1e3:.0f} "
        f"-c idle_in_transaction_session_timeout={IDLE_SECONDS * 1e3:.0f}"
    )


def _lasting() -> str:
    # Plans are made for the values asked for: one made for any window serves none well. And to
    # compile a question to machine code, or to start workers for it, takes longer than to
    # answer ours: starting workers alone took 40 ms.
    return "-c plan_cache_mode=force_custom_plan -c jit=off -c max_parallel_workers_per_gather=0"


def _own_name() -> str:
    return f"hearthwatch process {os.getpid()} on {socket.gethostname()}"[:_NAME_BYTES]


def _is_current(address: str) -> bool:
    reader = reading_engine(address)
    try:
        return schema.is_current(reader)
    finally:
        reader.dispose()


def _require_server(connection: Connection) -> None:
    version = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
    if version < OLDEST:
        raise StoreError(
            f"The server is PostgreSQL {version // 10_000}; hearthwatch needs "
            f"{OLDEST // 10_000} or newer."
        )
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar_one()
    if encoding != "UTF8":
        raise StoreError(
            f"The database is encoded in {encoding}, in which not every name can be written. "
            "Make one with: createdb --encoding=UTF8 --template=template0 NAME"
        )


def _make_extensions(connection: Connection) -> None:
    known = set(connection.exec_driver_sql("SELECT extname FROM pg_extension").scalars())
    for name in NEEDED:
        if name in known:
            continue
        try:
            connection.exec_driver_sql(f"CREATE EXTENSION {name}")
        except Exception as error:
            raise _cannot_make(name, getattr(error, "orig", error)) from None


def _cannot_make(name: str, error: object) -> StoreError:
    if isinstance(error, psycopg.errors.InsufficientPrivilege):
        why = f"Ask its administrator to run in this database: CREATE EXTENSION {name};"
    else:
        why = "Install it on the server (Debian: apt-get install postgresql-15-postgis-3)."
    return StoreError(f"The database lacks the extension {name}. {why}")


def _let_go_in_child() -> None:
    # A forked worker shares the sockets: it would hold locks on after its parent was killed, and
    # closing one in order would end the parent's session.
    nowhere = os.open(os.devnull, os.O_RDWR)
    for connection in list(_open):
        if not connection.closed:
            os.dup2(nowhere, connection.fileno(), inheritable=False)
    _open.clear()
    os.close(nowhere)


os.register_at_fork(after_in_child=_let_go_in_child)
