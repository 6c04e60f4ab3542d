"""Whole tables of a database: their rows in order, how many, and a digest over all of them."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, select, text

from hearthwatch.store import tables
from hearthwatch.store.codec import Row

BATCH = 2_000


@dataclass(frozen=True, slots=True)
class TableDigest:
    """What one table holds.

    Attributes
    ----------
    rows : int
    given : int
        Highest number that a row ever had; the next one gets a higher one.
    sha256 : str
        Over every value of every row, in the order of their numbers.
    """

    rows: int
    given: int
    sha256: str


class Digesting:
    """Takes rows in and counts and digests them; the same for equal rows of any database."""

    def __init__(self, table: Table) -> None:
        self._names = [column.name for column in table.c]
        self._sum = hashlib.sha256("\0".join(self._names).encode())
        self._rows = 0

    def take(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take rows in, in the order of their numbers."""
        for row in rows:
            self._sum.update(b"".join(_bytes(row[name]) for name in self._names))
        self._rows += len(rows)

    def end(self, given: int) -> TableDigest:
        """Return what was taken in."""
        return TableDigest(self._rows, given, self._sum.hexdigest())


def every_table() -> Sequence[Table]:
    """Return all tables, those that others refer to first."""
    return tables.metadata.sorted_tables


def number_of(table: Table) -> Any:
    """Return the column by which the rows of a table are numbered."""
    return next(iter(table.primary_key.columns))


def batches(connection: Connection, table: Table) -> Iterator[list[Row]]:
    """Yield the rows of a table in the order of their numbers, never all at once."""
    asked = select(table).order_by(number_of(table))
    found = connection.execute(asked, execution_options={"yield_per": BATCH})
    for part in found.mappings().partitions():
        yield [dict(row) for row in part]


def digest(connection: Connection, table: Table) -> TableDigest:
    """Return how many rows a table has, and the digest over them."""
    digesting = Digesting(table)
    for rows in batches(connection, table):
        digesting.take(rows)
    return digesting.end(given(connection, table))


def given(connection: Connection, table: Table, *, counted: bool = False) -> int:
    """Return the highest number that was given in a table, to a row that is gone perhaps.

    Parameters
    ----------
    counted : bool
        Of PostgreSQL, go by its counter alone, which is behind the rows if somebody wrote them
        with numbers of their own.
    """
    highest = 0
    if not counted:
        highest = connection.execute(select(func.max(number_of(table)))).scalar() or 0
    if connection.dialect.name == "postgresql":
        called = text(f"SELECT last_value, is_called FROM {_sequence(connection, table)}")
        last, is_called = connection.execute(called).one()
        return max(int(highest), int(last) if is_called else int(last) - 1)
    if not table.dialect_options["sqlite"]["autoincrement"]:
        return int(highest)
    kept = text("SELECT seq FROM sqlite_sequence WHERE name = :name")
    return max(int(highest), connection.execute(kept, {"name": table.name}).scalar() or 0)


def go_on_from(connection: Connection, table: Table, number: int) -> None:
    """Let the next row of a table have a number above one that was given."""
    if connection.dialect.name == "postgresql":
        called = number > 0
        asked = text("SELECT setval(CAST(:name AS regclass), :number, :called)")
        values = {"name": _sequence(connection, table), "number": number or 1, "called": called}
        connection.execute(asked, values)
    elif table.dialect_options["sqlite"]["autoincrement"] and number > 0:
        forget = text("DELETE FROM sqlite_sequence WHERE name = :name")
        connection.execute(forget, {"name": table.name})
        name = text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :number)")
        connection.execute(name, {"name": table.name, "number": number})


def _sequence(connection: Connection, table: Table) -> str:
    asked = text("SELECT pg_get_serial_sequence(:table, :column)")
    names = {"table": table.name, "column": number_of(table).name}
    return str(connection.execute(asked, names).scalar_one())


def _bytes(value: Any) -> bytes:
    """Return bytes that no other value has; but zero has no sign, for SQLite keeps none."""
    match value:
        case None:
            return b"-"
        case int():
            word, body = b"i", str(value).encode()
        case float():
            word, body = b"r", struct.pack("<d", value + 0.0)
        case str():
            word, body = b"t", value.encode()
        case _:
            word, body = b"b", bytes(value)
    return word + struct.pack("<q", len(body)) + body
