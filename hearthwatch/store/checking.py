"""Whether a database is sound, and set up so that what was committed stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from hearthwatch.store.faults import translated
from hearthwatch.store.rows import every_table, given, number_of
from hearthwatch.store.whole_database import reading

_INVALID = "SELECT indexrelid::regclass::text FROM pg_index WHERE NOT indisvalid"
_SORTED_OTHERWISE = (
    "SELECT table_name || '.' || column_name FROM information_schema.columns "
    "WHERE table_schema = current_schema() AND data_type = 'text' "
    "AND collation_name IS DISTINCT FROM 'C' AND table_name = ANY(:names)"
)
_NOT_INDEXED = "SELECT count(*) FROM events WHERE number NOT IN (SELECT number FROM event_window)"
_NEEDED = ("fsync", "full_page_writes", "synchronous_commit")


def faults(place: Path | str) -> list[str]:
    """Return what is wrong with a store, each in one line; nothing for a sound one.

    Parameters
    ----------
    place : Path or str
        A file of SQLite or an address of PostgreSQL.

    Raises
    ------
    StoreError
        There is no store, or it is not of this schema.
    """
    with translated(), reading(place, alone=False) as connection:
        if connection.dialect.name == "postgresql":
            return list(_of_server(connection))
        return list(_of_file(connection))


def _of_file(connection: Connection) -> Iterator[str]:
    for (word,) in connection.execute(text("PRAGMA integrity_check")):
        if word != "ok":
            yield f"The file is damaged: {word}. Restore it from a backup."
    for row in connection.execute(text("PRAGMA foreign_key_check")):
        yield f"A row of {row[0]} names a row of {row[2]} that is not there."
    for (word,) in connection.execute(text("SELECT rtreecheck('event_window')")):
        if word != "ok":
            yield f"The index of windows is damaged: {word}. Restore the file from a backup."
    missing = connection.execute(text(_NOT_INDEXED)).scalar_one()
    if missing:
        yield f"The index of windows lacks {missing:,} events. Restore the file from a backup."


def _of_server(connection: Connection) -> Iterator[str]:
    for name in connection.execute(text(_INVALID)).scalars():
        yield f"The index {name} is not valid. Make it anew: REINDEX INDEX {name};"
    names = [table.name for table in every_table()]
    for column in connection.execute(text(_SORTED_OTHERWISE), {"names": names}).scalars():
        yield f"{column} is not sorted by code point. Its collation must be C."
    for setting in _NEEDED:
        if connection.execute(text(f"SHOW {setting}")).scalar() == "off":
            yield f"The server runs with {setting} off: what was committed can be lost. Turn it on."
    for table in every_table():
        highest = connection.execute(select(func.max(number_of(table)))).scalar() or 0
        if given(connection, table, counted=True) < highest:
            yield f"The next row of {table.name} would get a number that is taken."
