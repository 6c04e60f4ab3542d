"""Reads and searches that are paid for by hand, however they end."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hearthwatch.budget.account import Budget
from hearthwatch.budget.paid import SEARCH, paid, searches_booked
from hearthwatch.budget.policy import Caps
from hearthwatch.records import Priority, Spend, SpendStatus
from hearthwatch.store import MemoryStore
from imagery.errors import QuotaExhausted, Transient
from imagery.hub.asking import Tally
from imagery.types import Cost

NOW = datetime(2026, 11, 20, 10, 12, tzinfo=UTC)
HUB = "sentinelhub"


class Counting:
    """A provider of which only the count of searches matters."""

    name = HUB

    def __init__(self) -> None:
        self.tally = Tally()

    def searched(self) -> Cost:
        return self.tally.take()


class Silent:
    """A provider that keeps no count."""

    name = HUB


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def budget(store: MemoryStore) -> Budget:
    return Budget(store, "ours", {HUB: Caps(100.0, 1_000)}, lambda: NOW)


@pytest.fixture
def held(budget: Budget) -> Spend:
    made = budget.reserve(HUB, "", "look", "cell", Cost(1, 2.0, 0), Priority.CONFIRMATION)
    assert isinstance(made, Spend)
    return made


def only(store: MemoryStore) -> Spend:
    (spend,) = store.spends("ours").items
    return spend


def test_what_was_read_is_settled_at_what_it_took(
    budget: Budget, held: Spend, store: MemoryStore
) -> None:
    with paid(budget, held, "daily means") as told:
        told.append(Cost(3, 1.5, 700))
    spend = only(store)
    assert (spend.status, spend.detail) == (SpendStatus.SETTLED, "daily means")
    assert (spend.requests, spend.units, spend.bytes) == (3, 1.5, 700)


def test_what_failed_is_settled_at_what_it_took_until_then(
    budget: Budget, held: Spend, store: MemoryStore
) -> None:
    error = Transient("cut")
    error.requests, error.units = 4, 0.5
    with pytest.raises(Transient), paid(budget, held):
        raise error
    assert (only(store).requests, only(store).units) == (4, 0.5)
    assert only(store).detail == "Transient: cut"
    assert budget.paused(HUB) is None


def test_f20_a_spent_quota_pauses_the_provider(budget: Budget, held: Spend) -> None:
    error = QuotaExhausted("the month is spent")
    error.until = datetime(2026, 12, 1, tzinfo=UTC)
    with pytest.raises(QuotaExhausted), paid(budget, held):
        raise error
    paused = budget.paused(HUB)
    assert paused is not None and paused.until == error.until


@pytest.mark.parametrize(("took", "status"), [(1.5, SpendStatus.SETTLED), (None, SpendStatus.LOST)])
def test_f22_what_could_not_be_kept_is_paid_for_all_the_same(
    budget: Budget, held: Spend, store: MemoryStore, took: float | None, status: SpendStatus
) -> None:
    with pytest.raises(OSError, match="full"), paid(budget, held) as told:
        if took is not None:
            told.append(Cost(1, took, 0))
        raise OSError("full")
    assert only(store).status is status
    spent = store.spent("ours", HUB, NOW.replace(day=1))
    # Of what nobody saw the end of, the estimate counts.
    assert (spent.units, spent.reserved_units) == (took or 2.0, 0.0)


def test_searches_are_booked_once_and_so_are_those_that_failed(
    budget: Budget, store: MemoryStore
) -> None:
    provider = Counting()
    with searches_booked(budget, provider, "reg-1", run="run-1"):
        provider.tally.add(Cost(2, 0.02, 900))
        provider.tally.add(Cost(1, 0.5, 100))
    spend = only(store)
    assert (spend.requests, spend.units, spend.bytes) == (3, pytest.approx(0.52), 1000)
    assert (spend.acquisition, spend.cell, spend.detail) == ("", "", SEARCH)
    assert (spend.region, spend.run, spend.status) == ("reg-1", "run-1", SpendStatus.SETTLED)
    with pytest.raises(Transient), searches_booked(budget, provider):
        provider.tally.add(Cost(1, 0.25, 0))
        raise Transient("cut")
    assert len(store.spends("ours").items) == 2
    assert store.spent("ours", HUB, NOW.replace(day=1)).units == pytest.approx(0.77)


@pytest.mark.parametrize("provider", [Counting(), Silent()])
def test_nothing_is_booked_where_nothing_was_asked_or_no_count_is_kept(
    budget: Budget, store: MemoryStore, provider: object
) -> None:
    with searches_booked(budget, provider):
        pass
    assert store.spends("ours").items == ()
