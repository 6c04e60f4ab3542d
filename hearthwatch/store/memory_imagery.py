"""What the store in memory keeps about imagery providers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

from hearthwatch.records import (
    Gap,
    KnownScene,
    LedgerRow,
    Mark,
    Page,
    Pause,
    Spend,
    SpendStatus,
    SpendTotals,
)
from hearthwatch.store.codec import microseconds, to_row
from hearthwatch.store.cursor import spend_paging, spend_position
from hearthwatch.store.memory_tables import (
    MemoryReader,
    MemoryWriter,
    between,
    newest_first,
    ranked,
)


class MemoryImageryWrites(MemoryWriter):
    """Writes about imagery providers."""

    def put_spend(self, spend: Spend) -> None:
        """Add what a read takes, or replace it as it goes on."""
        with self._turn.step():
            self._replace(Spend, to_row(spend))

    def put_pause(self, pause: Pause) -> None:
        """Add a time in which a provider is not asked, or replace it."""
        with self._turn.step():
            self._replace(Pause, to_row(pause))

    def put_mark(self, mark: Mark) -> None:
        """Say how far a list of new products was read."""
        with self._turn.step():
            self._replace(Mark, to_row(mark))

    def put_scenes(self, scenes: Sequence[KnownScene]) -> None:
        """Add scenes that a provider lists or replace them."""
        with self._turn.step():
            for row in map(to_row, scenes):
                self._replace(KnownScene, row)

    def put_gap(self, gap: Gap) -> None:
        """Add a missed pass or replace it."""
        with self._turn.step():
            self._replace(Gap, to_row(gap))

    def replace_expected(
        self,
        organisation: str,
        region: str,
        cell: str,
        detector: str,
        expected_acquisition: str,
    ) -> int:
        """Move the ledger rows of an expected pass to the ledger's history; return how many."""
        with self._turn.step():
            look = (organisation, region, cell, expected_acquisition, detector)
            found = [key for key in self._draft.by_record[LedgerRow] if key[:-1] == look]
            for key in found:
                self._draft.take_back(key)
            return len(found)


class MemoryImageryReads(MemoryReader):
    """Questions about imagery providers."""

    def spends(
        self,
        organisation: str,
        *,
        region: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        status: SpendStatus | None = None,
        after: str | None = None,
        limit: int = 1000,
    ) -> Page[Spend]:
        """Return what reads took, last reserved first, ties by id."""
        paging = spend_paging(organisation, limit, region, since, until, status)
        found = [
            spend
            for spend in self._open().all(Spend, organisation)
            if region in (None, spend.region)
            and status in (None, spend.status)
            and between(spend.reserved, since, until)
        ]
        in_order = ranked(found, spend_position, paging.start(after), newest_first)
        return paging.page(in_order[: limit + 1], spend_position)

    def spent(
        self, organisation: str, provider: str, since: datetime, *, region: str | None = None
    ) -> SpendTotals:
        """Return what one provider's account has spent since a time, and what is reserved."""
        microseconds(since)
        mine = [
            spend
            for spend in self._open().all(Spend, organisation)
            if spend.provider == provider and region in (None, spend.region)
        ]
        held = [spend for spend in mine if spend.settled is None]
        over = [spend for spend in mine if spend.settled is not None and spend.settled >= since]
        settled = [spend for spend in over if spend.status is SpendStatus.SETTLED]
        lost = [spend for spend in over if spend.status is SpendStatus.LOST]
        return SpendTotals(
            units=sum(s.units for s in settled) + sum(s.estimated_units for s in lost),
            requests=sum(s.requests for s in settled) + sum(s.estimated_requests for s in lost),
            reserved_units=sum(s.estimated_units for s in held),
            reserved_requests=sum(s.estimated_requests for s in held),
        )

    def pauses(self, organisation: str, *, active: bool = False) -> tuple[Pause, ...]:
        """Return all pauses, or those that have not ended; oldest first, ties by provider."""
        found = self._open().all(Pause, organisation)
        wanted = [pause for pause in found if not active or pause.ended is None]
        return tuple(sorted(wanted, key=attrgetter("since", "provider")))

    def mark(self, organisation: str, region: str, provider: str, collection: str) -> Mark | None:
        """Return how far a list of new products was read; None if never."""
        found = self._open().history(Mark, (organisation, region, provider, collection))
        return found[0] if found else None

    def known_scenes(
        self, organisation: str, region: str, provider: str, *, gone: bool = False
    ) -> tuple[KnownScene, ...]:
        """Return the scenes listed over a region, by sensing time, ties by id and collection."""
        found = self._open().all(KnownScene, organisation)
        wanted = [
            scene
            for scene in found
            if (scene.region, scene.provider) == (region, provider) and (gone or scene.gone is None)
        ]
        return tuple(sorted(wanted, key=attrgetter("sensed", "id", "collection")))

    def gaps(
        self, organisation: str, *, region: str | None = None, open_only: bool = False
    ) -> tuple[Gap, ...]:
        """Return the missed passes, oldest first, ties by id."""
        wanted = [
            gap
            for gap in self._open().all(Gap, organisation)
            if region in (None, gap.region) and not (open_only and gap.closed)
        ]
        return tuple(sorted(wanted, key=attrgetter("expected", "id")))
