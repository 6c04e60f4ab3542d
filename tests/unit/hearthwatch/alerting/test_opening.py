"""Who is told is laid out before the transaction in which events are written, not within it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from hearthwatch.alerting import matching
from hearthwatch.alerting.escalating import escalate
from hearthwatch.alerting.opening import opened
from hearthwatch.alerting.outbox import enqueue
from hearthwatch.fusion.people import Saying, say
from hearthwatch.records import Answer, EventState, Rhythm, Subscription, Verb
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.unit.hearthwatch.alerts.desk import event
from tests.unit.hearthwatch.alerts.net import Net


class Watched(MemoryStore):
    """Notes whether its subscriptions are read while somebody writes."""

    def __init__(self) -> None:
        super().__init__()
        self.is_written = False
        self.read: list[bool] = []

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        with super().transaction() as tx:
            self.is_written = True
            try:
                yield tx
            finally:
                self.is_written = False

    def subscriptions(self, *args: Any, **more: Any) -> tuple[Subscription, ...]:
        self.read.append(self.is_written)
        return super().subscriptions(*args, **more)


def store() -> Watched:
    made = Watched()
    a.with_region(made)
    with made.transaction() as tx:
        tx.put_receiver(a.receiver())
        tx.put_subscription(a.subscription(region="", kinds=(), rhythm=Rhythm.INSTANT))
    return made


def test_subscriptions_are_read_before_the_transaction_begins() -> None:
    watched, event = store(), a.event(state=EventState.CONFIRMED)
    with opened(watched, "ours") as tx:
        tx.put_event(event)
        assert enqueue(watched, tx, "ours", [event], now=a.NOON) == 1
    assert watched.read == [False]


def test_what_a_person_says_does_so_too() -> None:
    watched = store()
    with watched.transaction() as tx:
        tx.put_event(a.event(last_detected=a.NOON))
    say(watched, "ours", "evt-1", Verb.CONFIRM, Saying("amina", a.NOON))
    assert watched.read == [False]
    assert len(watched.alerts("ours")) == 1


def test_whoever_goes_on_where_nobody_answered_does_so_too() -> None:
    watched = Watched()
    net = Net(watched)
    net.responder("one", "a", "b")
    net.tell(event())
    net.step()
    # Another one, so that what was laid out holds no more.
    net.subscribe(receiver="a", name="changed", revision=2)
    watched.read.clear()
    net.now += timedelta(days=2)
    assert escalate(watched, net.now) == 1
    assert watched.read == [False]
    net.step()
    net.subscribe(receiver="a", name="changed again", revision=3)
    watched.read.clear()
    net.answers("b", Answer.DECLINED)
    assert watched.read == [False]


def test_what_changes_in_between_is_in_it_all_the_same() -> None:
    watched, event = store(), a.event(state=EventState.CONFIRMED)
    matching.of(watched, "ours")
    with watched.transaction() as tx:
        tx.put_subscription(a.subscription(paused=a.NOON, revision=2))
    with watched.transaction() as tx:
        tx.put_event(event)
        assert enqueue(watched, tx, "ours", [event], now=a.NOON) == 0
