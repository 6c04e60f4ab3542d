"""How long the store goes on with a question, on either kind of database."""

from __future__ import annotations

import math
import sqlite3
import time

from sqlalchemy import Connection

from hearthwatch.errors import StoreLocked

QUESTION_SECONDS = 60.0
"""How long one question may take."""
COUNT_SECONDS = 3.0
"""How long counting what a question would give may take; what it gives is shown without."""
TOO_LONG = (
    "The database took too long over a question, which was stopped. Ask for less, by place or time "
    "or what it has an index of, or try again when it has less to do."
)

_STEPS = 100_000
"""Of SQLite's machine, some milliseconds, after which the time is looked at."""


class TookTooLong(StoreLocked):
    """A question was stopped before it was answered."""


def have(connection: Connection, seconds: float) -> None:
    """Give the questions of a transaction, from now to its end, so many seconds.

    Of SQLite it is the seconds of all of them together, of PostgreSQL those of each statement.

    Parameters
    ----------
    connection : Connection
        For questions, in a transaction.
    seconds : float
        `math.inf` for as long as it takes.
    """
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL statement_timeout = {milliseconds(seconds)}")
    else:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        stop_after(driver, seconds)


def stop_after(driver: sqlite3.Connection, seconds: float) -> None:
    """Let SQLite break off what it is at when so many seconds are over."""
    if math.isinf(seconds):
        driver.set_progress_handler(None, 0)
        return
    until = time.monotonic() + seconds
    driver.set_progress_handler(lambda: time.monotonic() > until, _STEPS)


def milliseconds(seconds: float) -> int:
    """Return a time as PostgreSQL's settings have it, where 0 stands for no limit."""
    return 0 if math.isinf(seconds) else max(round(seconds * 1e3), 1)
