"""What every store must do with observations of context, asked of each."""

from __future__ import annotations

import dataclasses

import pytest

from hearthwatch.errors import StoreError
from hearthwatch.store import SqlStore, Store
from tests.contract import store_records as a


@pytest.fixture
def store(empty: Store) -> Store:
    for owner in ("ours", "theirs"):
        a.with_region(empty, owner)
    return empty


def put(store: Store, *records) -> None:
    with store.transaction() as tx:
        for record in records:
            tx.put_observation(record)


def test_observations_of_a_region_come_in_the_order_in_which_they_were_written(
    store: Store,
) -> None:
    first = a.observation(id="obs-2")
    second = a.observation(id="obs-1", created=a.NOON + a.DAY, grades={}, factor=8, observed=a.NOON)
    put(store, second, first, a.observation(organisation="theirs"))
    assert store.observations("ours", "reg-1") == (first, second)
    assert store.observations("ours", "reg-2") == ()


def test_of_one_that_is_withdrawn_nothing_stays_but_the_hash_and_the_fact(store: Store) -> None:
    put(store, a.observation(words="Karambolage at the well"), a.observation(id="obs-2"))
    gone = dataclasses.replace(
        a.observation(), observed=None, words="", source="", reliability="", credibility=0,
        grades={}, withdrawn=a.NOON + a.DAY, withdrawn_by="per-2",
    )  # fmt: skip
    put(store, gone)
    assert store.observations("ours", "reg-1") == (gone, a.observation(id="obs-2"))
    if isinstance(store, SqlStore):
        with store._reader.connect() as connection:
            rows = connection.exec_driver_sql("SELECT * FROM context_observations").all()
        assert "Karambolage" not in str(rows)


def test_to_what_a_level_is_raised_is_kept_with_the_region(store: Store) -> None:
    raised = {
        "steps": [{"level": "urgent", "until": "2024-07-01T00:00:00Z"}],
        "signs": [{"observation": "obs-1", "factor": None, "credibility": 2}],
    }
    with store.transaction() as tx:
        tx.put_region(a.region(raised=raised))
    assert store.region("ours", "reg-1").raised == raised
    assert store.region("theirs", "reg-1").raised == {}


def test_an_observation_of_no_region_is_refused(store: Store) -> None:
    with pytest.raises(StoreError):
        put(store, a.observation(region="nowhere"))
    assert store.observations("ours", "nowhere") == ()
