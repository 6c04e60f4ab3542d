"""Watchdogs over a store, by a clock that the test moves."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hearthwatch.alerts.background import Background
from hearthwatch.alerts.post import PostRoom
from hearthwatch.records import About, Alarm, Lease, Receiver
from hearthwatch.settings import Settings, load_settings
from hearthwatch.store import Store
from hearthwatch.watchdogs.watching import Watchdogs
from tests.contract import store_records as a
from tests.unit.hearthwatch.alerts.desk import VAULT, Desk, Spy

MINUTE = timedelta(minutes=1)


class Kennel(Desk):
    """A desk with watchdogs in it."""

    def __init__(self, store: Store, folder: Path, spy: Spy | None = None, **changes: Any) -> None:
        super().__init__(store, spy)
        plain = {"data_dir": folder, "organisation": "ours", "provider": "folder"}
        self.settings: Settings = load_settings(**plain | changes)
        self.began = self.now
        self.lost = timedelta()
        with store.transaction() as tx:
            tx.put_organisation(a.organisation())
        self.dogs = self.more_dogs()

    def more_dogs(self, **changes: Any) -> Watchdogs:
        """Make those of one more process."""
        background = Background(self.store, "watch.example", "https://watch.example")
        post = PostRoom(self.channels, VAULT, background)
        return Watchdogs(
            self.settings, self.store, post, clock=lambda: self.now, running=self._running,
            **changes,
        )  # fmt: skip

    def subscribe_to(self, about: About = About.ALARMS, **changes: Any) -> Receiver:
        """Let somebody be told of alarms, or of signs of life."""
        made = self.receiver(**changes)
        self.subscribe(
            id=f"sub-{made.id}-{about.value}", receiver=made.id, about=about,
            organisation=made.organisation,
        )  # fmt: skip
        return made

    def sends(self, until: datetime | None = None) -> None:
        """Give the sign of life of something that sends."""
        wanted = Lease("sender", "", "any", self.now, until or self.now + timedelta(days=99), 0)
        with self.store.transaction() as tx:
            tx.take_lease(wanted)

    def rounds(self, count: int = 1, every: timedelta = MINUTE, *, sent: bool = True) -> None:
        """Let time pass and rounds be made."""
        for _ in range(count):
            self.now += every
            self.dogs.step()
            if sent:
                self.sender.step()

    def open(self, organisation: str = "") -> list[Alarm]:
        """Return the alarms that are open."""
        return list(self.store.alarms(organisation, open_only=True))

    def _running(self) -> float:
        return (self.now - self.began - self.lost).total_seconds()
