"""Which subscriptions an event meets, one after the other: what the index is held against."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shapely import affinity
from shapely.geometry.base import BaseGeometry

from hearthwatch.records import Event, Receiver, Severity, Subscription

STATES = ["candidate", "provisional", "corroborated", "confirmed"]
SEVERITIES = ["minor", "moderate", "severe", "extreme"]


def share_ground(area: BaseGeometry, ground: BaseGeometry) -> bool:
    """Tell whether a part of the ground lies in an area, wherever 180 degrees lies."""
    for part in getattr(ground, "geoms", [ground]):
        for shift in (-360, 0, 360):
            there = affinity.translate(part, shift)
            if there.area and area.intersection(there).area:
                return True
            if not there.area and area.intersects(there):
                return True
    return False


def plainly_met(
    receivers: Iterable[Receiver],
    subscriptions: Iterable[Subscription],
    event: Event,
    severity: Severity,
    share: Callable[[BaseGeometry, BaseGeometry], bool] = share_ground,
) -> dict[str, tuple[Subscription, ...]]:
    """Return what `hearthwatch.alerting.matching.Index.meets` is to return."""
    if event.state not in STATES:
        return {}
    told = {
        one.id: one
        for one in receivers
        if one.confirmed is not None and one.disabled is None and one.removed is None
    }
    found: dict[str, tuple[Subscription, ...]] = {}
    for one in subscriptions:
        if one.receiver in told and is_met(one, event, severity, share):
            found[one.receiver] = (*found.get(one.receiver, ()), one)
    return found


def is_met(
    one: Subscription,
    event: Event,
    severity: Severity,
    share: Callable[[BaseGeometry, BaseGeometry], bool],
) -> bool:
    """Tell whether one subscription is met."""
    if one.paused is not None or one.removed is not None:
        return False
    if one.region not in ("", event.region):
        return False
    if one.kinds and event.kind not in one.kinds:
        return False
    if event.mode not in one.modes or one.least_state not in STATES:
        return False
    if STATES.index(event.state) < STATES.index(one.least_state):
        return False
    if SEVERITIES.index(severity) < SEVERITIES.index(one.least_severity):
        return False
    return one.geometry is None or share(one.geometry, event.geometry)
