"""The part of the store's seam that is about imagery providers: money, lists and missed passes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from hearthwatch.records import (
    Gap,
    KnownScene,
    Mark,
    Page,
    Pause,
    Spend,
    SpendStatus,
    SpendTotals,
)


class ImageryWrites(Protocol):
    """Writes of a transaction about imagery providers."""

    def put_spend(self, spend: Spend) -> None:
        """Add what a read takes, or replace it as it goes on."""
        ...

    def put_pause(self, pause: Pause) -> None:
        """Add a time in which a provider is not asked, or replace it (to end it, say)."""
        ...

    def put_mark(self, mark: Mark) -> None:
        """Say how far a list of new products was read; takes the place of what was said before."""
        ...

    def put_scenes(self, scenes: Sequence[KnownScene]) -> None:
        """Add scenes that a provider lists or replace them; of one given twice the last holds."""
        ...

    def put_gap(self, gap: Gap) -> None:
        """Add a missed pass or replace it (to close it, say)."""
        ...

    def replace_expected(
        self,
        organisation: str,
        region: str,
        cell: str,
        detector: str,
        expected_acquisition: str,
    ) -> int:
        """Move the ledger rows of an expected pass to the ledger's history; return how many.

        For when the pass itself gets its rows: the ledger then has one row for each settlement
        and pass. What was said of the expected one stays readable by `Store.ledger_history`.
        """
        ...


class ImageryReads(Protocol):
    """Questions to the store about imagery providers."""

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
        """Return what reads took, last reserved first, ties by id.

        `since` and `until` bound `reserved`, both ends included.
        """
        ...

    def spent(
        self, organisation: str, provider: str, since: datetime, *, region: str | None = None
    ) -> SpendTotals:
        """Return what one provider's account has spent since a time, and what is reserved.

        A lost read counts at its estimate; one that is reserved counts whenever that was.
        Asked inside a transaction, it answers as of the transaction's beginning and holds until
        its end: no other writer comes in between.
        """
        ...

    def pauses(self, organisation: str, *, active: bool = False) -> tuple[Pause, ...]:
        """Return all pauses, or those that have not ended; oldest first, ties by provider."""
        ...

    def mark(self, organisation: str, region: str, provider: str, collection: str) -> Mark | None:
        """Return how far a list of new products was read; None if never."""
        ...

    def known_scenes(
        self, organisation: str, region: str, provider: str, *, gone: bool = False
    ) -> tuple[KnownScene, ...]:
        """Return the scenes listed over a region, by sensing time, ties by id and collection.

        With `gone`, also those that are listed no more.
        """
        ...

    def gaps(
        self, organisation: str, *, region: str | None = None, open_only: bool = False
    ) -> tuple[Gap, ...]:
        """Return the missed passes, oldest first, ties by id."""
        ...
