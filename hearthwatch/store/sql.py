"""The store in an SQL database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Select, or_

from hearthwatch.errors import StoreError
from hearthwatch.records import (
    ApiKey,
    Detection,
    Event,
    EventFilter,
    Job,
    JobKey,
    LedgerRow,
    LedgerTotals,
    Page,
    Region,
    Run,
    RunOutcome,
    Settlement,
    StateVersion,
)
from hearthwatch.store import queries, rules, schema, sqlite, tables
from hearthwatch.store.codec import from_microseconds, from_row, to_row
from hearthwatch.store.cursor import (
    event_paging,
    event_position,
    ledger_paging,
    ledger_position,
    settlement_paging,
    settlement_position,
)
from hearthwatch.store.extent import Bounds
from hearthwatch.store.faults import translated
from hearthwatch.store.lock import WriteLock
from hearthwatch.store.protocol import Store, Transaction
from hearthwatch.store.sql_calibration import SqlCalibrationReads
from hearthwatch.store.sql_fusion import SqlFusionReads
from hearthwatch.store.sql_heat import SqlHeatReads
from hearthwatch.store.sql_imagery import SqlImageryReads
from hearthwatch.store.sql_rows import answer
from hearthwatch.store.sql_transaction import SqlTransaction
from hearthwatch.store.turns import Turns

NAMES_AT_ONCE = 5_000
"""Asked for in one statement; a database binds only so many values."""


class SqlStore(SqlImageryReads, SqlCalibrationReads, SqlFusionReads, SqlHeatReads):
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
    def open(cls, path: Path | str, *, write: bool = False, alone: bool = True) -> SqlStore:
        """Open a SQLite database.

        Parameters
        ----------
        path : Path or str
            The file. Opened for writing it is made if missing and brought to the newest schema.
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
            The file is missing, damaged, of another program or of another schema.
        DiskFull
            There is no room.
        """
        path = Path(path).resolve()
        with ExitStack() as held, translated():
            writer = None
            if write:
                sqlite.create_file(path)
                if alone:
                    held.callback(WriteLock(path).release)
                elif not _is_current(path):
                    # Alone for a moment: no other process may write while the schema changes.
                    cls.open(path, write=True).close()
                writer = sqlite.writing_engine(path)
                held.callback(writer.dispose)
                if alone:
                    schema.upgrade(writer)
            reader = sqlite.reading_engine(path)
            held.callback(reader.dispose)
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

    def regions(self, organisation: str, *, removed: bool = False) -> tuple[Region, ...]:
        """Return the regions on the watchlist, by name; with `removed`, those too."""
        return self._all(Region, queries.regions(organisation, removed=removed))

    def region_names(self, organisation: str) -> Mapping[str, str]:
        """Return the names of all regions by id, those removed included."""
        with self._connect(self._reader) as connection, translated():
            return {
                row.id: row.name for row in connection.execute(queries.region_names(organisation))
            }

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
        after: str | None = None,
        limit: int = 1000,
    ) -> Page[Settlement]:
        """Return the settlements that are not removed, by name, ties by id."""
        paging = settlement_paging(organisation, bbox, limit)
        statement = queries.settlements(organisation, bbox, paging.start(after))
        found = self._all(Settlement, statement.limit(limit + 1))
        return paging.page(found, settlement_position)

    def settlement(self, organisation: str, settlement_id: str) -> Settlement:
        """Return one settlement that is not removed; `NotFound` if there is none."""
        found = self._all(Settlement, queries.settlement(organisation, settlement_id))
        if not found:
            raise rules.not_there("settlement", settlement_id)
        return found[0]

    def settlement_names(
        self, organisation: str, ids: Collection[str] | None = None
    ) -> Mapping[str, str]:
        """Return the names of settlements by id, those removed included."""
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
                row.id: row.name
                for part in parts
                for row in connection.execute(queries.settlement_names(organisation, part))
            }

    def key(self, key_id: str) -> ApiKey | None:
        """Return a key of whatever organisation; None if there is none."""
        found = self._all(ApiKey, queries.key(key_id))
        return found[0] if found else None

    def keys(self, organisation: str) -> tuple[ApiKey, ...]:
        """Return all keys, oldest first, those revoked or expired included."""
        return self._all(ApiKey, queries.keys(organisation))

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

    def event(self, organisation: str, event_id: str) -> Event:
        """Return the newest version of one event; `NotFound` if there is none."""
        found = self._all(Event, queries.event(organisation, event_id))
        if not found:
            raise rules.not_there("event", event_id)
        return found[0]

    def event_history(self, organisation: str, event_id: str) -> tuple[Event, ...]:
        """Return all versions of one event, oldest first."""
        found = self._all(Event, queries.event_history(organisation, event_id))
        if not found:
            raise rules.not_there("event", event_id)
        return found

    def events(
        self, organisation: str, where: EventFilter, *, after: str | None = None, limit: int = 100
    ) -> Page[Event]:
        """Return events, newest `first_changed` first, ties by id."""
        paging = event_paging(organisation, where, limit)
        search = queries.EventSearch(organisation, where, paging.start(after))
        with self._connect(self._reader) as connection:
            narrow = search.narrow(connection)
            found = answer(connection, Event, search.statement(narrow=narrow).limit(limit + 1))
        return paging.page(found, event_position)

    def count_events(self, organisation: str, where: EventFilter, *, most: int) -> int | None:
        """Return how many events `events` would give in all; None if more than `most`."""
        rules.check_most(most)
        search = queries.EventSearch(organisation, where, None)
        with self._connect(self._reader) as connection:
            statement = search.count(most + 1, narrow=search.narrow(connection))
            with translated():
                found = connection.execute(statement).scalar_one()
        return found if found <= most else None

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


def _is_current(path: Path) -> bool:
    reader = sqlite.reading_engine(path)
    try:
        return schema.is_current(reader)
    finally:
        reader.dispose()


_: type[Store] = SqlStore
