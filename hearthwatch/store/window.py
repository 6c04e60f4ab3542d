"""Events in a window of place and time: the one question each database is asked its own way."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, select, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Integer, NullType

YEAR = 31_557_600_000_000
"""Microseconds in a Julian year.

The index counts time in years: its nodes are split by the sum of their edges, so a unit that
makes ten years about as long as a country is wide keeps them compact in place *and* time. In
microseconds the same question took a hundred times as long.
"""


class in_window(FunctionElement[Any]):  # noqa: N801 -- reads as the SQL function it is
    """True for the rows whose bounds and time may meet a window.

    May be true for a few rows just outside: the index holds coarser numbers, widened outward.
    Recheck exactly.

    Parameters
    ----------
    number : column
        The row's number.
    west, south, east, north : float
        Degrees, CRS84.
    since, until : int
        Microseconds since 1970, both ends included.
    """

    name = "in_window"
    inherit_cache = True
    # Typed Boolean it would be written "... = 1" for SQLite, and no index serves that.
    type = NullType()


class count_in_window(FunctionElement[Any]):  # noqa: N801 -- reads as the SQL function it is
    """How many rows `in_window` would be true for, of all organisations.

    Parameters
    ----------
    west, south, east, north, since, until
        As for `in_window`.
    most : int
        Where to stop counting.
    """

    name = "count_in_window"
    inherit_cache = True
    type = Integer()


def candidates(connection: Connection, windows: Sequence[tuple[float, ...]], most: int) -> int:
    """Return about how many rows lie in windows, of all organisations.

    SQLite counts them, up to `most`. PostgreSQL is asked for its estimate, for it would go
    through all of them before it stopped, and its statistics know of place and time.

    Parameters
    ----------
    windows : sequence of tuple
        As for `in_window`, without the number.
    """
    if connection.dialect.name != "postgresql":
        counts = [count_in_window(*window, most) for window in windows]
        return sum(connection.execute(select(*counts)).one())
    asked = text(f"EXPLAIN (FORMAT JSON) SELECT FROM events WHERE {_any_of(len(windows))}")
    values = {f"{n}_{m}": at for n, one in enumerate(windows) for m, at in enumerate(one)}
    plan = connection.execute(asked, values).scalar_one()
    return int(plan[0]["Plan"]["Plan Rows"])


@cache
def _any_of(count: int) -> str:
    """Return the condition that an event meets one of so many windows; their values have names."""
    named = ([f":{n}_{m}" for m in range(6)] for n in range(count))
    return " OR ".join(_meets_postgresql("", *names) for names in named)


class unindexed(FunctionElement[Any]):  # noqa: N801 -- reads as the SQL function it is
    """A column that the planner shall not look for an index on."""

    name = "unindexed"
    inherit_cache = True


@compiles(in_window, "sqlite")
def _in_window_sqlite(element: in_window, compiler: SQLCompiler, **options: Any) -> str:
    number, *window = (compiler.process(part, **options) for part in element.clauses)
    return f"{number} IN ({_rows_sqlite(*window)})"


@compiles(count_in_window, "sqlite")
def _count_in_window_sqlite(element: count_in_window, compiler: SQLCompiler, **options: Any) -> str:
    *window, most = (compiler.process(part, **options) for part in element.clauses)
    return f"(SELECT count(*) FROM ({_rows_sqlite(*window)} LIMIT {most}))"


def _rows_sqlite(west: str, south: str, east: str, north: str, since: str, until: str) -> str:
    # The arguments are placeholders of bound values, never the values.
    return (
        "SELECT w.number FROM event_window AS w"
        f" WHERE w.east >= {west} AND w.west <= {east}"
        f" AND w.north >= {south} AND w.south <= {north}"
        f" AND w.until >= {since} / {YEAR}.0 AND w.since <= {until} / {YEAR}.0"
    )


@compiles(in_window, "postgresql")
def _in_window_postgresql(element: in_window, compiler: SQLCompiler, **options: Any) -> str:
    number, *window = (compiler.process(part, **options) for part in element.clauses)
    return _meets_postgresql(f"{number.rpartition('.')[0]}.", *window)


def _meets_postgresql(
    row: str, west: str, south: str, east: str, north: str, since: str, until: str
) -> str:
    corners = ", ".join(f"CAST({edge} AS double precision)" for edge in (west, south, east, north))
    return (
        f"({row}box && ST_MakeEnvelope({corners}, 4326) AND {row}first_changed"
        f" BETWEEN CAST({since} AS bigint) AND CAST({until} AS bigint))"
    )


@compiles(unindexed)
def _unindexed(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(unindexed, "sqlite")
def _unindexed_sqlite(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"+{compiler.process(element.clauses, **options)}"


@compiles(unindexed, "postgresql")
def _unindexed_postgresql(element: unindexed, compiler: SQLCompiler, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} || '')"
