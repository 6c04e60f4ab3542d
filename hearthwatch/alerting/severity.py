"""How grave what is seen would be, and when a change of it has to be told.

The severity follows from the kind of event and what became of the site alone: it is told to
audiences who may know no more of an event than that.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import shapely
from shapely.geometry import shape

from detectors.types import SiteChange
from hearthwatch.alerting.facts import Facts
from hearthwatch.records import AlertAct, Kind, Severity

SEVERITIES = (Severity.MINOR, Severity.MODERATE, Severity.SEVERE, Severity.EXTREME)
"""From the lowest to the highest."""

RAZED: Mapping[str, Severity] = MappingProxyType(
    {
        SiteChange.RAZED_TOTAL: Severity.EXTREME,
        SiteChange.RAZED_PARTIAL: Severity.SEVERE,
    }
)
"""Of changes that mean the same whatever kind of event tells of them."""

CHANGED: Mapping[Kind, Mapping[str, Severity]] = MappingProxyType(
    {
        Kind.BURNED: MappingProxyType({}),
        Kind.RAZED: MappingProxyType({}),
        Kind.CAMP_CHANGE: MappingProxyType(
            {SiteChange.CLOSED: Severity.SEVERE, SiteChange.ABANDONED: Severity.SEVERE}
        ),
        Kind.ABANDONMENT: MappingProxyType(
            {SiteChange.REOCCUPIED: Severity.MINOR, SiteChange.REBUILT: Severity.MINOR}
        ),
        Kind.GROUND_CHANGE: MappingProxyType({}),
    }
)
"""Of changes that are more or less than their kind of event is by itself."""

OF_KIND: Mapping[Kind, Severity] = MappingProxyType(
    {
        Kind.BURNED: Severity.SEVERE,
        Kind.RAZED: Severity.SEVERE,
        Kind.CAMP_CHANGE: Severity.MODERATE,
        Kind.ABANDONMENT: Severity.SEVERE,
        Kind.GROUND_CHANGE: Severity.MINOR,
    }
)
"""Of an event whose change is not known, or makes no difference."""

GROWN_SHARE = 0.5
"""An area that grew by this share of what was told, or more, is told anew."""
GROWN_M2, GROWN_LEAST_SHARE = 10_000.0, 0.25
"""So is one that grew by so many square metres and this share."""

_NEWS = ("kind", "change", "state", "reason", "merged_into", "sure", "severity")
"""Of facts: whoever was told one of them is told another."""


def severity(kind: Kind, change: str) -> Severity:
    """Return how grave an event would be.

    Parameters
    ----------
    kind : Kind
        Of the event.
    change : str
        What became of the site, in the frozen words; empty where it is not known. A word that is
        not among them says nothing.
    """
    return RAZED.get(change) or CHANGED[kind].get(change) or OF_KIND[kind]


def is_at_least(one: Severity, least: Severity) -> bool:
    """Tell whether a severity is another one or a higher one."""
    return SEVERITIES.index(one) >= SEVERITIES.index(least)


def is_urgent(one: Severity) -> bool:
    """Tell whether an answer is expected within hours and not within a day."""
    return is_at_least(one, Severity.SEVERE)


def material(before: Facts | None, after: Facts) -> bool:
    """Tell whether a receiver has to be told what an event is now.

    Looks, dates, words and doubts alone are no reason: they are in what is told next. What only
    one of the two tells is none either: the receiver is allowed more, or less, than it was, and
    of the event that says nothing.

    Parameters
    ----------
    before : Facts or None
        What the receiver was told last; None for nothing.
    after : Facts
        What it would be told.
    """
    if before is None:
        return True
    if (before["act"] == AlertAct.CANCEL) != (after["act"] == AlertAct.CANCEL):
        return True
    return (
        _values(before, _NEWS) != _values(after, _NEWS)
        or _has_grown(before["area_m2"], after["area_m2"])
        or _is_elsewhere(before, after)
    )


def _values(facts: Facts, names: tuple[str, ...]) -> list[Any]:
    as_mapping: Mapping[str, Any] = facts
    return [as_mapping[name] for name in names]


def _has_grown(before: float | None, after: float | None) -> bool:
    if before is None or after is None or after <= before:
        return False
    grown = after - before
    by_share = grown >= GROWN_SHARE * before
    return by_share or (grown >= GROWN_M2 and grown >= GROWN_LEAST_SHARE * before)


def _is_elsewhere(before: Facts, after: Facts) -> bool:
    """Tell whether the place has another name, or has nothing in common with the one told."""
    if before["place"] and after["place"] and before["place"] != after["place"]:
        return True
    told, now = before["geometry"], after["geometry"]
    if told is None or now is None or told == now:
        return False
    return bool(shapely.disjoint(shape(told), shape(now)))
