"""`hearthwatch events list | show`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hearthwatch.cli.call import Call
from hearthwatch.cli.reading import event_filter, find_event, find_region, find_settlement
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.fusion.classes import meaning_of
from hearthwatch.fusion.reading import detections_of
from hearthwatch.fusion.shown import opinion_text, opinion_value, source_rows, source_value
from hearthwatch.records import Detection, Event, EventFilter, EventSource, Label, Opinion
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import labels_of
from hearthwatch.values import called, detection_value, event_value, moment
from hearthwatch.words import day, hectares, interval, marked


def list_events(call: Call) -> Answer:
    """List events, newest change first."""
    args = call.args
    with call.store() as store:
        where = asked_for(call, store)
        page = store.events(call.organisation, where, after=args.after, limit=args.limit)
        names = store.region_names(call.organisation)
        settlements = labels_of(store, call.organisation, page.items)
    events = [event_value(e, names, settlements) for e in page.items]
    document = {"events": events, "next": page.next}
    text = _listing(page.items, names, settlements) if events else "No event meets that."
    if page.next:
        text += f"\nThere are more: add --after {page.next}"
    return Answer(document, text)


def show(call: Call) -> Answer:
    """Show one event with its sources, what people said, its versions and detections."""
    with call.store() as store:
        event = find_event(store, call.organisation, call.args.event)
        history = store.event_history(call.organisation, event.id)
        detections = detections_of(store, event)
        sources = store.sources(call.organisation, event.id)
        opinions = store.opinions(call.organisation, event.id)
        names = store.region_names(call.organisation)
        settlements = labels_of(store, call.organisation, [event, *detections])
    meaning = meaning_of(sources, event.detector)
    document = {
        "event": event_value(event, names, settlements),
        "meaning": meaning,
        "sources": [source_value(one) for one in sources],
        "opinions": [opinion_value(one) for one in opinions],
        "history": [_version(version) for version in history],
        "detections": [detection_value(detection, settlements) for detection in detections],
    }
    parts = (
        _facts(event, names, settlements),
        _told_by(sources, meaning),
        _opinions(opinions),
        _history(history),
        _detections(detections),
    )
    text = "\n\n".join(part for part in parts if part)
    return Answer(document, text)


def asked_for(call: Call, store: Store) -> EventFilter:
    """Return the filter the options ask for."""
    args = call.args
    region = find_region(store, call.organisation, args.region).id if args.region else None
    settlement = (
        find_settlement(store, call.organisation, args.settlement) if args.settlement else None
    )
    return event_filter(
        region, settlement, args.kind, args.state, args.bbox, args.since, args.until
    )


def _listing(
    events: Sequence[Event], names: Mapping[str, str], settlements: Mapping[str, Label]
) -> str:
    """Return a table of events, with the settlements where there are any."""
    header = ["id", "state", "kind", "unharmed .. first changed", "ha", "looks", "region"]
    rows = [
        [e.id[:8], marked(e.mode, e.state.value), e.kind.value,
         interval(e.last_unharmed, e.first_changed), hectares(e.area_m2), str(e.looks),
         names.get(e.region, e.region)]
        for e in events
    ]  # fmt: skip
    if any(event.settlement for event in events):
        header.append("settlement")
        for row, event in zip(rows, events, strict=True):
            row.append(called(event.settlement, settlements) or "-")
    return table(header, rows)


def _version(event: Event) -> dict[str, object]:
    return {
        "version": event.version,
        "state": event.state.value,
        "detector_state": event.detector_state,
        "last_detected": moment(event.last_detected),
        "area_m2": round(event.area_m2, 1),
        "looks": event.looks,
        "observed": event.observed,
        "doubts": list(event.doubts),
    }


def _facts(event: Event, names: Mapping[str, str], settlements: Mapping[str, Label]) -> str:
    spot = event.geometry.representative_point()
    label = settlements.get(event.settlement, Label())
    known = " ".join(filter(None, (label.name, label.pcode, f"({event.settlement})")))
    lines = [
        marked(event.mode, f"{event.kind.value}, {event.state.value}"),
        f"  {event.observed}",
        f"  id         {event.id}",
        f"  region     {names.get(event.region, '')}, cell {event.cell}",
        *([f"  settlement {known}"] if event.settlement else []),
        *([f"  change     {event.change}"] if event.change else []),
        *([f"  merged     into {event.merged_into}"] if event.merged_into else []),
        f"  place      {spot.x:.5f}, {spot.y:.5f}",
        f"  area       {hectares(event.area_m2)} ha",
        f"  interval   {interval(event.last_unharmed, event.first_changed)}",
        f"  told       {day(event.first_detected)}, last {day(event.last_detected)}",
        *(f"  evidence   {name} {value}" for name, value in event.evidence.items()),
        *(f"  doubt      {doubt}" for doubt in event.doubts),
    ]
    return "\n".join(lines)


def _told_by(sources: Sequence[EventSource], meaning: Mapping[str, Any] | None) -> str:
    if not sources:
        return ""
    header = ("source", "detector", "evidence", "says", "unharmed .. first changed", "looks")
    lines = [table(header, source_rows(sources))]
    if meaning:
        lines += [f"Class: {meaning['takes']}", f"Measured of it: {meaning['words']}"]
    return "\n".join(lines)


def _opinions(opinions: Sequence[Opinion]) -> str:
    return "\n".join(["What people said:", *map(opinion_text, opinions)]) if opinions else ""


def _history(history: Sequence[Event]) -> str:
    rows = [
        (str(e.version), day(e.last_detected), e.state.value, e.detector_state,
         hectares(e.area_m2), str(e.looks))
        for e in history
    ]  # fmt: skip
    return table(("version", "told on", "state", "detector says", "ha", "looks"), rows)


def _detections(detections: Sequence[Detection]) -> str:
    rows = [
        (day(d.sensed), d.acquisition, f"{d.detector} {d.detector_version}", d.detector_state,
         hectares(d.area_m2), d.digest[:12])
        for d in detections
    ]  # fmt: skip
    return table(("look", "acquisition", "detector", "says", "ha", "code"), rows)
