"""Processes that are killed while they write and send alerts, by a clock that goes fast."""

from __future__ import annotations

import dataclasses
import mmap
import struct
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from random import Random

from hearthwatch.alerting.outbox import enqueue
from hearthwatch.alerts.allowed import Allowed
from hearthwatch.alerts.installed import sender_from
from hearthwatch.alerts.pinned import Pinned
from hearthwatch.alerts.sending import Sending
from hearthwatch.alerts.webhook import Webhook
from hearthwatch.errors import NotFound
from hearthwatch.records import Channel, Event, EventState
from hearthwatch.settings import Settings, load_settings
from hearthwatch.store import SqlStore
from tests.contract import store_records as a

STATES = (EventState.PROVISIONAL, EventState.CORROBORATED, EventState.CONFIRMED,
          EventState.RETRACTED)  # fmt: skip
"""What becomes of every event, and is told of it."""
PACE = 10.0
"""Seconds that the fast clock goes in one; a lease of 3 minutes is then over after 18 seconds."""
EXCHANGE_S = 4.0
"""Less than what an attempt may take by the fast clock, and enough for a slow machine to answer."""
TOGETHER = 5
"""Events written in one transaction at most."""


class Clock:
    """A clock that several processes share: it goes fast, and can be set forward.

    Parameters
    ----------
    path : Path
        A file with where it stands and how far the work is to go; made where there is none.
    """

    def __init__(self, path: Path, pace: float = PACE) -> None:
        if not path.exists():
            path.write_bytes(struct.pack("dddd", time.monotonic(), 0.0, 0.0, 0.0))
        self._pace = pace
        with path.open("r+b") as file:
            self._face = memoryview(mmap.mmap(file.fileno(), 32)).cast("d")

    def __call__(self) -> datetime:
        """Return the time it shows."""
        began, ahead, *_ = self._face
        return a.NOON + timedelta(seconds=(time.monotonic() - began) * self._pace + ahead)

    def set_forward(self, by: timedelta) -> None:
        """Let it show a later time, in all processes at once."""
        self._face[1] += by.total_seconds()

    @property
    def share(self) -> float:
        """How much of the work is to be done by now, from 0 to 1."""
        return self._face[2]

    @share.setter
    def share(self, value: float) -> None:
        self._face[2] = value

    @property
    def written(self) -> int:
        """How much of the work is in the store at least."""
        return int(self._face[3])

    @written.setter
    def written(self, value: int) -> None:
        self._face[3] = value


@dataclass(frozen=True)
class Ground:
    """What the processes work on.

    Attributes
    ----------
    folder : Path
        With the key of alerts and the clock.
    place : Path or str
        The store.
    events : int
        How many there are to be; each is told of as often as there are `STATES`.
    """

    folder: Path
    place: Path | str
    events: int
    seed: int = 1
    pace: float = PACE

    @property
    def settings(self) -> Settings:
        return load_settings(
            data_dir=self.folder, organisation="ours", public_url="https://watch.example"
        )

    def clock(self) -> Clock:
        return Clock(self.folder / "clock", self.pace)

    def open(self) -> SqlStore:
        return SqlStore.open(self.place, write=True, alone=False)


def send(ground: Ground, name: str) -> None:
    """Send until killed, as the command does, but by the fast clock."""
    with closing(ground.open()) as store:
        ways = {Channel.WEBHOOK: Webhook(Pinned(Allowed.of(["127.0.0.1"]), exchange_s=EXCHANGE_S))}
        sender = sender_from(ground.settings, store, ways, ground.clock())
        Sending(dataclasses.replace(sender, name=name)).go_on()


def send_plainly(folder: Path, place: Path | str) -> None:
    """Send until killed, by the clock of the machine and with nothing set otherwise."""
    settings = load_settings(
        data_dir=folder, organisation="ours", alert_allowed_hosts=("127.0.0.1",)
    )
    with closing(SqlStore.open(place, write=True, alone=False)) as store:
        Sending(sender_from(settings, store)).go_on()


def write(ground: Ground) -> None:
    """Write events and what they give rise to, from where another was killed, to the end."""
    clock, lot = ground.clock(), Random()
    with closing(ground.open()) as store:
        story = list(_story(ground))
        done = clock.written
        while done < len(story):
            due = min(len(story), int(clock.share * len(story)))
            if done >= due:
                time.sleep(0.01)
                continue
            some = story[done : min(due, done + lot.randint(1, TOGETHER))]
            _write(store, some, clock)
            done += len(some)
            clock.written = done


def _story(ground: Ground) -> Iterator[tuple[str, int]]:
    """Yield events and versions in the order in which they come about."""
    lot = Random(ground.seed)
    names = [f"evt-{n}" for n in range(ground.events)]
    # Some change often within a short time, some never for long.
    whole = list(chain.from_iterable([one] * len(STATES) for one in names))
    size = 40 * len(STATES)
    version = dict.fromkeys(names, 0)
    for start in range(0, len(whole), size):
        part = whole[start : start + size]
        lot.shuffle(part)
        for name in part:
            version[name] += 1
            yield name, version[name]


def _write(store: SqlStore, some: list[tuple[str, int]], clock: Clock) -> None:
    now = clock()
    with store.transaction() as tx:
        events: dict[str, Event] = {}
        for name, version in some:
            if name in events or version <= _stored(store, name):
                continue  # Its next version is written by the next transaction, or by now.
            events[name] = a.event(
                id=name, version=version, state=STATES[version - 1], last_detected=now
            )
        for event in events.values():
            tx.put_event(event)
        enqueue(store, tx, "ours", tuple(events.values()), now=now)
    left = [one for one in some if one[1] > _stored(store, one[0])]
    if left:
        _write(store, left, clock)


def _stored(store: SqlStore, name: str) -> int:
    try:
        return store.event("ours", name).version
    except NotFound:
        return 0
