"""Sources put to events in a store in memory."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from detectors.types import DetectorState as State
from hearthwatch.fusion.fuse import Fusion
from hearthwatch.fusion.people import Saying
from hearthwatch.records import Event, EventSource
from hearthwatch.store import MemoryStore, Store
from tests.contract import store_records as a


def optical(**changes: Any) -> EventSource:
    """Return a source of `burned`, put to no event yet."""
    plain = {
        "id": "s-optical", "event": "", "detector": "burned", "settlement": "set-1",
        "detector_state": State.PROBABLE.value, "reached": State.PROBABLE.value,
        "evidence": {"log_likelihood_ratio": 9.0}, "observed": "It came to look burned.",
    }  # fmt: skip
    return a.source(**(plain | changes))


def radar(**changes: Any) -> EventSource:
    """Return a source of a radar's detector."""
    plain = {
        "id": "s-radar", "detector": "radar", "sensors": ("sentinel-1",), "groups": ("radar",),
        "evidence": {"log_likelihood_ratio": 4.0}, "observed": "Its power fell.", "doubts": (),
    }  # fmt: skip
    return optical(**(plain | changes))


def store_with_region() -> Store:
    """Return a store in which sources can be put."""
    return a.with_region(MemoryStore())


def put(store: Store, *sources: EventSource) -> tuple[Event, ...]:
    """Put sources to events and store all that comes of it."""
    with store.transaction() as tx:
        fusion = Fusion(store, "ours")
        fusion.put(sources)
        fusion.write(tx)
    return fusion.changed


def by(who: str = "anna", when: datetime = a.NOON, **words: str) -> Saying:
    """Return who says something."""
    return Saying(who, when, **words)
