"""What the store in memory keeps of sources and opinions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

from hearthwatch.records import Detection, EventSource, Opinion
from hearthwatch.store import rules
from hearthwatch.store.codec import to_row
from hearthwatch.store.extent import Bounds, Box, boxes
from hearthwatch.store.memory_erasing import MemoryErasingWrites
from hearthwatch.store.memory_tables import MemoryReader, key_of


class MemoryFusionWrites(MemoryErasingWrites):
    """Writes about sources and opinions."""

    def put_source(self, source: EventSource) -> None:
        """Add a source or its next version."""
        with self._turn.step():
            if self._is_erased(source.organisation, source.id, source.event):
                return
            row = to_row(source)
            stored = self._draft.by_record[EventSource].get(key_of(EventSource, row))
            rules.check_next_version(source, stored[-1]["version"] if stored else None)
            self._append(EventSource, row)

    def add_opinions(self, opinions: Sequence[Opinion]) -> None:
        """Add what people said; one with a known id is refused."""
        with self._turn.step():
            for row in map(to_row, opinions):
                if key_of(Opinion, row) in self._draft.by_record[Opinion]:
                    raise rules.said_already(row["id"])
                self._append(Opinion, row)


class MemoryFusionReads(MemoryReader):
    """Questions about sources and opinions."""

    def source(self, organisation: str, source_id: str) -> EventSource:
        """Return the newest version of one source; `NotFound` if there is none."""
        return self.source_history(organisation, source_id)[-1]

    def source_history(self, organisation: str, source_id: str) -> tuple[EventSource, ...]:
        """Return all versions of one source, oldest first; `NotFound` if there is none."""
        found = self._open().history(EventSource, (organisation, source_id))
        if not found:
            raise rules.not_there("source", source_id)
        return found

    def sources(self, organisation: str, event_id: str) -> tuple[EventSource, ...]:
        """Return the sources that tell of an event now, by id."""
        every = self._open().all(EventSource, organisation)
        return tuple(sorted((s for s in every if s.event == event_id), key=attrgetter("id")))

    def sources_in(
        self,
        organisation: str,
        region: str,
        *,
        bbox: Bounds | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[EventSource, ...]:
        """Return the sources of a region, by id."""
        windows = None if bbox is None else boxes(bbox)
        found = [
            one
            for one in self._open().all(EventSource, organisation)
            if one.region == region
            and (since is None or one.first_changed >= since)
            and (until is None or one.last_unharmed is None or one.last_unharmed <= until)
            and (windows is None or any(Box(*one.geometry.bounds).meets(w) for w in windows))
        ]
        return tuple(sorted(found, key=attrgetter("id")))

    def source_detections(self, organisation: str, source_id: str) -> tuple[Detection, ...]:
        """Return the detections of one source, oldest look first."""
        every = self._open().all(Detection, organisation)
        mine = (one for one in every if one.source == source_id)
        return tuple(sorted(mine, key=attrgetter("sensed", "id")))

    def opinions(self, organisation: str, event_id: str) -> tuple[Opinion, ...]:
        """Return what people said of an event, oldest first."""
        mine = (one for one in self._open().all(Opinion, organisation) if one.event == event_id)
        return tuple(sorted(mine, key=attrgetter("version", "id")))
