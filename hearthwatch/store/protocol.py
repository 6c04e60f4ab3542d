"""The store's seam: narrow verbs, one transaction per commit, keyset paging."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, runtime_checkable

from hearthwatch.records import (
    Detection,
    Event,
    EventFilter,
    Job,
    JobKey,
    LedgerRow,
    Page,
    Region,
    Run,
    StateVersion,
)


class Transaction(Protocol):
    """Writes that become visible together or not at all."""

    def put_region(self, region: Region) -> None:
        """Add a region, or store a new version of it (a removal, say)."""
        ...

    def put_run(self, run: Run) -> None:
        """Add a run or replace its outcome."""
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

    def add_state(self, version: StateVersion, keep: int) -> tuple[StateVersion, ...]:
        """Make `version` current; return the versions that fall out of the last `keep`."""
        ...

    def finish_job(self, job: Job) -> None:
        """Record a unit of work as done; twice is refused (`StoreError`)."""
        ...


@runtime_checkable
class Store(Protocol):
    """All that the service remembers, always asked on behalf of one organisation.

    Usable from several threads; one process at a time may write (`StoreLocked`).
    """

    def transaction(self) -> AbstractContextManager[Transaction]:
        """Open a write transaction: commits on leaving, rolls back on any exception."""
        ...

    def regions(self, organisation: str, *, removed: bool = False) -> tuple[Region, ...]:
        """Return the regions on the watchlist, by name; with `removed`, those too."""
        ...

    def region(self, organisation: str, name_or_id: str) -> Region:
        """Return one region that is not removed; `NotFound` if there is none."""
        ...

    def runs(self, organisation: str) -> tuple[Run, ...]:
        """Return all runs, oldest first."""
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

    def event(self, organisation: str, event_id: str) -> Event:
        """Return the newest version of one event; `NotFound` if there is none."""
        ...

    def event_history(self, organisation: str, event_id: str) -> tuple[Event, ...]:
        """Return all versions of one event, oldest first."""
        ...

    def events(
        self, organisation: str, where: EventFilter, *, after: str | None = None, limit: int = 100
    ) -> Page[Event]:
        """Return events, newest `first_changed` first, ties by id.

        `bbox` selects events whose geometry's bounds meet it; `since` and `until` bound
        `first_changed`, both ends included.
        """
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
        after: str | None = None,
        limit: int = 1000,
    ) -> Page[LedgerRow]:
        """Return the ledger of one region, oldest look first."""
        ...

    def ledger_history(
        self, organisation: str, region: str, cell: str, acquisition: str, detector: str
    ) -> tuple[LedgerRow, ...]:
        """Return all that was ever written of one look, oldest first; the last one holds."""
        ...

    def close(self) -> None:
        """Let go of files and locks."""
        ...
