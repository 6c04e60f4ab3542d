"""Responders of one organisation: with whom there is an agreement, and who is called there.

Everybody who may read sees them. Whoever may watch changes their own, whoever lets people in
those of all.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hearthwatch.access.standing import Caller
from hearthwatch.alerting.network import may_know
from hearthwatch.alerting.receivers import NEEDED
from hearthwatch.alerting.terms import (
    faults_of_kinds,
    faults_of_name,
    faults_of_region,
    faults_of_start,
)
from hearthwatch.alerting.trail import put_down
from hearthwatch.errors import AccessError, AlertConflict, AlertError, NotFound
from hearthwatch.records import Responder, Scope
from hearthwatch.store.protocol import Store, Transaction

MOST = 500
"""Responders of one organisation."""
MOST_CONTACTS = 20
LONGEST_AGREEMENT = 2000
HIGHEST_RANK = 100
LONGEST_WAIT = 7 * 24 * 60
"""Minutes that may be waited for an answer at most."""
TERMS = frozenset({
    "name", "agreement", "since", "until", "detail", "contacts", "region", "geometry", "kinds",
    "modes", "least_state", "least_severity", "rank", "urgent_wait", "routine_wait",
})  # fmt: skip
"""What may be said of a responder."""


@dataclass(frozen=True, slots=True)
class Responders:
    """The response network of one organisation.

    Parameters
    ----------
    who : Caller
        On whose behalf; whoever lets them in has seen to it that they may watch.
    now : datetime
        The time, aware UTC.
    """

    store: Store
    who: Caller
    now: datetime

    def one(self, responder_id: str) -> Responder:
        """Return a responder that is not removed; `NotFound` if there is none."""
        for found in self.store.responders(self.who.organisation):
            if found.id == responder_id:
                return found
        raise NotFound(f"There is no responder {responder_id}.")

    def add(self, terms: Mapping[str, Any]) -> Responder:
        """Add an organisation that is told of what it serves from then on.

        Parameters
        ----------
        terms : mapping
            Values of `TERMS`, with a name and an agreement at least. `geometry` is checked
            already.

        Raises
        ------
        AlertError
            Something of it cannot be used; says what to do.
        AccessError
            It would be told more than whoever asks may tell.
        """
        with self.store.transaction() as tx:
            given = {name: value for name, value in terms.items() if name in TERMS}
            made = Responder(
                id=f"rsd-{secrets.token_hex(8)}", organisation=self.who.organisation,
                owner=self.who.key, created=self.now, **{"since": self.now, **given},
            )  # fmt: skip
            self._require_sound(made)
            if len(self.store.responders(made.organisation)) >= MOST:
                raise AlertConflict(f"There are {MOST} responders already: remove one first.")
            return self._put(tx, made, "add", detail=made.detail.value)

    def change(self, responder_id: str, changes: Mapping[str, Any]) -> Responder:
        """Change what a responder serves, what was agreed or who is called.

        Parameters
        ----------
        changes : mapping
            Values of `TERMS`; those left out stay.
        """
        with self.store.transaction() as tx:
            found = self._own(responder_id)
            given = {name: value for name, value in changes.items() if name in TERMS}
            changed = dataclasses.replace(found, **given, revision=found.revision + 1)
            self._require_sound(changed, contacts=bool(given.keys() & {"contacts", "detail"}))
            return self._put(tx, changed, "change", changed=sorted(given))

    def remove(self, responder_id: str) -> None:
        """Tell a responder of nothing new, for good; what it was told and answered stays.

        Its contacts stay receivers: they read what is taken back of what they were told.
        """
        with self.store.transaction() as tx:
            found = self._own(responder_id)
            gone = dataclasses.replace(found, removed=self.now, revision=found.revision + 1)
            self._put(tx, gone, "remove")

    def _own(self, responder_id: str) -> Responder:
        found = self.one(responder_id)
        if found.owner != self.who.key and Scope.MANAGE not in self.who.scopes:
            raise AccessError(
                "Somebody else answers for this responder: ask them or an administrator."
            )
        return found

    def _require_sound(self, made: Responder, *, contacts: bool = True) -> None:
        faults = list(_faults(made))
        faults += faults_of_region(self.store, made.organisation, made.region)
        if contacts:
            faults += self._faults_of_contacts(made)
        if faults:
            raise AlertError(" ".join(faults))
        if NEEDED[made.detail] not in self.who.scopes:
            raise AccessError(f"You may not have anybody told what {made.detail.value} means.")

    def _faults_of_contacts(self, made: Responder) -> Iterator[str]:
        receivers = {one.id: one for one in self.store.receivers(made.organisation)}
        elsewhere = {
            contact
            for one in self.store.responders(made.organisation)
            if one.id != made.id
            for contact in one.contacts
        }
        for contact in made.contacts:
            receiver = receivers.get(contact)
            if receiver is None:
                yield f"There is no receiver {contact[:60]}: GET /receivers names them."
            elif contact in elsewhere:
                yield f"Receiver {contact} is a contact of another responder."
            elif not may_know(made, receiver):
                yield (
                    f"Receiver {contact} is told what {receiver.detail.value} means; this "
                    f"agreement allows {made.detail.value} or a notice."
                )
            elif self.store.subscriptions(made.organisation, receiver=contact):
                yield (
                    f"Receiver {contact} has subscriptions of its own: remove them, or add a "
                    "receiver for the network."
                )

    def _put(self, tx: Transaction, made: Responder, act: str, **detail: Any) -> Responder:
        tx.put_responder(made)
        put_down(
            tx, made.organisation, f"responder {act}", actor=self.who.key, at=self.now,
            ids={"responder": made.id}, detail=detail,
        )  # fmt: skip
        return made


def _faults(made: Responder) -> Iterator[str]:
    yield from faults_of_name(made.name)
    yield from _faults_of_agreement(made)
    if len(set(made.contacts)) != len(made.contacts) or len(made.contacts) > MOST_CONTACTS:
        yield f"Contacts are at most {MOST_CONTACTS} receivers, each once."
    yield from faults_of_kinds(made.kinds, made.modes)
    yield from faults_of_start(made.least_state)
    if not 1 <= made.rank <= HIGHEST_RANK:
        yield f"A rank is 1 to {HIGHEST_RANK}."
    if not (1 <= made.urgent_wait <= LONGEST_WAIT and 1 <= made.routine_wait <= LONGEST_WAIT):
        yield f"An answer is waited for 1 to {LONGEST_WAIT:,} minutes."


def _faults_of_agreement(made: Responder) -> Iterator[str]:
    if not made.agreement.strip() or len(made.agreement) > LONGEST_AGREEMENT:
        yield f"Say what was agreed, or where that is, in 1 to {LONGEST_AGREEMENT:,} characters."
    if any(one is not None and one.tzinfo is None for one in (made.since, made.until)):
        yield "Give times with their zone: 2026-03-01T00:00:00Z."
    elif made.until is not None and made.until <= made.since:
        yield "An agreement ends after it begins."
