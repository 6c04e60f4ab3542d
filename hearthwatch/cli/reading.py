"""Whole answers from the store, which gives them in pages."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from hearthwatch.errors import NotFound
from hearthwatch.records import Event, EventFilter, EventState, Kind, LedgerRow, Region
from hearthwatch.store.protocol import Store

PAGE = 1000
SHORTEST_ID = 4


def all_events(store: Store, organisation: str, where: EventFilter) -> Iterator[Event]:
    """Yield every event that meets `where`, newest change first."""
    after = None
    while True:
        page = store.events(organisation, where, after=after, limit=PAGE)
        yield from page.items
        after = page.next
        if after is None:
            return


def all_looks(
    store: Store,
    region: Region,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[LedgerRow]:
    """Yield the ledger of one region, oldest look first."""
    after = None
    while True:
        page = store.ledger(
            region.organisation, region.id, since=since, until=until, after=after, limit=PAGE
        )
        yield from page.items
        after = page.next
        if after is None:
            return


def region_names(store: Store, organisation: str) -> dict[str, str]:
    """Return the names of all regions by id, those removed included."""
    return {region.id: region.name for region in store.regions(organisation, removed=True)}


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


def event_filter(
    region: str | None,
    kind: str | None,
    states: list[str],
    bbox: tuple[float, float, float, float] | None,
    since: datetime | None,
    until: datetime | None,
) -> EventFilter:
    """Return the store's filter for what was typed."""
    return EventFilter(
        region=region,
        kind=Kind(kind) if kind else None,
        states=tuple(EventState(state) for state in states),
        bbox=bbox,
        since=since,
        until=until,
    )
