"""Errors of the database and of its files, turned into ours."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, TimeoutError

from hearthwatch.errors import DiskFull, HearthwatchError, StoreError, StoreLocked
from hearthwatch.store.faults_server import MAKE_ROOM, is_of_server, of_server
from hearthwatch.store.patience import TOO_LONG, TookTooLong
from hearthwatch.store.rules import DANGLING

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def translated() -> Iterator[None]:
    """Raise errors of the database as `StoreError`, `StoreLocked` or `DiskFull`.

    The driver's words are kept, bound values are not: they may name a watched place.
    """
    try:
        yield
    except DBAPIError as error:
        if is_of_server(error.orig):
            # Not as its cause: PostgreSQL repeats values in the details of an error.
            raise of_server(error.orig) from None
        raise _in_our_words(error.orig) from error
    except TimeoutError as error:
        raise StoreLocked(
            "Every connection to the database is in use. Wait and try again."
        ) from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _in_our_words(error) from error
    except Exception as error:
        if is_of_server(error):
            raise of_server(error) from None
        raise


@contextmanager
def translated_files(path: Path) -> Iterator[None]:
    """Raise errors of the operating system about `path` as `StoreError` or `DiskFull`."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull(f"There is no room left to write {path}. {MAKE_ROOM}") from error
        raise StoreError(f"{path} cannot be opened: {error.strerror or error}.") from error


def _in_our_words(error: BaseException | None) -> HearthwatchError:
    # The low byte is the error itself, the rest says where it came up.
    extended = getattr(error, "sqlite_errorcode", 0)
    if extended == sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
        return StoreError(DANGLING)
    code = extended & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return DiskFull(f"There is no room left for the database. {MAKE_ROOM}")
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreLocked(
            "Another program holds the database and did not let go of it in time. "
            "Close it there and try again."
        )
    if code == sqlite3.SQLITE_INTERRUPT:
        return TookTooLong(TOO_LONG)
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return StoreError(f"The database cannot be read: {error}. Restore it from a backup.")
    return StoreError(f"The database refused: {error}.")
