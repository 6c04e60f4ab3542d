"""`hearthwatch why` and `hearthwatch suppressed`: why there was no alert."""

from __future__ import annotations

from hearthwatch.cli.call import Call
from hearthwatch.cli.reading import find_region, find_settlement
from hearthwatch.cli.report import Answer
from hearthwatch.store.whole import settlements_named
from hearthwatch.why.asked import ask, held_looks
from hearthwatch.why.shown import held_text, held_value, why_text, why_value
from hearthwatch.why.why import Around


def why(call: Call) -> Answer:
    """Answer why there was no alert at a settlement about a day, or say which there was."""
    args = call.args
    with call.store() as store:
        settlement = find_settlement(store, call.organisation, args.place)
        found = ask(store, call.organisation, settlement, Around(args.date.date(), args.days))
    return Answer(why_value(found), why_text(found))


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
        names = settlements_named(store, call.organisation, found)
    rows, more = found[: args.limit], len(found) > args.limit
    text = held_text(rows, {one.id: one.name for one in regions}, names)
    if more:
        text += "\nThere are older ones: raise --limit, or name a day with --until."
    document = {"looks": [held_value(row, names) for row in rows], "more": more}
    return Answer(document, text or "No rule held any evidence back.")
