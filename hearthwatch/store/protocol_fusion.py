"""The part of the store's seam that is about sources of events and what people say of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from hearthwatch.records import Detection, EventSource, Opinion
from hearthwatch.store.extent import Bounds


class FusionWrites(Protocol):
    """Writes of a transaction about sources and opinions."""

    def put_source(self, source: EventSource) -> None:
        """Add a source or its next version; earlier versions stay readable.

        Raises
        ------
        StoreError
            If `source.version` is not one more than the stored version.
        """
        ...

    def add_opinions(self, opinions: Sequence[Opinion]) -> None:
        """Add what people said; one with a known id is refused (`StoreError`)."""
        ...


class FusionReads(Protocol):
    """Questions to the store about sources and opinions."""

    def source(self, organisation: str, source_id: str) -> EventSource:
        """Return the newest version of one source; `NotFound` if there is none."""
        ...

    def source_history(self, organisation: str, source_id: str) -> tuple[EventSource, ...]:
        """Return all versions of one source, oldest first; `NotFound` if there is none."""
        ...

    def sources(self, organisation: str, event_id: str) -> tuple[EventSource, ...]:
        """Return the sources that tell of an event now, by id."""
        ...

    def sources_in(
        self,
        organisation: str,
        region: str,
        *,
        bbox: Bounds | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[EventSource, ...]:
        """Return the sources of a region, by id.

        `bbox` selects those whose bounds meet it, `since` those that had changed then or later,
        `until` those whose interval began then or before.
        """
        ...

    def source_detections(self, organisation: str, source_id: str) -> tuple[Detection, ...]:
        """Return the detections of one source, oldest look first."""
        ...

    def opinions(self, organisation: str, event_id: str) -> tuple[Opinion, ...]:
        """Return what people said of an event, oldest first, in the order of its versions."""
        ...
