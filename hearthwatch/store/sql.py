"""The store in an SQL database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Select, bindparam, or_, select

from hearthwatch.cql.tree import Filter
from hearthwatch.errors import StoreError
from hearthwatch.layout import is_address
from hearthwatch.records import (
    Detection,
    Job,
    JobKey,
    Label,
    LedgerRow,
    LedgerTotals,
    Page,
    Region,
    Run,
    RunOutcome,
    Settlement,
    StateVersion,
)
from hearthwatch.store import queries, rules, schema, scrubbing, sqlite, tables
from hearthwatch.store.codec import from_microseconds, from_row, to_row
from hearthwatch.store.cursor import (
    ledger_paging,
    ledger_position,
    settlement_paging,
    settlement_position,
)
from hearthwatch.store.extent import Bounds
from hearthwatch.store.faults import translated
from hearthwatch.store.protocol import Store, Transaction
from hearthwatch.store.sql_alarms import SqlAlarmReads
from hearthwatch.store.sql_alerts import SqlAlertReads
from hearthwatch.store.sql_audit import SqlAuditReads
from hearthwatch.store.sql_backtests import SqlBacktestReads
from hearthwatch.store.sql_calibration import SqlCalibrationReads
from hearthwatch.store.sql_context import SqlContextReads
from hearthwatch.store.sql_erasing import SqlErasingReads
from hearthwatch.store.sql_events import SqlEventReads
from hearthwatch.store.sql_fusion import SqlFusionReads
from hearthwatch.store.sql_heat import SqlHeatReads
from hearthwatch.store.sql_imagery import SqlImageryReads
from hearthwatch.store.sql_network import SqlNetworkReads
from hearthwatch.store.sql_people import SqlPeopleReads
from hearthwatch.store.sql_pulled import SqlPulledReads
from hearthwatch.store.sql_release import SqlReleaseReads
from hearthwatch.store.sql_review import SqlReviewReads
from hearthwatch.store.sql_rows import answer, kept_rows
from hearthwatch.store.sql_search import SqlSearchReads
from hearthwatch.store.sql_steps import SqlStepReads
from hearthwatch.store.sql_transaction import SqlTransaction
from hearthwatch.store.turns import Turns

NAMES_AT_ONCE = 5_000
"""Asked for in one statement; a database binds only so many values."""

# Without the outlines. Put together once: it goes with every answer that has events.
_NAMES = select(tables.regions.c.id, tables.regions.c.name).where(
    tables.regions.c.organisation == bindparam("whose")
)


class SqlStore(
    SqlImageryReads,
    SqlCalibrationReads,
    SqlFusionReads,
    SqlHeatReads,
    SqlPeopleReads,
    SqlAuditReads,
    SqlReleaseReads,
    SqlErasingReads,
    SqlReviewReads,
    SqlBacktestReads,
    SqlContextReads,
    SqlAlertReads,
    SqlStepReads,
    SqlNetworkReads,
    SqlAlarmReads,
    SqlEventReads,
    SqlPulledReads,
    SqlSearchReads,
):
    """See `Store`. Open it with `open`.

    Parameters
    ----------
    reader : Engine
        Answers questions.
    writer : Engine or None
        Takes writes; None for a store opened for reading.
    held : ExitStack
        What to let go of on closing.
    """

    def __init__(self, reader: Engine, writer: Engine | None, held: ExitStack) -> None:
        super().__init__(reader)
        self._writer = writer
        self._held = held
        self._turns = Turns()

    @classmethod
    def open(cls, place: Path | str, *, write: bool = False, alone: bool = True) -> SqlStore:
        """Open a database.

        Parameters
        ----------
        place : Path or str
            The file of SQLite, or the address of PostgreSQL (``postgresql://...``). Opened for
            writing a file is made if missing, and either is brought to the newest schema.
        write : bool
            Whether to write.
        alone : bool
            Whether to keep out every other process that would write alone, until closed. One
            that writes without it takes turns with all others, transaction by transaction.

        Returns
        -------
        SqlStore
            Close it after use.

        Raises
        ------
        StoreLocked
            Another process writes alone and this one is to do so too, or must first bring an
            older schema up.
        StoreError
            It is missing, damaged, of another program or of another schema, or its server cannot
            be used.
        DiskFull
            There is no room.
        """
        with ExitStack() as held, translated():
            reader, writer = _engines(place, held, write=write, alone=alone)
            schema.require_current(reader)
            return cls(reader, writer, held.pop_all())

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a write transaction: commits on leaving, rolls back on any exception."""
        if self._writer is None:
            raise StoreError("The store was opened for reading. Open it for writing to change it.")
        with self._turns.take() as turn, self._connect(self._writer) as connection:
            yield SqlTransaction(connection, turn)
            turn.check()
            with translated():
                connection.commit()

    def scrub(self) -> None:
        """Leave nothing in the store's files of what was erased before, as far as it can."""
        if self._writer is None:
            raise StoreError("The store was opened for reading. Open it for writing to scrub it.")
        with self._turns.take():
            scrubbing.scrub(self._writer)

    def regions(self, organisation: str, *, removed: bool = False) -> tuple[Region, ...]:
        """Return the regions on the watchlist, by name; with `removed`, those too."""
        return self._all(Region, queries.regions(organisation, removed=removed))

    def region_names(self, organisation: str) -> Mapping[str, str]:
        """Return the names of all regions by id, those removed included."""
        with self._connect(self._single) as connection, translated():
            return dict(kept_rows(connection, _NAMES, {"whose": organisation}))

    def region(self, organisation: str, name_or_id: str) -> Region:
        """Return one region that is not removed; `NotFound` if there is none."""
        c = tables.regions.c
        named = queries.regions(organisation, removed=False).where(
            or_(c.id == name_or_id, c.name == name_or_id)
        )
        return rules.one_region(self._all(Region, named), name_or_id)

    def organisations(self, *, removed: bool = False) -> tuple[str, ...]:
        """Return the organisations that have a region on the watchlist, sorted."""
        with self._connect(self._reader) as connection, translated():
            return tuple(connection.execute(queries.organisations(removed)).scalars())

    def settlements(
        self,
        organisation: str,
        *,
        bbox: Bounds | None = None,
        where: Filter | None = None,
        after: str | None = None,
        limit: int = 1000,
    ) -> Page[Settlement]:
        """Return the settlements that are not removed, by name, ties by id."""
        paging = settlement_paging(organisation, bbox, limit, where)
        statement = queries.settlements(organisation, bbox, paging.start(after), where)
        found = self._all(Settlement, statement.limit(limit + 1))
        return paging.page(found, settlement_position)

    def settlement(self, organisation: str, settlement_id: str) -> Settlement:
        """Return one settlement that is not removed; `NotFound` if there is none."""
        found = self._all(Settlement, queries.settlement(organisation, settlement_id))
        if not found:
            raise rules.not_there("settlement", settlement_id)
        return found[0]

    def settlement_labels(
        self, organisation: str, ids: Collection[str] | None = None
    ) -> Mapping[str, Label]:
        """Return the names and P-codes of settlements by id, those removed included."""
        wanted = None if ids is None else sorted(set(ids))
        parts = (
            [None]
            if wanted is None
            else [
                wanted[start : start + NAMES_AT_ONCE]
                for start in range(0, len(wanted), NAMES_AT_ONCE)
            ]
        )
        with self._connect(self._reader) as connection, translated():
            return {
                row.id: Label(row.name, row.pcode)
                for part in parts
                for row in connection.execute(queries.settlement_labels(organisation, part))
            }

    def runs(
        self,
        organisation: str,
        *,
        region: str | None = None,
        outcome: RunOutcome | None = None,
        newest: int | None = None,
    ) -> tuple[Run, ...]:
        """Return all runs, those of one region or outcome, or the `newest`; oldest first."""
        found = self._all(Run, queries.runs(organisation, region, outcome, newest))
        return found[::-1] if newest is not None else found

    def run(self, organisation: str, run_id: str) -> Run:
        """Return one run; `NotFound` if there is none."""
        found = self._all(Run, queries.run(organisation, run_id))
        if not found:
            raise rules.not_there("run", run_id)
        return found[0]

    def waiting_runs(self) -> tuple[Run, ...]:
        """Return the runs of all organisations that wait for their turn, oldest first."""
        return self._all(Run, queries.waiting_runs())

    def done(self, key: JobKey) -> bool:
        """Tell whether a unit of work is committed."""
        return bool(self._all(JobKey, queries.job(to_row(key))))

    def jobs_done(self, organisation: str, region: str, cell: str, detector: str) -> frozenset[str]:
        """Return the acquisitions whose work is committed for one place and detector."""
        place = queries.Place(organisation, region, cell, detector)
        return frozenset(job.key.acquisition for job in self._all(Job, queries.jobs(place)))

    def state(
        self, organisation: str, region: str, cell: str, detector: str
    ) -> StateVersion | None:
        """Return the current state version of one place and detector."""
        versions = self.state_versions(organisation, region, cell, detector)
        return versions[0] if versions else None

    def state_versions(
        self, organisation: str, region: str, cell: str, detector: str
    ) -> tuple[StateVersion, ...]:
        """Return the kept state versions, newest first."""
        place = queries.Place(organisation, region, cell, detector)
        return self._all(StateVersion, queries.state_versions(place))

    def detections(self, organisation: str, event_id: str) -> tuple[Detection, ...]:
        """Return the detections of one event, oldest look first."""
        return self._all(Detection, queries.detections(organisation, event_id))

    def ledger(
        self,
        organisation: str,
        region: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        settlement: str | None = None,
        after: str | None = None,
        limit: int = 1000,
    ) -> Page[LedgerRow]:
        """Return the ledger of one region, oldest look first."""
        paging = ledger_paging(organisation, region, since, until, settlement, limit)
        start = paging.start(after)
        statement = queries.ledger(organisation, region, since, until, settlement, start)
        found = self._all(LedgerRow, statement.limit(limit + 1))
        return paging.page(found, ledger_position)

    def looks(self, organisation: str, acquisition: str) -> tuple[LedgerRow, ...]:
        """Return the ledger rows of one acquisition over all regions."""
        return self._all(LedgerRow, queries.looks(organisation, acquisition))

    def ledger_totals(
        self, organisation: str, region: str | None = None
    ) -> Mapping[str, Mapping[str, LedgerTotals]]:
        """Return the ledger summed up, by id of the region and detector."""
        return self._totals("region", queries.ledger_totals(organisation, region))

    def settlement_totals(
        self, organisation: str, region: str
    ) -> Mapping[str, Mapping[str, LedgerTotals]]:
        """Return the ledger of a region by settlement and detector; the area's under ''."""
        return self._totals("settlement", queries.settlement_totals(organisation, region))

    def usable_looks(
        self, organisation: str, region: str, detector: str
    ) -> Mapping[str, tuple[datetime, ...]]:
        """Return when a detector saw each settlement of a region; the area's under ''."""
        seen: defaultdict[str, list[datetime]] = defaultdict(list)
        with self._connect(self._reader) as connection, translated():
            for row in connection.execute(queries.usable_looks(organisation, region, detector)):
                seen[row.settlement].append(from_microseconds(row.sensed))
        return {place: tuple(times) for place, times in seen.items()}

    def ledger_history(
        self,
        organisation: str,
        region: str,
        cell: str,
        acquisition: str,
        detector: str,
        settlement: str = "",
    ) -> tuple[LedgerRow, ...]:
        """Return all that was ever written of one look, oldest first; the last one holds."""
        look = (organisation, region, cell, acquisition, detector, settlement)
        with self._connect(self._reader) as connection:
            return (
                *answer(connection, LedgerRow, queries.ledger_past(look)),
                *answer(connection, LedgerRow, queries.ledger_now(look)),
            )

    def close(self) -> None:
        """Let go of files and locks; a second time does nothing."""
        self._closed = True
        with translated():
            self._held.close()

    def _totals(
        self, place: str, statement: Select[Any]
    ) -> Mapping[str, Mapping[str, LedgerTotals]]:
        with self._connect(self._reader) as connection, translated():
            rows = connection.execute(statement).mappings().all()
        found: defaultdict[str, dict[str, LedgerTotals]] = defaultdict(dict)
        for row in rows:
            found[row[place]][row["detector"]] = from_row(LedgerTotals, dict(row))
        return dict(found)


def _engines(
    place: Path | str, held: ExitStack, *, write: bool, alone: bool
) -> tuple[Engine, Engine | None]:
    if is_address(place):
        # Imported late: a store in a file needs no driver of PostgreSQL.
        from hearthwatch.store import postgres

        return postgres.open_engines(str(place), held, write=write, alone=alone)
    return sqlite.open_engines(Path(place).resolve(), held, write=write, alone=alone)


_: type[Store] = SqlStore
