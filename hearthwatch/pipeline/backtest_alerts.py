"""How many alerts looks would have brought at several budgets of false alarms.

The run is made once, at the watch's own budget. What each look came to at each settlement is in
its ledger, in nats, with the thresholds it was held against; so other thresholds can be tried on
the same looks. What is counted so keeps a detector's rule that a place which was told of is told
of again only after some looks, and passes over what an open episode changes in the evidence after
it: the count at the watch's own budget stands beside what the run itself told.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from detectors.calibration import Calibration, Thresholds
from detectors.episodes import EpisodeRules
from detectors.registry import create_detector
from hearthwatch.calibration.document import from_document
from hearthwatch.calibration.force import in_force
from hearthwatch.calibration.levels import BACKTESTED
from hearthwatch.calibration.sets import LEVELS, CalibrationSet
from hearthwatch.evaluation.intervals import Rate
from hearthwatch.identity import science_digest
from hearthwatch.ledger_words import by_detector
from hearthwatch.records import LedgerRow, Region
from hearthwatch.store.protocol import Store
from hearthwatch.values import moment

RESTS = EpisodeRules().give_up_after
"""Judged looks after an alert before the same place can bring another."""
UNCOUNTED = (
    "no calibration set holds, so its thresholds keep no budget: `hearthwatch calibrate` makes one"
)
UNTRIED = "its thresholds cannot be tried on looks that were scored before"


def alerts_of(
    store: Store, region: Region, rows: Sequence[LedgerRow], months: float, told: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Return for each detector how many alerts a month to expect, JSON values.

    Parameters
    ----------
    rows : sequence of LedgerRow
        The ledger of the time that is told of.
    months : float
        Its length.
    told : mapping of str to int
        How many events the run itself told of, by detector.
    """
    return [
        {
            "detector": name,
            "settlements": len({row.settlement for row in own} - {""}),
            "looks": len({row.acquisition for row in own}),
            "told": _rate(told.get(name, 0), months),
            **_tried(store, region, name, own, months),
        }
        for name, own in by_detector(rows, region.kind).items()
    ]


def _tried(
    store: Store, region: Region, detector: str, rows: Sequence[LedgerRow], months: float
) -> dict[str, Any]:
    """Return the counts at each budget, or why there are none."""
    chosen = _set_in_force(store, region, detector)
    if chosen is None:
        return {"calibration": None, "budgets": [], "why_not": UNCOUNTED}
    named = {"id": chosen.id, "made": moment(chosen.created)}
    weighed = [row for row in rows if "windowed" in row.detail.get("said", {})]
    if not weighed:
        return {"calibration": named, "budgets": [], "why_not": UNTRIED}
    return {
        "calibration": named,
        "budgets": [
            {
                "times": times,
                "allowed_per_1000_settlement_years": times * chosen.budget.probable,
                **_rate(alerts_at(weighed, chosen, other), months),
            }
            for times in BACKTESTED
            if (other := chosen.at(times)) is not None
        ],
        "why_not": None,
    }


def alerts_at(rows: Iterable[LedgerRow], chosen: CalibrationSet, other: Calibration) -> int:
    """Count the alerts that looks bring under other thresholds of the same set.

    Parameters
    ----------
    rows : iterable of LedgerRow
        With what was said of the evidence, oldest first.
    chosen : CalibrationSet
        Whose thresholds they were held against.
    """
    places: defaultdict[str, list[LedgerRow]] = defaultdict(list)
    for row in rows:
        places[row.settlement].append(row)
    return sum(_alerts_of_place(found, chosen, other) for found in places.values())


def _alerts_of_place(rows: Sequence[LedgerRow], chosen: CalibrationSet, other: Calibration) -> int:
    count = rest = 0
    for row in rows:
        rest -= 1
        said = row.detail["said"]
        least = _lowest(said.get("thresholds", {}), chosen, other)
        windowed = said["windowed"]
        # WATCH alone is a candidate, of which nobody is told.
        over = any(windowed.get(name, -1e9) > getattr(least, name.lower()) for name in LEVELS[1:])
        if over and rest <= 0:
            count += 1
            rest = RESTS
    return count


def _lowest(held: Mapping[str, float], chosen: CalibrationSet, other: Calibration) -> Thresholds:
    """Return the thresholds of the stratum that a look was judged in.

    The ledger says what they were, not of which stratum; where several have the same, the lowest
    are taken: rather too many alerts are foretold than too few.
    """
    own = chosen.calibration
    same = [
        stratum
        for stratum, one in own.thresholds.items()
        if all(
            abs(held.get(name, float("nan")) - getattr(one, name.lower())) < 1e-3 for name in LEVELS
        )
    ]
    found = [other.for_stratum((stratum,)) for stratum in same] or [other.for_stratum(())]
    return Thresholds(*(min(getattr(one, name.lower()) for one in found) for name in LEVELS))


def _set_in_force(store: Store, region: Region, detector: str) -> CalibrationSet | None:
    stored = store.chosen_calibration(region.organisation, detector, region.mode, region.id)
    if stored is None:
        return None
    force = in_force(stored, create_detector(detector).info, science_digest(), 1.0)
    return from_document(stored.document) if force.alert_budget else None


def _rate(count: int, months: float) -> dict[str, Any]:
    rate = Rate(count, months, per=1.0)
    low, high = rate.interval
    return {
        "count": count,
        "per_month": _short(rate.value),
        "low": _short(low),
        "high": _short(high),
    }


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
