"""What a backtest came to: events with their dates, looks by month, alerts at several budgets."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from detectors.registry import create_detector, detectors_of
from hearthwatch.identity import science_digest
from hearthwatch.ledger_words import Summary, by_detector, longest_gap, summarise
from hearthwatch.pipeline.backtest_alerts import alerts_of
from hearthwatch.records import (
    USABLE,
    Backtest,
    Event,
    EventFilter,
    EventState,
    Label,
    LedgerRow,
    Region,
    Spend,
    SpendStatus,
)
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_events, all_looks, labels_of
from hearthwatch.values import moment, settlement_said
from hearthwatch.words import counted

TOLD = frozenset(EventState) - {EventState.CANDIDATE}
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Tried:
    """What was tried.

    Attributes
    ----------
    since : datetime
        Beginning of the time that is told of; it ends with `asked.until`.
    learned_since : datetime
        When the looks begin.
    """

    region: Region
    asked: Backtest
    since: datetime
    learned_since: datetime


def report_of(shadow: Store, tried: Tried, spends: Sequence[Spend]) -> dict[str, Any]:
    """Return the report of a backtest, JSON values.

    Parameters
    ----------
    shadow : Store
        The store that the run was made on.
    spends : sequence of Spend
        What it took.
    """
    region, asked = tried.region, tried.asked
    rows = list(all_looks(shadow, region, since=tried.since, until=asked.until))
    events = _events(shadow, tried)
    return {
        "since": moment(tried.since),
        "until": moment(asked.until),
        "learned_since": moment(tried.learned_since),
        "months": asked.months,
        "science": science_digest(),
        "settlements": len({row.settlement for row in rows} - {""}),
        "detectors": [_detector(name, own) for name, own in by_detector(rows, region.kind).items()],
        "events": events,
        "told": sum(one["told"] is not None for one in events),
        "candidates": sum(one["told"] is None for one in events),
        "alerts": alerts_of(shadow, tried.region, rows, asked.months, _told_by(events)),
        "spent": _spent(spends),
        "not_seen": _not_seen(region, rows),
    }


def _spent(spends: Sequence[Spend]) -> dict[str, Any]:
    """Return what stands on the account; a read whose end nobody saw counts as it was thought."""
    lost = [one for one in spends if one.status is SpendStatus.LOST]
    return {
        "units": round(
            sum(one.units for one in spends) + sum(one.estimated_units for one in lost), 4
        ),
        "requests": sum(one.requests for one in spends)
        + sum(one.estimated_requests for one in lost),
    }


def _events(shadow: Store, tried: Tried) -> list[dict[str, Any]]:
    """Return what the time that is told of brought, in the order it would have been told."""
    found = list(all_events(shadow, tried.region.organisation, EventFilter()))
    labels = labels_of(shadow, tried.region.organisation, found)
    values = [_event(shadow, one, labels) for one in found if not one.merged_into]
    since = str(moment(tried.since))
    inside = [one for one in values if (one["told"] or one["last_detected"]) >= since]
    return sorted(inside, key=lambda one: (one["told"] or one["first_detected"], one["id"]))


def _event(shadow: Store, event: Event, labels: Mapping[str, Label]) -> dict[str, Any]:
    history = shadow.event_history(event.organisation, event.id)
    first = next((version for version in history if version.state in TOLD), None)
    waited = (first.last_detected - event.first_changed) / DAY if first else None
    return {
        "id": event.id,
        "kind": event.kind.value,
        "detector": event.detector,
        "state": event.state.value,
        "detector_state": event.detector_state,
        **settlement_said(event.settlement, labels),
        "last_unharmed": moment(event.last_unharmed),
        "first_changed": moment(event.first_changed),
        "first_detected": moment(event.first_detected),
        "last_detected": moment(event.last_detected),
        "told": moment(first.last_detected) if first else None,
        "days_to_be_told": None if waited is None else round(waited, 2),
        "area_ha": round(event.area_m2 / 1e4, 4),
        "looks": event.looks,
        "observed": event.observed,
    }


def _told_by(events: Iterable[Mapping[str, Any]]) -> Counter[str]:
    return Counter(one["detector"] for one in events if one["told"])


def _detector(name: str, rows: Sequence[LedgerRow]) -> dict[str, Any]:
    """Return what one detector saw: whole numbers, by month, and the longest time blind."""
    seen: defaultdict[str, list[datetime]] = defaultdict(list)
    for row in rows:
        if row.status in USABLE:
            seen[row.settlement].append(row.sensed)
    told: Summary = summarise(rows)
    _, gap = longest_gap(seen)
    return {
        "detector": name,
        "looks": len({row.acquisition for row in rows}),
        "usable_looks": len({row.acquisition for row in rows if row.status in USABLE}),
        "statuses": told.statuses,
        "never_seen": told.never_seen,
        "longest_blind_days": round((gap[1] - gap[0]) / DAY, 2) if gap else None,
        "by_month": _by_month(rows),
    }


def _by_month(rows: Sequence[LedgerRow]) -> list[dict[str, Any]]:
    looks: defaultdict[str, set[str]] = defaultdict(set)
    usable: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        month = f"{row.sensed:%Y-%m}"
        looks[month].add(row.acquisition)
        if row.status in USABLE:
            usable[month].add(row.acquisition)
    return [
        {"month": month, "looks": len(found), "usable_looks": len(usable[month])}
        for month, found in sorted(looks.items())
    ]


def _not_seen(region: Region, rows: Sequence[LedgerRow]) -> list[str]:
    """Say in words what a backtest could not see."""
    own = by_detector(rows, region.kind)
    words = []
    for name, found in own.items():
        never = summarise(found).never_seen
        if never:
            words.append(f"{name}: no usable look at {counted(never, 'settlement')}")
    absent = [name for name in detectors_of(region.kind.value) if name not in own]
    for name in absent:
        outside = create_detector(name).info.external
        why = "what others report is not in it" if outside else "there was no look for it"
        words.append(f"{name}: {why}")
    return words
