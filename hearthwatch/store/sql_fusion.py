"""What the SQL store keeps of sources and opinions; see `hearthwatch.store.protocol_fusion`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select

from hearthwatch.records import Detection, EventSource, Opinion
from hearthwatch.store import queries, rules, tables
from hearthwatch.store.codec import microseconds, to_row
from hearthwatch.store.extent import Bounds, Box
from hearthwatch.store.rules import IDENTITY
from hearthwatch.store.sql_erasing import SqlErasingWrites
from hearthwatch.store.sql_rows import SqlReader


class SqlFusionWrites(SqlErasingWrites):
    """Writes about sources and opinions."""

    def put_source(self, source: EventSource) -> None:
        """Add a source or its next version."""
        with self._step():
            if self._is_erased(source.organisation, source.id, source.event):
                return
            row = to_row(source)
            stored = self._find(tables.event_sources, row, IDENTITY[EventSource])
            rules.check_next_version(source, stored["version"] if stored else None)
            self._insert(tables.event_source_versions, row)
            box = Box(*source.geometry.bounds)
            self._write(tables.event_sources, row | box._asdict(), stored)

    def add_opinions(self, opinions: Sequence[Opinion]) -> None:
        """Add what people said; one with a known id is refused."""
        with self._step():
            for row in map(to_row, opinions):
                if self._find(tables.opinions, row, IDENTITY[Opinion]):
                    raise rules.said_already(row["id"])
                self._insert(tables.opinions, row)


class SqlFusionReads(SqlReader):
    """Questions about sources and opinions."""

    def source(self, organisation: str, source_id: str) -> EventSource:
        """Return the newest version of one source; `NotFound` if there is none."""
        c = tables.event_sources.c
        one = select(tables.event_sources).where(c.organisation == organisation, c.id == source_id)
        found = self._all(EventSource, one)
        if not found:
            raise rules.not_there("source", source_id)
        return found[0]

    def source_history(self, organisation: str, source_id: str) -> tuple[EventSource, ...]:
        """Return all versions of one source, oldest first; `NotFound` if there is none."""
        c = tables.event_source_versions.c
        mine = select(tables.event_source_versions).where(
            c.organisation == organisation, c.id == source_id
        )
        found = self._all(EventSource, mine.order_by(c.version))
        if not found:
            raise rules.not_there("source", source_id)
        return found

    def sources(self, organisation: str, event_id: str) -> tuple[EventSource, ...]:
        """Return the sources that tell of an event now, by id."""
        c = tables.event_sources.c
        mine = select(tables.event_sources).where(
            c.organisation == organisation, c.event == event_id
        )
        return self._all(EventSource, mine.order_by(c.id))

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
        c = tables.event_sources.c
        found = select(tables.event_sources).where(
            c.organisation == organisation, c.region == region
        )
        if bbox is not None:
            found = found.where(queries.meets(c, bbox))
        if since is not None:
            found = found.where(c.first_changed >= microseconds(since))
        if until is not None:
            begun = or_(c.last_unharmed.is_(None), c.last_unharmed <= microseconds(until))
            found = found.where(begun)
        return self._all(EventSource, found.order_by(c.id))

    def source_detections(self, organisation: str, source_id: str) -> tuple[Detection, ...]:
        """Return the detections of one source, oldest look first."""
        c = tables.detections.c
        mine = select(tables.detections).where(
            c.organisation == organisation, c.source == source_id
        )
        return self._all(Detection, mine.order_by(c.sensed, c.id))

    def opinions(self, organisation: str, event_id: str) -> tuple[Opinion, ...]:
        """Return what people said of an event, oldest first."""
        c = tables.opinions.c
        mine = select(tables.opinions).where(c.organisation == organisation, c.event == event_id)
        return self._all(Opinion, mine.order_by(c.version, c.id))
