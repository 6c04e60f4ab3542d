from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hearthwatch.access.backoff import Addresses
from hearthwatch.access.passwords import Passwords
from hearthwatch.access.people import new_person
from hearthwatch.access.signin import SignIn
from hearthwatch.records import Organisation, Person, Role
from hearthwatch.store import MemoryStore, Store, open_store

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
RIGHT, WRONG = "wolf birch cup ten", "wolf birch cup two"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now

    def on(self, **more: float) -> None:
        self.now += timedelta(**more)


class CountedPasswords(Passwords):
    """Cheap hashes, and how many were checked."""

    def __init__(self) -> None:
        super().__init__(memory_kib=64, passes=1, lanes=1, at_once=4, waiting=1000)
        self.checked = 0

    def is_right(self, kept: str, password: str) -> bool:
        self.checked += 1
        return super().is_right(kept, password)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def passwords() -> CountedPasswords:
    return CountedPasswords()


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = MemoryStore() if request.param == "memory" else open_store(
        tmp_path / "hearthwatch.sqlite", write=True, alone=False
    )  # fmt: skip
    yield opened
    opened.close()


@pytest.fixture
def amina(store: Store, passwords: Passwords) -> Person:
    """Somebody of ours, with the password `RIGHT`."""
    return put_person(store, passwords, "amina")


def put_person(
    store: Store, passwords: Passwords, login: str, organisation: str = "ours", **changes: object
) -> Person:
    made = new_person(organisation, login, login.title(), Role.ANALYST, NOON - timedelta(1))
    made = dataclasses.replace(made, password=passwords.hash(RIGHT), **changes)  # type: ignore[arg-type]
    with store.transaction() as tx:
        tx.put_organisation(Organisation(organisation, organisation.title(), NOON))
        tx.put_person(made)
    return made


@pytest.fixture
def door(passwords: CountedPasswords, clock: Clock) -> Callable[[Store], SignIn]:
    """Return `f(store)`, a process that lets people in by that store."""
    return lambda store: SignIn(store, passwords, Addresses(), timedelta(hours=12), clock)
