"""What the SQL store keeps of telling of events; see `hearthwatch.store.protocol_alerts`."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    ScalarSelect,
    Select,
    and_,
    bindparam,
    func,
    or_,
    select,
    update,
)

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
from hearthwatch.store import rules, tables
from hearthwatch.store.codec import Row, from_microseconds, from_row, microseconds, to_row
from hearthwatch.store.cursor import message_paging, message_position
from hearthwatch.store.faults import translated
from hearthwatch.store.rules import IDENTITY, KEPT, LOOKED_THROUGH, SHELVED, TOLD_AS, Queued
from hearthwatch.store.sql_rows import SqlReader, SqlWriter

AT_ONCE = 500
"""Ids named in one statement; a database binds only so many values."""


class SqlAlertWrites(SqlWriter):
    """Writes about who is told of what."""

    def put_receiver(self, receiver: Receiver) -> None:
        """Add a receiver or replace it."""
        with self._step():
            self._put(tables.receivers, to_row(receiver), IDENTITY[Receiver])

    def put_subscription(self, subscription: Subscription) -> None:
        """Add a subscription or replace it."""
        with self._step():
            self._put(tables.subscriptions, to_row(subscription), IDENTITY[Subscription])

    def add_alerts(self, alerts: Sequence[Alert]) -> None:
        """Add alerts; one whose place in the order is taken is refused."""
        with self._step():
            for alert in alerts:
                row = to_row(alert)
                if self._find(tables.alerts, row, TOLD_AS):
                    raise rules.alerted_already(alert)
                self._insert(tables.alerts, row)

    def put_message(self, message: Message, alerts: Collection[str] = ()) -> None:
        """Add a message or replace it, and put alerts into it."""
        c = tables.alerts.c
        with self._step():
            self._put(tables.messages, to_row(message), IDENTITY[Message])
            for ids in portions(alerts):
                own = and_(c.organisation == message.organisation, c.id.in_(ids))
                self._connection.execute(
                    update(tables.alerts).where(own).values(message=message.id)
                )

    def hold_messages(
        self, holder: str, now: datetime, until: datetime, most: int
    ) -> tuple[Message, ...]:
        """Hold messages that may be sent now; return them."""
        held = {"holder": holder, "held_until": microseconds(until)}
        with self._step():
            queued = [_queued(row) for row in self._connection.execute(_queue(now)).mappings()]
            free = rules.free_to_send(queued, holder, microseconds(now), most)
            return tuple(self._held(one, held) for one in free)

    def free_alerts(self, organisation: str, message: str) -> None:
        """Let the alerts of a message wait for another one."""
        c = tables.alerts.c
        with self._step():
            own = and_(c.organisation == organisation, c.message == message)
            self._connection.execute(update(tables.alerts).where(own).values(message=""))

    def shelve_alerts(self, organisation: str, receiver: str, now: datetime) -> int:
        """Let a receiver's alerts that are due and in no message wait until it is switched on."""
        c = tables.alerts.c
        due = and_(_untold(organisation, receiver), c.due <= microseconds(now))
        change = update(tables.alerts).where(due).values(due=microseconds(SHELVED))
        with self._step():
            return self._connection.execute(change).rowcount

    def unshelve_alerts(self, organisation: str, receiver: str) -> int:
        """Let a receiver's shelved alerts be due since just before they were made."""
        c = tables.alerts.c
        shelved = and_(_untold(organisation, receiver), c.due == microseconds(SHELVED))
        with self._step():
            change = update(tables.alerts).where(shelved).values(due=c.made - KEPT)
            return self._connection.execute(change).rowcount

    def add_attempt(self, attempt: Attempt) -> None:
        """Add an attempt."""
        with self._step():
            self._insert(tables.attempts, to_row(attempt))

    def _held(self, one: Queued, held: Row) -> Message:
        identity = {"organisation": one.organisation, "id": one.id}
        row = self._find(tables.messages, identity, IDENTITY[Message])
        assert row is not None, "it was found a moment ago, in this transaction"
        self._write(tables.messages, held, row)
        return from_row(Message, row | held)


class SqlAlertReads(SqlReader):
    """Questions about who is told of what."""

    def receivers(self, organisation: str, *, removed: bool = False) -> tuple[Receiver, ...]:
        """Return receivers, oldest first, ties by id."""
        c = tables.receivers.c
        mine = select(tables.receivers).where(c.organisation == organisation)
        if not removed:
            mine = mine.where(c.removed.is_(None))
        return self._all(Receiver, mine.order_by(c.created, c.id))

    def receiver(self, organisation: str, receiver_id: str) -> Receiver:
        """Return one receiver, removed or not; `NotFound` if there is none."""
        c = tables.receivers.c
        found = self._one(
            Receiver,
            select(tables.receivers).where(c.organisation == organisation, c.id == receiver_id),
        )
        if found is None:
            raise rules.not_there("receiver", receiver_id)
        return found

    def find_receiver(self, receiver_id: str) -> Receiver | None:
        """Return a receiver of whatever organisation, removed or not; None if there is none."""
        c = tables.receivers.c
        return self._one(Receiver, select(tables.receivers).where(c.id == receiver_id).limit(1))

    def subscriptions(
        self, organisation: str, *, receiver: str | None = None, removed: bool = False
    ) -> tuple[Subscription, ...]:
        """Return subscriptions of all receivers or of one, oldest first, ties by id."""
        c = tables.subscriptions.c
        mine = select(tables.subscriptions).where(c.organisation == organisation)
        if receiver is not None:
            mine = mine.where(c.receiver == receiver)
        if not removed:
            mine = mine.where(c.removed.is_(None))
        return self._all(Subscription, mine.order_by(c.created, c.id))

    def subscribed(self, organisation: str) -> tuple[int, int, int, int]:
        """Return what differs after every change of a receiver or subscription."""
        stamps = [
            select(func.count(), func.coalesce(func.sum(table.c.revision), 0)).where(
                table.c.organisation == organisation
            )
            for table in (tables.receivers, tables.subscriptions)
        ]
        with self._connect(self._single) as connection, translated():
            (own, changed), (theirs, altered) = (connection.execute(one).one() for one in stamps)
        return int(own), int(changed), int(theirs), int(altered)

    def alerts(
        self, organisation: str, *, event: str | None = None, message: str | None = None
    ) -> tuple[Alert, ...]:
        """Return the alerts of one event or message, in the order in which they were written."""
        c = tables.alerts.c
        mine = select(tables.alerts).where(c.organisation == organisation)
        if event is not None:
            mine = mine.where(c.event == event)
        if message is not None:
            mine = mine.where(c.message == message)
        return self._all(Alert, mine.order_by(c.number))

    def last_alerts(
        self, organisation: str, events: Collection[str]
    ) -> Mapping[tuple[str, str], Alert]:
        """Return the last alert of each receiver about each of some events."""
        c = tables.alerts.c
        found: dict[tuple[str, str], Alert] = {}
        for ids in portions(events):
            mine = select(tables.alerts).where(c.organisation == organisation, c.event.in_(ids))
            for one in self._all(Alert, mine.order_by(c.event, c.receiver, c.sequence)):
                found[one.receiver, one.event] = one
        return found

    def untold(self, now: datetime) -> tuple[tuple[str, str], ...]:
        """Return organisations and receivers with alerts that are due and in no message yet."""
        with self._connect(self._single) as connection, translated():
            found = connection.execute(who_waits(), {"moment": microseconds(now)})
            return tuple((row.organisation, row.receiver) for row in found)

    def waiting_alerts(
        self, organisation: str, receiver: str, now: datetime, most: int
    ) -> tuple[Alert, ...]:
        """Return a receiver's alerts that are due and in no message yet, as they were written."""
        c = tables.alerts.c
        due = select(tables.alerts).where(
            _untold(organisation, receiver), c.due <= microseconds(now)
        )
        return self._all(Alert, due.order_by(c.number).limit(most))

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
        c = tables.messages.c
        paging = message_paging(organisation, receiver, state, limit)
        mine = select(tables.messages).where(c.organisation == organisation)
        if receiver is not None:
            mine = mine.where(c.receiver == receiver)
        if state is not None:
            mine = mine.where(c.state == state.value)
        start = paging.start(after)
        if start is not None:
            moment, last = start
            mine = mine.where(or_(c.made < moment, and_(c.made == moment, c.id > last)))
        found = self._all(Message, mine.order_by(c.made.desc(), c.id).limit(limit + 1))
        return paging.page(found, message_position)

    def message(self, organisation: str, message_id: str) -> Message:
        """Return one message; `NotFound` if there is none."""
        c = tables.messages.c
        found = self._one(
            Message,
            select(tables.messages).where(c.organisation == organisation, c.id == message_id),
        )
        if found is None:
            raise rules.not_there("message", message_id)
        return found

    def delivered(
        self, organisation: str, receiver: str, start: int, limit: int
    ) -> tuple[Message, ...]:
        """Return messages that a receiver has, in the order in which they were delivered."""
        c = tables.messages.c
        theirs = select(tables.messages).where(_delivered(organisation, receiver))
        return self._all(Message, theirs.order_by(c.ended, c.number).offset(start).limit(limit))

    def delivered_count(self, organisation: str, receiver: str) -> int:
        """Return how many messages a receiver has."""
        theirs = select(func.count()).where(_delivered(organisation, receiver))
        with self._connect(self._single) as connection, translated():
            return int(connection.execute(theirs).scalar_one())

    def sent_since(self, organisation: str, receiver: str, since: datetime) -> int:
        """Return how many messages with an event in them were made for a receiver since a time."""
        c = tables.messages.c
        theirs = and_(c.organisation == organisation, c.receiver == receiver)
        # Alarms have a cap of their own.
        told = and_(c.events != "[]", c.form != MessageForm.ALARM.value)
        recent = and_(theirs, c.made > microseconds(since), told)
        with self._connect(self._single) as connection, translated():
            return int(
                connection.execute(
                    select(func.count()).select_from(tables.messages).where(recent)
                ).scalar_one()
            )

    def attempts(self, organisation: str, message: str) -> tuple[Attempt, ...]:
        """Return the attempts at delivering a message, first one first."""
        c = tables.attempts.c
        mine = select(tables.attempts).where(c.organisation == organisation, c.message == message)
        return self._all(Attempt, mine.order_by(c.sequence))

    def may_be_sent(self, holder: str, now: datetime) -> bool:
        """Tell whether there is any message that `AlertWrites.hold_messages` would give now."""
        c, moment = tables.messages.c, microseconds(now)
        free = or_(c.held_until.is_(None), c.held_until <= moment)
        due = (c.state == MessageState.WAITING.value, c.next <= moment, free)
        with self._connect(self._single) as connection, translated():
            if connection.execute(select(c.number).where(*due).limit(1)).first() is None:
                return False
            # It may have to wait for one before it: so asked, nobody is kept from writing.
            queued = [_queued(row) for row in connection.execute(_queue(now)).mappings()]
        return bool(rules.free_to_send(queued, holder, moment, 1))

    def backlog(self, organisation: str | None = None) -> tuple[int, datetime | None]:
        """Return how many messages wait, and when the oldest of them was made."""
        c = tables.messages.c
        waiting = select(func.count(), func.min(c.made)).where(c.state == MessageState.WAITING)
        if organisation is not None:
            waiting = waiting.where(c.organisation == organisation)
        with self._connect(self._single) as connection, translated():
            count, oldest = connection.execute(waiting).one()
        return int(count), None if oldest is None else from_microseconds(oldest)


def _untold(organisation: str, receiver: str) -> Any:
    c = tables.alerts.c
    return and_(c.message == "", c.organisation == organisation, c.receiver == receiver)


@cache
def who_waits() -> Select[Any]:
    """Return the question of whom there are alerts that are due at a moment and in no message yet.

    It is asked twice a second. From one receiver straight to the next by the index: of 100,000
    that wait for a channel which is not set up one is read.
    """
    alerts, first = tables.alerts.c, _next_waiting(tables.alerts.alias("first"))
    there = select(first.label("number")).cte("there", recursive=True)
    last, others = tables.alerts.alias("last").c, tables.alerts.alias("others")
    same = others.c.organisation == last.organisation
    beyond = (
        _next_waiting(others, same, others.c.receiver > last.receiver),
        _next_waiting(others, others.c.organisation > last.organisation),
    )
    # Not by comparing both at once: SQLite looks up only the first of two columns so.
    following = select(func.coalesce(*beyond)).where(last.number == there.c.number)
    there = there.union_all(following)
    # Joined to them, SQLite would go through all alerts first, for a filter to spare it look-ups.
    found = alerts.number.in_(select(there.c.number))
    return (
        select(alerts.organisation, alerts.receiver)
        .where(found, alerts.due <= bindparam("moment"))
        .order_by(alerts.due, alerts.organisation, alerts.receiver)
    )


def _next_waiting(alerts: FromClause, *where: ColumnElement[bool]) -> ScalarSelect[int]:
    """Return the first alert of the first receiver, of those that are in no message."""
    c = alerts.c
    first: ScalarSelect[int] = (
        select(c.number)
        .where(c.message == "", *where)
        .order_by(c.message, c.organisation, c.receiver, c.due)
        .limit(1)
        .scalar_subquery()
    )
    return first


def _delivered(organisation: str, receiver: str) -> Any:
    c = tables.messages.c
    theirs = and_(c.organisation == organisation, c.receiver == receiver)
    return and_(theirs, c.state == MessageState.DELIVERED.value)


def _queue(now: datetime) -> Any:
    """Return the question for the messages that wait of all receivers with one that is due."""
    m, due = tables.messages.c, tables.messages.alias("due").c
    waiting = MessageState.WAITING.value
    whose = (
        select(due.organisation, due.receiver)
        .where(due.state == waiting, due.next <= microseconds(now))
        .distinct()
        .subquery()
    )
    place = func.row_number().over(partition_by=(m.organisation, m.receiver), order_by=m.number)
    fields = [m[name] for name in (*Queued._fields, "number")]
    ranked = (
        select(*fields, place.label("place"))
        .join(whose, and_(m.organisation == whose.c.organisation, m.receiver == whose.c.receiver))
        .where(m.state == waiting)
        .subquery()
    )
    return select(ranked).where(ranked.c.place <= LOOKED_THROUGH).order_by(ranked.c.number)


def _queued(row: Any) -> Queued:
    told = {name: row[name] for name in Queued._fields}
    return Queued(**told | {"events": tuple(json.loads(row["events"]))})


def portions(ids: Collection[str]) -> Iterator[list[str]]:
    """Yield ids, each once and in order, as many at once as a statement may name."""
    every = sorted(set(ids))
    return (every[start : start + AT_ONCE] for start in range(0, len(every), AT_ONCE))
