"""A desk with a response network, by a clock that the test moves."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from hearthwatch.alerting.answers import Said, answered
from hearthwatch.alerting.escalating import escalate
from hearthwatch.records import Answer, Event, Responder, Response
from tests.contract import store_records as a
from tests.unit.hearthwatch.alerts.desk import VAULT, Desk

MINUTE = timedelta(minutes=1)


class Tokens:
    """Knows tokens, and nothing else of whoever sends."""

    is_token = staticmethod(VAULT.is_token)


class Net(Desk):
    """Receivers ``a``, ``b``, ... as contacts of responders."""

    def responder(self, its_id: str, *contacts: str, **changes: Any) -> Responder:
        """Put a responder that serves everything, and its contacts."""
        known = {one.id for one in self.store.receivers("ours", removed=True)}
        for one in contacts:
            if one not in known:
                self.receiver(id=one, name=f"Contact {one}")
        plain: dict[str, Any] = {
            "id": its_id, "name": f"Aid {its_id}", "contacts": contacts, "region": "", "kinds": (),
            "least_severity": a.Severity.MINOR,
        }  # fmt: skip
        made = a.responder(**plain | changes)
        with self.store.transaction() as tx:
            tx.put_responder(made)
        return made

    def step(self, after: timedelta = timedelta()) -> int:
        """Let time pass, go on where nobody answered, and let the sender have its turn."""
        self.now += after
        escalate(self.store, self.now)
        return self.sender.step()

    def response(self, responder: str, event: str = "evt-1") -> Response:
        """Return how a responder stands to an event."""
        every = self.store.responses("ours", [event])
        return next(one for one in every if one.responder == responder)

    def states(self, event: str = "evt-1") -> dict[str, str]:
        """Return the state of each response to an event."""
        return {one.responder: one.state.value for one in self.store.responses("ours", [event])}

    def steps(self, responder: str, event: str = "evt-1") -> list[tuple[str, str]]:
        """Return what happened with a responder: act and contact."""
        own = self.response(responder, event).id
        every = self.store.response_steps("ours", event)
        return [(one.act.value, one.receiver) for one in every if one.response == own]

    @property
    def told(self) -> list[tuple[str, str, str]]:
        """Return who was sent what about which event, in the order in which it was taken."""
        return [
            (self.store.message("ours", parcel.id).receiver, facts["act"], facts["event"])
            for parcel in self.spy.taken
            for facts in parcel.content["facts"]
        ]

    def facts(self, receiver: str) -> list[Any]:
        """Return what a receiver was sent about events."""
        return [
            facts
            for parcel in self.spy.taken
            if self.store.message("ours", parcel.id).receiver == receiver
            for facts in parcel.content["facts"]
        ]

    def answers(
        self, receiver: str, answer: Answer, words: str = "", to: str = "", which: int = -1
    ) -> Response:
        """Let a contact answer with the link in a message that it was sent."""
        query = parse_qs(urlsplit(self.facts(receiver)[which]["links"]["answer"]).query)
        sent = {name: value for name, (value,) in query.items()}
        said = Said(answer, words, to)
        post: Any = Tokens()
        return answered(
            self.store, post, sent["receiver"], sent["response"], sent["token"], said, self.now
        )


def changed(one: Event, **changes: Any) -> Event:
    """Return the next version of an event."""
    return dataclasses.replace(one, version=one.version + 1, **changes)
