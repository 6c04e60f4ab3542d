"""Writing to an SQL database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, insert, select, update

from hearthwatch.records import (
    ApiKey,
    Detection,
    Event,
    Job,
    LedgerRow,
    Region,
    Run,
    Settlement,
    StateVersion,
)
from hearthwatch.store import rules, tables
from hearthwatch.store.codec import Row, from_row, to_row
from hearthwatch.store.extent import Box
from hearthwatch.store.faults import translated
from hearthwatch.store.protocol import Transaction
from hearthwatch.store.rules import IDENTITY
from hearthwatch.store.turns import Turn


class SqlTransaction:
    """Writes on one connection; see `Transaction`.

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

    def put_region(self, region: Region) -> None:
        """Add a region, or store a new version of it."""
        with self._step():
            row = to_row(region)
            self._put(tables.regions, row, IDENTITY[Region])
            self._insert(tables.region_versions, row)

    def put_settlements(self, settlements: Sequence[Settlement]) -> None:
        """Add settlements, or store new versions of them."""
        with self._step():
            for settlement in settlements:
                row = to_row(settlement)
                box = Box(*settlement.geometry.bounds)
                self._put(tables.settlements, row | box._asdict(), IDENTITY[Settlement])
                self._insert(tables.settlement_versions, row)

    def put_key(self, key: ApiKey) -> None:
        """Add an API key or replace it."""
        with self._step():
            row = to_row(key)
            stored = self._find(tables.api_keys, row, IDENTITY[ApiKey])
            rules.check_key_owner(key, stored["organisation"] if stored else None)
            self._write(tables.api_keys, row, stored)

    def put_run(self, run: Run) -> None:
        """Add a run or replace it as it goes on."""
        with self._step():
            self._put(tables.runs, to_row(run), IDENTITY[Run])

    def put_event(self, event: Event) -> None:
        """Add an event or its next version."""
        with self._step():
            row = to_row(event)
            stored = self._find(tables.events, row, IDENTITY[Event])
            rules.check_next_version(event, stored["version"] if stored else None)
            self._insert(tables.event_versions, row)
            box = Box(*event.geometry.bounds)
            self._write(tables.events, row | box._asdict(), stored)

    def add_detections(self, detections: Sequence[Detection]) -> None:
        """Add detections; one with a known id is refused."""
        with self._step():
            for row in map(to_row, detections):
                if self._find(tables.detections, row, IDENTITY[Detection]):
                    raise rules.already_there(row["id"])
                self._insert(tables.detections, row)

    def put_ledger(self, row: LedgerRow) -> None:
        """Write the ledger row of one look; the replaced row goes to its history."""
        with self._step():
            values = to_row(row)
            stored = self._find(tables.ledger, values, IDENTITY[LedgerRow])
            before = {name: stored[name] for name in values} if stored else None
            if before == values:
                return
            self._write(tables.ledger, values, stored)
            if before is not None:
                self._insert(tables.ledger_history, before)

    def add_state(self, version: StateVersion, keep: int) -> tuple[StateVersion, ...]:
        """Make `version` current; return the versions that fall out of the last `keep`."""
        with self._step():
            row = to_row(version)
            table = tables.state_versions
            place = _same(table, row, ("organisation", "region", "cell", "detector"))
            newest_first = select(table).where(place).order_by(table.c.sequence.desc())
            found = self._connection.execute(newest_first).mappings()
            kept = [from_row(StateVersion, dict(old)) for old in found]
            fallen = rules.fallen_out(kept, version, keep)
            gone = table.c.sequence.in_([old.sequence for old in fallen])
            self._connection.execute(delete(table).where(place, gone))
            self._insert(table, row)
            return fallen

    def finish_job(self, job: Job) -> None:
        """Record a unit of work as done; twice is refused."""
        with self._step():
            row = to_row(job)
            if self._find(tables.jobs, row, IDENTITY[Job]):
                raise rules.already_done(job.key)
            self._insert(tables.jobs, row)

    @contextmanager
    def _step(self) -> Iterator[None]:
        with self._turn.step(), translated():
            yield

    def _find(self, table: Table, row: Row, identity: Sequence[str]) -> Row | None:
        statement = select(table).where(_same(table, row, identity))
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


def _same(table: Table, row: Row, identity: Sequence[str]) -> ColumnElement[Any]:
    return and_(*(table.c[name] == row[name] for name in identity))


_: type[Transaction] = SqlTransaction
