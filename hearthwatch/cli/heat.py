"""`hearthwatch heat import | fetch | list`: heat that satellites saw, held against settlements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from hearthwatch.cli.call import Call
from hearthwatch.cli.parts import UsageError
from hearthwatch.cli.reading import find_settlement
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.evaluation.intervals import poisson
from hearthwatch.heat.elsewhere import HeatElsewhere, heat_elsewhere
from hearthwatch.heat.fetching import fetch as fetch_heat
from hearthwatch.heat.fetching import firms_from
from hearthwatch.heat.ground import Ground, ground_of
from hearthwatch.heat.hearing import Hearing, hearing
from hearthwatch.heat.listing import Record, heat_seen, record_of
from hearthwatch.heat.matching import matched
from hearthwatch.heat.taking import Taken, read_file, take_file
from hearthwatch.heat.values import (
    NOTICE,
    SILENCE,
    elsewhere_value,
    hearing_value,
    seen_value,
)
from hearthwatch.heat_events.telling import tell
from hearthwatch.records import Event, Label, Region
from hearthwatch.store.extent import Bounds
from hearthwatch.store.protocol import Store
from hearthwatch.values import called
from hearthwatch.words import counted

NEWS = timedelta(days=60)
"""What was seen since may be what is watched for, and counts for no rate."""
SHOWN = 5
"""Of settlements or places, in one line."""


def import_files(call: Call) -> Answer:
    """Take in files, all or none; what is there already stays as it is."""
    args, now = call.args, datetime.now(UTC)
    _check_box(args.covers)
    paths = [Path(file).expanduser() for file in args.files]
    read = [(path.name, read_file(path)) for path in paths]
    with call.store(write=True, alone=False) as store:
        ground = ground_of(store, call.organisation, now)
        taken = [
            take_file(store, call.organisation, ground, name, pixels, args.covers)
            for name, pixels in read
        ]
        events = _tell(store, call, ground, taken)
    return _answer(taken, events)


def _check_box(covers: Bounds | None) -> None:
    """Refuse a box that holds no ground: what it says would be on record of none."""
    if covers is None:
        return
    west, south, east, north = covers
    if not (-180.0 <= west < east <= 180.0 and -90.0 <= south < north <= 90.0):
        raise UsageError("--covers is west,south,east,north in degrees, west and south the less")


def fetch(call: Call) -> Answer:
    """Ask FIRMS for what is new; what came is kept, and told of, also where a later one fails."""
    args, now = call.args, datetime.now(UTC)
    firms = firms_from(call.settings)
    taken: list[Taken] = []
    events: dict[str, Event] = {}
    with call.store(write=True, alone=False) as store:
        ground = ground_of(store, call.organisation, now)
        since = args.since.date() if args.since else None
        for came in fetch_heat(store, firms, call.settings, ground, since, now, call.note):
            taken += came
            events |= {one.id: one for one in _tell(store, call, ground, came)}
    return _answer(taken, tuple(events.values()))


def list_all(call: Call) -> Answer:
    """List heat on record at settlements, newest first, and what it came to."""
    args, now = call.args, datetime.now(UTC)
    with call.store() as store:
        ground = ground_of(store, call.organisation, now)
        only = (
            find_settlement(store, call.organisation, args.settlement) if args.settlement else None
        )
        squares = tuple(matched(store, call.organisation, ground))
        found = [
            one
            for one in heat_seen(squares)
            if (only is None or one.settlement == only)
            and (args.since is None or one.sensed >= args.since)
            and (args.until is None or one.sensed <= args.until)
        ]
        labels = store.settlement_labels(call.organisation)
        heard = [one for one in hearing(squares, now) if only in (None, one.settlement)]
        begin, end = args.since or now - NEWS, args.until or now
        elsewhere = {
            region: heat_elsewhere(store, region, ground.settlements, begin, end)
            for region in ground.regions
        }
    found.sort(key=lambda one: (one.sensed, one.satellite, one.settlement), reverse=True)
    listed = found[: args.limit]
    rows = [
        (
            f"{one.sensed:%Y-%m-%d %H:%M}", one.satellite, called(one.settlement, labels),
            "-" if one.frp_mw is None else f"{one.frp_mw:.1f}",
            "hint" if one.is_hint else "held back", one.why,
        )
        for one in listed
    ]  # fmt: skip
    header = ("seen", "satellite", "settlement", "MW", "", "why")
    text = table(header, rows) if rows else "No heat is on record at a settlement."
    record = record_of(squares, now - NEWS)
    document = {
        "heat": [seen_value(one) for one in listed],
        "more": len(found) - len(listed),
        "record": {"hints": record.hints, "settlement_years": round(record.years, 2)},
        "settlements": [hearing_value(one) for one in heard],
        "elsewhere": [
            {"region": region.id, **elsewhere_value(one)}
            for region, places in elsewhere.items()
            for one in places
        ],
        "notice": NOTICE,
    }
    lines = [text, *_heard_in_words(heard, labels), *_elsewhere_in_words(elsewhere, begin, end)]
    return Answer(document, "\n".join((*lines, _in_words(record), SILENCE)))


def _heard_in_words(heard: Sequence[Hearing], labels: Mapping[str, Label]) -> Iterator[str]:
    """Say of settlements, those of one kind together, what heat can tell there this month."""
    for words, group in groupby(sorted(heard, key=lambda one: one.words), lambda one: one.words):
        which = [called(one.settlement, labels) for one in group]
        shown = ", ".join(which[:SHOWN])
        more = f" and {len(which) - SHOWN} more" if len(which) > SHOWN else ""
        yield f"This month at {shown}{more}: {words}."


def _elsewhere_in_words(
    elsewhere: Mapping[Region, Sequence[HeatElsewhere]], begin: datetime, end: datetime
) -> Iterator[str]:
    """Count the heat at no listed settlement, and name the strongest places."""
    for region, places in elsewhere.items():
        if not places:
            continue
        pixels = counted(sum(one.pixels for one in places), "heat pixel")
        strongest = "; ".join(
            f"{one.day} {one.lon:.3f},{one.lat:.3f} ({counted(one.pixels, 'pixel')})"
            for one in places[:SHOWN]
        )
        yield (
            f"{region.name}: {pixels} at no listed settlement, at "
            f"{counted(len(places), 'place and day', 'places and days')} from {begin:%Y-%m-%d} to "
            f"{end:%Y-%m-%d}. Nothing judges these; the strongest: {strongest}."
        )


def _in_words(record: Record) -> str:
    """Say how many hints the years on record would have given, with the interval of that."""
    if not record.years:
        return "There is no record from which to say how often heat would be taken for unusual."
    per = 1000 / record.years
    interval = poisson(record.hints)
    return (
        f"Of {record.years:,.1f} settlement-years on record it would have given "
        f"{counted(record.hints, 'hint')}: {record.hints * per:.0f} per 1,000 "
        f"(95 %: {interval.low * per:.0f} to {interval.high * per:.0f})."
    )


def _tell(store: Store, call: Call, ground: Ground, taken: Sequence[Taken]) -> tuple[Event, ...]:
    near = [spot for one in taken for spot in one.near]
    final = [box for one in taken for box in one.final]
    if not near and not final:
        return ()
    squares = matched(store, call.organisation, ground, near, final)
    return tell(store, ground, squares, call.args.since)


def _answer(taken: Sequence[Taken], events: Sequence[Event]) -> Answer:
    pixels, near, new = (
        sum(one.pixels for one in taken),
        sum(len(one.near) for one in taken),
        sum(one.new for one in taken),
    )
    changed = counted(len(events), "event")
    lines = [
        f"{counted(pixels, 'heat pixel')} read, {near:,} near what is watched, {new:,} new.",
        f"{changed} new or changed. Heat alone makes no more than a candidate.",
        SILENCE,
    ]
    document: dict[str, Any] = {
        "pixels": pixels, "near": near, "new": new, "events": [one.id for one in events],
    }  # fmt: skip
    return Answer(document, "\n".join(lines))
