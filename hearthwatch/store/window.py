"""Events in a window of place and time: the one question each database is asked its own way."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

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


class unindexed(FunctionElement[Any]):  # noqa: N801 -- reads as the SQL function it is
    """A column that the planner shall not look for an index on."""

    name = "unindexed"
    inherit_cache = True


@compiles(in_window, "sqlite")
def _in_window_sqlite(element: in_window, compiler: SQLCompiler, **options: Any) -> str:
    number, *window = (compiler.process(part, **options) for part in element.clauses)
    return f"{number} IN ({_rows_sqlite(*window)})"


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
    row = number.rpartition(".")[0]
    *edges, since, until = window
    corners = ", ".join(f"CAST({edge} AS double precision)" for edge in edges)
    return (
        f"({row}.box && ST_MakeEnvelope({corners}, 4326) AND {row}.first_changed"
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
