"""The response network of an organisation: which responders an event meets, and whose a contact is.

A responder is met as a subscription is: by area, kind, mode, state and severity, as long as its
agreement holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from hearthwatch.alerting.kept import Kept
from hearthwatch.alerting.matching import Index
from hearthwatch.alerting.severity import is_urgent
from hearthwatch.errors import AlertConflict
from hearthwatch.records import (
    Channel,
    Detail,
    Event,
    Receiver,
    Responder,
    Rhythm,
    Severity,
    Subscription,
)
from hearthwatch.store.protocol import Store


class Network:
    """The responders of one organisation, laid out to be asked about events.

    Usable from several threads.

    Parameters
    ----------
    responders : iterable of Responder
        Those that were removed too: what was told on their behalf is known by their ids.
    """

    def __init__(self, responders: Iterable[Responder]) -> None:
        every = tuple(responders)
        there = [one for one in every if one.removed is None]
        self._ids = frozenset(one.id for one in every)
        self._by_id: Mapping[str, Responder] = MappingProxyType({one.id: one for one in there})
        self._of_contact = {contact: one for one in there for contact in one.contacts}
        self._wishes = {one.id: _as_wish(one) for one in there}
        # Asked as subscriptions are; nothing is ever sent to what stands for a responder here.
        self._index = Index([_as_receiver(one) for one in there], self._wishes.values())

    def __len__(self) -> int:
        """Return how many responders there are or were."""
        return len(self._ids)

    def one(self, responder: str) -> Responder | None:
        """Return a responder that was not removed; None if there is none."""
        return self._by_id.get(responder)

    def all_in_force(self, now: datetime) -> list[Responder]:
        """Return the responders whose agreement holds, lowest rank first."""
        return sorted((one for one in self._by_id.values() if in_force(one, now)), key=_rank)

    def wish(self, responder: Responder) -> Subscription:
        """Return what stands for its agreement where alerts name their subscriptions."""
        return self._wishes[responder.id]

    def served_by(self, receiver: str, now: datetime) -> Responder | None:
        """Return the responder of which a receiver is a contact while its agreement holds."""
        found = self._of_contact.get(receiver)
        return found if found is not None and in_force(found, now) else None

    def is_on_behalf(self, subscriptions: Iterable[str]) -> bool:
        """Tell whether something was told because of an agreement, ended or not."""
        return not self._ids.isdisjoint(subscriptions)

    @property
    def names_regions(self) -> bool:
        """Whether any agreement is narrowed to a region."""
        return self._index.names_regions

    def meets(
        self, event: Event, grave: Severity, now: datetime, near: Collection[str] = ()
    ) -> list[Responder]:
        """Return the responders that an event meets now, lowest rank first.

        What is `near` counts as where it lies, as `Index.meets` has it.
        """
        met = (self._by_id[one] for one in self._index.meets(event, grave, near))
        return sorted((one for one in met if in_force(one, now)), key=_rank)


def in_force(responder: Responder, now: datetime) -> bool:
    """Tell whether the agreement of a responder holds."""
    is_over = responder.until is not None and responder.until <= now
    return responder.removed is None and responder.since <= now and not is_over


def wait_of(responder: Responder, grave: Severity) -> timedelta:
    """Return within which time a contact of a responder answers."""
    return timedelta(minutes=responder.urgent_wait if is_urgent(grave) else responder.routine_wait)


def may_know(responder: Responder, receiver: Receiver) -> bool:
    """Tell whether a contact is told no more than was agreed."""
    return receiver.detail in (Detail.NOTICE, responder.detail)


def _whose(store: Store, receiver: Receiver) -> Responder | None:
    every = store.responders(receiver.organisation)
    return next((one for one in every if receiver.id in one.contacts), None)


def require_no_contact(store: Store, receiver: Receiver) -> None:
    """Refuse (`AlertConflict`) a subscription of a receiver that is told by an agreement."""
    if _whose(store, receiver) is not None:
        raise AlertConflict(
            "It is a contact of a responder: what it is told follows from the agreement. Add "
            "another receiver for what is beside it."
        )


def require_agreed(store: Store, receiver: Receiver) -> None:
    """Refuse (`AlertConflict`) a contact that would be told more than was agreed."""
    responder = _whose(store, receiver)
    if responder is not None and not may_know(responder, receiver):
        raise AlertConflict(
            f"It is a contact of a responder whose agreement allows {responder.detail.value} or a "
            "notice: change the agreement first."
        )


_NONE = Network(())
_kept: Kept[Network] = Kept()


def network_of(store: Store, organisation: str) -> Network:
    """Return the network of an organisation, built anew only where a responder changed.

    Usable from several threads.
    """
    stamp = store.networked(organisation)
    if stamp == (0, 0):
        return _NONE
    return _kept.get(
        store, organisation, stamp, lambda: Network(store.responders(organisation, removed=True))
    )


def _as_receiver(one: Responder) -> Receiver:
    return Receiver(
        id=one.id, organisation=one.organisation, name=one.name, channel=Channel.FEED,
        owner=one.owner, created=one.created, confirmed=one.created,
    )  # fmt: skip


def _as_wish(one: Responder) -> Subscription:
    return Subscription(
        id=one.id, organisation=one.organisation, receiver=one.id, name=one.name,
        created=max(one.created, one.since), region=one.region, geometry=one.geometry,
        kinds=one.kinds, modes=one.modes, least_state=one.least_state,
        least_severity=one.least_severity, rhythm=Rhythm.INSTANT, responder=one.id,
    )  # fmt: skip


def _rank(one: Responder) -> tuple[int, datetime, str]:
    return one.rank, one.created, one.id
