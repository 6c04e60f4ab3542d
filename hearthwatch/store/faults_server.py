"""Errors of a PostgreSQL server, turned into ours; the driver is not loaded for it."""

from __future__ import annotations

from hearthwatch.errors import DiskFull, HearthwatchError, StoreError, StoreLocked
from hearthwatch.store.patience import TOO_LONG, TookTooLong
from hearthwatch.store.rules import DANGLING

MAKE_ROOM = "Make room and try again; nothing of the failed step was kept."

_GONE = (
    "The database server cannot be reached or has broken off. See that it runs and that "
    "HEARTHWATCH_DATABASE names it, and try again; nothing of the failed step was kept."
)
_BUSY = (
    "Another process holds the database and did not let go of it in time. Stop it there, or wait "
    "and try again."
)
_STARTING = frozenset({"57P01", "57P02", "57P03", "57P05", "25P03"})
"""Shut down, crashed, starting, or a session that lay idle for too long."""

_BY_STATE: dict[str, HearthwatchError] = {
    "23503": StoreError(DANGLING),
    "55P03": StoreLocked(_BUSY),
    "40001": StoreLocked(_BUSY),
    "40P01": StoreLocked(_BUSY),
    "53100": DiskFull(f"There is no room left for the database. {MAKE_ROOM}"),
    "53300": StoreLocked(
        "The database server has no connection left. Raise its max_connections, or stop a process."
    ),
    "57014": TookTooLong(TOO_LONG),
    "3D000": StoreError(
        "The server has no such database. Make it with createdb, or correct HEARTHWATCH_DATABASE."
    ),
    "54000": StoreError("A name or an id is too long for the database. Nothing was kept."),
}
_BY_CLASS: dict[str, HearthwatchError] = {
    "28": StoreError(
        "The database server refused the login. Correct the user in HEARTHWATCH_DATABASE, or the "
        "password in the file that PGPASSFILE names; only its owner may be able to read it."
    ),
    "08": StoreLocked(_GONE),
    "XX": StoreError(
        "The database cannot be read: its server reports damage. See the server's log."
    ),
}


def is_of_server(error: BaseException | None) -> bool:
    """Tell whether an error is of PostgreSQL's driver."""
    return type(error).__module__.partition(".")[0] == "psycopg"


def of_server(error: BaseException | None) -> HearthwatchError:
    """Return the error in our words, with no more of the server's than cannot name a place."""
    state: str | None = getattr(error, "sqlstate", None)
    if state is None:
        return _without_state(error)
    known = _BY_STATE.get(state) or _BY_CLASS.get(state[:2])
    if known is not None:
        return type(known)(known.message)
    if state in _STARTING:
        return StoreLocked(_GONE)
    return StoreError(f"The database refused: {_name(error)} ({state}).")


def _without_state(error: BaseException | None) -> HearthwatchError:
    # What failed before there was a session, or as it broke: the words are libpq's own.
    words = str(error)
    if "password" in words or "authentication" in words:
        return StoreError(_BY_CLASS["28"].message)
    if "does not exist" in words:
        return StoreError(_BY_STATE["3D000"].message)
    if "too many" in words:
        return StoreLocked(_BY_STATE["53300"].message)
    if _name(error) in ("OperationalError", "InterfaceError", "ConnectionTimeout"):
        return StoreLocked(_GONE)
    return StoreError(f"The database refused: {_name(error)}.")


def _name(error: BaseException | None) -> str:
    # The name of the error's class says what was wrong; its words may repeat a value.
    return type(error).__name__
