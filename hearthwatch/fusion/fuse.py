"""Putting sources to events: which event a new one tells of, and the versions that follow."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from datetime import datetime

from detectors.fusion import TOLERANCE, apart, belongs
from detectors.fusion_pieces import METRES_PER_DEGREE, REACH_M, continues, may_be_one
from hearthwatch.alerting.outbox import enqueue
from hearthwatch.errors import NotFound
from hearthwatch.fusion.event import absorbed, as_source, fused, is_said
from hearthwatch.records import Detection, Event, EventSource
from hearthwatch.store.extent import Bounds
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
        self._into: dict[str, str] = {}

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
            self._draft(placed)
            touched[placed.event] = None
            touched |= dict.fromkeys(self._joined(placed))
        for event in touched:
            self._fuse(event)

    def write(self, tx: Transaction) -> None:
        """Write all that came of it, every version, and the alerts that it gives rise to."""
        for event in self._events:
            tx.put_event(event)
        for source in self._sources:
            tx.put_source(source)
        enqueue(self._store, tx, self._organisation, self.changed)

    def of_events(self, detections: Sequence[Detection]) -> list[Detection]:
        """Return detections with the events that their sources tell of now."""
        return [
            dataclasses.replace(one, event=self._newest[one.source].event) for one in detections
        ]

    def _placed(self, source: EventSource) -> EventSource:
        """Return a source with its event: the one it has, one it belongs to, or a new one."""
        newest = self._newest.get(source.id)
        if newest is not None:
            # One that was moved meanwhile has a version more than its looks gave it.
            version = max(source.version, newest.version + 1)
            return dataclasses.replace(source, event=newest.event, version=version)
        if source.event:
            return source
        event = self._event_for(source) or self._event_beside(source) or source.id
        return dataclasses.replace(source, event=event)

    def _event_for(self, source: EventSource) -> str | None:
        wanted = as_source(source)
        fitting = []
        for event, members in self._events_near(source).items():
            others = [as_source(one) for one in members]
            if belongs(wanted, others):
                first = min(one.first_changed for one in others)
                fitting.append((apart(wanted, others), first, event))
        return min(fitting)[2] if fitting else None

    def _event_beside(self, source: EventSource) -> str | None:
        """Return the event that a new source is another piece of."""
        members = {event: self._members(event) for event in self._events_beside(source)}
        wanted = [as_source(source)]
        fitting = [
            event
            for event, others in members.items()
            if may_be_one(wanted, list(map(as_source, others)))
        ]
        return min(fitting, key=lambda event: self._rank(event, members[event]), default=None)

    def _events_near(self, source: EventSource) -> dict[str, list[EventSource]]:
        """Return the sources of every event that a new source may belong to, by event."""
        stored = self._stored_near(source, source.geometry.bounds)
        drafted = (one.event for one in self._newest.values() if one.region == source.region)
        events = dict.fromkeys([*sorted(one.event for one in stored), *sorted(drafted)])
        return {event: self._members(event) for event in events}

    def _stored_near(self, source: EventSource, bbox: Bounds) -> tuple[EventSource, ...]:
        """Return the stored sources of a region in a box, about the time of a source."""
        since = source.last_unharmed - TOLERANCE if source.last_unharmed else None
        return self._store.sources_in(
            self._organisation,
            source.region,
            bbox=bbox,
            since=since,
            until=source.first_changed + TOLERANCE,
        )

    def _joined(self, source: EventSource) -> list[str]:
        """Make one of the events that a source shows to be pieces of one change; return them.

        An event that people did something with is not given up, nor are two of them made one.
        """
        joined: list[str] = []
        for event in self._events_beside(source):
            own = self._newest[source.id].event
            mine, theirs = self._members(own), self._members(event)
            told = sorted([(own, mine), (event, theirs)], key=lambda one: self._rank(*one))
            (kept, _), (given, moved) = told
            both = list(map(as_source, mine)), list(map(as_source, theirs))
            if self._is_peoples(given) or not may_be_one(*both):
                continue
            for one in moved:
                self._draft(dataclasses.replace(one, event=kept, version=one.version + 1))
            self._into[given] = kept
            joined += [kept, given]
        return joined

    def _events_beside(self, source: EventSource) -> list[str]:
        """Return the other events that have a piece beside a source, over a border of the grid."""
        if source.settlement:
            return []
        wanted = as_source(source)
        near = self._stored_near(source, _reach(source.geometry.bounds))
        newest = {one.id: one for one in near} | self._newest
        beside = {
            one.event
            for one in newest.values()
            if one.region == source.region and continues(wanted, as_source(one))
        }
        return sorted(beside - {source.event})

    def _rank(self, event: str, members: Sequence[EventSource]) -> tuple[bool, datetime, str]:
        """Return what says which of two events stays: people's, then the one told of first."""
        first = min(one.first_detected for one in members)
        return not self._is_peoples(event), first, event

    def _is_peoples(self, event: str) -> bool:
        """Tell whether people said anything of an event, or did anything with it."""
        known = self._standing.get(event) or self._known(event)
        if known is None:
            return False
        return is_said(known) or bool(self._store.opinions(self._organisation, event))

    def _members(self, event: str) -> list[EventSource]:
        """Return all sources of an event, as they stand after what was put."""
        stored = self._store.sources(self._organisation, event)
        found = {one.id: one for one in stored if one.id not in self._newest}
        found |= {one.id: one for one in self._newest.values() if one.event == event}
        return [found[key] for key in sorted(found)]

    def _fuse(self, event: str) -> None:
        known = self._standing.get(event) or self._known(event)
        members = self._members(event)
        if members:
            made = fused(event, members, known)
        elif known is not None:
            made = absorbed(known, self._into[event])
        else:
            # It was made and given up at once: nobody was told of it.
            return
        self._standing[event] = made
        self._events.append(made)

    def _draft(self, source: EventSource) -> None:
        """Take a version of a source as the newest."""
        self._sources.append(source)
        self._newest[source.id] = source

    def _known(self, event: str) -> Event | None:
        try:
            return self._store.event(self._organisation, event)
        except NotFound:
            return None


def _reach(bounds: Bounds) -> Bounds:
    """Return a box in CRS84 with all that is near enough to be a piece of what it holds."""
    west, south, east, north = bounds
    up = REACH_M / METRES_PER_DEGREE
    along = up / max(math.cos(math.radians(max(abs(south), abs(north)))), 0.01)
    return west - along, south - up, east + along, north + up
