"""What is told of an alert beside what it holds: looked up when its message is made."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from hearthwatch.alerting.answering import CONFIRM
from hearthwatch.alerting.facts import Chain, Facts
from hearthwatch.alerts.channel import Letter
from hearthwatch.alerts.origins import Origins
from hearthwatch.alerts.others import Others, is_answered, others_of
from hearthwatch.alerts.vault import Vault
from hearthwatch.errors import NotFound
from hearthwatch.fusion.classes import meaning_of, sensors_behind
from hearthwatch.records import (
    Alert,
    Channel,
    Detail,
    Event,
    EventSource,
    MessageForm,
    Mode,
    Receiver,
)
from hearthwatch.store.protocol import Store
from hearthwatch.values import moment

_PEOPLE = frozenset({Channel.EMAIL, Channel.APPRISE})
# Programs are switched off where they were switched on.


@dataclass(frozen=True, slots=True)
class Background:
    """Tells of alerts what the store holds beside them.

    Parameters
    ----------
    sender : str
        What this service calls itself in messages.
    home : str
        Where its page is, without a stroke at the end; empty where receivers cannot reach it.
    vault : Vault, optional
        Makes the tokens of links with which receivers answer; without it there are none.
    """

    store: Store
    sender: str
    home: str = ""
    vault: Vault | None = None

    def letter(self, receiver: Receiver, form: MessageForm, mode: Mode, now: datetime) -> Letter:
        """Return a letter to a receiver that tells of nothing yet."""
        return Letter(
            id=f"msg_{uuid.uuid4().hex}",
            receiver=receiver.id,
            form=form,
            mode=mode,
            made=now,
            late=False,
            language=receiver.language,
            detail=receiver.detail,
            zone=receiver.zone,
            scope=receiver.scope,
            pictures=receiver.pictures,
            facts=(),
            sender=self.sender,
            home=self.home,
            links=self._answers(receiver, form),
        )

    def facts(self, receiver: Receiver, alert: Alert, facts: Facts, *, alone: bool) -> Facts:
        """Return the facts of an alert with where they lead to and what led to them.

        In a list, which is not `alone` about it, what would have to be looked for is left out.
        """
        event = self._event(alert)
        # Of an event that was erased nothing is left to look at.
        if event is None:
            return {**facts, "links": {}}
        others = others_of(self.store, receiver, alert)
        own: Facts = {**facts, "links": self._links(receiver, event, others, facts["act"])}
        if others.asked:
            own["asked"] = others.asked
        if alone:
            own["told"] = others.told()
        if receiver.detail is Detail.EXACT and alone:
            own["chain"] = self._chain(alert, facts["chain"])
            sources = self.store.sources(event.organisation, event.id)
            own["sensors"] = sensors_behind(sources)
            own["reliability"] = _reliability(event, sources)
        return own

    def before(self, alerts: Sequence[Alert]) -> tuple[str, ...]:
        """Return the messages in which a receiver was told of the events of alerts before.

        ``message id,ISO time``, and ``,event`` as the receiver knows it where there are several.
        """
        last = {one.event: one for one in alerts}
        alone = len(last) == 1
        return tuple(
            entry if alone else f"{entry},{one.facts['event']}"
            for one in last.values()
            if one.sequence > 1
            for entry in self._before(one)
        )

    def _before(self, last: Alert) -> Iterator[str]:
        told = self.store.alerts(last.organisation, event=last.event)
        ids = dict.fromkeys(
            name
            for one in (*told, last)
            if one.receiver == last.receiver
            for name in (*one.before, one.message)
            if name
        )
        for name in ids:
            yield f"{name},{self.store.message(last.organisation, name).made.isoformat()}"

    def _answers(self, receiver: Receiver, form: MessageForm) -> dict[str, str]:
        """Return the addresses with which whoever receives wants to be told, or no more."""
        if self.vault is None:
            return {}
        if form is MessageForm.QUESTION:
            if not self.home:
                # There is no page to lead to: whoever answers for the receiver brings it back.
                return {"code": self.vault.token(CONFIRM, receiver)}
            return {"confirm": self._answer("confirmations", CONFIRM, self.vault, receiver)}
        if self.home and receiver.channel in _PEOPLE:
            return {
                "unsubscribe": self._answer("unsubscriptions", "unsubscribe", self.vault, receiver)
            }
        return {}

    def _answer(self, where: str, purpose: str, vault: Vault, receiver: Receiver) -> str:
        query = {"receiver": receiver.id, "token": vault.token(purpose, receiver)}
        return f"{self.home}/{where}?{urlencode(query)}"

    def _links(self, receiver: Receiver, event: Event, others: Others, act: str) -> dict[str, str]:
        if others.own is not None:
            # Whoever is a contact cannot sign in here.
            return others.answer_link(self.home, self.vault) if is_answered(act) else {}
        is_own = receiver.detail in (Detail.EXACT, Detail.NOTICE)
        return {"event": f"{self.home}/#event/{event.id}"} if self.home and is_own else {}

    def _event(self, alert: Alert) -> Event | None:
        try:
            return self.store.event(alert.organisation, alert.event)
        except NotFound:
            return None

    def _chain(self, alert: Alert, chain: Chain) -> Chain:
        """Return when what led to the alert happened, as far as it was written down."""
        steps = alert.steps
        if steps.looked_up is None:
            steps = Origins(self.store).of([alert], alert.made)[alert.id]
        return {**chain, "published": moment(steps.published), "fetched": moment(steps.fetched)}


def _reliability(event: Event, sources: Sequence[EventSource]) -> str:
    meaning = meaning_of(sources, event.detector) if sources else None
    return "" if meaning is None else str(meaning["words"])
