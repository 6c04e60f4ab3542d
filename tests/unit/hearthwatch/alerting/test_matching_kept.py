"""The index of an organisation is kept as long as nothing changed, and no longer."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from hearthwatch.alerting import kept, matching
from hearthwatch.records import EventState, Receiver, Severity, Subscription
from hearthwatch.store import MemoryStore, SqlStore, Store
from tests.contract import store_records as a


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore()
        return
    with closing(SqlStore.open(tmp_path / "store.sqlite", write=True)) as opened:
        yield opened


def put(store: Store, *records: Receiver | Subscription) -> None:
    with store.transaction() as tx:
        for one in records:
            if isinstance(one, Receiver):
                tx.put_receiver(one)
            else:
                tx.put_subscription(one)


def wanting(**changes: object) -> Subscription:
    return a.subscription(region="", kinds=(), least_state=EventState.CANDIDATE, **changes)


def told(store: Store, organisation: str = "ours") -> set[str]:
    """Return the receivers that an event of an organisation meets now."""
    index = matching.of(store, organisation)
    return set(index.meets(a.event(organisation=organisation), Severity.SEVERE))


def test_it_is_built_once_as_long_as_nothing_changes(store: Store) -> None:
    put(store, a.receiver(), wanting())
    first = matching.of(store, "ours")
    put(store, a.receiver(organisation="theirs"), wanting(organisation="theirs"))
    assert matching.of(store, "ours") is first
    assert matching.of(store, "theirs") is not first


def test_every_change_is_in_the_next_answer(store: Store) -> None:
    assert told(store) == set()
    put(store, a.receiver(confirmed=None), wanting())
    assert told(store) == set()
    put(store, a.receiver(revision=2))
    assert told(store) == {"rcv-1"}
    put(store, a.receiver(id="rcv-2"), wanting(id="sub-2", receiver="rcv-2"))
    assert told(store) == {"rcv-1", "rcv-2"}
    put(store, wanting(paused=a.NOON, revision=2))
    assert told(store) == {"rcv-2"}
    put(store, wanting(revision=3), a.receiver(id="rcv-2", removed=a.NOON, revision=2))
    assert told(store) == {"rcv-1"}
    put(store, a.receiver(disabled=a.NOON, revision=3))
    assert told(store) == set()


def test_two_stores_with_the_same_organisation_are_not_mixed_up() -> None:
    stores = [MemoryStore(), MemoryStore()]
    for name, store in zip(("rcv-1", "rcv-2"), stores, strict=True):
        put(store, a.receiver(id=name), wanting(receiver=name))
    assert [told(one) for one in stores] == [{"rcv-1"}, {"rcv-2"}]


def test_only_the_organisations_asked_about_last_are_kept(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_KEPT", 2)
    for name in ("one", "two", "three"):
        put(store, a.receiver(organisation=name), wanting(organisation=name))
    one, two = matching.of(store, "one"), matching.of(store, "two")
    assert matching.of(store, "one") is one
    matching.of(store, "three")
    assert matching.of(store, "one") is one
    assert matching.of(store, "two") is not two


def test_nothing_is_kept_of_a_store_that_is_gone() -> None:
    store = MemoryStore()
    put(store, a.receiver(), wanting())
    index, gone = weakref.ref(matching.of(store, "ours")), weakref.ref(store)
    del store
    gc.collect()
    assert gone() is None
    assert index() is None


class Interrupted(MemoryStore):
    """A store in which somebody unsubscribes while an index is built."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Subscription] = []

    def subscriptions(
        self, organisation: str, *, receiver: str | None = None, removed: bool = False
    ) -> tuple[Subscription, ...]:
        found = super().subscriptions(organisation, receiver=receiver, removed=removed)
        while self.meanwhile:
            put(self, self.meanwhile.pop())
        return found


def test_what_changes_while_the_index_is_built_is_in_the_next_one() -> None:
    store = Interrupted()
    put(store, a.receiver(), wanting())
    store.meanwhile.append(wanting(paused=a.NOON, revision=2))
    assert told(store) == {"rcv-1"}
    assert told(store) == set()


def test_threads_that_ask_while_others_change_see_all_that_was_stored_before(
    store: Store,
) -> None:
    names = [f"rcv-{i}" for i in range(20)]
    stored: list[str] = []
    over = threading.Event()

    def ask() -> int:
        asked = 0
        while not over.is_set() or not asked:
            before = set(stored)
            assert before <= told(store)
            asked += 1
        return asked

    with ThreadPoolExecutor(3) as threads:
        asking = [threads.submit(ask) for _ in range(3)]
        try:
            for name in names:
                put(store, a.receiver(id=name), wanting(id=f"sub-{name}", receiver=name))
                stored.append(name)
        finally:
            over.set()
        assert all(one.result() for one in asking)
    assert told(store) == set(names)
