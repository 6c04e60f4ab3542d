"""Reserving and settling, in every store."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hearthwatch.budget.account import Budget
from hearthwatch.budget.policy import Caps, Refusal
from hearthwatch.budget.stages import Stage, in_words
from hearthwatch.records import Priority, Spend, SpendStatus
from hearthwatch.store import Store
from imagery.types import Cost
from tests.contract import store_records as a
from tests.contract.test_store import STORES

NOW = datetime(2026, 11, 20, 10, 12, tzinfo=UTC)
CAPS = Caps(units_per_month=100.0, requests_per_month=1_000)
HUB = "sentinelhub"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(params=list(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = STORES[request.param](tmp_path)
    yield a.with_region(store)
    store.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budget(store: Store, clock: Clock) -> Budget:
    return Budget(store, "ours", {HUB: CAPS}, clock)


def reserve(budget: Budget, units: float, **more: Any) -> Spend | Refusal:
    what = {"priority": Priority.CONFIRMATION, "provider": HUB, **more}
    provider, priority = what.pop("provider"), what.pop("priority")
    cost = Cost(requests=1, units=units, bytes=0)
    return budget.reserve(provider, "reg-1", "S2A-1", "cell", cost, priority, **what)


def granted(budget: Budget, units: float, **more: Any) -> Spend:
    found = reserve(budget, units, **more)
    assert isinstance(found, Spend)
    return found


def test_what_is_settled_at_less_leaves_room(budget: Budget, store: Store) -> None:
    first = granted(budget, 90.0)
    assert isinstance(reserve(budget, 20.0), Refusal)
    budget.settle(first, Cost(requests=2, units=70.0, bytes=5_000))
    second = granted(budget, 20.0, run="run-1")
    kept = {spend.id: spend for spend in store.spends("ours").items}
    assert kept[first.id].status is SpendStatus.SETTLED
    assert (kept[first.id].requests, kept[first.id].bytes) == (2, 5_000)
    assert kept[second.id] == second
    assert (second.run, second.acquisition, second.estimated_units) == ("run-1", "S2A-1", 20.0)


def test_what_is_released_costs_nothing_and_what_is_lost_its_estimate(
    budget: Budget, store: Store
) -> None:
    budget.release(granted(budget, 60.0), "it was there already")
    budget.lose(granted(budget, 60.0), "the worker died")
    found = store.spent("ours", HUB, NOW - timedelta(days=1))
    assert (found.units, found.reserved_units) == (60.0, 0.0)
    assert isinstance(reserve(budget, 41.0), Refusal)


def test_a_settlement_stands_or_falls_with_the_transaction_it_is_given(
    budget: Budget, store: Store
) -> None:
    spend = granted(budget, 5.0)
    with pytest.raises(RuntimeError), store.transaction() as tx:
        budget.settle(spend, Cost(1, 4.0, 0), tx=tx)
        raise RuntimeError
    assert store.spends("ours").items == (spend,)
    with store.transaction() as tx:
        budget.settle(spend, Cost(1, 4.0, 0), tx=tx)
    assert store.spends("ours").items[0].units == 4.0


def test_a_provider_without_caps_is_accounted_for_and_never_refused(
    budget: Budget, store: Store
) -> None:
    granted(budget, 1e6, provider="stac")
    assert store.spent("ours", "stac", NOW).reserved_units == 1e6
    assert budget.projected_exhaustion("stac") is None


def test_a_dead_run_loses_what_it_reserved_and_a_live_one_keeps_it(
    budget: Budget, clock: Clock
) -> None:
    dead, live = granted(budget, 1.0, run="dead"), granted(budget, 1.0, run="live")
    by_hand = granted(budget, 1.0)
    assert [spend.id for spend in budget.lose_open({"live"})] == [dead.id]
    assert budget.lose_open({"live"}) == ()
    clock.now += timedelta(hours=2)
    assert [spend.id for spend in budget.lose_open({"live"})] == [by_hand.id]
    assert [spend.id for spend in budget.lose_open(())] == [live.id]


def test_what_is_found_lost_next_month_was_paid_in_the_month_it_was_read(
    budget: Budget, store: Store, clock: Clock
) -> None:
    granted(budget, 30.0, run="dead")
    clock.now = datetime(2026, 12, 3, tzinfo=UTC)
    budget.lose_open(())
    december = datetime(2026, 12, 1, tzinfo=UTC)
    assert store.spent("ours", HUB, december).units == 0.0
    assert store.spent("ours", HUB, datetime(2026, 11, 1, tzinfo=UTC)).units == 30.0


def test_a_new_month_begins_with_nothing_spent(budget: Budget, clock: Clock) -> None:
    budget.settle(granted(budget, 100.0), Cost(1, 100.0, 0))
    refused = reserve(budget, 1.0)
    assert isinstance(refused, Refusal)
    clock.now = refused.lifted - timedelta(microseconds=1)
    assert isinstance(reserve(budget, 1.0), Refusal)
    clock.now = refused.lifted
    granted(budget, 100.0)


def test_a_pause_refuses_everything_until_its_time(
    budget: Budget, store: Store, clock: Clock
) -> None:
    reset = datetime(2026, 12, 1, tzinfo=UTC)
    budget.pause(HUB, reset, "the account's quota is spent")
    clock.now += timedelta(days=1)
    again = budget.pause(HUB, reset, "the account's quota is spent")
    assert again.since == NOW
    refused = reserve(budget, 0.001)
    assert isinstance(refused, Refusal)
    assert refused.words == "the account's quota is spent; back on 1 December"
    clock.now = reset
    granted(budget, 1.0)
    assert store.pauses("ours", active=True) == ()
    assert [pause.ended for pause in store.pauses("ours")] == [reset]


def test_a_pause_without_end_lasts_until_it_is_resumed(budget: Budget, clock: Clock) -> None:
    budget.pause(HUB, None, "the credentials were refused")
    clock.now += timedelta(days=90)
    assert isinstance(reserve(budget, 1.0), Refusal)
    budget.resume(HUB)
    granted(budget, 1.0)


def test_a_stage_of_spending_says_since_when(budget: Budget, clock: Clock) -> None:
    clock.now = datetime(2026, 11, 5, 8, 30, tzinfo=UTC)
    budget.settle(granted(budget, 45.0), Cost(1, 45.0, 0))
    clock.now += timedelta(hours=3)
    held = budget.stage(HUB, "reg-1")
    assert held.stage is Stage.COARSE
    assert in_words(held).startswith("reads at 20 m since 2026-11-05 08:30: 56% of what")


def test_the_fallback_is_not_named_while_it_is_paused_itself(budget: Budget) -> None:
    budget.pause(HUB, None, "no account")
    assert budget.stage(HUB, "reg-1", "stac").provider == "stac"
    budget.pause("stac", None, "it is down")
    assert budget.stage(HUB, "reg-1", "stac").stage is Stage.PAUSED


def test_caps_of_a_day_and_of_a_region_bite_from_what_the_store_sums_up(
    store: Store, clock: Clock
) -> None:
    caps = Caps(1_000.0, 1_000, units_per_day=50.0, units_per_region_month=80.0)
    budget = Budget(store, "ours", {HUB: caps}, clock)
    budget.settle(granted(budget, 40.0), Cost(1, 40.0, 0))
    over_day = reserve(budget, 11.0)
    assert isinstance(over_day, Refusal)
    assert (over_day.cap, over_day.lifted) == ("units_per_day", datetime(2026, 11, 21, tzinfo=UTC))
    clock.now = over_day.lifted
    over_region = reserve(budget, 41.0)
    assert isinstance(over_region, Refusal)
    assert over_region.cap == "units_per_region_month"
    cost = Cost(requests=1, units=41.0, bytes=0)
    other = budget.reserve(HUB, "reg-2", "S2A-1", "cell", cost, Priority.CONFIRMATION)
    assert isinstance(other, Spend)
