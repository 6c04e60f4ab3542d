"""The store's seam: narrow verbs, one transaction per commit, keyset paging."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, runtime_checkable

from hearthwatch.cql.tree import Filter
from hearthwatch.records import (
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
)
from hearthwatch.store.extent import Bounds
from hearthwatch.store.protocol_alarms import AlarmReads, AlarmWrites
from hearthwatch.store.protocol_alerts import AlertReads, AlertWrites
from hearthwatch.store.protocol_audit import AuditReads, AuditWrites
from hearthwatch.store.protocol_backtests import BacktestReads, BacktestWrites
from hearthwatch.store.protocol_calibration import CalibrationReads, CalibrationWrites
from hearthwatch.store.protocol_erasing import ErasingReads, ErasingWrites
from hearthwatch.store.protocol_events import EventReads
from hearthwatch.store.protocol_fusion import FusionReads, FusionWrites
from hearthwatch.store.protocol_heat import HeatReads, HeatWrites
from hearthwatch.store.protocol_imagery import ImageryReads, ImageryWrites
from hearthwatch.store.protocol_people import PeopleReads, PeopleWrites
from hearthwatch.store.protocol_pulled import PulledReads
from hearthwatch.store.protocol_release import ReleaseReads, ReleaseWrites
from hearthwatch.store.protocol_review import ReviewReads, ReviewWrites
from hearthwatch.store.protocol_search import SearchReads


class Transaction(
    ImageryWrites,
    CalibrationWrites,
    FusionWrites,
    HeatWrites,
    PeopleWrites,
    AuditWrites,
    ReleaseWrites,
    ErasingWrites,
    ReviewWrites,
    BacktestWrites,
    AlertWrites,
    AlarmWrites,
    Protocol,
):
    """Writes that become visible together or not at all."""

    def put_region(self, region: Region) -> None:
        """Add a region, or store a new version of it (a removal, say)."""
        ...

    def put_settlements(self, settlements: Sequence[Settlement]) -> None:
        """Add settlements, or store new versions of them; of one given twice the last one holds."""
        ...

    def put_run(self, run: Run) -> None:
        """Add a run or replace it as it goes on."""
        ...

    def put_event(self, event: Event) -> None:
        """Add an event or its next version; earlier versions stay readable.

        Raises
        ------
        StoreError
            If `event.version` is not one more than the stored version.
        """
        ...

    def add_detections(self, detections: Sequence[Detection]) -> None:
        """Add detections; one with a known id is refused (`StoreError`)."""
        ...

    def put_ledger(self, row: LedgerRow) -> None:
        """Write the ledger row of one look; a later truth about the same look replaces it.

        The replaced row stays readable in the row's history. A row that says what is there
        already changes nothing: a look tried again in vain is told of once.
        """
        ...

    def put_ledger_rows(self, rows: Sequence[LedgerRow]) -> None:
        """Write the ledger rows of many looks as `put_ledger` does, in less time.

        No two of them may be of one look at one settlement (`StoreError`).
        """
        ...

    def add_state(self, version: StateVersion, keep: int) -> tuple[StateVersion, ...]:
        """Make `version` current; return the versions that fall out of the last `keep`."""
        ...

    def finish_job(self, job: Job) -> None:
        """Record a unit of work as done; twice is refused (`StoreError`)."""
        ...


@runtime_checkable
class Store(
    ImageryReads,
    CalibrationReads,
    FusionReads,
    HeatReads,
    PeopleReads,
    AuditReads,
    ReleaseReads,
    ErasingReads,
    ReviewReads,
    BacktestReads,
    AlertReads,
    AlarmReads,
    EventReads,
    PulledReads,
    SearchReads,
    Protocol,
):
    """All that the service remembers.

    Asked on behalf of one organisation, but for what no organisation can be asked of: whose a
    key is, which runs wait, and which organisations there are. Usable from several threads.
    """

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Open a write transaction: commits on leaving, rolls back on any exception.

        Raises
        ------
        StoreLocked
            Another process writes and did not come to an end in time.
        """
        ...

    def regions(self, organisation: str, *, removed: bool = False) -> tuple[Region, ...]:
        """Return the regions on the watchlist, by name; with `removed`, those too."""
        ...

    def region_names(self, organisation: str) -> Mapping[str, str]:
        """Return the names of all regions by id, those removed included."""
        ...

    def region(self, organisation: str, name_or_id: str) -> Region:
        """Return one region that is not removed; `NotFound` if there is none."""
        ...

    def organisations(self, *, removed: bool = False) -> tuple[str, ...]:
        """Return the organisations that have a region on the watchlist, sorted.

        `removed` adds those that had one.
        """
        ...

    def settlements(
        self,
        organisation: str,
        *,
        bbox: Bounds | None = None,
        where: Filter | None = None,
        after: str | None = None,
        limit: int = 1000,
    ) -> Page[Settlement]:
        """Return the settlements that are not removed, by name, ties by id.

        `bbox` selects those whose core's bounds meet it, and `where` those that pass a filter.
        """
        ...

    def settlement(self, organisation: str, settlement_id: str) -> Settlement:
        """Return one settlement that is not removed; `NotFound` if there is none."""
        ...

    def settlement_labels(
        self, organisation: str, ids: Collection[str] | None = None
    ) -> Mapping[str, Label]:
        """Return the names and P-codes of settlements by id, those removed included.

        Of all settlements, or of those in `ids` that there are.
        """
        ...

    def runs(
        self,
        organisation: str,
        *,
        region: str | None = None,
        outcome: RunOutcome | None = None,
        newest: int | None = None,
    ) -> tuple[Run, ...]:
        """Return all runs, those of one region or outcome, or the `newest`; oldest first."""
        ...

    def run(self, organisation: str, run_id: str) -> Run:
        """Return one run; `NotFound` if there is none."""
        ...

    def waiting_runs(self) -> tuple[Run, ...]:
        """Return the runs of all organisations that wait for their turn, oldest first."""
        ...

    def done(self, key: JobKey) -> bool:
        """Tell whether a unit of work is committed."""
        ...

    def jobs_done(self, organisation: str, region: str, cell: str, detector: str) -> frozenset[str]:
        """Return the acquisitions whose work is committed for one place and detector."""
        ...

    def state(
        self, organisation: str, region: str, cell: str, detector: str
    ) -> StateVersion | None:
        """Return the current state version of one place and detector."""
        ...

    def state_versions(
        self, organisation: str, region: str, cell: str, detector: str
    ) -> tuple[StateVersion, ...]:
        """Return the kept state versions, newest first."""
        ...

    def detections(self, organisation: str, event_id: str) -> tuple[Detection, ...]:
        """Return the detections of one event, oldest look first."""
        ...

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
        """Return the ledger of one region, oldest look first.

        `settlement` selects the looks at one settlement; empty, those at the area as a whole.
        """
        ...

    def looks(self, organisation: str, acquisition: str) -> tuple[LedgerRow, ...]:
        """Return the ledger rows of one acquisition over all regions.

        By region, cell, detector and settlement.
        """
        ...

    def ledger_totals(
        self, organisation: str, region: str | None = None
    ) -> Mapping[str, Mapping[str, LedgerTotals]]:
        """Return the ledger summed up, by id of the region and then by detector.

        Of all regions, or of `region` alone; one without a look is left out. Detectors are in
        the order of their names, and never added up: a look of radar is none of light.
        """
        ...

    def settlement_totals(
        self, organisation: str, region: str
    ) -> Mapping[str, Mapping[str, LedgerTotals]]:
        """Return the ledger of a region by settlement and detector; the area's under ''."""
        ...

    def usable_looks(
        self, organisation: str, region: str, detector: str
    ) -> Mapping[str, tuple[datetime, ...]]:
        """Return when a detector saw each settlement of a region, by its id; the area's under ''.

        Sensing times of the usable looks, oldest first, each once; a place that was never seen
        is left out.
        """
        ...

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
        ...

    def close(self) -> None:
        """Let go of files and locks."""
        ...
