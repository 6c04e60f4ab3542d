"""Subscriptions of the receivers of one organisation: of which events each is told."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hearthwatch.access.standing import Caller
from hearthwatch.alerting.network import require_no_contact
from hearthwatch.alerting.receivers import require_own
from hearthwatch.alerting.terms import (
    faults_of_kinds,
    faults_of_name,
    faults_of_region,
    faults_of_start,
)
from hearthwatch.alerting.trail import put_down
from hearthwatch.errors import AlertConflict, AlertError, NotFound
from hearthwatch.records import About, Receiver, Rhythm, Subscription
from hearthwatch.store.protocol import Store, Transaction

MOST = 10_000
"""Subscriptions of one organisation."""
TERMS = frozenset({
    "name", "region", "geometry", "kinds", "modes", "least_state", "least_severity", "rhythm",
    "about",
})  # fmt: skip
"""What may be said of a subscription."""


@dataclass(frozen=True, slots=True)
class Subscriptions:
    """Of which events receivers are told.

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

    def one(self, subscription_id: str) -> Subscription:
        """Return a subscription that is not removed; `NotFound` if there is none."""
        for found in self.store.subscriptions(self.who.organisation):
            if found.id == subscription_id:
                return found
        raise NotFound(f"There is no subscription {subscription_id}.")

    def add(self, receiver_id: str, terms: Mapping[str, Any]) -> Subscription:
        """Let a receiver be told of more; of what is found from then on.

        Parameters
        ----------
        terms : mapping
            Values of `TERMS`, with a name at least. `geometry` is checked already.

        Raises
        ------
        NotFound
            There is no such receiver.
        AlertError
            Something of it cannot be used; says what to do.
        AccessError
            Somebody else answers for the receiver.
        """
        with self.store.transaction() as tx:
            receiver = self._receiver(receiver_id)
            made = Subscription(
                id=f"sub-{secrets.token_hex(8)}",
                organisation=receiver.organisation,
                receiver=receiver.id,
                created=self.now,
                **{name: value for name, value in terms.items() if name in TERMS},
            )
            require_no_contact(self.store, receiver)
            self._require_sound(made)
            if len(self.store.subscriptions(made.organisation)) >= MOST:
                raise AlertConflict(f"There are {MOST:,} subscriptions: remove one first.")
            return self._put(tx, made, "add")

    def change(
        self, subscription_id: str, changes: Mapping[str, Any], *, paused: bool | None = None
    ) -> Subscription:
        """Change of what a receiver is told; what was told before is followed up in any case.

        Parameters
        ----------
        changes : mapping
            Values of `TERMS`; those left out stay.
        paused : bool or None
            Whether nothing new is told because of it; None leaves that as it is.
        """
        with self.store.transaction() as tx:
            found = self._own(subscription_id)
            changed = dataclasses.replace(
                found, **{name: value for name, value in changes.items() if name in TERMS}
            )
            if paused is not None:
                since = (found.paused or self.now) if paused else None
                changed = dataclasses.replace(changed, paused=since)
            if changes:
                self._require_sound(changed)
            said = sorted([*changes, *(["paused"] if paused is not None else [])])
            changed = dataclasses.replace(changed, revision=found.revision + 1)
            return self._put(tx, changed, "change", changed=said)

    def remove(self, subscription_id: str) -> None:
        """Let nothing new be told because of a subscription, for good."""
        with self.store.transaction() as tx:
            found = self._own(subscription_id)
            gone = dataclasses.replace(found, removed=self.now, revision=found.revision + 1)
            self._put(tx, gone, "remove")

    def _own(self, subscription_id: str) -> Subscription:
        found = self.one(subscription_id)
        require_own(self.who, self.store.receiver(found.organisation, found.receiver))
        return found

    def _receiver(self, receiver_id: str) -> Receiver:
        found = self.store.receiver(self.who.organisation, receiver_id)
        if found.removed is not None:
            raise NotFound(f"There is no receiver {receiver_id}.")
        require_own(self.who, found)
        return found

    def _require_sound(self, made: Subscription) -> None:
        faults = list(_faults(made))
        faults += faults_of_region(self.store, made.organisation, made.region)
        if faults:
            raise AlertError(" ".join(faults))

    def _put(self, tx: Transaction, made: Subscription, act: str, **detail: Any) -> Subscription:
        tx.put_subscription(made)
        put_down(
            tx, made.organisation, f"subscription {act}", actor=self.who.key, at=self.now,
            ids={"subscription": made.id, "receiver": made.receiver}, detail=detail,
        )  # fmt: skip
        return made


def _faults(made: Subscription) -> Iterator[str]:
    yield from faults_of_name(made.name)
    yield from faults_of_kinds(made.kinds, made.modes)
    narrowed = made.region or made.geometry is not None or made.kinds
    if made.about is not About.EVENTS and (narrowed or made.rhythm is not Rhythm.INSTANT):
        yield "Alarms and signs of life are of no region, area, kind or rhythm: leave these out."
    yield from faults_of_start(made.least_state)
