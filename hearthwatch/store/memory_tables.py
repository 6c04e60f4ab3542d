"""The tables of the store in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hearthwatch.errors import StoreError
from hearthwatch.records import LedgerRow
from hearthwatch.store import rules
from hearthwatch.store.codec import R, Row, from_row
from hearthwatch.store.cursor import Position
from hearthwatch.store.turns import Turn

Key = tuple[Any, ...]
Table = dict[Key, tuple[Row, ...]]
"""Rows by identity, oldest version first."""


@dataclass(slots=True)
class Tables:
    """All that is stored, a table for each class of records.

    Rows, not records: what was given or is handed out may be changed by its holder.

    Attributes
    ----------
    taken_back : dict
        By identity, versions of ledger rows that hold no more and that no other replaced.
    """

    by_record: dict[type, Table] = field(
        default_factory=lambda: {record: {} for record in rules.IDENTITY}
    )
    taken_back: Table = field(default_factory=dict)

    def draft(self) -> Tables:
        """Return a copy to write on; rows are never changed in place."""
        tables = {record: dict(table) for record, table in self.by_record.items()}
        return Tables(tables, dict(self.taken_back))

    def all(self, record: type[R], organisation: str | None = None) -> Iterator[R]:
        """Give the current records of one organisation, or of all."""
        for rows in self.by_record[record].values():
            if organisation in (None, rows[-1]["organisation"]):
                yield from_row(record, rows[-1])

    def history(self, record: type[R], key: Key) -> tuple[R, ...]:
        """Return all versions of one record, oldest first."""
        return tuple(from_row(record, row) for row in self.by_record[record].get(key, ()))

    def newest(self, record: type[R], key: Key) -> R | None:
        """Return the current record of an identity; None if there is none."""
        rows = self.by_record[record].get(key)
        return from_row(record, rows[-1]) if rows else None

    def take_back(self, key: Key) -> None:
        """Keep a ledger row as history only."""
        rows = self.by_record[LedgerRow].pop(key)
        self.taken_back[key] = (*self.taken_back.get(key, ()), *rows)

    def ledger_history(self, key: Key) -> tuple[LedgerRow, ...]:
        """Return all that was ever written of one look, oldest first."""
        before = tuple(from_row(LedgerRow, row) for row in self.taken_back.get(key, ()))
        return (*before, *self.history(LedgerRow, key))

    def check_references(self, before: Tables) -> None:
        """Refuse (`StoreError`) what is new since `before` and names a record not there."""
        for record, targets in rules.REFERENCES.items():
            old = before.by_record[record]
            for key, rows in self.by_record[record].items():
                if old.get(key) is not rows and not self._holds_all(rows[-1], targets):
                    raise StoreError(rules.DANGLING)

    def _holds_all(self, row: Row, targets: Mapping[str, type]) -> bool:
        return all(
            (row["organisation"], row[name]) in self.by_record[target]
            for name, target in targets.items()
        )


class MemoryWriter:
    """Writes on a draft of the tables."""

    def __init__(self, draft: Tables, turn: Turn) -> None:
        self._draft = draft
        self._turn = turn

    def _append(self, record: type, row: Row) -> None:
        table = self._draft.by_record[record]
        key = key_of(record, row)
        table[key] = (*table.get(key, ()), row)

    def _replace(self, record: type, row: Row) -> None:
        self._draft.by_record[record][key_of(record, row)] = (row,)


class MemoryReader:
    """Asks the tables."""

    def __init__(self) -> None:
        self._tables = Tables()
        self._closed = False

    def _open(self) -> Tables:
        if self._closed:
            raise StoreError("The store is closed.")
        return self._tables


def key_of(record: type, row: Row) -> Key:
    """Return the identity of a row."""
    return tuple(row[name] for name in rules.IDENTITY[record])


def between(moment: datetime, since: datetime | None, until: datetime | None) -> bool:
    """Tell whether a moment lies in a period, both ends included."""
    return (since is None or since <= moment) and (until is None or moment <= until)


def newest_first(position: Position) -> Position:
    """Return what to sort by where the latest comes first, ties by id."""
    moment, its_id = position
    return -int(moment), its_id


def ranked(
    found: Iterable[R],
    position: Callable[[R], Position],
    start: Position | None,
    order: Callable[[Position], Position] = tuple,
) -> list[R]:
    """Sort by position and leave out what comes up to `start`."""
    in_order = sorted(found, key=lambda item: order(position(item)))
    if start is None:
        return in_order
    return [item for item in in_order if order(position(item)) > order(start)]
