"""`hearthwatch ledger`: what became of every look, in words."""

from __future__ import annotations

from typing import Any

from hearthwatch.cli.call import Call
from hearthwatch.cli.reading import find_region
from hearthwatch.cli.report import Answer
from hearthwatch.ledger_words import Summary, row_in_words, summarise, summary_in_words
from hearthwatch.records import LedgerRow, Region
from hearthwatch.store.whole import all_looks
from hearthwatch.values import ledger_value, moment


def show(call: Call) -> Answer:
    """Tell what became of every look at one region, or at each."""
    args = call.args
    with call.store() as store:
        regions = (
            [find_region(store, call.organisation, args.region)]
            if args.region
            else list(store.regions(call.organisation))
        )
        told = [(r, list(all_looks(store, r, args.since, args.until))) for r in regions]
    document = {"regions": [_value(region, rows) for region, rows in told]}
    text = "\n\n".join(_text(region, rows) for region, rows in told)
    return Answer(document, text or "Nothing is watched.")


def summary_value(summary: Summary) -> dict[str, Any]:
    """Return a summary for programs."""
    gap = summary.longest_gap
    return {
        "looks": summary.looks,
        "statuses": summary.statuses,
        "last_usable": moment(summary.last_usable),
        "longest_blind_gap": None
        if gap is None
        else {"from": moment(gap[0]), "to": moment(gap[1]), "days": (gap[1] - gap[0]).days},
        "unguarded_looks": summary.unguarded,
        "guard": list(summary.guard_reasons),
    }


def _value(region: Region, rows: list[LedgerRow]) -> dict[str, Any]:
    return {
        "region": region.id,
        "region_name": region.name,
        "summary": summary_value(summarise(rows)),
        "looks": [ledger_value(row) for row in rows],
    }


def _text(region: Region, rows: list[LedgerRow]) -> str:
    several = len({row.cell for row in rows}) > 1
    lines = [row_in_words(row, with_cell=several) for row in rows]
    return "\n".join((region.name, *lines, "", summary_in_words(summarise(rows))))
