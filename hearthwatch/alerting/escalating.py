"""What is done where a contact does not answer in time, declines or hands an event over.

The next contact of the responder is told; after the last one those of the next rank, unless
somebody knows already. Each is one transaction in which everything is asked again: a process that
dies leaves all of it or nothing, and of two at once the second finds it done.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

from hearthwatch.alerting import matching, opening
from hearthwatch.alerting.network import in_force, network_of, wait_of
from hearthwatch.alerting.outbox import enqueue_contacts
from hearthwatch.alerting.routing import Routing, routing_of, stands
from hearthwatch.alerting.severity import severity
from hearthwatch.alerting.trail import put_down
from hearthwatch.errors import StoreLocked
from hearthwatch.records import Event, Responder, Response, ResponseState, Severity, StepAct
from hearthwatch.store.protocol import Store, Transaction
from hearthwatch.store.rules import NOTICED

AT_ONCE = 1000
"""Responses looked at in one go."""
ACTOR = "network"
"""Who the log says it was where no person did it."""

_log = logging.getLogger(__name__)


def escalate(store: Store, now: datetime) -> int:
    """Tell the next contacts where nobody answered in time, of all organisations.

    Returns
    -------
    int
        How many responses went on.
    """
    return sum(_safely(store, one, now) for one in store.overdue_responses(now, AT_ONCE))


def _safely(store: Store, found: Response, now: datetime) -> bool:
    """Go on with one response; what fails for one does not hold up the others."""
    try:
        with opening.opened(store, found.organisation) as tx:
            # Asked again within it: somebody may have answered, or another process gone on.
            response = store.response(found.organisation, found.id)
            if response.due is None or response.due > now:
                return False
            opened(store, tx, store.event(response.organisation, response.event), now).time_is_over(
                response
            )
        return True
    except StoreLocked:
        raise
    except Exception as error:
        # Whatever it says may hold a place.
        _log.error("response %s did not go on: %s", found.id, type(error).__name__)
        return False


def opened(store: Store, tx: Transaction, event: Event, now: datetime) -> Onward:
    """Return what goes on with the responses to an event, within a transaction."""
    index = matching.of(store, event.organisation)
    network = network_of(store, event.organisation)
    routing = routing_of(store, event.organisation, network, [event.id], index.receivers, now)
    return Onward(store, tx, event, routing)


@dataclass(slots=True)
class Onward:
    """Tells more contacts of one event.

    Parameters
    ----------
    routing : Routing
        With the responses to the event.
    """

    store: Store
    tx: Transaction
    event: Event
    routing: Routing

    @property
    def _grave(self) -> Severity:
        return severity(self.event.kind, self.event.change)

    def met(self) -> list[Responder]:
        """Return the responders that the event meets."""
        return self.routing.network.meets(self.event, self._grave, self.routing.now)

    def time_is_over(self, response: Response) -> None:
        """Go on where nobody answered in time."""
        if not stands(self.event):
            self.routing.settle(self.event, self._grave)
        elif not self._to_next_contact(response):
            # What was told to nobody there was not left unanswered: it waits on, and others hear.
            is_told = response.state is not ResponseState.UNRELEASED
            state = ResponseState.UNANSWERED if is_told else response.state
            self.routing.put(response, state, StepAct(state.value))
            self._log(state.value, response)
            self._to_next_rank()
        self.routing.write(self.tx)

    def go_on(self, response: Response) -> None:
        """Go on where a contact declined: it is another's turn at once."""
        if stands(self.event) and not self._to_next_contact(response):
            self._to_next_rank()

    def hand_over(self, response: Response, to: Responder | None, by: str) -> None:
        """Tell the responder to which an event was handed over; without one, those of next rank.

        Those too where that one said long since that it does not act, or did not answer.
        """
        if not stands(self.event):
            return
        there = None if to is None else self.routing.responses.get((self.event.id, to.id))
        if to is not None and there is None:
            self._begin(to, by=by, handed_from=response.responder)
        elif there is None or there.state is not ResponseState.TOLD:
            self._to_next_rank()

    def _to_next_contact(self, response: Response) -> bool:
        responder = self.routing.network.one(response.responder)
        if responder is None or not in_force(responder, self.routing.now):
            return False
        # One more that waits for the same release would hold up those who can be told.
        is_unreleased = response.state is ResponseState.UNRELEASED
        choose = self.routing.next_but_released if is_unreleased else self.routing.next_contact
        contact = choose(responder, response.contacts)
        if not contact:
            return False
        waits = self.routing.waits(contact)
        self.routing.put(
            response, ResponseState.UNRELEASED if waits else ResponseState.TOLD,
            StepAct.UNRELEASED if waits else StepAct.ESCALATED, receiver=contact,
            contacts=(*response.contacts, contact),
            due=self.routing.now + wait_of(responder, self._grave),
        )  # fmt: skip
        self._tell(contact)
        self._log("unreleased" if waits else "escalated", response)
        return True

    def _to_next_rank(self) -> None:
        """Tell those of the next rank, and of the one after where none of them can be told."""
        every = self.routing.of_event(self.event.id)
        if any(one.state in NOTICED for one in every):
            return
        found = self.routing.first_of_next_rank(self.event, self._grave)
        began = [self._begin(one) for one in found]
        if found and not any(began):
            self._to_next_rank()

    def _begin(self, responder: Responder, by: str = "", handed_from: str = "") -> bool:
        contact = self.routing.next_contact(responder)
        if not contact:
            made = self.routing.nobody(self.event, responder, handed_from)
        else:
            due = self.routing.now + wait_of(responder, self._grave)
            made = self.routing.begin(
                self.event.id, responder, contact, due, by=by, handed_from=handed_from
            )
            self._tell(contact)
        self._log("unreleased" if made.state is ResponseState.UNRELEASED else "told", made)
        return bool(contact)

    def _tell(self, contact: str) -> None:
        enqueue_contacts(self.store, self.tx, self.event, self.routing, {contact})

    def _log(self, act: str, response: Response) -> None:
        put_down(
            self.tx, response.organisation, f"response {act}", actor=ACTOR, at=self.routing.now,
            ids={"event": response.event, "responder": response.responder},
        )  # fmt: skip
