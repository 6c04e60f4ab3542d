"""Who takes the looks, of several processes: one, and no commit of an earlier turn counts."""

import logging
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from hearthwatch.errors import StoreLocked
from hearthwatch.pipeline.lead import NAME, Lead
from hearthwatch.pipeline.watch import Watch
from hearthwatch.settings import load_settings
from hearthwatch.store import MemoryStore, Store
from tests.contract import store_records as a
from tests.support.listing_provider import ListedProvider
from tests.support.waiting import until

SECONDS = 0.6


class Keeping:
    """Counts who keeps others out; refuses while somebody else does."""

    def __init__(self) -> None:
        self.held = 0
        self.taken_away = False

    def take(self) -> "Keeping":
        if self.held:
            raise StoreLocked("Process 7 is writing. Wait until it has finished.")
        self.held += 1
        return self

    def ensure(self) -> None:
        if self.taken_away:
            raise StoreLocked("Process 7 is writing. Wait until it has finished.")

    def release(self) -> None:
        self.held -= 1


@pytest.fixture
def store() -> Store:
    return a.with_region(MemoryStore())


@pytest.fixture
def keeping() -> Keeping:
    return Keeping()


@pytest.fixture
def leading(store: Store, keeping: Keeping) -> Iterator[Callable[..., Lead]]:
    made: list[Lead] = []

    def make(seconds: float = SECONDS) -> Lead:
        made.append(Lead(store, keeping.take, seconds))
        return made[-1]

    yield make
    for lead in made:
        lead.close()


def freeze(lead: Lead) -> None:
    """Let a lead renew nothing any more, as if its process had been stopped."""
    lead._over.set()
    lead._thread.join()


def test_one_of_two_leads_and_the_other_follows_when_it_ends(
    leading: Callable[..., Lead], store: Store
) -> None:
    first, second = leading(), leading()
    assert first.hold()
    assert first.hold()
    assert not second.hold()
    first.close()
    assert second.hold()
    assert not first.is_held
    second.close()
    assert store.lease(NAME) is None


def test_the_lease_is_renewed_while_a_look_takes_long(
    leading: Callable[..., Lead], store: Store
) -> None:
    first, second = leading(3.0), leading(3.0)
    assert first.hold()
    begun = store.lease(NAME)
    until(lambda: store.lease(NAME).until > begun.until)  # type: ignore[union-attr]
    assert not second.hold()
    with first.fenced().transaction() as tx:
        tx.put_region(a.region(name="renamed"))


def test_a_commit_in_an_earlier_turn_is_refused(
    leading: Callable[..., Lead], store: Store, keeping: Keeping
) -> None:
    first, second = leading(), leading()
    assert first.hold()
    freeze(first)
    keeping.held = 0  # the server lets go of the session of a process that is silent
    until(second.hold)
    lease = store.lease(NAME)
    assert lease is not None
    assert lease.turn == 2
    with pytest.raises(StoreLocked, match="taken over"), first.fenced().transaction() as tx:
        tx.put_region(a.region(name="too late"))
    assert not first.is_held
    assert store.regions("ours") == (a.region(),)
    with second.fenced().transaction() as tx:
        tx.put_region(a.region(name="in time"))


def test_a_commit_after_the_lease_ran_out_is_refused_even_if_nobody_took_it(
    leading: Callable[..., Lead], store: Store
) -> None:
    first = leading()
    assert first.hold()
    freeze(first)
    time.sleep(1.5 * SECONDS)
    with pytest.raises(StoreLocked, match="taken over"), first.fenced().transaction() as tx:
        tx.put_region(a.region(name="too late"))
    lease = store.lease(NAME)
    assert lease is not None
    assert lease.turn == 1
    assert leading().hold()


def test_nobody_leads_while_a_run_of_somebodys_own_is_under_way(
    leading: Callable[..., Lead], store: Store, keeping: Keeping
) -> None:
    first = leading()
    keeping.held = 1
    assert not first.hold()
    assert store.lease(NAME) is None
    keeping.held = 0
    assert first.hold()
    assert keeping.held == 1


def test_whoever_can_keep_nobody_out_any_more_gives_the_lease_back(
    leading: Callable[..., Lead], keeping: Keeping, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    first = leading()
    assert first.hold()
    with caplog.at_level(logging.WARNING):
        keeping.taken_away = True
        until(lambda: not first.is_held)
        until(lambda: store.lease(NAME) is None)
    assert "given up" in caplog.text
    assert keeping.held == 0


def test_reads_go_through_the_fence(leading: Callable[..., Lead], store: Store) -> None:
    fenced = leading().fenced()
    assert fenced.regions("ours") == store.regions("ours")
    with pytest.raises(StoreLocked), fenced.transaction():
        pass


def test_a_watch_takes_looks_only_while_it_leads(
    leading: Callable[..., Lead], tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[tuple[str, bool]] = []
    told: dict[str, list[str]] = {"one": [], "two": []}
    watches = {}
    for name in told:
        lead = leading()

        def run(settings, store, provider, region, until, *, stopping, whose=name, **_):
            ran.append((whose, stopping()))
            raise StoreLocked("not of interest")

        watch = Watch(
            load_settings(data_dir=tmp_path), lead._store, ListedProvider(),
            timedelta(hours=6), told[name].append, lead=lead,
        )  # fmt: skip
        watches[name] = (watch, lead, run)
    for name in ("one", "two", "one"):
        watch, _, run = watches[name]
        monkeypatch.setattr("hearthwatch.pipeline.watch.run_region", run)
        if watch._leads():
            watch.step(a.NOON + 400 * a.DAY)
    assert ran == [("one", False)]
    watches["one"][1].close()
    watch, _, run = watches["two"]
    monkeypatch.setattr("hearthwatch.pipeline.watch.run_region", run)
    assert watch._leads()
    watch.step(a.NOON + 400 * a.DAY)
    assert ran == [("one", False), ("two", False)]
    assert "this process takes the looks now" in told["two"]
