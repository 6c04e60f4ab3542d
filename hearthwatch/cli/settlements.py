"""`hearthwatch settlement list | remove`."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.store.whole import all_settlements
from hearthwatch.values import settlement_value
from hearthwatch.words import hectares, marked


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
        with store.transaction() as transaction:
            transaction.put_settlements([gone])
    document: dict[str, Any] = {"settlement": settlement_value(gone)}
    return Answer(document, f"{gone.name or gone.id} is no longer listed.")
