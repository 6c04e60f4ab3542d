"""`hearthwatch why` and `hearthwatch suppressed`: why there was no alert."""

from __future__ import annotations

from hearthwatch.cli.call import Call
from hearthwatch.cli.parts import UsageError
from hearthwatch.cli.reading import find_event, find_region, find_settlement
from hearthwatch.cli.report import Answer
from hearthwatch.errors import NotFound
from hearthwatch.records import Event, Kind
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import labels_of
from hearthwatch.why.asked import ask, ask_area, ask_event, held_looks
from hearthwatch.why.shown import held_text, held_value, why_text, why_value
from hearthwatch.why.why import Around, Why

OF_AREAS = (Kind.GROUND_CHANGE, Kind.CAMP_CHANGE)
"""What is watched for on the ground of a whole region."""


def why(call: Call) -> Answer:
    """Answer why there was no alert at a place about a day, or say which there was.

    Of an event, all that became of it is told; the day is by default that of the change.
    """
    args = call.args
    with call.store() as store:
        if args.date is None:
            event = _event(store, call.organisation, args.place)
            around = Around(event.first_changed.date(), args.days)
            found = ask_event(store, event, around)
        else:
            around = Around(args.date.date(), args.days)
            found = _about(store, call.organisation, args.place, around)
    return Answer(why_value(found), why_text(found))


def _about(store: Store, organisation: str, place: str, around: Around) -> Why:
    """Gather what is known of a place or, where none is called so, of an event's."""
    try:
        return _of_place(store, organisation, place, around)
    except NotFound:
        try:
            event = find_event(store, organisation, place)
        except NotFound:
            event = None
        if event is None:
            raise
        return ask_event(store, event, around)


def _event(store: Store, organisation: str, typed: str) -> Event:
    """Return the event that was named without a day.

    Raises
    ------
    UsageError
        If it is none: of a place, the day must be named.
    """
    try:
        return find_event(store, organisation, typed)
    except NotFound as error:
        words = f"Name a day as well, or an event by its id. {error.message}"
        raise UsageError(words) from error


def _of_place(store: Store, organisation: str, place: str, around: Around) -> Why:
    """Gather what is known of a settlement or, where none is called so, of a region's ground."""
    try:
        return ask(store, organisation, find_settlement(store, organisation, place), around)
    except NotFound:
        known = store.regions(organisation, removed=True)
        for region in (one for one in known if place in (one.id, one.name)):
            found = ask_area(store, region, around)
            if found.first is not None or region.kind in OF_AREAS:
                return found
        raise


def suppressed(call: Call) -> Answer:
    """List the looks at which a rule held evidence back, newest first."""
    args = call.args
    with call.store() as store:
        regions = (
            [find_region(store, call.organisation, args.region)]
            if args.region
            else list(store.regions(call.organisation, removed=True))
        )
        found = held_looks(store, regions, args.since, args.until, args.limit + 1)
        labels = labels_of(store, call.organisation, found)
    rows, more = found[: args.limit], len(found) > args.limit
    text = held_text(rows, {one.id: one.name for one in regions}, labels)
    if more:
        text += "\nThere are older ones: raise --limit, or name a day with --until."
    document = {"looks": [held_value(row, labels) for row in rows], "more": more}
    return Answer(document, text or "No rule held any evidence back.")
