"""What the SQL store keeps about imagery providers; see `hearthwatch.store.protocol_imagery`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

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
from hearthwatch.store import queries_imagery as queries
from hearthwatch.store import tables
from hearthwatch.store.codec import columns, from_row, to_row
from hearthwatch.store.cursor import spend_paging, spend_position
from hearthwatch.store.faults import translated
from hearthwatch.store.rules import IDENTITY
from hearthwatch.store.sql_rows import SqlReader, SqlWriter, same


class SqlImageryWrites(SqlWriter):
    """Writes about imagery providers."""

    def put_spend(self, spend: Spend) -> None:
        """Add what a read takes, or replace it as it goes on."""
        with self._step():
            self._put(tables.spends, to_row(spend), IDENTITY[Spend])

    def put_pause(self, pause: Pause) -> None:
        """Add a time in which a provider is not asked, or replace it."""
        with self._step():
            self._put(tables.pauses, to_row(pause), IDENTITY[Pause])

    def put_mark(self, mark: Mark) -> None:
        """Say how far a list of new products was read."""
        with self._step():
            self._put(tables.marks, to_row(mark), IDENTITY[Mark])

    def put_scenes(self, scenes: Sequence[KnownScene]) -> None:
        """Add scenes that a provider lists or replace them."""
        with self._step():
            for row in map(to_row, scenes):
                self._put(tables.known_scenes, row, IDENTITY[KnownScene])

    def put_gap(self, gap: Gap) -> None:
        """Add a missed pass or replace it."""
        with self._step():
            self._put(tables.gaps, to_row(gap), IDENTITY[Gap])

    def replace_expected(
        self,
        organisation: str,
        region: str,
        cell: str,
        detector: str,
        expected_acquisition: str,
    ) -> int:
        """Move the ledger rows of an expected pass to the ledger's history; return how many."""
        with self._step():
            look = {
                "organisation": organisation,
                "region": region,
                "cell": cell,
                "acquisition": expected_acquisition,
                "detector": detector,
            }
            expected = same(tables.ledger, look, tuple(look))
            rows = select(tables.ledger).where(expected).order_by(tables.ledger.c.number)
            found = self._connection.execute(rows).mappings().all()
            for row in found:
                kept = {column.name: row[column.name] for column in columns(LedgerRow)}
                self._insert(tables.ledger_history, kept)
            self._connection.execute(delete(tables.ledger).where(expected))
            return len(found)


class SqlImageryReads(SqlReader):
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
        start = paging.start(after)
        statement = queries.spends(organisation, region, since, until, status, start)
        found = self._all(Spend, statement.limit(limit + 1))
        return paging.page(found, spend_position)

    def spent(
        self, organisation: str, provider: str, since: datetime, *, region: str | None = None
    ) -> SpendTotals:
        """Return what one provider's account has spent since a time, and what is reserved."""
        over = queries.spent(organisation, provider, since, region)
        held = queries.reserved(organisation, provider, region)
        with self._connect(self._reader) as connection, translated():
            sums = {
                **connection.execute(over).mappings().one(),
                **connection.execute(held).mappings().one(),
            }
        return from_row(SpendTotals, sums)

    def pauses(self, organisation: str, *, active: bool = False) -> tuple[Pause, ...]:
        """Return all pauses, or those that have not ended; oldest first, ties by provider."""
        return self._all(Pause, queries.pauses(organisation, active=active))

    def mark(self, organisation: str, region: str, provider: str, collection: str) -> Mark | None:
        """Return how far a list of new products was read; None if never."""
        found = self._all(Mark, queries.mark(organisation, region, provider, collection))
        return found[0] if found else None

    def known_scenes(
        self, organisation: str, region: str, provider: str, *, gone: bool = False
    ) -> tuple[KnownScene, ...]:
        """Return the scenes listed over a region, by sensing time, ties by id and collection."""
        statement = queries.known_scenes(organisation, region, provider, gone=gone)
        return self._all(KnownScene, statement)

    def gaps(
        self, organisation: str, *, region: str | None = None, open_only: bool = False
    ) -> tuple[Gap, ...]:
        """Return the missed passes, oldest first, ties by id."""
        return self._all(Gap, queries.gaps(organisation, region, open_only=open_only))
