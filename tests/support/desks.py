"""People at a desk who verify the events of a store, with pictures that are made up."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hearthwatch.access.scopes import scopes_of
from hearthwatch.access.standing import Caller
from hearthwatch.records import Event, Role
from hearthwatch.review.audits import Sampling
from hearthwatch.review.cases import Case
from hearthwatch.review.desk import Desk
from hearthwatch.store import MemoryStore
from hearthwatch.store.protocol import Store
from tests.contract import store_records as a

NEVER, ALWAYS = Sampling(0.0), Sampling(1.0)


@dataclass
class Clock:
    """A clock that goes when it is told to."""

    now: datetime = a.NOON

    def __call__(self) -> datetime:
        return self.now

    def on(self, **time: float) -> None:
        self.now += timedelta(**time)


def caller(person: str, role: Role = Role.ANALYST, organisation: str = "ours") -> Caller:
    """Return somebody who is signed in."""
    return Caller(organisation, person, person.title(), role, scopes_of(role), person, "ses-1")


@dataclass
class Room:
    """A store with one event or more, and a desk for everybody who comes."""

    sampling: Sampling = NEVER
    looks: int = 9
    """Looks after the change that there are pictures of."""
    store: Store = field(default_factory=MemoryStore)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        if not self.store.regions("ours"):
            a.with_region(self.store)
            self.add(a.event(), a.source(event="evt-1", detector_state="PROBABLE"))

    def add(self, event: Event, source: Any) -> None:
        with self.store.transaction() as tx:
            tx.put_event(event)
            tx.put_source(source)

    def desk(self, person: str, role: Role = Role.ANALYST) -> Desk:
        return Desk(self.store, self.choose, caller(person, role), self.sampling, self.clock)

    def choose(self, event: Event, cases: Sequence[Case]) -> dict[str, Any] | None:
        """Show one look more whenever a case ended without a word on the ground."""
        number = len(cases)
        if number >= self.looks:
            return None
        return {"pictures": f"{event.id}-{event.version}-{number}", "version": event.version,
                "before": None, "after": {"acquisition": f"look-{number}"}}  # fmt: skip

    def see(self, person: str, seen: Any, role: Role = Role.ANALYST, event: str = "evt-1") -> Any:
        """Claim an event and say what is in its pictures."""
        desk = self.desk(person, role)
        desk.claim(event)
        return desk.assess(event, seen)

    def state(self, event: str = "evt-1") -> str:
        return self.store.event("ours", event).state.value

    def again(self) -> None:
        """Let software see the event once more."""
        known = self.store.event("ours", "evt-1")
        with self.store.transaction() as tx:
            tx.put_event(dataclasses.replace(known, version=known.version + 1))
