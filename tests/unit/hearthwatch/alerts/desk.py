"""A service in one process that tells receivers through a channel of the tests."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hearthwatch.alerting.outbox import enqueue
from hearthwatch.alerts.background import Background
from hearthwatch.alerts.channel import Letter, Parcel, Receipt
from hearthwatch.alerts.planning import Planner
from hearthwatch.alerts.sender import Sender
from hearthwatch.alerts.vault import Vault
from hearthwatch.records import Channel, Event, EventState, Receiver, Rhythm, Subscription
from hearthwatch.store import Store
from tests.contract import store_records as a

VAULT = Vault(bytes(range(32)))


@dataclass
class Spy:
    """A channel that keeps what it is given; `answer` may raise instead of taking it."""

    answer: Callable[[Parcel], None] = lambda parcel: None
    taken: list[Parcel] = field(default_factory=list)
    tried: list[Parcel] = field(default_factory=list)

    def check(self, address: str) -> str:
        return address

    def render(self, letter: Letter) -> Mapping[str, Any]:
        return {
            "form": letter.form.value, "facts": list(letter.facts), "mode": letter.mode.value,
            "late": letter.late, "more": letter.more, "before": list(letter.before),
            "alarms": list(letter.alarms), "beat": letter.beat,
            "next": letter.next.isoformat() if letter.next else None,
        }  # fmt: skip

    def deliver(self, parcel: Parcel) -> Receipt:
        self.tried.append(parcel)
        self.answer(parcel)
        self.taken.append(parcel)
        return Receipt(200, "taken")


class Desk:
    """Events in, messages out, by a clock that the test moves."""

    def __init__(self, store: Store, spy: Spy | None = None) -> None:
        self.store = store
        self.now = a.NOON
        self.spy = spy or Spy()
        self.channels = dict.fromkeys(Channel, self.spy)
        a.with_region(store)
        self.sender = self.another()

    def another(self) -> Sender:
        """Make one more sender."""
        background = Background(self.store, "watch.example", "https://watch.example")
        return Sender(
            self.store, Planner(self.store, self.channels, background), self.channels, VAULT,
            clock=lambda: self.now, jitter=lambda: 0.0,
        )  # fmt: skip

    def receiver(self, **changes: Any) -> Receiver:
        """Put a receiver that wants everything at once, at any time."""
        plain = a.receiver(quiet_from=None, quiet_until=None, quiet_override=None, **changes)
        sealed = VAULT.seal(plain.organisation, plain.id, f"https://{plain.id}.example")
        made = dataclasses.replace(plain, address=sealed)
        with self.store.transaction() as tx:
            tx.put_receiver(made)
        return made

    def subscribe(self, **changes: Any) -> Subscription:
        """Put a subscription to everything, instantly."""
        plain = {"region": "", "kinds": (), "rhythm": Rhythm.INSTANT} | changes
        made = a.subscription(**plain)
        with self.store.transaction() as tx:
            tx.put_subscription(made)
        return made

    def tell(self, *events: Event, reasons: Mapping[str, str] | None = None) -> int:
        """Write events and what they give rise to."""
        with self.store.transaction() as tx:
            for event in events:
                tx.put_event(event)
            return enqueue(self.store, tx, "ours", events, reasons=reasons, now=self.now)

    def step(self, after: timedelta = timedelta()) -> int:
        """Let time pass and the sender have its turn."""
        self.now += after
        return self.sender.step()

    @property
    def sent(self) -> list[Mapping[str, Any]]:
        """What was taken, oldest first."""
        return [one.content for one in self.spy.taken]


def event(number: int = 1, version: int = 1, **changes: Any) -> Event:
    """Return an event that is worth telling of."""
    plain: dict[str, Any] = {
        "id": f"evt-{number}", "version": version, "state": EventState.PROVISIONAL,
        "last_detected": a.NOON,
    }  # fmt: skip
    return a.event(**plain | changes)


def at(hours: float) -> datetime:
    """Return a time so long after the beginning."""
    return a.NOON + timedelta(hours=hours)
