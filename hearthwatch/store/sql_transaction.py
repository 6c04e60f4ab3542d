"""Writing to an SQL database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select

from hearthwatch.records import (
    Detection,
    Event,
    Job,
    LedgerRow,
    Region,
    Run,
    Settlement,
    StateVersion,
    Subject,
)
from hearthwatch.store import rules, tables
from hearthwatch.store.codec import Row, from_row, to_row
from hearthwatch.store.extent import Box
from hearthwatch.store.protocol import Transaction
from hearthwatch.store.rules import IDENTITY
from hearthwatch.store.sql_alarms import SqlAlarmWrites
from hearthwatch.store.sql_alerts import SqlAlertWrites
from hearthwatch.store.sql_audit import SqlAuditWrites
from hearthwatch.store.sql_backtests import SqlBacktestWrites
from hearthwatch.store.sql_calibration import SqlCalibrationWrites
from hearthwatch.store.sql_erasing import SqlErasingWrites
from hearthwatch.store.sql_fusion import SqlFusionWrites
from hearthwatch.store.sql_heat import SqlHeatWrites
from hearthwatch.store.sql_imagery import SqlImageryWrites
from hearthwatch.store.sql_people import SqlPeopleWrites
from hearthwatch.store.sql_release import SqlReleaseWrites
from hearthwatch.store.sql_review import SqlReviewWrites
from hearthwatch.store.sql_rows import same

_LOOK = IDENTITY[LedgerRow]
"""Of which the last tells the settlements of one look at a site apart."""


class SqlTransaction(
    SqlImageryWrites,
    SqlCalibrationWrites,
    SqlFusionWrites,
    SqlHeatWrites,
    SqlPeopleWrites,
    SqlErasingWrites,
    SqlAuditWrites,
    SqlReleaseWrites,
    SqlReviewWrites,
    SqlBacktestWrites,
    SqlAlertWrites,
    SqlAlarmWrites,
):
    """Writes on one connection; see `Transaction`."""

    def put_region(self, region: Region) -> None:
        """Add a region, or store a new version of it."""
        with self._step():
            row = to_row(region)
            self._put(tables.regions, row, IDENTITY[Region])
            self._insert(tables.region_versions, row)
            self._tell(
                Subject.REGION, region.organisation, region.id, gone=region.removed is not None
            )

    def put_settlements(self, settlements: Sequence[Settlement]) -> None:
        """Add settlements, or store new versions of them."""
        with self._step():
            for settlement in settlements:
                row = to_row(settlement)
                box = Box(*settlement.geometry.bounds)
                self._put(tables.settlements, row | box._asdict(), IDENTITY[Settlement])
                self._insert(tables.settlement_versions, row)
                self._tell(
                    Subject.SETTLEMENT, row["organisation"], row["id"],
                    gone=settlement.removed is not None,
                )  # fmt: skip

    def put_run(self, run: Run) -> None:
        """Add a run or replace it as it goes on."""
        with self._step():
            self._put(tables.runs, to_row(run), IDENTITY[Run])

    def put_event(self, event: Event) -> None:
        """Add an event or its next version."""
        with self._step():
            if self._is_erased(event.organisation, event.id):
                return
            row = to_row(event)
            stored = self._find(tables.events, row, IDENTITY[Event])
            rules.check_next_version(event, stored["version"] if stored else None)
            self._insert(tables.event_versions, row)
            box = Box(*event.geometry.bounds)
            self._write(tables.events, row | box._asdict(), stored)
            self._tell(
                Subject.EVENT, event.organisation, event.id, version=event.version, gone=False
            )

    def add_detections(self, detections: Sequence[Detection]) -> None:
        """Add detections; one with a known id is refused."""
        with self._step():
            for detection in detections:
                if self._is_erased(detection.organisation, detection.event, detection.source):
                    continue
                row = to_row(detection)
                if self._find(tables.detections, row, IDENTITY[Detection]):
                    raise rules.already_there(row["id"])
                box = Box(*detection.geometry.bounds)
                self._insert(tables.detections, row | box._asdict())
                self._tell(Subject.DETECTION, row["organisation"], row["id"], gone=False)

    def put_ledger(self, row: LedgerRow) -> None:
        """Write the ledger row of one look; the replaced row goes to its history."""
        self.put_ledger_rows((row,))

    def put_ledger_rows(self, rows: Sequence[LedgerRow]) -> None:
        """Write the ledger rows of many looks."""
        with self._step():
            named: dict[tuple[Any, ...], Row] = {
                tuple(values[name] for name in _LOOK): values for values in map(to_row, rows)
            }
            if len(named) < len(rows):
                raise rules.told_twice()
            stored = self._stored_looks(list(named))
            self._insert_all(
                tables.ledger, [one for key, one in named.items() if key not in stored]
            )
            for key, one in named.items():
                if key in stored:
                    self._replace_look(one, stored[key])

    def _stored_looks(self, looks: Sequence[tuple[Any, ...]]) -> dict[tuple[Any, ...], Row]:
        """Return the rows that stand for looks, by identity; others of the same sites with them."""
        # One question for each look at a site, whose settlements are rows beside each other.
        sites = looks if len(looks) == 1 else dict.fromkeys(look[:-1] for look in looks)
        found = (
            row
            for site in sites
            for row in self._find_all(tables.ledger, dict(zip(_LOOK, site, strict=False)))
        )
        return {tuple(row[name] for name in _LOOK): row for row in found}

    def _replace_look(self, values: Row, stored: Row) -> None:
        before = {name: stored[name] for name in values}
        if before != values:
            self._write(tables.ledger, values, stored)
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
