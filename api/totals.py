"""How often each detector has looked, for answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hearthwatch.ledger_words import own_first, sensors_of
from hearthwatch.records import Kind, LedgerTotals
from hearthwatch.values import moment

NO_LOOK = LedgerTotals(0, 0, None, None)


def own_of(totals: Mapping[str, LedgerTotals], kind: Kind) -> str:
    """Return whose looks stand for a watch: the kind's own detector, or the first there is."""
    return next(iter(own_first(totals, kind)), kind.value)


def totals_value(totals: Mapping[str, LedgerTotals], kind: Kind) -> dict[str, Any]:
    """Return the looks of a watch or a settlement, and of each of its detectors."""
    own = totals.get(own_of(totals, kind), NO_LOOK)
    return {
        **_value(own),
        "detectors": [
            {"detector": name, "sensors": list(sensors_of(name)), **_value(totals[name])}
            for name in own_first(totals, kind)
        ],
    }


def _value(total: LedgerTotals) -> dict[str, Any]:
    return {
        "looks": total.looks,
        "usable_looks": total.usable,
        "last_look": moment(total.last),
        "last_usable_look": moment(total.last_usable),
    }
