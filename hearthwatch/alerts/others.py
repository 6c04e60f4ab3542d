"""What a message says of the response network: who else was told, who acts, and how to answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from hearthwatch.alerting.answers import purpose
from hearthwatch.alerting.facts import Told
from hearthwatch.alerts.vault import Vault
from hearthwatch.records import Alert, AlertAct, Answer, Detail, Receiver, Response, ResponseState
from hearthwatch.store.protocol import Store
from hearthwatch.values import moment

_NETWORK = (Detail.EXACT, Detail.PARTNER)
"""What contacts are told who are told of each other too."""
_ANSWERS = frozenset(one.value for one in Answer)


@dataclass(frozen=True, slots=True)
class Others:
    """The responses to the event of an alert, as its receiver may know them.

    Attributes
    ----------
    own : Response or None
        That of the responder of which the receiver is a contact.
    """

    store: Store
    receiver: Receiver
    every: Sequence[Response]
    own: Response | None

    @property
    def asked(self) -> str:
        """Why a contact is told: ``first``, ``escalated``, ``handed_over``; empty for others."""
        if self.own is None:
            return ""
        if self.own.contacts[0] != self.receiver.id:
            return "escalated"
        return "handed_over" if self.own.handed_from else "first"

    def told(self) -> list[Told]:
        """Return who else was told and what they answered.

        Told to one's own people who know everything, and to contacts who may know more than that
        there is something.
        """
        is_own = self.own is None and self.receiver.detail is Detail.EXACT
        if not is_own and (self.own is None or self.receiver.detail not in _NETWORK):
            return []
        others = [one for one in self.every if one != self.own]
        if not others:
            return []
        responders = self.store.responders(self.receiver.organisation, removed=True)
        names = {one.id: one.name for one in responders}
        told = [_told(one, names.get(one.responder, "")) for one in others if _is_told(one)]
        return sorted(told, key=lambda one: (one["at"] is None, one["at"], one["name"]))

    def answer_link(self, home: str, vault: Vault | None) -> dict[str, str]:
        """Return the address with which a contact answers; empty where it cannot."""
        if self.own is None or vault is None or not home:
            return {}
        query = {
            "receiver": self.receiver.id,
            "response": self.own.id,
            "token": vault.token(purpose(self.own.id), self.receiver),
        }
        return {"answer": f"{home}/answers?{urlencode(query)}"}


def others_of(store: Store, receiver: Receiver, alert: Alert) -> Others:
    """Return what there is of the network to say with an alert."""
    every = store.responses(alert.organisation, [alert.event])
    own = next((one for one in every if receiver.id in one.contacts), None)
    return Others(store, receiver, every, own)


def is_answered(act: str) -> bool:
    """Tell whether an answer is expected to what is told."""
    return act != AlertAct.CANCEL.value


def _is_told(one: Response) -> bool:
    """Tell whether any contact of a responder was told, not only one that waits for a release."""
    return len(one.contacts) > (one.state is ResponseState.UNRELEASED)


def _told(one: Response, name: str) -> Told:
    answered = one.state.value in _ANSWERS
    return {
        "name": name,
        "answer": one.state.value if answered else "",
        "at": moment(one.since) if answered else None,
    }
