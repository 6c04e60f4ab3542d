"""Questions about events in the store in memory."""

from __future__ import annotations

from hearthwatch.records import Event, EventFilter, EventRow, Page
from hearthwatch.store import rules
from hearthwatch.store.codec import to_row
from hearthwatch.store.cursor import event_paging, event_position
from hearthwatch.store.extent import Box, boxes
from hearthwatch.store.memory_search import in_any, passes
from hearthwatch.store.memory_tables import MemoryReader, between, newest_first, ranked
from hearthwatch.store.protocol_events import Outline, row_of


class MemoryEventReads(MemoryReader):
    """Questions about events."""

    def event(self, organisation: str, event_id: str) -> Event:
        """Return the newest version of one event; `NotFound` if there is none."""
        return self.event_history(organisation, event_id)[-1]

    def event_history(self, organisation: str, event_id: str) -> tuple[Event, ...]:
        """Return all versions of one event, oldest first."""
        versions = self._open().history(Event, (organisation, event_id))
        if not versions:
            raise rules.not_there("event", event_id)
        return versions

    def events(
        self, organisation: str, where: EventFilter, *, after: str | None = None, limit: int = 100
    ) -> Page[Event]:
        """Return events, newest `first_changed` first, ties by id."""
        paging = event_paging(organisation, where, limit)
        found = self._events(organisation, where)
        in_order = ranked(found, event_position, paging.start(after), newest_first)
        return paging.page(in_order[: limit + 1], event_position)

    def event_rows(
        self, organisation: str, where: EventFilter, *, after: str | None = None, limit: int = 100
    ) -> Page[EventRow]:
        """Return what `events` gives, in plain values."""
        page = self.events(organisation, where, after=after, limit=limit)
        return Page(tuple(map(row_of, page.items)), page.next)

    def count_events(self, organisation: str, where: EventFilter, *, most: int) -> int | None:
        """Return how many events `events` would give in all; None if more than `most`."""
        rules.check_most(most)
        found = len(self._events(organisation, where))
        return found if found <= most else None

    def outlines(
        self, organisation: str, where: EventFilter, *, limit: int, finest: float = 0.0
    ) -> tuple[Outline, ...]:
        """Return the first `limit` of what `events` would give, with only what a map draws."""
        found = self.events(organisation, where, limit=limit).items
        told = Outline._fields[: -len(Box._fields)]
        return tuple(
            Outline._make((*map(to_row(one).__getitem__, told), *one.geometry.bounds))
            for one in found
        )

    def foresee(self) -> None:
        """Do nothing: here all questions are answered one way."""

    def _events(self, organisation: str, where: EventFilter) -> list[Event]:
        windows = None if where.bbox is None else boxes(where.bbox)
        return [
            event
            for event in self._open().all(Event, organisation)
            if _bears(event, where)
            and between(event.first_changed, where.since, where.until)
            and in_any(event.geometry, windows)
            and passes(where.filter, event)
        ]


def _bears(event: Event, where: EventFilter) -> bool:
    return (
        (where.region is None or event.region == where.region)
        and (where.settlement is None or event.settlement == where.settlement)
        and (where.kind is None or event.kind is where.kind)
        and (not where.states or event.state in where.states)
    )
