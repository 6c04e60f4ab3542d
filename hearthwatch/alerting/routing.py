"""Which contacts of the network are told of an event, and what is waited for then.

Kept in responses, which are written in the transaction of the alerts that they are about.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from hearthwatch.alerting.matching import STARTING
from hearthwatch.alerting.network import Network, in_force, may_know, wait_of
from hearthwatch.records import (
    Alert,
    AlertAct,
    Detail,
    Event,
    Receiver,
    Responder,
    Response,
    ResponseState,
    ResponseStep,
    Severity,
    StepAct,
    Subscription,
)
from hearthwatch.store.protocol import Store, Transaction

WAITED_FOR = frozenset({
    ResponseState.TOLD, ResponseState.UNRELEASED, ResponseState.UNANSWERED,
})  # fmt: skip
"""States that end by themselves where what was told does not stand any more."""
RELEASED = frozenset({Detail.PARTNER, Detail.PUBLIC})
"""What is told only once two people released it: until then a contact waits, by the clock."""
_TO_BE_ASKED = frozenset({
    ResponseState.UNRELEASED, ResponseState.UNANSWERED, ResponseState.DECLINED,
})  # fmt: skip
"""States in which the answer of a contact that is told at last is waited for."""

Because = dict[str, tuple[Subscription, ...]]


@dataclass(slots=True)
class Routing:
    """The responses to the events of one transaction.

    Parameters
    ----------
    receivers : mapping
        Those who are told of anything, by id.
    now : datetime
        The time, aware UTC.
    responses : mapping
        As they stand, by id of the event and of the responder.
    """

    network: Network
    receivers: Mapping[str, Receiver]
    now: datetime
    responses: dict[tuple[str, str], Response] = field(default_factory=dict)
    _steps: list[ResponseStep] = field(default_factory=list)
    _changed: dict[str, Response] = field(default_factory=dict)

    @property
    def is_changed(self) -> bool:
        """Whether there is anything to be written."""
        return bool(self._changed)

    def wanted(
        self,
        event: Event,
        grave: Severity,
        details: Collection[Detail],
        near: Collection[str] = (),
    ) -> Because:
        """Return the contacts that are to be told of an event, each with its agreement.

        Where a responder has none that could be told, that is put down; where none of a rank has,
        those of the next one are told.

        Parameters
        ----------
        details : collection of Detail
            What those may know who are told by whoever asks.
        near : collection of str
            Ids of regions beside its own in which it counts as lying.
        """
        if not stands(event):
            return {}
        known = {responder for one, responder in self.responses if one == event.id}
        met = self.network.meets(event, grave, self.now, near)
        found = self.standing(event)
        if RELEASED & set(details):
            found = self._as_released(event, found, {one.id for one in met})
        asked = [one for one in self._first_ranks(met, known) if one.id not in known]
        while asked:
            reached = [one for one in asked if self._ask_first(event, grave, one, found, details)]
            asked = [] if reached or self._is_with_somebody(event) else _next_rank(met, asked)
        return found

    def standing(self, event: Event) -> Because:
        """Return the contacts to which an event was told or is to be, by agreements that hold."""
        if not stands(event):
            return {}
        return {
            contact: (self.network.wish(responder),)
            for one in self.of_event(event.id)
            if (responder := self.network.one(one.responder)) is not None
            if in_force(responder, self.now)
            for contact in one.contacts
            if self._may_be_told(responder, contact)
        }

    def of_event(self, event: str) -> list[Response]:
        """Return the responses to an event."""
        return [one for (its_event, _), one in self.responses.items() if its_event == event]

    def next_contact(self, responder: Responder, told: Collection[str] = ()) -> str:
        """Return the first contact that was not told and can be; empty for none."""
        left = (one for one in responder.contacts if one not in told)
        return next((one for one in left if self._may_be_told(responder, one)), "")

    def next_but_released(self, responder: Responder, told: Collection[str]) -> str:
        """Return the first contact that was not told and waits for no release; empty for none."""
        waiting = [one for one in responder.contacts if self.waits(one)]
        return self.next_contact(responder, {*told, *waiting})

    def waits(self, contact: str) -> bool:
        """Tell whether a contact may be told only what two people release."""
        receiver = self.receivers.get(contact)
        return receiver is not None and receiver.detail in RELEASED

    def may_follow(self, receiver: str, act: AlertAct, last: Alert | None) -> bool:
        """Tell whether a receiver is told more of what it was told before.

        Once an agreement ended, or it is no contact any more: only that something is taken back.
        """
        if last is None or act is AlertAct.CANCEL:
            return True
        is_behalf = self.network.is_on_behalf(last.subscriptions)
        return not is_behalf or self.network.served_by(receiver, self.now) is not None

    def settle(self, event: Event, grave: Severity) -> None:
        """Wait no longer for answers to what was taken back, and again where it stands again."""
        for one in self.of_event(event.id):
            responder = self.network.one(one.responder)
            if not stands(event) and one.state in WAITED_FOR:
                self.put(one, ResponseState.WITHDRAWN, StepAct.WITHDRAWN)
            elif stands(event) and one.state is ResponseState.WITHDRAWN and responder is not None:
                due = self.now + wait_of(responder, grave)
                receiver = one.contacts[-1] if one.contacts else ""
                state, act = self._asking(receiver)
                self.put(one, state, act, receiver=receiver, due=due)

    def note(self, alerts: Iterable[Alert]) -> None:
        """Wait for the answers of contacts that are told now."""
        for alert in alerts:
            responder = self.network.served_by(alert.receiver, self.now)
            if responder is None or alert.act is AlertAct.CANCEL:
                continue
            there = self.responses.get((alert.event, responder.id))
            due = alert.due + wait_of(responder, alert.severity)
            if there is None:
                if alert.receiver not in self.receivers:
                    continue  # Switched off: nobody waits for its answer.
                made = self._new(alert.event, responder, (alert.receiver,), ResponseState.TOLD, "")
                self.put(
                    made, ResponseState.TOLD, StepAct.TOLD, receiver=alert.receiver, due=due
                )  # fmt: skip
            elif self._is_told_at_last(there, alert):
                self._tell_at_last(there, alert.receiver, due)
            elif there.state is ResponseState.TOLD and there.due is not None:
                is_first = alert.sequence == 1 and there.contacts[-1:] == (alert.receiver,)
                # What became urgent is waited for less; nothing is waited for anew.
                self._keep(dataclasses.replace(there, due=due if is_first else min(there.due, due)))

    def begin(
        self,
        event: str,
        responder: Responder,
        contact: str,
        due: datetime,
        *,
        by: str = "",
        handed_from: str = "",
    ) -> Response:
        """Begin a response: a responder is told of an event, or once it is released."""
        state, act = self._asking(contact)
        made = self._new(event, responder, (contact,), state, handed_from)
        return self.put(made, state, act, receiver=contact, due=due, by=by)

    def nobody(self, event: Event, responder: Responder, handed_from: str = "") -> Response:
        """Put down that a responder has no contact that could be told."""
        made = self._new(event.id, responder, (), ResponseState.UNANSWERED, handed_from)
        return self.put(made, ResponseState.UNANSWERED, StepAct.UNANSWERED)

    def _new(
        self,
        event: str,
        responder: Responder,
        contacts: tuple[str, ...],
        state: ResponseState,
        handed_from: str,
    ) -> Response:
        return Response(
            id=f"rsp-{secrets.token_hex(12)}",
            organisation=responder.organisation,
            event=event,
            responder=responder.id,
            told=self.now,
            contacts=contacts,
            state=state,
            since=self.now,
            handed_from=handed_from,
        )

    def put(
        self,
        response: Response,
        state: ResponseState,
        act: StepAct,
        *,
        due: datetime | None = None,
        contacts: tuple[str, ...] | None = None,
        handed_to: str | None = None,
        **step: Any,
    ) -> Response:
        """Change a response by one step."""
        changed = dataclasses.replace(
            response,
            state=state,
            since=self.now if state is not response.state else response.since,
            due=due,
            contacts=response.contacts if contacts is None else contacts,
            handed_to=response.handed_to if handed_to is None else handed_to,
            steps=response.steps + 1,
        )
        self._steps.append(
            ResponseStep(
                organisation=response.organisation, response=response.id, event=response.event,
                sequence=changed.steps, at=self.now, act=act, **step,
            )
        )  # fmt: skip
        self._keep(changed)
        return changed

    def write(self, tx: Transaction) -> None:
        """Store what changed."""
        for one in self._changed.values():
            tx.put_response(one)
        tx.add_response_steps(self._steps)

    def first_of_next_rank(self, event: Event, grave: Severity) -> list[Responder]:
        """Return the responders of the lowest rank of which none was told of an event."""
        known = {one.responder for one in self.of_event(event.id)}
        ranks = [one.rank for name in known if (one := self.network.one(name)) is not None]
        left = [
            one
            for one in self.network.meets(event, grave, self.now)
            if one.id not in known and one.rank > max(ranks, default=0)
        ]
        return [one for one in left if one.rank == left[0].rank]

    def _ask_first(
        self,
        event: Event,
        grave: Severity,
        responder: Responder,
        found: Because,
        details: Collection[Detail],
    ) -> bool:
        """Add the first contact of a responder that can be told; tell whether there is one."""
        contact = self.next_contact(responder)
        if contact and self.waits(contact) and not RELEASED & set(details):
            self.begin(event.id, responder, contact, self.now + wait_of(responder, grave))
        elif contact:
            found[contact] = (self.network.wish(responder),)
        elif responder.detail in details:
            self.nobody(event, responder)
        return bool(contact)

    def _as_released(self, event: Event, found: Because, met: Collection[str]) -> Because:
        """Return of contacts to be told those whose area holds what is released of an event.

        By the true place it was asked who waits: it must not follow from being told.
        """
        kept = {
            contact
            for one in self.of_event(event.id)
            if one.responder in met or one.handed_from
            for contact in one.contacts
        }
        return {
            contact: wishes
            for contact, wishes in found.items()
            if contact in kept or not self.waits(contact)
        }

    def _asking(self, contact: str) -> tuple[ResponseState, StepAct]:
        """Return the state, and the step to it, of a responder whose turn a contact is."""
        if self.waits(contact):
            return ResponseState.UNRELEASED, StepAct.UNRELEASED
        return ResponseState.TOLD, StepAct.TOLD

    def _is_told_at_last(self, there: Response, alert: Alert) -> bool:
        """Tell whether an alert is the first to a contact that waited for a release."""
        if not self.waits(alert.receiver) or alert.receiver not in there.contacts:
            return False
        is_last = there.contacts[-1] == alert.receiver
        if there.state is ResponseState.UNRELEASED and is_last:
            return True
        return alert.sequence == 1 and not (there.state is ResponseState.TOLD and is_last)

    def _tell_at_last(self, there: Response, contact: str, due: datetime) -> None:
        before = tuple(one for one in there.contacts if one != contact)
        state = ResponseState.TOLD if there.state in _TO_BE_ASKED else there.state
        first = there if before else dataclasses.replace(there, told=self.now)
        if state is not ResponseState.TOLD:
            until = None
        else:
            until = due if there.due is None or there.state is not state else min(there.due, due)
        self.put(
            first, state, StepAct.TOLD, receiver=contact, contacts=(*before, contact), due=until
        )

    def _is_with_somebody(self, event: Event) -> bool:
        """Tell whether any responder was told: what it does, or does not, leads further."""
        every = self.of_event(event.id)
        return any(one.state is not ResponseState.UNANSWERED for one in every)

    def _first_ranks(self, met: Sequence[Responder], known: Collection[str]) -> list[Responder]:
        ranks = [one.rank for name in known if (one := self.network.one(name)) is not None]
        reached = max(ranks) if ranks else min((one.rank for one in met), default=0)
        return [one for one in met if one.rank <= reached]

    def _may_be_told(self, responder: Responder, contact: str) -> bool:
        receiver = self.receivers.get(contact)
        return receiver is not None and may_know(responder, receiver)

    def _keep(self, response: Response) -> None:
        self.responses[response.event, response.responder] = response
        self._changed[response.id] = response


def routing_of(
    store: Store,
    organisation: str,
    network: Network,
    events: Collection[str],
    receivers: Mapping[str, Receiver],
    now: datetime,
) -> Routing:
    """Return the responses to events as they stand before a transaction."""
    there = store.responses(organisation, events) if network and events else ()
    return Routing(network, receivers, now, {(one.event, one.responder): one for one in there})


def _next_rank(met: Sequence[Responder], asked: Sequence[Responder]) -> list[Responder]:
    """Return the responders that follow those of a rank, of those an event meets."""
    left = [one for one in met if one.rank > asked[-1].rank]
    return [one for one in left if one.rank == left[0].rank]


def stands(event: Event) -> bool:
    """Tell whether somebody is asked to answer for an event as it is."""
    return event.state in STARTING and not event.merged_into
