"""How an alert follows what its receiver was told of the event before."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from hearthwatch.alerting.facts import Facts
from hearthwatch.alerting.matching import Index
from hearthwatch.alerting.severity import material
from hearthwatch.alerting.timing import due
from hearthwatch.records import (
    Alert,
    AlertAct,
    Event,
    EventState,
    Receiver,
    Rhythm,
    Severity,
    Steps,
    Subscription,
)

TAKEN_BACK = frozenset({EventState.REJECTED, EventState.RETRACTED})


def alert_id() -> str:
    """Return a new id of an alert."""
    return f"alr-{uuid.uuid4().hex}"


def following(facts: Facts, last: Alert | None, *, taken_back: bool) -> Facts:
    """Return facts with what they do with what was told before; what was taken back begins anew."""
    if taken_back:
        act = AlertAct.CANCEL
    elif last is None or last.act is AlertAct.CANCEL:
        act = AlertAct.ALERT
    else:
        act = AlertAct.UPDATE
    return {**facts, "act": act.value, "sequence": (last.sequence if last else 0) + 1}


def is_news(last: Alert, facts: Facts) -> bool:
    """Tell whether whoever was told of an event has to be told what it is now."""
    told: Facts = dict(last.facts)  # type: ignore[assignment]
    return material(told, facts)


@dataclass(frozen=True, slots=True)
class Writer:
    """Makes alerts of one organisation.

    Parameters
    ----------
    index : Index
        Of its subscriptions.
    now : datetime
        The time, aware UTC.
    """

    index: Index
    now: datetime

    def alert(
        self,
        event: Event,
        receiver: Receiver,
        facts: Facts,
        because: Sequence[Subscription],
        last: Alert | None,
        rhythms: Collection[Rhythm],
        *,
        at_night: bool = False,
    ) -> Alert:
        """Return the alert that tells a receiver facts of an event.

        Parameters
        ----------
        facts : Facts
            As `following` returns them.
        because : sequence of Subscription
            Those that the event meets.
        last : Alert or None
            The one before.
        rhythms : collection of Rhythm
            By which it may be told.
        at_night : bool
            Whether the receiver's quiet hours do not count.
        """
        before = last.subscriptions if last else ()
        grave = Severity(facts["severity"])
        return Alert(
            id=alert_id(),
            organisation=event.organisation,
            receiver=receiver.id,
            event=event.id,
            sequence=facts["sequence"],
            version=facts["version"],
            kind=event.kind,
            mode=event.mode,
            act=AlertAct(facts["act"]),
            severity=grave,
            facts=facts,
            # Kept from alert to alert: what follows obeys the rhythm of what was told first.
            subscriptions=tuple(one.id for one in because) or before,
            made=self.now,
            due=due(
                self.now,
                rhythms,
                receiver,
                grave,
                told=self.index.rhythms(before),
                at_night=at_night,
            ),
            steps=Steps(region=event.region, sensed=event.last_detected),
        )
