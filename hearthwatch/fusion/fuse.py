"""Putting sources to events: which event a new one tells of, and the versions that follow."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from detectors.fusion import TOLERANCE, apart, belongs
from hearthwatch.errors import NotFound
from hearthwatch.fusion.event import as_source, fused
from hearthwatch.records import Detection, Event, EventSource
from hearthwatch.store.protocol import Store, Transaction


class Fusion:
    """Puts sources to events; nothing is stored until `write`.

    Make it within the transaction that it writes to: what it reads then stands still.
    """

    def __init__(self, store: Store, organisation: str) -> None:
        self._store = store
        self._organisation = organisation
        self._sources: list[EventSource] = []
        self._events: list[Event] = []
        self._newest: dict[str, EventSource] = {}
        self._standing: dict[str, Event] = {}

    @property
    def changed(self) -> tuple[Event, ...]:
        """The events that came of what was put, each as it stands at last."""
        return tuple(self._standing.values())

    def put(self, told: Iterable[EventSource]) -> None:
        """Take in the next versions of sources, and say what becomes of their events.

        Of one event comes one version, however many of its sources are told of at once.
        """
        touched: dict[str, None] = {}
        for source in told:
            placed = self._placed(source)
            self._sources.append(placed)
            self._newest[placed.id] = placed
            touched[placed.event] = None
        for event in touched:
            self._fuse(event)

    def write(self, tx: Transaction) -> None:
        """Write all that came of it, every version."""
        for event in self._events:
            tx.put_event(event)
        for source in self._sources:
            tx.put_source(source)

    def of_events(self, detections: Sequence[Detection]) -> list[Detection]:
        """Return detections with the events that their sources tell of now."""
        return [
            dataclasses.replace(one, event=self._newest[one.source].event) for one in detections
        ]

    def _placed(self, source: EventSource) -> EventSource:
        """Return a source with its event: the one it has, one it belongs to, or a new one."""
        if source.id in self._newest:
            return dataclasses.replace(source, event=self._newest[source.id].event)
        if source.event:
            return source
        return dataclasses.replace(source, event=self._event_for(source) or source.id)

    def _event_for(self, source: EventSource) -> str | None:
        wanted = as_source(source)
        fitting = []
        for event, members in self._events_near(source).items():
            others = [as_source(one) for one in members]
            if belongs(wanted, others):
                first = min(one.first_changed for one in others)
                fitting.append((apart(wanted, others), first, event))
        return min(fitting)[2] if fitting else None

    def _events_near(self, source: EventSource) -> dict[str, list[EventSource]]:
        """Return the sources of every event that a new source may belong to, by event."""
        since = source.last_unharmed - TOLERANCE if source.last_unharmed else None
        stored = self._store.sources_in(
            self._organisation,
            source.region,
            bbox=source.geometry.bounds,
            since=since,
            until=source.first_changed + TOLERANCE,
        )
        drafted = (one.event for one in self._newest.values() if one.region == source.region)
        events = dict.fromkeys([*sorted(one.event for one in stored), *sorted(drafted)])
        return {event: self._members(event) for event in events}

    def _members(self, event: str) -> list[EventSource]:
        """Return all sources of an event, as they stand after what was put."""
        stored = self._store.sources(self._organisation, event)
        found = {one.id: one for one in stored if one.id not in self._newest}
        found |= {one.id: one for one in self._newest.values() if one.event == event}
        return [found[key] for key in sorted(found)]

    def _fuse(self, event: str) -> None:
        known = self._standing.get(event) or self._known(event)
        made = fused(event, self._members(event), known)
        self._standing[event] = made
        self._events.append(made)

    def _known(self, event: str) -> Event | None:
        try:
            return self._store.event(self._organisation, event)
        except NotFound:
            return None
