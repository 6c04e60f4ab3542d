"""`hearthwatch ledger`: what became of every look, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hearthwatch.cli.call import Call
from hearthwatch.cli.reading import find_region, find_settlement
from hearthwatch.cli.report import Answer
from hearthwatch.ledger_words import (
    Summary,
    by_detector,
    detector_in_words,
    row_in_words,
    sensors_of,
    summarise,
    summary_in_words,
)
from hearthwatch.records import Label, LedgerRow, Region
from hearthwatch.store.whole import all_looks, labels_of
from hearthwatch.values import ledger_value, moment
from hearthwatch.words import marked


def show(call: Call) -> Answer:
    """Tell what became of every look at one region, or at each; or at one settlement."""
    args = call.args
    with call.store() as store:
        settlement = (
            find_settlement(store, call.organisation, args.settlement) if args.settlement else None
        )
        regions = (
            [find_region(store, call.organisation, args.region)]
            if args.region
            else list(store.regions(call.organisation))
        )
        told = [
            (region, list(all_looks(store, region, args.since, args.until, settlement)))
            for region in regions
        ]
        if settlement is not None and not args.region:
            # A region that does not follow the settlement has nothing to say of it.
            told = [(region, rows) for region, rows in told if rows]
        every = [row for _, rows in told for row in rows]
        labels = labels_of(store, call.organisation, every)
    document = {"regions": [_value(region, rows, labels) for region, rows in told]}
    text = "\n\n".join(_text(region, rows, labels) for region, rows in told)
    nothing = "No look at it is in the ledger." if settlement else "Nothing is watched."
    return Answer(document, text or nothing)


def summary_value(summary: Summary) -> dict[str, Any]:
    """Return a summary for programs."""
    gap, oldest = summary.longest_gap, summary.seen_longest_ago
    return {
        "looks": summary.looks,
        "settlements": summary.settlements,
        "statuses": summary.statuses,
        "last_usable": moment(summary.last_usable),
        "never_seen": summary.never_seen,
        "seen_longest_ago": None
        if oldest is None
        else {"settlement": oldest[0], "last_usable": moment(oldest[1])},
        "longest_blind_gap": None
        if gap is None
        else {
            "from": moment(gap[0]),
            "to": moment(gap[1]),
            "days": (gap[1] - gap[0]).days,
            "settlement": summary.gap_at or None,
        },
        "unguarded_looks": summary.unguarded,
        "guard": list(summary.guard_reasons),
    }


def _value(
    region: Region, rows: Sequence[LedgerRow], labels: Mapping[str, Label]
) -> dict[str, Any]:
    return {
        "region": region.id,
        "region_name": region.name,
        "mode": region.mode.value,
        "summaries": [
            {"detector": name, "sensors": list(sensors_of(name)), **summary_value(summarise(own))}
            for name, own in by_detector(rows, region.kind).items()
        ],
        "looks": [ledger_value(row, labels) for row in rows],
    }


def _text(region: Region, rows: Sequence[LedgerRow], labels: Mapping[str, Label]) -> str:
    several = len({row.cell for row in rows}) > 1
    found = by_detector(rows, region.kind)
    lines = [
        row_in_words(row, with_cell=several, with_detector=len(found) > 1, settlements=labels)
        for row in rows
    ]
    sums = {name: summary_in_words(summarise(own), labels) for name, own in found.items()}
    if len(found) < 2:
        told = list(sums.values()) or [summary_in_words(summarise(()))]
    else:
        told = [f"{detector_in_words(name)}\n{words}" for name, words in sums.items()]
    return "\n".join((marked(region.mode, region.name), *lines, "", "\n\n".join(told)))
