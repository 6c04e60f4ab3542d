"""What the store in memory keeps of telling of events."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from operator import attrgetter

from hearthwatch.records import (
    Alert,
    Attempt,
    Message,
    MessageForm,
    MessageState,
    Page,
    Receiver,
    Subscription,
)
from hearthwatch.store import rules
from hearthwatch.store.codec import Row, from_row, microseconds, to_row
from hearthwatch.store.cursor import message_paging, message_position
from hearthwatch.store.memory_tables import MemoryReader, MemoryWriter, newest_first, ranked
from hearthwatch.store.rules import KEPT, LOOKED_THROUGH, SHELVED, Queued


class MemoryAlertWrites(MemoryWriter):
    """Writes about who is told of what."""

    def put_receiver(self, receiver: Receiver) -> None:
        """Add a receiver or replace it."""
        with self._turn.step():
            self._replace(Receiver, to_row(receiver))

    def put_subscription(self, subscription: Subscription) -> None:
        """Add a subscription or replace it."""
        with self._turn.step():
            self._replace(Subscription, to_row(subscription))

    def add_alerts(self, alerts: Sequence[Alert]) -> None:
        """Add alerts; one whose place in the order is taken is refused."""
        with self._turn.step():
            taken = {_place(one) for one in self._draft.all(Alert)}
            for alert in alerts:
                if _place(alert) in taken:
                    raise rules.alerted_already(alert)
                taken.add(_place(alert))
                self._replace(Alert, to_row(alert))

    def put_message(self, message: Message, alerts: Collection[str] = ()) -> None:
        """Add a message or replace it, and put alerts into it."""
        with self._turn.step():
            self._replace(Message, to_row(message))
            for its_id in set(alerts):
                rows = self._draft.by_record[Alert].get((message.organisation, its_id))
                if rows:
                    self._replace(Alert, {**rows[-1], "message": message.id})

    def hold_messages(
        self, holder: str, now: datetime, until: datetime, most: int
    ) -> tuple[Message, ...]:
        """Hold messages that may be sent now; return them."""
        held = {"holder": holder, "held_until": microseconds(until)}
        with self._turn.step():
            queued = _queue(list(self._draft.all(Message)))
            found = []
            for one in rules.free_to_send(queued, holder, microseconds(now), most):
                rows = self._draft.by_record[Message][one.organisation, one.id]
                self._replace(Message, {**rows[-1], **held})
                found.append(from_row(Message, {**rows[-1], **held}))
            return tuple(found)

    def free_alerts(self, organisation: str, message: str) -> None:
        """Let the alerts of a message wait for another one."""
        with self._turn.step():
            for row in [rows[-1] for rows in self._draft.by_record[Alert].values()]:
                if (row["organisation"], row["message"]) == (organisation, message):
                    self._replace(Alert, {**row, "message": ""})

    def shelve_alerts(self, organisation: str, receiver: str, now: datetime) -> int:
        """Let a receiver's alerts that are due and in no message wait until it is switched on."""
        with self._turn.step():
            every = self._untold(organisation, receiver)
            found = [row for row in every if row["due"] <= microseconds(now)]
            for row in found:
                self._replace(Alert, {**row, "due": microseconds(SHELVED)})
            return len(found)

    def unshelve_alerts(self, organisation: str, receiver: str) -> int:
        """Let a receiver's shelved alerts be due since just before they were made."""
        with self._turn.step():
            every = self._untold(organisation, receiver)
            found = [row for row in every if row["due"] == microseconds(SHELVED)]
            for row in found:
                self._replace(Alert, {**row, "due": row["made"] - KEPT})
            return len(found)

    def _untold(self, organisation: str, receiver: str) -> list[Row]:
        newest = (rows[-1] for rows in self._draft.by_record[Alert].values())
        whose = (organisation, receiver, "")
        return [
            row for row in newest if (row["organisation"], row["receiver"], row["message"]) == whose
        ]

    def add_attempt(self, attempt: Attempt) -> None:
        """Add an attempt."""
        with self._turn.step():
            self._replace(Attempt, to_row(attempt))


class MemoryAlertReads(MemoryReader):
    """Questions about who is told of what."""

    def receivers(self, organisation: str, *, removed: bool = False) -> tuple[Receiver, ...]:
        """Return receivers, oldest first, ties by id."""
        every = self._open().all(Receiver, organisation)
        found = [one for one in every if removed or one.removed is None]
        return tuple(sorted(found, key=attrgetter("created", "id")))

    def receiver(self, organisation: str, receiver_id: str) -> Receiver:
        """Return one receiver, removed or not; `NotFound` if there is none."""
        found = self._open().newest(Receiver, (organisation, receiver_id))
        if found is None:
            raise rules.not_there("receiver", receiver_id)
        return found

    def find_receiver(self, receiver_id: str) -> Receiver | None:
        """Return a receiver of whatever organisation, removed or not; None if there is none."""
        every = self._open().all(Receiver)
        return next((one for one in every if one.id == receiver_id), None)

    def subscriptions(
        self, organisation: str, *, receiver: str | None = None, removed: bool = False
    ) -> tuple[Subscription, ...]:
        """Return subscriptions of all receivers or of one, oldest first, ties by id."""
        every = self._open().all(Subscription, organisation)
        found = [
            one
            for one in every
            if receiver in (None, one.receiver) and (removed or one.removed is None)
        ]
        return tuple(sorted(found, key=attrgetter("created", "id")))

    def subscribed(self, organisation: str) -> tuple[int, int, int, int]:
        """Return what differs after every change of a receiver or subscription."""
        own = [one.revision for one in self._open().all(Receiver, organisation)]
        theirs = [one.revision for one in self._open().all(Subscription, organisation)]
        return len(own), sum(own), len(theirs), sum(theirs)

    def alerts(
        self, organisation: str, *, event: str | None = None, message: str | None = None
    ) -> tuple[Alert, ...]:
        """Return the alerts of one event or message, in the order in which they were written."""
        return tuple(
            one
            for one in self._open().all(Alert, organisation)
            if event in (None, one.event) and message in (None, one.message)
        )

    def last_alerts(
        self, organisation: str, events: Collection[str]
    ) -> Mapping[tuple[str, str], Alert]:
        """Return the last alert of each receiver about each of some events."""
        wanted = frozenset(events)
        every = (one for one in self._open().all(Alert, organisation) if one.event in wanted)
        in_order = sorted(every, key=attrgetter("event", "receiver", "sequence"))
        return {(one.receiver, one.event): one for one in in_order}

    def untold(self, now: datetime) -> tuple[tuple[str, str], ...]:
        """Return organisations and receivers with alerts that are due and in no message yet."""
        due = [one for one in self._open().all(Alert) if not one.message and one.due <= now]
        in_order = sorted(due, key=attrgetter("due", "organisation", "receiver"))
        return tuple(dict.fromkeys((one.organisation, one.receiver) for one in in_order))

    def waiting_alerts(
        self, organisation: str, receiver: str, now: datetime, most: int
    ) -> tuple[Alert, ...]:
        """Return a receiver's alerts that are due and in no message yet, as they were written."""
        found = [
            one
            for one in self._open().all(Alert, organisation)
            if one.receiver == receiver and not one.message and one.due <= now
        ]
        return tuple(found[:most])

    def messages(
        self,
        organisation: str,
        *,
        receiver: str | None = None,
        state: MessageState | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> Page[Message]:
        """Return messages, newest first."""
        paging = message_paging(organisation, receiver, state, limit)
        found = [
            one
            for one in self._open().all(Message, organisation)
            if receiver in (None, one.receiver) and state in (None, one.state)
        ]
        in_order = ranked(found, message_position, paging.start(after), newest_first)
        return paging.page(in_order, message_position)

    def message(self, organisation: str, message_id: str) -> Message:
        """Return one message; `NotFound` if there is none."""
        found = self._open().newest(Message, (organisation, message_id))
        if found is None:
            raise rules.not_there("message", message_id)
        return found

    def delivered(
        self, organisation: str, receiver: str, start: int, limit: int
    ) -> tuple[Message, ...]:
        """Return messages that a receiver has, in the order in which they were delivered."""
        found = sorted(self._delivered(organisation, receiver), key=attrgetter("ended"))
        return tuple(found[start : start + limit])

    def delivered_count(self, organisation: str, receiver: str) -> int:
        """Return how many messages a receiver has."""
        return len(self._delivered(organisation, receiver))

    def _delivered(self, organisation: str, receiver: str) -> list[Message]:
        every = self._open().all(Message, organisation)
        return [
            one for one in every if one.receiver == receiver and one.state is MessageState.DELIVERED
        ]

    def sent_since(self, organisation: str, receiver: str, since: datetime) -> int:
        """Return how many messages with an event in them were made for a receiver since a time."""
        every = self._open().all(Message, organisation)
        return sum(
            one.receiver == receiver
            and one.made > since
            # Alarms have a cap of their own.
            and (bool(one.events) and one.form is not MessageForm.ALARM)
            for one in every
        )

    def attempts(self, organisation: str, message: str) -> tuple[Attempt, ...]:
        """Return the attempts at delivering a message, first one first."""
        every = self._open().all(Attempt, organisation)
        found = (one for one in every if one.message == message)
        return tuple(sorted(found, key=attrgetter("sequence")))

    def may_be_sent(self, holder: str, now: datetime) -> bool:
        """Tell whether there is any message that `AlertWrites.hold_messages` would give now."""
        queued = _queue(list(self._open().all(Message)))
        return bool(rules.free_to_send(queued, holder, microseconds(now), 1))

    def backlog(self, organisation: str | None = None) -> tuple[int, datetime | None]:
        """Return how many messages wait, and when the oldest of them was made."""
        every = self._open().all(Message, organisation)
        made = [one.made for one in every if one.state is MessageState.WAITING]
        return len(made), min(made, default=None)


def _place(alert: Alert) -> tuple[str, ...]:
    row = to_row(alert)
    return tuple(row[name] for name in rules.TOLD_AS)


def _queue(every: Sequence[Message]) -> list[Queued]:
    """Return what waits, of each receiver no more than is looked through."""
    found: list[Queued] = []
    of_receiver: dict[tuple[str, str], int] = {}
    for one in every:
        if one.state is not MessageState.WAITING:
            continue
        whose = (one.organisation, one.receiver)
        of_receiver[whose] = of_receiver.get(whose, 0) + 1
        if of_receiver[whose] <= LOOKED_THROUGH:
            held = None if one.held_until is None else microseconds(one.held_until)
            found.append(
                Queued(
                    one.organisation,
                    one.id,
                    one.receiver,
                    one.events,
                    microseconds(one.next),
                    one.holder,
                    held,
                )
            )
    return found
