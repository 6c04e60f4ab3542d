"""No receiver is ever sent a byte of another organisation's events, nor of what was not agreed."""

from __future__ import annotations

import dataclasses
import json
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from shapely.geometry import box

from hearthwatch.alerting.answers import Said, answered, purpose
from hearthwatch.alerting.escalating import escalate
from hearthwatch.alerting.network import Network
from hearthwatch.alerting.outbox import enqueue
from hearthwatch.alerting.severity import SEVERITIES, severity
from hearthwatch.alerts.channel import Letter, Parcel
from hearthwatch.errors import NotFound
from hearthwatch.records import (
    Answer,
    Detail,
    Event,
    EventState,
    Kind,
    Receiver,
    Responder,
    Severity,
)
from hearthwatch.store import MemoryStore
from tests.contract import store_records as a
from tests.unit.hearthwatch.alerts.desk import VAULT, Desk, Spy, event
from tests.unit.hearthwatch.alerts.net import Tokens

OWNERS = ("ours", "theirs", "others")
STATES = (EventState.CANDIDATE, EventState.PROVISIONAL, EventState.CONFIRMED,
          EventState.RETRACTED, EventState.DISPUTED)  # fmt: skip
PLACES = [box(25 + x, 13, 25.4 + x, 13.4) for x in range(4)]
AREAS = [None, *(box(25 + x, 13, 26.2 + x, 14) for x in range(4))]


@dataclass
class Whole(Spy):
    """A channel that sends all that it is given to render."""

    at: dict[str, list[str]] = field(default_factory=dict)

    def render(self, letter: Letter) -> Mapping[str, Any]:
        return {**super().render(letter), "links": dict(letter.links or {}), "to": letter.receiver}

    def deliver(self, parcel: Parcel) -> Any:
        self.at.setdefault(parcel.address, []).append(json.dumps(dict(parcel.content)))
        return super().deliver(parcel)


def name(owner: str, number: int) -> str:
    """Return the id of an event."""
    return f"evt-{number}-MARK-{owner}"


class World:
    """Organisations that watch the same ground, with regions, responders and events of one name."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.spy = Whole()
        self.desk = Desk(MemoryStore(), self.spy)
        self.store = self.desk.store
        self.whose: dict[str, Receiver] = {}
        self.responders: dict[str, Responder] = {}
        self.events: dict[tuple[str, int], Event] = {}
        for owner in OWNERS:
            if owner != "ours":
                a.with_region(self.store, owner)
            self._found(owner)

    def _found(self, owner: str) -> None:
        for number in range(self.chance.randrange(1, 4)):
            contacts = tuple(
                self._receiver(owner, f"{number}-{n}") for n in range(self.chance.randrange(1, 4))
            )
            made = a.responder(
                id=f"rsd-{number}", organisation=owner, name=f"Aid of MARK-{owner}",
                contacts=contacts, region=self.chance.choice(("", "", "reg-1", "reg-2")),
                kinds=self.chance.choice(((), ("burned",), ("camp_change",))),
                geometry=self.chance.choice(AREAS), rank=self.chance.choice((1, 1, 2)),
                least_state=self.chance.choice(STATES[:3]),
                least_severity=self.chance.choice((Severity.MINOR, Severity.SEVERE)),
            )  # fmt: skip
            for one in contacts:
                self.responders[one] = made
            with self.store.transaction() as tx:
                tx.put_responder(made)

    def _receiver(self, owner: str, name: str) -> str:
        detail = self.chance.choice((Detail.EXACT, Detail.EXACT, Detail.NOTICE))
        plain = a.receiver(
            id=f"{owner}-{name}", organisation=owner, detail=detail, quiet_from=None,
            quiet_until=None, storm_cap=self.chance.choice((2, 1000)),
        )  # fmt: skip
        address = f"https://{plain.id}.example"
        sealed = VAULT.seal(owner, plain.id, address)
        with self.store.transaction() as tx:
            tx.put_receiver(dataclasses.replace(plain, address=sealed))
        self.whose[address] = plain
        return plain.id

    def happens(self) -> None:
        """Let an event of somebody begin or become something else."""
        owner, number = self.chance.choice(OWNERS), self.chance.randrange(3)
        before = self.events.get((owner, number))
        kind = self.chance.choice((Kind.BURNED, Kind.CAMP_CHANGE, Kind.GROUND_CHANGE))
        made = event(
            number, version=before.version + 1 if before else 1, organisation=owner,
            id=name(owner, number),
            observed=f"MARK-{owner}", kind=kind if before is None else before.kind,
            geometry=before.geometry if before else self.chance.choice(PLACES),
            state=self.chance.choice(STATES), last_detected=self.desk.now,
        )  # fmt: skip
        self.events[owner, number] = made
        with self.store.transaction() as tx:
            tx.put_event(made)
            enqueue(self.store, tx, owner, [made], now=self.desk.now)

    def answers(self) -> None:
        """Let a receiver answer, with whatever response of whomever."""
        receiver = self.chance.choice(list(self.whose.values()))
        owner = self.chance.choice(OWNERS)
        every = self.store.responses(owner, [name(owner, n) for n in range(3)])
        if not every:
            return
        response = self.chance.choice(every)
        post: Any = Tokens()
        token = VAULT.token(purpose(response.id), receiver)
        said = Said(self.chance.choice(list(Answer)), to=f"Aid of MARK-{owner}")
        told = receiver.organisation == owner and receiver.id in response.contacts
        try:
            answered(
                self.store, post, receiver.id, response.id, token, said, self.desk.now
            )  # fmt: skip
        except NotFound:
            assert not told
        else:
            assert told


SEEDS = range(16)


def test_what_is_sent_is_of_ones_own_and_as_agreed() -> None:
    assert sum(sent_in(seed) for seed in SEEDS) > 40


def sent_in(seed: int) -> int:
    """Let one world have its course; return how many events its receivers were sent."""
    world = World(seed)
    for _ in range(40):
        world.chance.choice((world.happens, world.happens, world.answers))()
        world.desk.now += timedelta(minutes=world.chance.choice((1, 20, 130)))
        escalate(world.store, world.desk.now)
        world.desk.step()
    sent = 0
    for address, texts in world.spy.at.items():
        receiver = world.whose[address]
        for text in texts:
            assert set(re.findall(r"MARK-(\w+)", text)) <= {receiver.organisation}
            for facts in json.loads(text)["facts"]:
                sent += 1
                number = int(facts["event"].split("-")[1])
                _check(world, receiver, world.events[receiver.organisation, number], facts)
    return sent


def _check(world: World, receiver: Receiver, about: Event, facts: Mapping[str, Any]) -> None:
    """Hold what was sent against the agreement, one condition after the other."""
    responder = world.responders[receiver.id]
    assert responder.region in ("", about.region)
    assert not responder.kinds or about.kind.value in responder.kinds
    area = responder.geometry
    assert area is None or area.intersection(about.geometry).area > 0
    grave = severity(about.kind, about.change)
    assert SEVERITIES.index(responder.least_severity) <= SEVERITIES.index(grave)
    if receiver.detail is Detail.NOTICE:
        assert facts["geometry"] is None
        assert facts["told"] == []


def test_it_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The check fails where all contacts are taken for those of every responder."""
    plain = Network.meets
    monkeypatch.setattr(Network, "meets", lambda self, *asked: plain(self, *asked) or self.every())
    monkeypatch.setattr(Network, "every", lambda self: list(self._by_id.values()), raising=False)
    with pytest.raises(AssertionError):
        for seed in SEEDS:
            sent_in(seed)
