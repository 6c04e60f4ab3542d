"""What was typed, found in the store."""

from __future__ import annotations

from datetime import datetime

from hearthwatch.errors import NotFound
from hearthwatch.records import Event, EventFilter, EventState, Kind, Region
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_events

SHORTEST_ID = 4
MOST_LISTED = 5


def find_event(store: Store, organisation: str, beginning: str) -> Event:
    """Return the event whose id is, or alone begins with, what was typed.

    Raises
    ------
    NotFound
        If there is none or more than one.
    """
    if len(beginning) < SHORTEST_ID:
        raise NotFound(f"Give at least {SHORTEST_ID} characters of the event's id.")
    try:
        return store.event(organisation, beginning)
    except NotFound:
        found = [
            event
            for event in all_events(store, organisation, EventFilter())
            if event.id.startswith(beginning)
        ]
    if len(found) > 1:
        raise NotFound(f"{len(found)} events begin with {beginning}: give more of the id.")
    if not found:
        raise NotFound(f"There is no event {beginning}. `hearthwatch events list` names them all.")
    return found[0]


def find_region(store: Store, organisation: str, name_or_id: str) -> Region:
    """Return a region that is watched.

    Raises
    ------
    NotFound
        If there is none; the message names those there are.
    """
    try:
        return store.region(organisation, name_or_id)
    except NotFound as error:
        names = ", ".join(region.name for region in store.regions(organisation))
        known = f"Watched are: {names}." if names else "Nothing is watched yet."
        raise NotFound(f"{error.message} {known}") from error


def find_settlement(store: Store, organisation: str, name_or_id: str) -> str:
    """Return the id of a settlement, removed or not: what was said of it stays readable.

    Raises
    ------
    NotFound
        If there is none, or several bear the name.
    """
    if store.settlement_labels(organisation, [name_or_id]):
        return name_or_id
    labels = store.settlement_labels(organisation)
    found = sorted(key for key, one in labels.items() if one.name == name_or_id != "")
    if len(found) > 1:
        ids = ", ".join(found[:MOST_LISTED]) + (", …" if len(found) > MOST_LISTED else "")
        words = f"{len(found)} settlements are called {name_or_id}: name one by its id: {ids}."
        raise NotFound(words)
    if not found:
        words = f"There is no settlement {name_or_id}. `hearthwatch settlement list` names them."
        raise NotFound(words)
    return found[0]


def event_filter(
    region: str | None,
    settlement: str | None,
    kind: str | None,
    states: list[str],
    bbox: tuple[float, float, float, float] | None,
    since: datetime | None,
    until: datetime | None,
) -> EventFilter:
    """Return the store's filter for what was typed."""
    return EventFilter(
        region=region,
        settlement=settlement,
        kind=Kind(kind) if kind else None,
        states=tuple(EventState(state) for state in states),
        bbox=bbox,
        since=since,
        until=until,
    )
