"""Senders that die anywhere and receivers that fail in every way: nothing is lost or told anew."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from hearthwatch.alerts.channel import DeliveryFailed, Parcel
from hearthwatch.alerts.sender import Sender
from hearthwatch.records import EventState, MessageState
from hearthwatch.store import MemoryStore
from tests.unit.hearthwatch.alerts.desk import Desk, Spy, event

SEEDS = range(30)
EVENTS = 6
STATES = (EventState.PROVISIONAL, EventState.CORROBORATED, EventState.CONFIRMED,
          EventState.RETRACTED)  # fmt: skip


class Killed(BaseException):
    """The process died here."""


class Dying:
    """A store in whose transactions a process may die: before, within, or right after them."""

    def __init__(self, store: Any, chance: random.Random, share: float) -> None:
        self._store, self._chance, self._share = store, chance, share

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        self._maybe()
        with self._store.transaction() as tx:
            yield tx
            self._maybe()
        self._maybe()

    def _maybe(self) -> None:
        if self._chance.random() < self._share:
            raise Killed


class Receiver:
    """Takes, refuses, takes and then fails to say so, or kills the sender on either side."""

    def __init__(self, desk: Desk, chance: random.Random) -> None:
        self.desk, self.chance = desk, chance
        self.had: list[tuple[str, list[tuple[str, int]]]] = []
        self.faults = 0

    def __call__(self, parcel: Parcel) -> None:
        state = self.desk.store.message("ours", parcel.id).state
        assert state is MessageState.WAITING, "sent again after a receipt was stored"
        fate = self.chance.random()
        if fate < 0.5:
            self._take(parcel)
            return
        self.faults += 1
        if fate < 0.6:
            raise Killed
        if fate < 0.7:
            self._take(parcel)
            raise Killed
        if fate < 0.85:
            raise DeliveryFailed("HTTP 500", status=500)
        self._take(parcel)
        raise DeliveryFailed("the connection ended before an answer")

    def _take(self, parcel: Parcel) -> None:
        told = [(one["event"], one["sequence"]) for one in parcel.content["facts"]]
        self.had.append((parcel.id, told))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_alert_arrives_in_order_and_under_one_id(seed: int) -> None:
    chance = random.Random(seed)
    desk = Desk(MemoryStore(), Spy())
    receiver = Receiver(desk, chance)
    desk.spy.answer = receiver
    desk.receiver(storm_cap=chance.choice((3, 1000)))
    desk.subscribe()
    written = 0
    story = [number for number in range(EVENTS) for _ in STATES]
    chance.shuffle(story)
    versions = dict.fromkeys(range(EVENTS), 0)
    for number in story:
        versions[number] += 1
        state = STATES[versions[number] - 1]
        written += desk.tell(event(number, versions[number], state=state, last_detected=desk.now))
        desk.now += timedelta(seconds=chance.choice((1, 30, 600)))
        _turns(desk, chance, 2)
    until = desk.now + timedelta(days=4)
    while desk.now < until and _is_open(desk):
        desk.now += timedelta(minutes=chance.choice((1, 10, 45)))
        _turns(desk, chance, 1)
    assert written == EVENTS * len(STATES)
    assert receiver.faults > 0
    _check(desk, receiver)


def _turns(desk: Desk, chance: random.Random, most: int) -> None:
    for _ in range(chance.randrange(most + 1)):
        sender = desk.another()
        dying: Any = Dying(desk.store, chance, 0.05)
        planner = type(sender.planner)(dying, sender.planner.channels, sender.planner.background)
        process = Sender(dying, planner, sender.channels, sender.vault, sender.clock, lambda: 0.5)
        try:
            process.step()
        except Killed:
            continue


def _is_open(desk: Desk) -> bool:
    waits, _ = desk.store.backlog()
    return bool(waits or desk.store.untold(desk.now))


def _check(desk: Desk, receiver: Receiver) -> None:
    alerts = desk.store.alerts("ours")
    # Each in exactly one message, and each of these was taken: none lost, none in two.
    assert all(one.message for one in alerts)
    ids = {one.message for one in alerts}
    assert {name for name, _ in receiver.had} == ids
    for one in ids:
        assert desk.store.message("ours", one).state is MessageState.DELIVERED
    # Whenever the same message came, it said the same.
    said: dict[str, Any] = {}
    for name, told in receiver.had:
        assert said.setdefault(name, told) == told
    # Of one event, what came first was told first; a repetition comes before anything newer.
    newest: dict[str, int] = {}
    for _, told in receiver.had:
        for its_event, sequence in told:
            assert sequence >= newest.get(its_event, 0)
            newest[its_event] = sequence
    assert newest == {f"evt-{n}": len(STATES) for n in range(EVENTS)}
