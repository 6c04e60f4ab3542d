"""Alerts to those who are told what two people released: written when it is theirs to read.

What they read, and from when on, is settled by `hearthwatch.disclosure` alone; here it is only
noticed that something of it is new to a receiver. Nothing is kept between two turns, so none of
it can be lost or told twice.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from hearthwatch.alerting import matching
from hearthwatch.alerting.facts import Facts
from hearthwatch.alerting.least import least
from hearthwatch.alerting.network import network_of
from hearthwatch.alerting.routing import Because, Routing, routing_of
from hearthwatch.alerting.severity import severity
from hearthwatch.alerting.writing import TAKEN_BACK, Writer, following, is_news
from hearthwatch.disclosure.telling import Heard, heard, refresh
from hearthwatch.errors import NotFound
from hearthwatch.records import (
    Alert,
    Audience,
    Detail,
    Event,
    EventState,
    Kind,
    Mode,
    Receiver,
    Region,
    Severity,
    Subscription,
)
from hearthwatch.store.protocol import Store
from hearthwatch.values import geojson

_TOLD = (
    "kind", "change", "state", "sure", "place", "precision", "unharmed_until", "changed_by",
    "unseen",
)  # fmt: skip
"""Members of what an audience reads that an alert to it repeats, by the same names."""
AUDIENCE = {Detail.PARTNER: Audience.PARTNER, Detail.PUBLIC: Audience.PUBLIC}


def cry(store: Store, now: datetime) -> int:
    """Write alerts of what receivers may read since lately, of all organisations; return how many.

    Parameters
    ----------
    now : datetime
        The time, aware UTC.
    """
    return sum(_cry(store, one, now) for one in store.organisations(removed=True))


def _cry(store: Store, organisation: str, now: datetime) -> int:
    index = matching.of(store, organisation)
    count = 0
    for detail, audience in AUDIENCE.items():
        theirs = [one for one in index.owed.values() if one.detail is detail]
        if theirs:
            refresh(store, organisation, audience, lambda: now)
            count += _Crier(store, organisation, index, theirs, now).of(audience)
    return count


@dataclass(frozen=True, slots=True)
class _Crier:
    store: Store
    organisation: str
    index: matching.Index
    receivers: Sequence[Receiver]
    now: datetime

    def of(self, audience: Audience) -> int:
        every = heard(self.store, self.organisation, audience, self.now)
        alerts, routing = self._missing(every)
        if not alerts and not routing.is_changed:
            return 0
        with self.store.transaction() as tx:
            # Asked again within it: another process may have written some of them meanwhile.
            alerts, routing = self._missing(every)
            tx.add_alerts(alerts)
            routing.write(tx)
        return len(alerts)

    def _missing(self, every: Sequence[Heard]) -> tuple[list[Alert], Routing]:
        """Return the alerts that are not written yet, and what is waited for because of them."""
        events = {one.telling.event for one in every}
        told = self.store.last_alerts(self.organisation, events)
        network = network_of(self.store, self.organisation)
        receivers = self.index.receivers
        routing = routing_of(self.store, self.organisation, network, events, receivers, self.now)
        alerts = self._alerts(every, told, routing)
        routing.note(alerts)
        return alerts, routing

    def _alerts(
        self,
        every: Sequence[Heard],
        told: Mapping[tuple[str, str], Alert],
        routing: Routing,
    ) -> list[Alert]:
        found = []
        details = {one.detail for one in self.receivers}
        regions = self._regions(routing) if every else ()
        for one in every:
            event = self._event(one)
            if event is None:
                continue  # Erased: the alerts about it went with it.
            met = {} if one.telling.gone else self._met(one, event, routing, details, regions)
            for receiver in self.receivers:
                last = told.get((receiver.id, event.id))
                because = met.get(receiver.id, ())
                alert = self._alert(one, event, receiver, because, last)
                if alert is not None and routing.may_follow(receiver.id, alert.act, last):
                    found.append(alert)
        return found

    def _regions(self, routing: Routing) -> Sequence[Region]:
        """Return the regions, also those not watched any more, where anybody names one."""
        if not (self.index.names_regions or routing.network.names_regions):
            return ()
        return self.store.regions(self.organisation, removed=True)

    def _met(
        self,
        one: Heard,
        event: Event,
        routing: Routing,
        details: Collection[Detail],
        regions: Sequence[Region],
    ) -> Because:
        """Return who is to be told, and because of what.

        Whoever asks for one region is told of all that may lie in it as far as they are told
        where it is: else that they are told would tell the region, which may be one village.
        """
        grave, place = _severity(one), event.geometry
        near = [region.id for region in regions if region.geometry.intersects(place)]
        met = self.index.meets(event, grave, near)
        return {**met, **routing.wanted(event, grave, details, near)}

    def _alert(
        self,
        one: Heard,
        event: Event,
        receiver: Receiver,
        because: Sequence[Subscription],
        last: Alert | None,
    ) -> Alert | None:
        is_gone = one.telling.gone or one.telling.detail.get("state") in TAKEN_BACK
        facts = following(_facts(one, event, self.now), last, taken_back=is_gone)
        if last is None:
            # What was there to read before somebody asked to be told is no news.
            because = [wish for wish in because if wish.created <= one.telling.at]
            if not because:
                return None
        elif last.version >= one.telling.version or not is_news(last, facts):
            return None
        rhythms = {wish.rhythm for wish in because}
        return Writer(self.index, self.now).alert(event, receiver, facts, because, last, rhythms)

    def _event(self, one: Heard) -> Event | None:
        """Return the event as far as its audience knows it."""
        try:
            event = self.store.event(self.organisation, one.telling.event)
        except NotFound:
            return None
        detail = one.telling.detail
        if one.telling.gone or one.rendering is None:
            return event
        return dataclasses.replace(
            event,
            geometry=one.rendering.geometry,
            kind=Kind(detail["kind"]),
            mode=Mode(detail["mode"]),
            state=EventState(detail["state"]),
        )


def _severity(one: Heard) -> Severity:
    detail = one.telling.detail
    kind = Kind(detail.get("kind", Kind.GROUND_CHANGE.value))
    return severity(kind, detail.get("change") or "")


def _facts(one: Heard, event: Event, now: datetime) -> Facts:
    """Return what of an event its audience is told; of what is gone nothing but that."""
    telling, detail = one.telling, one.telling.detail
    facts = least(telling.id, telling.version, event.mode, _severity(one), now)
    if telling.gone or one.rendering is None:
        return facts
    told = {name: detail[name] for name in _TOLD if detail.get(name) is not None}
    facts.update(told)  # type: ignore[typeddict-item]
    facts["geometry"] = geojson(one.rendering.geometry)
    return facts
