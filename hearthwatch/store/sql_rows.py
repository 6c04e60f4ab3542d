"""Reading and writing rows of an SQL database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import cache, lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Engine,
    Insert,
    Select,
    Table,
    and_,
    bindparam,
    insert,
    select,
    update,
)

from hearthwatch.errors import StoreError
from hearthwatch.store import patience
from hearthwatch.store.codec import R, Row, from_rows
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
        statement = _by_identity(table, tuple(identity))
        wanted = {name: row[name] for name in identity}
        found = self._connection.execute(statement, wanted).mappings().one_or_none()
        return None if found is None else dict(found)

    def _find_all(self, table: Table, values: Row) -> list[Row]:
        """Return all rows that have these values."""
        found = self._connection.execute(_by_identity(table, tuple(values)), values)
        return [dict(one) for one in found.mappings()]

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
        self._connection.execute(_inserting(table), row)

    def _insert_all(self, table: Table, rows: Sequence[Row]) -> None:
        if rows:
            self._connection.execute(_inserting(table), rows)


class SqlReader:
    """Asks for rows.

    Parameters
    ----------
    reader : Engine
        Answers questions.
    """

    def __init__(self, reader: Engine) -> None:
        self._reader = reader
        # A statement sees one moment by itself: beginning and ending a transaction around it
        # would send the server two more.
        self._single = (
            reader.execution_options(isolation_level="AUTOCOMMIT")
            if reader.dialect.name == "postgresql"
            else reader
        )
        self._closed = False

    def _all(
        self,
        record: type[R],
        statement: Select[tuple[object, ...]],
        values: Mapping[str, Any] | None = None,
    ) -> tuple[R, ...]:
        with self._connect(self._single) as connection:
            return answer(connection, record, statement, values)

    def _one(
        self,
        record: type[R],
        statement: Select[tuple[object, ...]],
        values: Mapping[str, Any] | None = None,
    ) -> R | None:
        """Return the record that at most one row gives."""
        found = self._all(record, statement, values)
        return found[0] if found else None

    @contextmanager
    def _counting(self) -> Iterator[Connection]:
        """Hold a connection for as long as anybody waits for a count.

        Raises
        ------
        TookTooLong
            It takes longer.
        """
        # In a transaction, to whose end what is said to a server holds.
        with self._connect(self._reader) as connection, translated():
            patience.have(connection, patience.COUNT_SECONDS)
            yield connection

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
                self._give_back(connection)

    def _give_back(self, connection: Connection) -> None:
        if self._closed:
            # Its pool was let go of meanwhile: nobody will close what goes back to it.
            connection.invalidate()
        connection.close()


def answer(
    connection: Connection,
    record: type[R],
    statement: Select[tuple[object, ...]],
    values: Mapping[str, Any] | None = None,
) -> tuple[R, ...]:
    """Return the records that a question gives; `values` are those it has names for."""
    with translated():
        found = connection.execute(statement, values)
        rows = found.all()
    return from_rows(record, list(found.keys()), rows)


class _Written(NamedTuple):
    """A statement as a driver takes it.

    Attributes
    ----------
    fixed : mapping
        Values that it always has, by name.
    order : sequence of str or None
        Names of all values, where the driver goes by their order.
    """

    text: str
    fixed: Mapping[str, Any]
    order: Sequence[str] | None


def kept_rows(
    connection: Connection, statement: Select[Any], values: Mapping[str, Any]
) -> Sequence[tuple[Any, ...]]:
    """Return the rows that a question gives, asked of the driver itself.

    That is about a fifth sooner for a hundred rows.

    Parameters
    ----------
    statement : Select
        One that is kept, for it is written out only once.
    values : mapping
        All that are given by name.
    """
    text, fixed, order = _written(statement, connection.dialect)
    named = {**fixed, **values}
    driver: Any = connection.connection.driver_connection
    # PostgreSQL need not write numbers and geometries as text.
    options = {"binary": True} if connection.dialect.name == "postgresql" else {}
    with closing(driver.cursor(**options)) as cursor:
        cursor.execute(text, named if order is None else [named[name] for name in order])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


@lru_cache(maxsize=256)
def _written(statement: Select[Any], dialect: Dialect) -> _Written:
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    return _Written(str(compiled), fixed, compiled.positiontup)


# To put a statement together takes longer than to carry it out: the usual ones are kept.
@cache
def _by_identity(table: Table, identity: tuple[str, ...]) -> Select[Any]:
    return select(table).where(and_(*(table.c[name] == bindparam(name) for name in identity)))


@cache
def _inserting(table: Table) -> Insert:
    # Inline: nobody asks for the new row's number.
    return insert(table).inline()


def same(table: Table, row: Row, identity: Sequence[str]) -> ColumnElement[Any]:
    """Return the condition that a row of a table is that of an identity."""
    return and_(*(table.c[name] == row[name] for name in identity))
