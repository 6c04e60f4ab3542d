"""Cells of the map: where the events of a place are found side by side.

The index of windows tells which events lie in a place, but each of them has to be read from
wherever it stands. Where thousands lie, a map asks for the newest of them, over and over, and of
small ones only for their boxes: those stand in an index by cell of the map, then by time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType

from hearthwatch.store.extent import Box

LARGEST_DEGREES = 0.05
"""Sides of the largest box that is found by the cell of its corner; the cell of others is -1."""
MOST = 1_000
"""Cells asked for at once; with more, other ways are as good."""

_A_DEGREE = 4
"""Cells a degree."""
_A_COLUMN = 1_000
"""Numbers for each column of cells; it has 721."""
_WIDER = LARGEST_DEGREES * 1.01
"""The width of a box, reckoned from its edges, may be rounded either way."""

_CELL = {
    "sqlite": "CAST(({row}west + 180.0) * 4 AS INTEGER) * 1000"
    " + CAST(({row}south + 90.0) * 4 AS INTEGER)",
    "postgresql": "CAST(floor(({row}west + 180.0) * 4) AS integer) * 1000"
    " + CAST(floor(({row}south + 90.0) * 4) AS integer)",
}


def cell_of_row(dialect: str, row: str = "") -> str:
    """Return the SQL that tells the cell of a row by its edges; an index has the very same.

    Parameters
    ----------
    dialect : {"sqlite", "postgresql"}
    row : str
        What stands before the name of a column, with its point.
    """
    large = f"{row}east - {row}west > 0.05 OR {row}north - {row}south > 0.05"
    return f"(CASE WHEN {large} THEN -1 ELSE {_CELL[dialect].format(row=row)} END)"


def reached(place: Sequence[float]) -> Box:
    """Return where the corners of boxes lie that are small and may meet a place."""
    west, south, east, north = place
    return Box(west - _WIDER, south - _WIDER, east, north)


def count(places: Sequence[Sequence[float]]) -> int:
    """Return how many cells have the events of some places."""
    return 1 + sum(len(columns) * len(rows) for columns, rows in map(_span, places))


def cells(places: Sequence[Sequence[float]]) -> str:
    """Return the cells that have the events of some places, with commas between."""
    found = {
        column * _A_COLUMN + row
        for columns, rows in map(_span, places)
        for column in columns
        for row in rows
    }
    return ",".join(map(str, [-1, *sorted(found)]))


def _span(place: Sequence[float]) -> tuple[range, range]:
    west, south, east, north = reached(place)
    # A longitude rounded to beyond 180 is in a column before the first; in SQLite in the first.
    columns = _between(west + 180.0, max(0.0, east + 180.0))
    return columns, _between(max(0.0, south + 90.0), north + 90.0)


def _between(low: float, high: float) -> range:
    return range(math.floor(low * _A_DEGREE), math.floor(high * _A_DEGREE) + 1)


class in_cells(FunctionElement[Any]):  # noqa: N801 -- reads as the SQL function it is
    """True for the rows whose cell is one of some.

    Parameters
    ----------
    number : column
        Any of the row's own.
    cells : str
        As `cells` has them.
    """

    name = "in_cells"
    inherit_cache = True
    # Typed Boolean it would be written "... = 1" for SQLite, and no index serves that.
    type = NullType()


@compiles(in_cells, "sqlite")
def _in_cells_sqlite(element: in_cells, compiler: SQLCompiler, **options: Any) -> str:
    row, wanted = _parts(element, compiler, options)
    # The argument is a placeholder of a bound value, never the value.
    return f"{cell_of_row('sqlite', row)} IN (SELECT value FROM json_each('[' || {wanted} || ']'))"


@compiles(in_cells, "postgresql")
def _in_cells_postgresql(element: in_cells, compiler: SQLCompiler, **options: Any) -> str:
    row, wanted = _parts(element, compiler, options)
    numbers = f"CAST(string_to_array(CAST({wanted} AS text), ',') AS integer[])"
    return f"{cell_of_row('postgresql', row)} = ANY({numbers})"


class in_numbers(FunctionElement[Any]):  # noqa: N801 -- reads as the SQL function it is
    """True for the rows whose number is one of some, with commas between: a kept statement."""

    name = "in_numbers"
    inherit_cache = True
    type = NullType()


@compiles(in_numbers, "sqlite")
def _in_numbers_sqlite(element: in_numbers, compiler: SQLCompiler, **options: Any) -> str:
    number, wanted = (compiler.process(part, **options) for part in element.clauses)
    return f"{number} IN (SELECT value FROM json_each('[' || {wanted} || ']'))"


@compiles(in_numbers, "postgresql")
def _in_numbers_postgresql(element: in_numbers, compiler: SQLCompiler, **options: Any) -> str:
    number, wanted = (compiler.process(part, **options) for part in element.clauses)
    return f"{number} = ANY(CAST(string_to_array(CAST({wanted} AS text), ',') AS bigint[]))"


def _parts(element: in_cells, compiler: SQLCompiler, options: Any) -> tuple[str, str]:
    number, wanted = (compiler.process(part, **options) for part in element.clauses)
    row, point, _ = number.rpartition(".")
    return row + point, wanted
