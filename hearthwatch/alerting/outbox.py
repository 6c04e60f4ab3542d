"""Alerts, written in the transaction that makes or changes the event they are about.

Either both are stored or neither is: no process can die between them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hearthwatch.alerting import matching
from hearthwatch.alerting.facts import Facts
from hearthwatch.alerting.least import least
from hearthwatch.alerting.network import network_of
from hearthwatch.alerting.own import Scene, facts_of
from hearthwatch.alerting.routing import Because, Routing, routing_of
from hearthwatch.alerting.severity import severity
from hearthwatch.alerting.writing import TAKEN_BACK, Writer, alert_id, following, is_news
from hearthwatch.errors import NotFound
from hearthwatch.records import (
    Alert,
    AlertAct,
    Detail,
    Event,
    Label,
    Mode,
    Receiver,
    Region,
    Rhythm,
    Steps,
    Subscription,
    WatchLevel,
)
from hearthwatch.store.protocol import Store, Transaction
from hearthwatch.watchlist.terms import level_now

OLD = timedelta(days=30)
"""What was last seen so long ago was found in the past: it is told in the next daily list."""
OWN = frozenset({Detail.NOTICE, Detail.EXACT})


def enqueue(
    store: Store,
    tx: Transaction,
    organisation: str,
    events: Sequence[Event],
    *,
    reasons: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> int:
    """Write the alerts that events give rise to; return how many.

    Whoever was told of an event before is told of every change that matters, whether or not a
    subscription still asks for it; where it is switched off, once it is on again. Of the response
    network those are told whom it meets.

    Parameters
    ----------
    store : Store
        Asked for what stood before the transaction.
    tx : Transaction
        The one that the events are written in.
    events : sequence of Event
        Each once, as it stands at the end of the transaction.
    reasons : mapping, optional
        Coded reasons of rejections and retractions, by id of the event.
    now : datetime, optional
        The time, aware UTC.
    """
    index, network = matching.of(store, organisation), network_of(store, organisation)
    if not events or not (index.owed or network):
        return 0
    now = now or datetime.now(UTC)
    known = [one.id for one in events if one.version > 1]
    told = store.last_alerts(organisation, known) if known else {}
    routing = routing_of(store, organisation, network, known, index.receivers, now)
    desk = _Desk(store, organisation, index, told, now, routing)
    reasons = reasons or {}
    alerts = [one for event in events for one in desk.about(event, reasons.get(event.id, ""))]
    tx.add_alerts(alerts)
    routing.note(alerts)
    routing.write(tx)
    return len(alerts)


def enqueue_contacts(
    store: Store, tx: Transaction, event: Event, routing: Routing, contacts: Collection[str]
) -> int:
    """Write the alerts that tell contacts of an event as it stands; return how many.

    Of those that may know it: who is told what two people released is told when it is theirs to
    read.

    Parameters
    ----------
    routing : Routing
        Of the event, with the contacts in its responses. It is not written yet.
    contacts : collection of str
        Ids of receivers; nobody else is told anything.
    """
    index = matching.of(store, event.organisation)
    told = store.last_alerts(event.organisation, [event.id])
    desk = _Desk(store, event.organisation, index, told, routing.now, routing)
    every = desk.tell(event, "", routing.standing(event))
    alerts = [one for one in every if one.receiver in contacts]
    tx.add_alerts(alerts)
    routing.note(alerts)
    return len(alerts)


def enqueue_erased(
    store: Store, tx: Transaction, organisation: str, events: Sequence[str], now: datetime
) -> int:
    """Write that what receivers were told of events is withdrawn; return how many alerts.

    After the events and all alerts about them were erased, in the same transaction. Nothing is
    said but that: of what was told only its name stays.
    """
    alerts = []
    for (receiver, event), last in sorted(store.last_alerts(organisation, events).items()):
        told = [one for one in store.alerts(organisation, event=event) if one.receiver == receiver]
        alerts.append(
            dataclasses.replace(
                last,
                id=alert_id(),
                sequence=last.sequence + 1,
                act=AlertAct.CANCEL,
                facts=_withdrawn(last, now),
                made=now,
                due=now,
                message="",
                before=tuple(dict.fromkeys(one.message for one in told if one.message)),
                steps=Steps(looked_up=now),
            )
        )
    tx.add_alerts(alerts)
    return len(alerts)


@dataclass(slots=True)
class _Desk:
    """Writes alerts about the events of one transaction."""

    store: Store
    organisation: str
    index: matching.Index
    told: Mapping[tuple[str, str], Alert]
    now: datetime
    routing: Routing

    def about(self, event: Event, reason: str) -> list[Alert]:
        """Return the alerts about one event, a receiver each."""
        grave = severity(event.kind, event.change)
        wanted = {} if event.merged_into else self.index.meets(event, grave)
        self.routing.settle(event, grave)
        return self.tell(event, reason, {**wanted, **self.routing.wanted(event, grave, OWN)})

    def tell(self, event: Event, reason: str, wanted: Because) -> list[Alert]:
        """Return the alerts to those who want to know of an event or were told of it before."""
        before = {receiver for receiver, its_event in self.told if its_event == event.id}
        names = [one for one in sorted({*wanted, *before}) if one in self.index.owed]
        receivers = [self.index.owed[one] for one in names]
        own = [one for one in receivers if one.detail in OWN]
        if not own:
            return []
        scene = self._scene(event, reason)
        frozen = {
            detail: facts_of(event, scene, detail, self.now)
            for detail in {one.detail for one in own}
        }
        at_night = self._wakes(event, scene)
        made = (
            self._alert(event, one, wanted.get(one.id, ()), frozen[one.detail], at_night)
            for one in own
        )
        return [one for one in made if one is not None]

    def _alert(
        self,
        event: Event,
        receiver: Receiver,
        because: Sequence[Subscription],
        facts: Facts,
        at_night: bool,
    ) -> Alert | None:
        last = self.told.get((receiver.id, event.id))
        told = following(facts, last, taken_back=event.state in TAKEN_BACK)
        if last is not None and not is_news(last, told):
            return None
        if not self.routing.may_follow(receiver.id, AlertAct(told["act"]), last):
            return None
        rhythms = {one.rhythm for one in because}
        # As long as nothing went out: going through the past, software changes it at every look.
        is_untold = last is None or not last.message
        if is_untold and self.now - event.last_detected > OLD:
            rhythms = (rhythms - {Rhythm.INSTANT}) or {Rhythm.DAILY}
        return Writer(self.index, self.now).alert(
            event, receiver, told, because, last, rhythms, at_night=at_night
        )

    def _wakes(self, event: Event, scene: Scene) -> bool:
        """Tell whether quiet hours do not count: only for one's own, or it would tell the level."""
        if scene.region is None or event.mode is not Mode.ACTUAL:
            return False
        return level_now(scene.region, self.now) is WatchLevel.URGENT

    def _scene(self, event: Event, reason: str) -> Scene:
        labels = (
            self.store.settlement_labels(self.organisation, [event.settlement])
            if event.settlement
            else {}
        )
        return Scene(self._region(event.region), labels.get(event.settlement, Label()), reason)

    def _region(self, region: str) -> Region | None:
        try:
            return self.store.region(self.organisation, region)
        except NotFound:
            return None


def _withdrawn(last: Alert, now: datetime) -> Facts:
    """Return what is said of an event that was erased after a receiver was told of it."""
    name = str(last.facts.get("event", last.event))
    facts = least(name, last.version, last.mode, last.severity, now)
    return {**facts, "act": AlertAct.CANCEL.value, "sequence": last.sequence + 1}
