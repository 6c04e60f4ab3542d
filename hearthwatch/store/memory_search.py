"""Searches over all regions in the store in memory."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from shapely.geometry.base import BaseGeometry

from hearthwatch.cql.asking import meets
from hearthwatch.cql.tree import Filter
from hearthwatch.records import Detection, Event, EventRow, LedgerRow, Page, Search, Settlement
from hearthwatch.store import rules
from hearthwatch.store.cursor import (
    detection_paging,
    detection_position,
    look_paging,
    look_position,
)
from hearthwatch.store.extent import Bounds, Box, boxes
from hearthwatch.store.memory_tables import MemoryReader, between, newest_first, ranked
from hearthwatch.store.protocol_events import row_of


class MemorySearchReads(MemoryReader):
    """Questions over all regions of an organisation."""

    def find_detections(
        self, organisation: str, where: Search, *, after: str | None = None, limit: int = 1000
    ) -> Page[Detection]:
        """Return detections, those of the newest look first, ties by id."""
        paging = detection_paging(organisation, where, limit)
        found = self._detections(organisation, where)
        in_order = ranked(found, detection_position, paging.start(after), newest_first)
        return paging.page(in_order[: limit + 1], detection_position)

    def count_detections(self, organisation: str, where: Search, *, most: int) -> int | None:
        """Return how many `find_detections` would give in all; None if more than `most`."""
        return _up_to(most, self._detections(organisation, where))

    def find_looks(
        self, organisation: str, where: Search, *, after: str | None = None, limit: int = 1000
    ) -> Page[LedgerRow]:
        """Return rows of the ledger, by id of the region, then the oldest look first."""
        paging = look_paging(organisation, where, limit)
        in_order = ranked(self._looks(organisation, where), look_position, paging.start(after))
        return paging.page(in_order[: limit + 1], look_position)

    def count_looks(self, organisation: str, where: Search, *, most: int) -> int | None:
        """Return how many `find_looks` would give in all; None if more than `most`."""
        return _up_to(most, self._looks(organisation, where))

    def count_settlements(
        self, organisation: str, bbox: Bounds | None, where: Filter | None, *, most: int
    ) -> int | None:
        """Return how many `settlements` would give in all; None if more than `most`."""
        return _up_to(most, self._settlements(organisation, bbox, where))

    def event_versions(
        self, organisation: str, wanted: Collection[tuple[str, int]]
    ) -> tuple[EventRow, ...]:
        """Return events as they were, by id and version; those that there are."""
        asked = set(wanted)
        return tuple(
            row_of(event)
            for its_id in {one for one, _ in asked}
            for event in self._open().history(Event, (organisation, its_id))
            if (its_id, event.version) in asked
        )

    def _detections(self, organisation: str, where: Search) -> list[Detection]:
        windows = None if where.bbox is None else boxes(where.bbox)
        return [
            one
            for one in self._open().all(Detection, organisation)
            if between(one.sensed, where.since, where.until)
            and in_any(one.geometry, windows)
            and passes(where.filter, one)
        ]

    def _looks(self, organisation: str, where: Search) -> list[LedgerRow]:
        return [
            row
            for row in self._open().all(LedgerRow, organisation)
            if between(row.sensed, where.since, where.until) and passes(where.filter, row)
        ]

    def _settlements(
        self, organisation: str, bbox: Bounds | None, where: Filter | None
    ) -> list[Settlement]:
        windows = None if bbox is None else boxes(bbox)
        return [
            one
            for one in self._open().all(Settlement, organisation)
            if one.removed is None and in_any(one.geometry, windows) and passes(where, one)
        ]


def passes(where: Filter | None, record: Any) -> bool:
    """Tell whether a record passes a filter, if there is one."""
    return where is None or meets(where.root, record)


def in_any(geometry: BaseGeometry, windows: tuple[Box, ...] | None) -> bool:
    """Tell whether the bounds of a geometry meet one of some boxes, if there are any."""
    box = Box(*geometry.bounds)
    return windows is None or any(box.meets(window) for window in windows)


def _up_to(most: int, found: Collection[Any]) -> int | None:
    rules.check_most(most)
    return len(found) if len(found) <= most else None
