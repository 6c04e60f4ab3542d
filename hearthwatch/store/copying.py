"""A whole store to another database, row by row, checked before it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import Connection, Table, insert, literal, select

from hearthwatch.errors import StoreError
from hearthwatch.store.faults import translated
from hearthwatch.store.rows import (
    Digesting,
    TableDigest,
    batches,
    digest,
    every_table,
    given,
    go_on_from,
)
from hearthwatch.store.schema import table_names
from hearthwatch.store.whole_database import looking, reading, writing


def copy_store(
    source: Path | str,
    target: Path | str,
    tell: Callable[[str, int], None] = lambda table, rows: None,
    *,
    beside: bool = False,
) -> Mapping[str, TableDigest]:
    """Copy every row of a store to an empty one: all of them, or nothing.

    Numbers stay what they are, so cursors, the order of changes and the log's hashes hold on. No
    other process may write either store alone meanwhile; what others write to the source after
    the beginning is not copied, so they are to be stopped.

    Parameters
    ----------
    source, target : Path or str
        A file of SQLite or an address of PostgreSQL. The target is made or brought up first.
    tell : callable
        Takes a table's name and how many rows of it are copied.
    beside : bool
        Whether others may write the source meanwhile: for a copy as of one moment.

    Returns
    -------
    mapping
        What was copied, by table.

    Raises
    ------
    StoreError
        The target holds something already, or does not give back what was written. It is then
        as it was.
    StoreLocked
        Another process writes one of them.
    """
    with ExitStack() as held, translated():
        origin = held.enter_context(reading(source, alone=not beside))
        copy = held.enter_context(writing(target))
        _refuse_full(copy)
        copied = {table.name: _copy(origin, copy, table, tell) for table in every_table()}
        for table in every_table():
            if digest(copy, table) != copied[table.name]:
                raise StoreError(
                    f"The table {table.name} does not come back as it was written. Nothing was "
                    "copied; report it."
                )
        # Or questions would be planned as for an empty store until the server counts by itself.
        copy.exec_driver_sql("ANALYZE")
        copy.commit()
    return copied


def digests(place: Path | str) -> Mapping[str, TableDigest]:
    """Return what every table of a store holds, at one moment.

    Raises
    ------
    StoreError
        There is no store, or it is not of this schema.
    """
    with translated(), reading(place, alone=False) as connection:
        return {table.name: digest(connection, table) for table in every_table()}


def require_empty(place: str) -> None:
    """Refuse (`StoreError`) what `copy_store` would not copy to; nothing is written to it.

    Parameters
    ----------
    place : str
        An address of PostgreSQL.
    """
    with translated(), looking(place) as connection:
        _refuse_full(connection)


def _refuse_full(copy: Connection) -> None:
    # Of an older schema some are missing.
    there = frozenset(table_names(copy))
    for table in every_table():
        if table.name not in there:
            continue
        if copy.execute(select(literal(1)).select_from(table).limit(1)).first() is not None:
            raise StoreError(
                "The store to copy to holds something already. Name an empty database or a new "
                "file: rows are never mixed."
            )


def _copy(
    origin: Connection, copy: Connection, table: Table, tell: Callable[[str, int], None]
) -> TableDigest:
    digesting, count = Digesting(table), 0
    for rows in batches(origin, table):
        digesting.take(rows)
        copy.execute(insert(table).inline(), rows)
        count += len(rows)
        tell(table.name, count)
    highest = given(origin, table)
    go_on_from(copy, table, highest)
    return digesting.end(highest)
