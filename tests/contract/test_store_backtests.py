"""What every store must do with backtests, asked of each."""

from __future__ import annotations

import dataclasses

import pytest

from hearthwatch.errors import StoreError
from hearthwatch.records import RunOutcome
from hearthwatch.store import Store
from tests.contract import store_records as a


@pytest.fixture
def store(empty: Store) -> Store:
    for owner in ("ours", "theirs"):
        a.with_region(empty, owner)
    return empty


def put(store: Store, *records) -> None:
    with store.transaction() as tx:
        for record in records:
            tx.put_backtest(record)


def test_backtests_of_a_region_come_oldest_first_and_are_replaced(store: Store) -> None:
    first, second = a.backtest(), a.backtest(id="bt-0", asked=a.NOON + a.DAY)
    put(store, second, first, a.backtest(organisation="theirs"))
    assert store.backtests("ours", "reg-1") == (first, second)
    over = dataclasses.replace(
        first, outcome=RunOutcome.COMPLETE, started=a.NOON, finished=a.NOON + a.DAY, done=7,
        total=7, report={"events": []},
    )  # fmt: skip
    put(store, over)
    assert store.backtests("ours", "reg-1") == (over, second)
    assert store.backtests("ours", "reg-2") == ()


def test_those_that_are_not_over_are_known_of_all_organisations(store: Store) -> None:
    waits = a.backtest()
    runs = a.backtest(
        organisation="theirs", asked=a.NOON - a.DAY, outcome=RunOutcome.RUNNING, started=a.NOON
    )
    over = a.backtest(id="bt-2", outcome=RunOutcome.FAILED, finished=a.NOON, detail="no looks")
    put(store, waits, runs, over)
    assert store.open_backtests() == (runs, waits)


def test_a_backtest_of_no_region_is_refused(store: Store) -> None:
    with pytest.raises(StoreError):
        put(store, a.backtest(region="nowhere"))
    assert store.open_backtests() == ()
