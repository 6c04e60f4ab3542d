"""`hearthwatch settlement import | list | remove`."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.records import Settlement
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_settlements
from hearthwatch.values import settlement_value
from hearthwatch.words import counted, hectares, marked

BATCH = 2000
"""Settlements of one transaction: others may write in between."""


def import_file(call: Call) -> Answer:
    """Add the settlements of a file; those that are there already stay as they are."""
    from hearthwatch.watchlist import make_settlement, read_settlements

    args = call.args
    path = Path(args.file).expanduser()
    areas = read_settlements(path, call.settings, radius_m=args.radius, encoding=args.encoding)
    now = datetime.now(UTC)
    source = args.source or path.name
    read = {
        one.id: one for one in (make_settlement(a, call.organisation, source, now) for a in areas)
    }
    with call.store(write=True, alone=False) as store:
        known = {one.id for one in all_settlements(store, call.organisation)}
        new = [one for key, one in read.items() if key not in known]
        _write(store, new)
    repairs = list(dict.fromkeys(words for area in areas for words in area.repairs))
    there = len(areas) - len(new)
    lines = [f"{counted(len(new), 'settlement')} added, {there:,} there already."]
    lines += [f"  repaired: {words}" for words in repairs]
    document = {
        "added": len(new), "there_already": there, "repairs": repairs, "source": source,
    }  # fmt: skip
    return Answer(document, "\n".join(lines))


def list_all(call: Call) -> Answer:
    """List settlements, by name."""
    with call.store() as store:
        found = all_settlements(store, call.organisation, call.args.bbox)
        listed = list(islice(found, call.args.limit))
    rows = [
        (one.id, marked(one.mode, one.name or "-"), hectares(one.area_m2), one.source or "-")
        for one in listed
    ]
    text = table(("id", "name", "ha", "source"), rows) if rows else "No settlement is listed."
    return Answer({"settlements": [settlement_value(one) for one in listed]}, text)


def remove(call: Call) -> Answer:
    """Take a settlement off the list; what was said of it stays readable."""
    with call.store(write=True, alone=False) as store:
        known = store.settlement(call.organisation, call.args.settlement)
        gone = dataclasses.replace(known, removed=datetime.now(UTC))
        _write(store, [gone])
    document: dict[str, Any] = {"settlement": settlement_value(gone)}
    return Answer(document, f"{gone.name or gone.id} is no longer listed.")


def _write(store: Store, settlements: list[Settlement]) -> None:
    for start in range(0, len(settlements), BATCH):
        with store.transaction() as transaction:
            transaction.put_settlements(settlements[start : start + BATCH])
