"""A small world to be told of: events at places, two people who release them, and a clock."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from shapely.geometry import MultiPolygon, Point, box

from hearthwatch.access.scopes import scopes_of
from hearthwatch.access.standing import Caller
from hearthwatch.disclosure.proposing import Releases
from hearthwatch.disclosure.telling import feature_of, heard, refresh
from hearthwatch.records import Audience, Event, EventState, Opinion, Role, Settlement, Verb
from hearthwatch.store import MemoryStore
from hearthwatch.store.protocol import Store
from tests.contract import store_records as a

MONDAY = datetime(2024, 5, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OURS = "ours"


def village(point: tuple[float, float], metres: float = 150.0) -> MultiPolygon:
    """Return ground round a point."""
    reach = metres / 111_000
    return MultiPolygon([box(*Point(point).buffer(reach).bounds)])


def settled(number: int, point: tuple[float, float]) -> Settlement:
    return a.settlement(id=f"set-{number}", name=f"Village {number}", geometry=village(point))


def person(name: str, role: Role = Role.ANALYST) -> Caller:
    return Caller(OURS, f"per-{name}", name, role, scopes_of(role), f"per-{name}")


class World:
    """A store with a region and settlements, and a clock that stands still."""

    def __init__(
        self, layers: Path, places: Sequence[tuple[float, float]] = (), store: Store | None = None
    ) -> None:
        self.store = a.with_region(store or MemoryStore())
        self.now = MONDAY + 12 * HOUR
        self.layers = layers
        with self.store.transaction() as tx:
            tx.put_settlements([settled(n, point) for n, point in enumerate(places)])

    def clock(self) -> datetime:
        return self.now

    def as_(self, who: str | Caller) -> Releases:
        caller = person(who) if isinstance(who, str) else who
        return Releases(self.store, caller, self.layers, self.clock)

    def happens(self, point: tuple[float, float], name: str = "evt-1", **changes: Any) -> Event:
        """Put an event, or its next version, and return it."""
        known = changes.pop("version", 1)
        plain = {
            "state": EventState.PROVISIONAL,
            "last_unharmed": self.now - 9 * DAY,
            "first_changed": self.now - 4 * DAY,
            "first_detected": self.now - 4 * DAY,
            "last_detected": self.now - 4 * DAY,
        }
        made = a.event(id=name, version=known, geometry=village(point), **{**plain, **changes})
        with self.store.transaction() as tx:
            tx.put_event(made)
        return made

    def becomes(self, name: str, **changes: Any) -> Event:
        """Put the next version of an event."""
        known = self.store.event(OURS, name)
        made = dataclasses.replace(known, version=known.version + 1, **changes)
        with self.store.transaction() as tx:
            tx.put_event(made)
        return made

    def kin(self, verb: Verb, one: str, other: str) -> None:
        """Note that two events were split or merged."""
        with self.store.transaction() as tx:
            tx.add_opinions(
                [
                    _opinion(verb, one, other, f"{verb.value}-{one}-{other}"),
                    _opinion(verb, other, one, f"{verb.value}-{other}-{one}"),
                ]
            )

    def release(self, audience: Audience, name: str = "evt-1") -> str:
        """Release an event, by two people; return the release's id."""
        asked = self.as_("amina").ask(name, audience, "They are near.")
        return self.as_("badr").agree(asked.id).id

    def read(self, audience: Audience) -> list[dict[str, Any]]:
        """Return what the audience reads now."""
        refresh(self.store, OURS, audience, self.clock)
        return [feature_of(one) for one in heard(self.store, OURS, audience, self.now)]

    def one(self, audience: Audience = Audience.PARTNER) -> dict[str, Any]:
        """Return the only one that the audience reads of."""
        (found,) = self.read(audience)
        return found

    def later(self, by: timedelta) -> None:
        self.now += by


def written(features: Iterable[dict[str, Any]]) -> str:
    """Return what is read as bytes would have it."""
    return json.dumps(list(features), sort_keys=True)


def _opinion(verb: Verb, one: str, other: str, name: str) -> Opinion:
    return a.opinion(id=name, event=one, other=other, verb=verb, act=name)
