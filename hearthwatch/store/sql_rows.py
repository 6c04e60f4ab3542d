"""Reading and writing rows of an SQL database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    and_,
    insert,
    select,
    update,
)

from hearthwatch.errors import StoreError
from hearthwatch.store.codec import R, Row, from_row
from hearthwatch.store.faults import translated
from hearthwatch.store.turns import Turn


class SqlWriter:
    """Writes rows on one connection.

    Parameters
    ----------
    connection : Connection
        In a transaction that the store ends.
    turn : Turn
        This transaction's turn at writing.
    """

    def __init__(self, connection: Connection, turn: Turn) -> None:
        self._connection = connection
        self._turn = turn

    @contextmanager
    def _step(self) -> Iterator[None]:
        with self._turn.step(), translated():
            yield

    def _find(self, table: Table, row: Row, identity: Sequence[str]) -> Row | None:
        statement = select(table).where(same(table, row, identity))
        found = self._connection.execute(statement).mappings().one_or_none()
        return None if found is None else dict(found)

    def _put(self, table: Table, row: Row, identity: Sequence[str]) -> Row | None:
        """Write the row of an identity; return the one that stood there."""
        stored = self._find(table, row, identity)
        self._write(table, row, stored)
        return stored

    def _write(self, table: Table, row: Row, stored: Row | None) -> None:
        if stored is None:
            self._insert(table, row)
        else:
            change = update(table).where(table.c.number == stored["number"])
            self._connection.execute(change, row)

    def _insert(self, table: Table, row: Row) -> None:
        # Inline: nobody asks for the new row's number.
        self._connection.execute(insert(table).inline(), row)


class SqlReader:
    """Asks for rows.

    Parameters
    ----------
    reader : Engine
        Answers questions.
    """

    def __init__(self, reader: Engine) -> None:
        self._reader = reader
        self._closed = False

    def _all(self, record: type[R], statement: Select[tuple[object, ...]]) -> tuple[R, ...]:
        with self._connect(self._reader) as connection:
            return answer(connection, record, statement)

    @contextmanager
    def _connect(self, engine: Engine) -> Iterator[Connection]:
        """Hold a connection in a transaction, rolled back unless committed."""
        if self._closed:
            raise StoreError("The store is closed.")
        with translated():
            connection = engine.connect()
        try:
            with translated():
                connection.begin()
            yield connection
        finally:
            with translated():
                connection.close()


def answer(
    connection: Connection, record: type[R], statement: Select[tuple[object, ...]]
) -> tuple[R, ...]:
    """Return the records that a question gives."""
    with translated():
        rows = connection.execute(statement).mappings().all()
    return tuple(from_row(record, dict(row)) for row in rows)


def same(table: Table, row: Row, identity: Sequence[str]) -> ColumnElement[Any]:
    """Return the condition that a row of a table is that of an identity."""
    return and_(*(table.c[name] == row[name] for name in identity))
