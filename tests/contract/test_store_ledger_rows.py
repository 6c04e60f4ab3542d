"""Ledger rows put many at a time: every store must keep them as if they had come one by one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hearthwatch.errors import StoreError
from hearthwatch.records import LedgerRow, ObservationStatus
from hearthwatch.store import Store
from tests.contract import store_records as a
from tests.contract.test_store import STORES

CELL = ("reg-1", "36N_0512_0143")
WITHOUT = {"status": ObservationStatus.NOT_PROCESSED, "usable": 0.0}


@pytest.fixture(params=list(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = STORES[request.param](tmp_path)
    yield a.with_region(store)
    store.close()


def put(store: Store, *rows: LedgerRow) -> None:
    with store.transaction() as tx:
        tx.put_ledger_rows(rows)


def history(store: Store, settlement: str, acquisition: str = "S2A-1") -> tuple[LedgerRow, ...]:
    return store.ledger_history("ours", *CELL, acquisition, "indices", settlement)


def test_looks_of_several_sites_and_times_are_all_there(store: Store) -> None:
    rows = [
        *a.looks_at(["a", "b"]),
        *a.looks_at(["a", "b"], cell="other"),
        *a.looks_at(["a"], acquisition="S2A-2", sensed=a.NOON + a.DAY),
    ]
    put(store, *rows)
    assert set(map(identity, store.ledger("ours", "reg-1").items)) == set(map(identity, rows))
    assert len(store.ledger("ours", "reg-1").items) == len(rows)


def test_a_later_truth_about_some_of_them_replaces_those_alone(store: Store) -> None:
    before = a.looks_at(["a", "b", "c"], **WITHOUT)
    put(store, *before)
    now = a.looks_at(["b", "c", "d"])
    put(store, *now)
    assert store.ledger("ours", "reg-1").items == (before[0], *now)
    assert history(store, "a") == (before[0],)
    assert history(store, "b") == (before[1], now[0])
    assert history(store, "d") == (now[2],)


def test_saying_the_same_again_changes_nothing(store: Store) -> None:
    rows = a.looks_at(["a", "b"])
    put(store, *rows)
    put(store, *rows)
    assert history(store, "a") == (rows[0],)
    assert store.ledger("ours", "reg-1").items == tuple(rows)


def test_two_rows_of_one_look_at_one_settlement_are_refused_and_none_is_kept(store: Store) -> None:
    first, second = a.looks_at(["a", "b"])
    (other,) = a.looks_at(["a"], **WITHOUT)
    with pytest.raises(StoreError, match="Two of these ledger rows"):
        put(store, first, second, other)
    assert store.ledger("ours", "reg-1").items == ()


def test_a_row_of_a_region_that_is_not_there_takes_the_others_with_it(store: Store) -> None:
    with pytest.raises(StoreError, match="does not hold"):
        put(store, *a.looks_at(["a"]), *a.looks_at(["b"], region="nowhere"))
    assert store.ledger("ours", "reg-1").items == ()


def test_no_rows_are_no_trouble(store: Store) -> None:
    put(store)
    assert store.ledger("ours", "reg-1").items == ()


def identity(row: LedgerRow) -> tuple[str, str, str]:
    return row.cell, row.acquisition, row.settlement
