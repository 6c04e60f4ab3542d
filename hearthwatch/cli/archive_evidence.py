"""Which masters something found rests on: those may never be removed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from hearthwatch.records import Event, EventFilter
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_events, all_looks


def rested_on(store: Store, organisation: str) -> frozenset[str]:
    """Return the SHA-256 of every master that an organisation's events and detections rest on.

    Besides the masters that a detection names these are those of every earlier look of the event's
    region at its cell: what was unharmed and what was learned comes from them, and without them
    nobody could compute the finding again.
    """
    return frozenset(_of_organisation(store, organisation))


def _of_organisation(store: Store, organisation: str) -> Iterator[str]:
    last: dict[tuple[str, str], datetime] = {}
    for event in all_events(store, organisation, EventFilter()):
        place = event.region, event.cell
        last[place] = max(event.last_detected, last.get(place, event.last_detected))
        yield from _named(store, event)
    # A region that was removed keeps its ledger.
    for region in store.regions(organisation, removed=True):
        until = {cell: moment for (watch, cell), moment in last.items() if watch == region.id}
        rows = all_looks(store, region, until=max(until.values())) if until else ()
        for row in rows:
            if row.cell in until and row.sensed <= until[row.cell]:
                yield from _masters(row.detail)


def _named(store: Store, event: Event) -> Iterator[str]:
    for version in store.event_history(event.organisation, event.id):
        yield from _masters(version.evidence)
    for detection in store.detections(event.organisation, event.id):
        yield from _masters(detection.evidence)


def _masters(value: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(value.get("masters", ()))
