"""The part of the store's seam that searches what is usually asked of one event or region."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from hearthwatch.cql.tree import Filter
from hearthwatch.records import Detection, EventRow, LedgerRow, Page, Search
from hearthwatch.store.extent import Bounds


class SearchReads(Protocol):
    """Questions over all regions of an organisation."""

    def find_detections(
        self, organisation: str, where: Search, *, after: str | None = None, limit: int = 1000
    ) -> Page[Detection]:
        """Return detections, those of the newest look first, ties by id.

        `bbox` selects those whose bounds meet it.
        """
        ...

    def count_detections(self, organisation: str, where: Search, *, most: int) -> int | None:
        """Return how many `find_detections` would give; None if more than `most`, or too slow."""
        ...

    def find_looks(
        self, organisation: str, where: Search, *, after: str | None = None, limit: int = 1000
    ) -> Page[LedgerRow]:
        """Return rows of the ledger, by id of the region, then the oldest look first."""
        ...

    def count_looks(self, organisation: str, where: Search, *, most: int) -> int | None:
        """Return how many `find_looks` would give; None if more than `most`, or too slow."""
        ...

    def count_settlements(
        self, organisation: str, bbox: Bounds | None, where: Filter | None, *, most: int
    ) -> int | None:
        """Return how many `settlements` would give; None if more than `most`, or too slow."""
        ...

    def event_versions(
        self, organisation: str, wanted: Collection[tuple[str, int]]
    ) -> tuple[EventRow, ...]:
        """Return events as they were, by id and version; those that there are, in any order."""
        ...
