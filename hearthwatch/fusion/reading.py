"""What the store holds of one event, with all that its sources bring."""

from __future__ import annotations

from hearthwatch.records import Detection, Event
from hearthwatch.store.protocol import Store


def detections_of(store: Store, event: Event) -> tuple[Detection, ...]:
    """Return the detections of the sources that tell of an event now, oldest look first.

    Of an event that has no source, as one merged into another, those told of it while it had.
    """
    sources = store.sources(event.organisation, event.id)
    if not sources:
        return store.detections(event.organisation, event.id)
    found = [
        one for source in sources for one in store.source_detections(event.organisation, source.id)
    ]
    return tuple(sorted(found, key=lambda one: (one.sensed, one.id)))
