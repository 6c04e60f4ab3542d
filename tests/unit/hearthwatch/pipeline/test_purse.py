"""What looks are paid with: who comes first, what is refused, and what the ledger then says."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from detectors.registry import create_detector
from hearthwatch.budget.account import Budget
from hearthwatch.budget.policy import Caps, Refusal
from hearthwatch.pipeline import paying
from hearthwatch.pipeline.plan import make_plan
from hearthwatch.pipeline.prelook import PRELOOK_M
from hearthwatch.pipeline.purse import BACKFILL_AFTER, COARSE_M, CONFIRMED_WITHIN, Purse
from hearthwatch.pipeline.tasks import MeasureTask, Reading, Site, not_taken
from hearthwatch.pipeline.waiting import OUTDATED
from hearthwatch.records import EventState, Kind, Mode, Priority, Spend, SpendStatus
from hearthwatch.records import ObservationStatus as Status
from hearthwatch.settings import Settings
from hearthwatch.store import MemoryStore
from imagery.errors import NotYet, QuotaExhausted, Transient
from imagery.types import Acquisition, Cost, Query
from tests.contract import store_records as a
from tests.support import catalogue, clock, settled
from tests.support.remote import Remote
from tests.support.settled import EAST, LOOKS, WEST

NUMBER = 3
CELL = "34N_0061_0147"
"""Home of two of the villages."""
NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)
CAPS = Caps(units_per_month=100.0, requests_per_month=100)
SUSPECTED = {
    "organisation": "local", "region": "region-1", "kind": Kind.BURNED, "mode": Mode.TEST,
    "cell": CELL, "first_changed": NOW - timedelta(days=4),
}  # fmt: skip
LEFT_FOR_CONFIRMATION = 85.0
"""Units spent of the hundred, of which routine looks may take eighty."""


@pytest.fixture(autouse=True)
def _month(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let it be one day throughout: when a month begins, what was spent before counts no more."""
    clock.stop(monkeypatch, NOW, "hearthwatch.budget.account", "hearthwatch.pipeline.purse")


@pytest.fixture(scope="module")
def looks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("purse") / "looks"
    return settled.write_looks(folder, LOOKS[:NUMBER], settled.dry_land())


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    settled.enrol(store)
    return store


@pytest.fixture
def provider(looks: Path) -> Remote:
    return Remote(looks)


@pytest.fixture
def settings(looks: Path, tmp_path: Path) -> Settings:
    return settled.settings_for(tmp_path / "var", looks, workers=1)


@pytest.fixture
def budget(store: MemoryStore) -> Budget:
    return Budget(store, "local", {"folder": CAPS})


@pytest.fixture
def purse(budget: Budget, store: MemoryStore, provider: Remote, settings: Settings) -> Purse:
    return Purse(budget, store, provider, settled.region(), "run", settings)


@pytest.fixture
def capped(monkeypatch: pytest.MonkeyPatch) -> Callable[[Caps], None]:
    """Give the folder caps, as the paid provider has them, in whole runs."""

    def cap(caps: Caps) -> None:
        def budget(settings: Settings, store: MemoryStore) -> Budget:
            return Budget(store, settings.organisation, {"folder": caps})

        monkeypatch.setattr(paying, "budget_from", budget)

    return cap


def spend(budget: Budget, units: float, region: str = "other") -> None:
    budget.book("folder", region, Cost(1, units, 0), "before")


def suspect(store: MemoryStore, **changes: object) -> None:
    """Let a fire be suspected in a cell."""
    event = a.event(**{**SUSPECTED, **changes})
    region = settled.region()
    of_event = dataclasses.replace(region, id=event.region, organisation=event.organisation)
    with store.transaction() as tx:
        tx.put_region(dataclasses.replace(of_event, name=f"of {event.region}"))
        tx.put_event(event)


def recent(store: MemoryStore, provider: Remote, age: timedelta = timedelta(days=1)) -> Acquisition:
    """Return a look that was sensed so long ago."""
    info = create_detector("burned").info
    plan = make_plan(store, provider, settled.region(), info, settled.UNTIL)
    return dataclasses.replace(plan.looks[0], sensed=NOW - age)


def task_of(look: Acquisition, provider: Remote, tmp_path: Path, reading: Reading) -> MeasureTask:
    grid = catalogue.grid(origin=settled.CORNER)
    return MeasureTask(
        provider, look, Site(CELL, (CELL,), b"", grid), "burned", tmp_path / "a", tmp_path, 9.0,
        reading,
    )  # fmt: skip


class TestPriority:
    """A look that may confirm a suspicion comes before all others."""

    def test_routine_where_nothing_is_suspected(self, purse: Purse) -> None:
        assert purse.priority(NOW, CELL) is Priority.ROUTINE

    @pytest.mark.parametrize("state", [EventState.CANDIDATE, EventState.PROVISIONAL])
    def test_a_suspicion_makes_looks_at_its_cell_confirmations(
        self, purse: Purse, store: MemoryStore, state: EventState
    ) -> None:
        suspect(store, state=state)
        assert purse.priority(NOW, CELL) is Priority.CONFIRMATION
        assert purse.priority(NOW, "34N_0060_0146") is Priority.ROUTINE

    @pytest.mark.parametrize(
        "changes",
        [
            {"state": EventState.CORROBORATED},
            {"state": EventState.REJECTED},
            {"first_changed": NOW - CONFIRMED_WITHIN - timedelta(hours=1)},
            {"region": "region-2"},
            {"organisation": "theirs"},
        ],
    )
    def test_what_is_settled_old_or_of_others_does_not(
        self, purse: Purse, store: MemoryStore, changes: dict[str, object]
    ) -> None:
        suspect(store, **changes)
        assert purse.priority(NOW, CELL) is Priority.ROUTINE

    def test_history_waits_behind_what_is_going_on(self, purse: Purse, store: MemoryStore) -> None:
        suspect(store)
        old = NOW - BACKFILL_AFTER - timedelta(minutes=1)
        assert purse.priority(old, CELL) is Priority.BACKFILL


class TestReading:
    """How much of a look is asked for, stage by stage."""

    def test_all_of_it_while_the_month_goes_well(
        self, purse: Purse, store: MemoryStore, provider: Remote
    ) -> None:
        reading = purse.reading(recent(store, provider), CELL)
        assert (reading.pixel_m, reading.prelook, reading.pixels) == (10.0, True, True)

    def test_where_it_is_wanted_coarsely_until_something_is_suspected_and_finely_then(
        self, budget: Budget, store: MemoryStore, provider: Remote, settings: Settings
    ) -> None:
        thrifty = settings.model_copy(update={"coarse_first": True})
        purse = Purse(budget, store, provider, settled.region(), "run", thrifty)
        look = recent(store, provider)
        assert purse.reading(look, CELL).pixel_m == COARSE_M
        assert purse.reading(look, CELL).pixels
        suspect(store)
        assert purse.reading(look, CELL).pixel_m == 10.0
        # Another cell is not suspected.
        assert purse.reading(look, "34N_0060_0146").pixel_m == COARSE_M

    def test_when_routine_looks_have_spent_theirs_what_must_be_confirmed_is_read_and_paid_for(
        self, purse: Purse, budget: Budget, store: MemoryStore, provider: Remote, tmp_path: Path
    ) -> None:
        spend(budget, LEFT_FOR_CONFIRMATION)
        look, info = recent(store, provider), create_detector("burned").info
        routine = purse.reading(look, CELL)
        assert (routine.prelook, routine.pixels) == (True, False)
        refused = purse.permit(task_of(look, provider, tmp_path, routine), info)
        assert isinstance(refused, Refusal)
        suspect(store)
        reading = purse.reading(look, CELL)
        assert (reading.pixel_m, reading.prelook, reading.pixels) == (COARSE_M, True, True)
        held = purse.permit(task_of(look, provider, tmp_path, reading), info)
        assert isinstance(held, Spend)
        # A glance at the cloud, and the pixels.
        assert (held.priority, held.estimated_requests) == (Priority.CONFIRMATION, 2)


class TestRuns:
    """Whole runs of a provider that has caps."""

    def test_a_look_that_is_refused_is_told_and_is_taken_when_there_is_money(
        self, store: MemoryStore, settings: Settings, provider: Remote,
        capped: Callable[[Caps], None],
    ) -> None:  # fmt: skip
        capped(Caps(units_per_month=0.0, requests_per_month=0))
        settled.run(settings, store, provider=provider)
        rows = settled.rows_of(store, EAST)
        assert [row.sensed for row in rows] == list(LOOKS[:NUMBER])
        assert {row.status for row in rows} == {Status.NOT_DELIVERED}
        assert all(
            row.detail["reason"].startswith(
                "not asked for: the month's 0 of 0 requests that backfill"
            )
            for row in rows
        )
        assert provider.asked == []
        capped(CAPS)
        settled.run(settings, store, provider=provider)
        assert [row.sensed for row in settled.rows_of(store, EAST)] == list(LOOKS[:NUMBER])
        assert not {row.status for row in settled.rows_of(store)} & {Status.NOT_DELIVERED}

    def test_history_that_was_left_out_is_not_bought_once_it_teaches_nothing(
        self, store: MemoryStore, settings: Settings, tmp_path: Path,
        capped: Callable[[Caps], None],
    ) -> None:  # fmt: skip
        looks = settled.write_looks(tmp_path / "seven", LOOKS[:7], settled.dry_land())
        provider = Remote(looks)
        everything = Query(settled.region().geometry, LOOKS[0], settled.UNTIL)
        first = next(iter(provider.search(everything)))
        provider.broken = {first.id: NotYet}
        capped(Caps(1000.0, 1000))
        settled.run(settings, store, provider=provider)
        provider.broken = {}
        asked = len(provider.asked)
        for _ in range(2):
            settled.run(settings, store, provider=provider)
            (row,) = [one for one in settled.rows_of(store, EAST) if one.sensed == LOOKS[0]]
            assert (row.status, row.detail["reason"]) == (Status.NOT_DELIVERED, OUTDATED)
        assert len(provider.asked) == asked
        taken = [row.sensed for row in settled.rows_of(store, EAST)]
        assert taken == list(LOOKS[:7])

    def test_of_a_look_at_the_cloud_alone_the_ledger_says_that_it_is_clear_and_was_not_read(
        self, store: MemoryStore, settings: Settings, provider: Remote,
        capped: Callable[[Caps], None],
    ) -> None:  # fmt: skip
        # Of 0.8 units that routine looks may take: more than ninety of a hundred are spent.
        capped(Caps(1.0, 10_000, kept_for_routine=0.0))
        spend(Budget(store, "local", {}), 0.735)
        settled.run(settings, store, provider=provider)
        told = {row.detail["reason"].split(":")[0] for row in settled.rows_of(store)}
        assert told == {"it is clear, and only the cloud was looked at"}
        assert {metres for _, metres in provider.asked} == {PRELOOK_M}
        assert {row.status for row in settled.rows_of(store)} == {Status.NOT_DELIVERED}

    def test_what_is_archived_already_is_not_paid_for(
        self, store: MemoryStore, settings: Settings, provider: Remote,
        capped: Callable[[Caps], None],
    ) -> None:  # fmt: skip
        capped(Caps(1000.0, 1000))
        settled.run(settings, store, provider=provider)
        asked = len(provider.asked)
        anew = MemoryStore()
        settled.enrol(anew)
        settled.run(settings, anew, provider=provider)
        assert len(provider.asked) == asked
        assert [one.status for one in anew.spends("local").items] == []
        assert settled.rows_of(anew) == settled.rows_of(store)

    def test_a_village_that_joins_makes_nothing_be_paid_again(
        self, store: MemoryStore, settings: Settings, provider: Remote,
        capped: Callable[[Caps], None],
    ) -> None:  # fmt: skip
        capped(Caps(1000.0, 1000))
        settled.run(settings, store, provider=provider)
        with store.transaction() as tx:
            tx.put_settlements([settled.settlement(WEST)])
        settled.run(settings, store, provider=provider)
        kept = [one for one in store.spends("local").items if one.status is SpendStatus.SETTLED]
        pixels = [one for one in provider.asked if one[1] == 10.0]
        assert len(pixels) == len(set(pixels)) * 4
        assert sum(one.requests for one in kept) == sum(
            one.requests for one in store.spends("local").items
        )


def test_each_organisation_pays_from_its_own(
    budget: Budget, purse: Purse, store: MemoryStore, provider: Remote, settings: Settings,
    tmp_path: Path,
) -> None:  # fmt: skip
    theirs = Budget(store, "theirs", {"folder": CAPS})
    spend(budget, 100.0)
    theirs.pause("folder", None, "they were told to")
    look, info = recent(store, provider), create_detector("burned").info
    task = task_of(look, provider, tmp_path, Reading())
    assert isinstance(purse.permit(task, info), Refusal)
    other = dataclasses.replace(settled.region(), organisation="theirs")
    their_purse = Purse(theirs, store, provider, other, "run", settings)
    refused = their_purse.permit(task, info)
    assert isinstance(refused, Refusal)
    assert refused.cap == "paused"
    theirs.resume("folder")
    held = their_purse.permit(task, info)
    assert isinstance(held, Spend)
    assert held.organisation == "theirs"


class TestSettling:
    """What was put aside is spent, given back or lost, and the spend says which."""

    @pytest.fixture
    def held(
        self, purse: Purse, store: MemoryStore, provider: Remote, tmp_path: Path
    ) -> tuple[MeasureTask, Spend]:
        task = task_of(recent(store, provider), provider, tmp_path, Reading())
        held = purse.permit(task, create_detector("burned").info)
        assert isinstance(held, Spend)
        return task, held

    def test_a_look_that_failed_before_anything_was_asked_is_not_said_to_be_archived(
        self, purse: Purse, store: MemoryStore, held: tuple[MeasureTask, Spend]
    ) -> None:
        task, spend = held
        words = f"failed: {Transient('the provider is given a rest')}"
        failed = not_taken(task.acquisition, task.site, Status.NOT_PROCESSED, words)
        purse.settle(spend, failed)
        (told,) = store.spends("local").items
        assert (told.status, told.detail) == (SpendStatus.RELEASED, words)

    def test_a_quota_that_is_spent_pauses_at_once_and_what_it_took_counts(
        self, purse: Purse, budget: Budget, store: MemoryStore, held: tuple[MeasureTask, Spend]
    ) -> None:
        task, spend = held
        error = QuotaExhausted("the month's units are spent")
        failed = dataclasses.replace(
            not_taken(task.acquisition, task.site, Status.NOT_DELIVERED, f"failed: {error}"),
            cost=Cost(1, 0.5, 0), quota=error,
        )  # fmt: skip
        purse.settle(spend, failed, begun=3)
        assert purse.is_exhausted
        assert budget.paused("folder") is not None
        counted = [one.status for one in store.spends("local").items]
        assert sorted(counted) == [SpendStatus.LOST, SpendStatus.LOST, SpendStatus.SETTLED]
