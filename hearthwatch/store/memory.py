"""The store in memory: for tests, trials and demonstrations. Nothing outlives the process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from operator import attrgetter

from hearthwatch.cql.tree import Filter
from hearthwatch.records import (
    USABLE,
    Detection,
    Event,
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
    Subject,
)
from hearthwatch.store import rules
from hearthwatch.store.codec import to_row
from hearthwatch.store.cursor import (
    ledger_paging,
    ledger_position,
    settlement_paging,
    settlement_position,
)
from hearthwatch.store.extent import Bounds
from hearthwatch.store.memory_alarms import MemoryAlarmReads, MemoryAlarmWrites
from hearthwatch.store.memory_alerts import MemoryAlertReads, MemoryAlertWrites
from hearthwatch.store.memory_audit import MemoryAuditReads, MemoryAuditWrites
from hearthwatch.store.memory_backtests import MemoryBacktestReads, MemoryBacktestWrites
from hearthwatch.store.memory_calibration import (
    MemoryCalibrationReads,
    MemoryCalibrationWrites,
)
from hearthwatch.store.memory_erasing import MemoryErasingReads, MemoryErasingWrites
from hearthwatch.store.memory_events import MemoryEventReads
from hearthwatch.store.memory_fusion import MemoryFusionReads, MemoryFusionWrites
from hearthwatch.store.memory_heat import MemoryHeatReads, MemoryHeatWrites
from hearthwatch.store.memory_imagery import MemoryImageryReads, MemoryImageryWrites
from hearthwatch.store.memory_people import MemoryPeopleReads, MemoryPeopleWrites
from hearthwatch.store.memory_pulled import MemoryPulledReads
from hearthwatch.store.memory_release import MemoryReleaseReads, MemoryReleaseWrites
from hearthwatch.store.memory_review import MemoryReviewReads, MemoryReviewWrites
from hearthwatch.store.memory_search import MemorySearchReads
from hearthwatch.store.memory_tables import Key, Tables, between, key_of, ranked
from hearthwatch.store.protocol import Store, Transaction
from hearthwatch.store.turns import Turns


class MemoryTransaction(
    MemoryImageryWrites,
    MemoryCalibrationWrites,
    MemoryFusionWrites,
    MemoryHeatWrites,
    MemoryPeopleWrites,
    MemoryErasingWrites,
    MemoryAuditWrites,
    MemoryReleaseWrites,
    MemoryReviewWrites,
    MemoryBacktestWrites,
    MemoryAlertWrites,
    MemoryAlarmWrites,
):
    """Writes on a draft of the tables; see `Transaction`."""

    def put_region(self, region: Region) -> None:
        """Add a region, or store a new version of it."""
        with self._turn.step():
            self._append(Region, to_row(region))
            self._tell(
                Subject.REGION, region.organisation, region.id, gone=region.removed is not None
            )

    def put_settlements(self, settlements: Sequence[Settlement]) -> None:
        """Add settlements, or store new versions of them."""
        with self._turn.step():
            for settlement in settlements:
                self._append(Settlement, to_row(settlement))
                self._tell(
                    Subject.SETTLEMENT, settlement.organisation, settlement.id,
                    gone=settlement.removed is not None,
                )  # fmt: skip

    def put_run(self, run: Run) -> None:
        """Add a run or replace it as it goes on."""
        with self._turn.step():
            self._replace(Run, to_row(run))

    def put_event(self, event: Event) -> None:
        """Add an event or its next version."""
        with self._turn.step():
            if self._is_erased(event.organisation, event.id):
                return
            row = to_row(event)
            stored = self._draft.by_record[Event].get(key_of(Event, row))
            rules.check_next_version(event, stored[-1]["version"] if stored else None)
            self._append(Event, row)
            self._tell(
                Subject.EVENT, event.organisation, event.id, version=event.version, gone=False
            )

    def add_detections(self, detections: Sequence[Detection]) -> None:
        """Add detections; one with a known id is refused."""
        with self._turn.step():
            for row in map(to_row, detections):
                if self._is_erased(row["organisation"], row["event"], row["source"]):
                    continue
                if key_of(Detection, row) in self._draft.by_record[Detection]:
                    raise rules.already_there(row["id"])
                self._append(Detection, row)
                self._tell(Subject.DETECTION, row["organisation"], row["id"], gone=False)

    def put_ledger(self, row: LedgerRow) -> None:
        """Write the ledger row of one look; the replaced row goes to its history."""
        self.put_ledger_rows((row,))

    def put_ledger_rows(self, rows: Sequence[LedgerRow]) -> None:
        """Write the ledger rows of many looks."""
        with self._turn.step():
            named = {key_of(LedgerRow, values): values for values in map(to_row, rows)}
            if len(named) < len(rows):
                raise rules.told_twice()
            for key, values in named.items():
                told = self._draft.by_record[LedgerRow].get(key)
                if told is None or told[-1] != values:
                    self._append(LedgerRow, values)

    def add_state(self, version: StateVersion, keep: int) -> tuple[StateVersion, ...]:
        """Make `version` current; return the versions that fall out of the last `keep`."""
        with self._turn.step():
            row = to_row(version)
            table = self._draft.by_record[StateVersion]
            place = key_of(StateVersion, row)[:-1]
            fallen = rules.fallen_out(_states(self._draft, place), version, keep)
            for old in fallen:
                del table[(*place, old.sequence)]
            self._append(StateVersion, row)
            return fallen

    def finish_job(self, job: Job) -> None:
        """Record a unit of work as done; twice is refused."""
        with self._turn.step():
            row = to_row(job)
            if key_of(Job, row) in self._draft.by_record[Job]:
                raise rules.already_done(job.key)
            self._append(Job, row)


class MemoryStore(
    MemoryImageryReads,
    MemoryCalibrationReads,
    MemoryFusionReads,
    MemoryHeatReads,
    MemoryPeopleReads,
    MemoryAuditReads,
    MemoryReleaseReads,
    MemoryErasingReads,
    MemoryReviewReads,
    MemoryBacktestReads,
    MemoryAlertReads,
    MemoryAlarmReads,
    MemoryEventReads,
    MemoryPulledReads,
    MemorySearchReads,
):
    """See `Store`."""

    def __init__(self) -> None:
        super().__init__()
        self._turns = Turns()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Open a write transaction: commits on leaving, rolls back on any exception."""
        with self._turns.take() as turn:
            draft = self._open().draft()
            yield MemoryTransaction(draft, turn)
            turn.check()
            draft.check_references(before=self._tables)
            self._tables = draft

    def regions(self, organisation: str, *, removed: bool = False) -> tuple[Region, ...]:
        """Return the regions on the watchlist, by name; with `removed`, those too."""
        found = self._open().all(Region, organisation)
        wanted = [region for region in found if removed or region.removed is None]
        return tuple(sorted(wanted, key=attrgetter("name", "id")))

    def region_names(self, organisation: str) -> Mapping[str, str]:
        """Return the names of all regions by id, those removed included."""
        return {region.id: region.name for region in self._open().all(Region, organisation)}

    def region(self, organisation: str, name_or_id: str) -> Region:
        """Return one region that is not removed; `NotFound` if there is none."""
        found = [r for r in self.regions(organisation) if name_or_id in (r.id, r.name)]
        return rules.one_region(found, name_or_id)

    def organisations(self, *, removed: bool = False) -> tuple[str, ...]:
        """Return the organisations that have a region on the watchlist, sorted."""
        found = self._open().all(Region)
        kept = (region for region in found if removed or region.removed is None)
        return tuple(sorted({region.organisation for region in kept}))

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
        found = self._settlements(organisation, bbox, where)
        in_order = ranked(found, settlement_position, paging.start(after))
        return paging.page(in_order[: limit + 1], settlement_position)

    def settlement(self, organisation: str, settlement_id: str) -> Settlement:
        """Return one settlement that is not removed; `NotFound` if there is none."""
        versions = self._open().history(Settlement, (organisation, settlement_id))
        if not versions or versions[-1].removed is not None:
            raise rules.not_there("settlement", settlement_id)
        return versions[-1]

    def settlement_labels(
        self, organisation: str, ids: Collection[str] | None = None
    ) -> Mapping[str, Label]:
        """Return the names and P-codes of settlements by id, those removed included."""
        found = self._open().all(Settlement, organisation)
        return {one.id: Label(one.name, one.pcode) for one in found if ids is None or one.id in ids}

    def runs(
        self,
        organisation: str,
        *,
        region: str | None = None,
        outcome: RunOutcome | None = None,
        newest: int | None = None,
    ) -> tuple[Run, ...]:
        """Return all runs, those of one region or outcome, or the `newest`; oldest first."""
        found = self._open().all(Run, organisation)
        wanted = [
            run for run in found if region in (None, run.region) and outcome in (None, run.outcome)
        ]
        ordered = tuple(sorted(wanted, key=attrgetter("started", "id")))
        return ordered if newest is None else ordered[max(len(ordered) - newest, 0) :]

    def run(self, organisation: str, run_id: str) -> Run:
        """Return one run; `NotFound` if there is none."""
        found = self._open().history(Run, (organisation, run_id))
        if not found:
            raise rules.not_there("run", run_id)
        return found[0]

    def waiting_runs(self) -> tuple[Run, ...]:
        """Return the runs of all organisations that wait for their turn, oldest first."""
        waiting = [run for run in self._open().all(Run) if run.outcome is RunOutcome.WAITING]
        return tuple(sorted(waiting, key=attrgetter("started", "id", "organisation")))

    def done(self, key: JobKey) -> bool:
        """Tell whether a unit of work is committed."""
        return key_of(Job, to_row(key)) in self._open().by_record[Job]

    def jobs_done(self, organisation: str, region: str, cell: str, detector: str) -> frozenset[str]:
        """Return the acquisitions whose work is committed for one place and detector."""
        keys = (job.key for job in self._open().all(Job, organisation))
        place = (region, cell, detector)
        return frozenset(
            key.acquisition for key in keys if (key.region, key.cell, key.detector) == place
        )

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
        return _states(self._open(), (organisation, region, cell, detector))

    def detections(self, organisation: str, event_id: str) -> tuple[Detection, ...]:
        """Return the detections of one event, oldest look first."""
        found = self._open().all(Detection, organisation)
        mine = [detection for detection in found if detection.event == event_id]
        return tuple(sorted(mine, key=attrgetter("sensed", "id")))

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
        found = [
            row
            for row in self._open().all(LedgerRow, organisation)
            if row.region == region
            and settlement in (None, row.settlement)
            and between(row.sensed, since, until)
        ]
        in_order = ranked(found, ledger_position, paging.start(after))
        return paging.page(in_order[: limit + 1], ledger_position)

    def looks(self, organisation: str, acquisition: str) -> tuple[LedgerRow, ...]:
        """Return the ledger rows of one acquisition over all regions."""
        found = self._open().all(LedgerRow, organisation)
        mine = [row for row in found if row.acquisition == acquisition]
        return tuple(sorted(mine, key=attrgetter("region", "cell", "detector", "settlement")))

    def ledger_totals(
        self, organisation: str, region: str | None = None
    ) -> Mapping[str, Mapping[str, LedgerTotals]]:
        """Return the ledger summed up, by id of the region and detector."""
        rows: defaultdict[str, list[LedgerRow]] = defaultdict(list)
        for row in self._open().all(LedgerRow, organisation):
            if region in (None, row.region):
                rows[row.region].append(row)
        return {region: _by_detector(found) for region, found in rows.items()}

    def settlement_totals(
        self, organisation: str, region: str
    ) -> Mapping[str, Mapping[str, LedgerTotals]]:
        """Return the ledger of a region by settlement and detector; the area's under ''."""
        rows: defaultdict[str, list[LedgerRow]] = defaultdict(list)
        for row in self._open().all(LedgerRow, organisation):
            if row.region == region:
                rows[row.settlement].append(row)
        return {settlement: _by_detector(found) for settlement, found in rows.items()}

    def usable_looks(
        self, organisation: str, region: str, detector: str
    ) -> Mapping[str, tuple[datetime, ...]]:
        """Return when a detector saw each settlement of a region; the area's under ''."""
        seen: defaultdict[str, set[datetime]] = defaultdict(set)
        for row in self._open().all(LedgerRow, organisation):
            is_asked = (row.region, row.detector) == (region, detector)
            if is_asked and row.status in USABLE:
                seen[row.settlement].add(row.sensed)
        return {place: tuple(sorted(times)) for place, times in seen.items()}

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
        return self._open().ledger_history(look)

    def close(self) -> None:
        """Take no more questions."""
        self._closed = True


def _states(tables: Tables, place: Key) -> tuple[StateVersion, ...]:
    (organisation, *_) = place
    found = tables.all(StateVersion, organisation)
    here = [
        version
        for version in found
        if (version.organisation, version.region, version.cell, version.detector) == place
    ]
    return tuple(sorted(here, key=attrgetter("sequence"), reverse=True))


def _by_detector(rows: Sequence[LedgerRow]) -> dict[str, LedgerTotals]:
    names = sorted({row.detector for row in rows})
    return {name: _totals([row for row in rows if row.detector == name]) for name in names}


def _totals(rows: Sequence[LedgerRow]) -> LedgerTotals:
    usable = [row for row in rows if row.status in USABLE]
    return LedgerTotals(
        looks=len({row.acquisition for row in rows}),
        usable=len({row.acquisition for row in usable}),
        last=max(row.sensed for row in rows),
        last_usable=max((row.sensed for row in usable), default=None),
    )


_: type[Store] = MemoryStore
