"""Writing to an SQL database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, select

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
from hearthwatch.store.codec import from_row, to_row
from hearthwatch.store.extent import Box
from hearthwatch.store.protocol import Transaction
from hearthwatch.store.rules import IDENTITY
from hearthwatch.store.sql_imagery import SqlImageryWrites
from hearthwatch.store.sql_rows import same


class SqlTransaction(SqlImageryWrites):
    """Writes on one connection; see `Transaction`."""

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
            place = same(table, row, ("organisation", "region", "cell", "detector"))
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


_: type[Transaction] = SqlTransaction
