"""What the store knows of one settlement about one day; and every look that a rule held back."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from hearthwatch.errors import NotFound
from hearthwatch.records import (
    Event,
    EventFilter,
    Gap,
    Kind,
    Label,
    LedgerRow,
    Mode,
    Pause,
    Region,
)
from hearthwatch.store.cursor import ledger_position
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_events, all_looks
from hearthwatch.why.lives import Life, lives_of
from hearthwatch.why.look import told_of
from hearthwatch.why.why import Around, Why, bears_on

OF_SETTLEMENTS = (Kind.BURNED, Kind.RAZED, Kind.CAMP_CHANGE, Kind.ABANDONMENT)
FIRST_SLICE = timedelta(days=30)
LONGEST_SLICE = timedelta(days=1000)


def ask(
    store: Store, organisation: str, settlement: str, around: Around, event: Event | None = None
) -> Why:
    """Gather all that bears on why there was, or was not, an alert at a settlement.

    Parameters
    ----------
    settlement : str
        Its id.
    event : Event or None
        One of which the life is told in any case.
    """
    regions = store.regions(organisation, removed=True)
    rows = sorted(
        (row for region in regions for row in all_looks(store, region, settlement=settlement)),
        key=ledger_position,
    )
    known = all_events(store, organisation, EventFilter(settlement=settlement))
    events = sorted(
        (one for one in known if bears_on(one, around)), key=lambda one: one.first_changed
    )
    followed = {row.region for row in rows}
    return Why(
        settlement=settlement,
        label=store.settlement_labels(organisation, [settlement]).get(settlement, Label()),
        mode=rows[-1].mode if rows else Mode.ACTUAL,
        around=around,
        looks=tuple(_about_each(rows, around)),
        events=tuple(events),
        missing=tuple(_missing(store, organisation, followed, rows, around)),
        pauses=tuple(_pauses(store, organisation, around)),
        first=rows[0].sensed if rows else None,
        last=rows[-1].sensed if rows else None,
        watching=tuple(_watching(store, organisation, regions, settlement)),
        regions={one.id: one.name for one in regions if one.id in followed},
        lives=_lives(store, events, event),
    )


def ask_event(store: Store, event: Event, around: Around) -> Why:
    """Gather the same of the settlement or the ground that an event is about, and its life."""
    if event.settlement:
        return ask(store, event.organisation, event.settlement, around, event)
    known = store.regions(event.organisation, removed=True)
    region = next(one for one in known if one.id == event.region)
    return ask_area(store, region, around, event)


def ask_area(store: Store, region: Region, around: Around, event: Event | None = None) -> Why:
    """Gather the same of a region that is watched as an area, without its settlements."""
    rows = sorted(
        (row for row in all_looks(store, region) if not row.settlement), key=ledger_position
    )
    known = all_events(store, region.organisation, EventFilter(region=region.id, settlement=""))
    events = sorted(
        (one for one in known if bears_on(one, around)), key=lambda one: one.first_changed
    )
    return Why(
        settlement="",
        label=Label(region.name),
        mode=region.mode,
        around=around,
        looks=tuple(_about_each(rows, around)),
        events=tuple(events),
        missing=tuple(_missing(store, region.organisation, [region.id], rows, around)),
        pauses=tuple(_pauses(store, region.organisation, around)),
        first=rows[0].sensed if rows else None,
        last=rows[-1].sensed if rows else None,
        watching=() if region.removed else (region.name,),
        regions={region.id: region.name},
        lives=_lives(store, events, event),
    )


def _lives(store: Store, events: Sequence[Event], asked: Event | None) -> tuple[Life, ...]:
    """Return the lives of the events told of, and of the one that was asked for."""
    extra = [asked] if asked and asked.id not in {one.id for one in events} else []
    return lives_of(store, [*events, *extra], [asked.id] if asked else [])


def held_looks(
    store: Store,
    regions: Sequence[Region],
    since: datetime | None,
    until: datetime | None,
    most: int,
) -> list[LedgerRow]:
    """Return the looks at which a rule held evidence back, newest first, at most so many.

    The ledger is read in slices of time from the newest backwards, each of them in pages, so that
    neither memory nor, where there are enough of them, time grows with its length.
    """
    found: list[LedgerRow] = []
    for begin, end in _slices(store, regions, since, until):
        rows = (row for region in regions for row in all_looks(store, region, begin, end))
        held = (row for row in rows if told_of(row).held)
        found += heapq.nlargest(most - len(found), held, key=ledger_position)
        if len(found) >= most:
            break
    return found


def _about_each(rows: Sequence[LedgerRow], around: Around) -> list[LedgerRow]:
    """Return what every detector has to say of the days about, oldest first."""
    found = [
        row
        for detector in sorted({row.detector for row in rows})
        for row in _about([row for row in rows if row.detector == detector], around)
    ]
    return sorted(found, key=ledger_position)


def _about(rows: Sequence[LedgerRow], around: Around) -> Iterator[LedgerRow]:
    """Yield the rows of the days about, the last telling one before and the first after."""
    before = [row for row in rows if row.sensed < around.since and told_of(row).reckonings]
    yield from before[-1:]
    yield from (row for row in rows if around.since <= row.sensed <= around.until)
    after = (row for row in rows if row.sensed > around.until and told_of(row).reckonings)
    first = next(after, None)
    if first is not None:
        yield first


def _missing(
    store: Store,
    organisation: str,
    regions: Iterable[str],
    rows: Iterable[LedgerRow],
    around: Around,
) -> Iterator[Gap]:
    """Yield what is waited for and has no row: an orbit that is flown no more, say."""
    told = {row.sensed for row in rows}
    for region in sorted(regions):
        for gap in store.gaps(organisation, region=region, open_only=True):
            if around.since <= gap.expected <= around.until and gap.expected not in told:
                yield gap


def _pauses(store: Store, organisation: str, around: Around) -> Iterator[Pause]:
    for pause in store.pauses(organisation):
        if pause.since <= around.until and (pause.ended is None or pause.ended >= around.since):
            yield pause


def _watching(
    store: Store, organisation: str, regions: Iterable[Region], settlement: str
) -> Iterator[str]:
    """Yield the names of the regions on the watchlist that cover a settlement."""
    try:
        core = store.settlement(organisation, settlement).geometry
    except NotFound:
        # One that was taken off the list is watched no more.
        return
    for region in regions:
        watched = region.removed is None and region.kind in OF_SETTLEMENTS
        if watched and region.geometry.intersects(core):
            yield region.name


def _slices(
    store: Store, regions: Sequence[Region], since: datetime | None, until: datetime | None
) -> Iterator[tuple[datetime | None, datetime]]:
    """Yield stretches of time, the newest first, each longer than the one before."""
    totals = {} if not regions else store.ledger_totals(regions[0].organisation)
    every = [total for one in regions for total in totals.get(one.id, {}).values()]
    ends = [one.last for one in every if one.last is not None]
    if not ends:
        return
    end = min(max(ends), until) if until else max(ends)
    length = FIRST_SLICE
    while since is None or end >= since:
        begin = end - length if length < LONGEST_SLICE else since
        if since is not None:
            begin = max(begin, since) if begin else since
        yield begin, end
        if begin is None or begin == since:
            return
        end, length = begin - timedelta(microseconds=1), 2 * length
