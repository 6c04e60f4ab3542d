"""`hearthwatch context add | list | withdraw`."""

from __future__ import annotations

from datetime import UTC, datetime

from hearthwatch.audit.entries import COMMAND_LINE
from hearthwatch.cli.call import Call
from hearthwatch.cli.reading import find_region
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.context.book import Book, Told
from hearthwatch.context.policy import counted
from hearthwatch.context.shown import observation_value
from hearthwatch.records import ContextObservation
from hearthwatch.store.protocol import Store
from hearthwatch.watchlist.terms import level_words
from hearthwatch.words import day

HEADER = ("id", "what", "on", "source", "graded", "counts", "words")


def add(call: Call) -> Answer:
    """Write an observation down."""
    args, now = call.args, datetime.now(UTC)
    told = Told(
        observed=args.on,
        words=args.words,
        source=args.source,
        reliability=args.reliability,
        credibility=args.credibility,
        grades=args.speech or {},
        factor=args.factor,
    )
    with call.store(write=True, alone=False) as store:
        region = find_region(store, call.organisation, args.region)
        made = _book(call, store, now).add(region.id, told)
        raised = store.region(call.organisation, region.id)
    words = level_words(raised, now) or "routine"
    text = f"{made.id}: {counted(made, now).words}. {region.name}: {words}."
    return Answer({"observation": observation_value(made, now), "level_words": words}, text)


def list_all(call: Call) -> Answer:
    """List what was observed of a region, the newest first."""
    now = datetime.now(UTC)
    with call.store() as store:
        region = find_region(store, call.organisation, call.args.region)
        found = store.observations(call.organisation, region.id)[::-1]
    rows = [_row(one, now) for one in found]
    text = table(HEADER, rows) if rows else f"Nothing was observed of {region.name}."
    return Answer({"observations": [observation_value(one, now) for one in found]}, text)


def withdraw(call: Call) -> Answer:
    """Take an observation's content away."""
    now = datetime.now(UTC)
    with call.store(write=True, alone=False) as store:
        region = find_region(store, call.organisation, call.args.region)
        gone = _book(call, store, now).withdraw(region.id, call.args.observation)
        words = level_words(store.region(call.organisation, region.id), now) or "routine"
    text = f"{gone.id} is withdrawn: its hash {gone.sha256} stays. {region.name}: {words}."
    return Answer({"observation": observation_value(gone, now), "level_words": words}, text)


def _book(call: Call, store: Store, now: datetime) -> Book:
    return Book(store, call.organisation, COMMAND_LINE, now)


def _row(one: ContextObservation, now: datetime) -> tuple[str, ...]:
    graded = f"{one.reliability}{one.credibility}" if one.withdrawn is None else "-"
    strength = ", ".join(f"{name} {grade}" for name, grade in sorted(one.grades.items()))
    what = f"factor {one.factor}" if one.factor else f"speech: {strength}" if strength else "-"
    return (
        one.id, what, day(one.observed), one.source or "-", graded, counted(one, now).words,
        one.words or "-",
    )  # fmt: skip
