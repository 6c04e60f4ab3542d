"""A question that no index answers is stopped, and the store goes on."""

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from hearthwatch.errors import StoreLocked
from hearthwatch.records import EventFilter, Search
from hearthwatch.store import SqlStore, patience, sql_audit
from hearthwatch.store.event_search import EventSearch
from hearthwatch.store.faults import translated
from tests.contract import store_records as a
from tests.support import postgis
from tests.support.waiting import held_up_by_nothing

ENDLESS = text(
    "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n) SELECT max(n) FROM n"
)


def is_stopped(store: SqlStore) -> None:
    with (
        pytest.raises(StoreLocked, match="Ask for less"),
        store._connect(store._reader) as connection,
        translated(),
    ):
        connection.execute(ENDLESS)
    assert store.region("ours", "reg-1") == a.region()


def test_a_file_gives_up_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "QUESTION_SECONDS", 0.2)
    with closing(SqlStore.open(tmp_path / "hearthwatch.db", write=True)) as store:
        a.with_region(store)
        is_stopped(store)


@pytest.mark.needs_postgis
def test_a_server_gives_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "QUESTION_SECONDS", 0.2)
    with closing(SqlStore.open(postgis.server().empty(), write=True)) as store:
        a.with_region(store)
        is_stopped(store)


@pytest.fixture(params=["sqlite", pytest.param("postgis", marks=pytest.mark.needs_postgis)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    is_server = request.param == "postgis"
    place = postgis.server().empty() if is_server else tmp_path / "hearthwatch.db"
    with closing(SqlStore.open(place, write=True)) as store:
        a.with_region(store)
        yield store


def test_a_count_is_given_up_long_before_a_question(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.transaction() as tx:
        tx.put_event(a.event())
    assert store.count_events("ours", EventFilter(), most=10) == 1
    monkeypatch.setattr(patience, "COUNT_SECONDS", 0.2)
    monkeypatch.setattr(EventSearch, "count", lambda search, way: ENDLESS)
    # Left to the question's own time, it would go on for as long as a question may.
    monkeypatch.setattr(patience, "QUESTION_SECONDS", 120.0)
    with held_up_by_nothing(least=0.2):
        assert store.count_events("ours", EventFilter(), most=10) is None
    # Only the count was given less: the next question on that connection has its own time.
    monkeypatch.setattr(patience, "COUNT_SECONDS", 30.0)
    assert len(store.events("ours", EventFilter()).items) == 1


def test_every_count_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(SqlStore.open(tmp_path / "hearthwatch.db", write=True)) as store:
        a.with_region(store)
        asked = (
            lambda: store.count_events("ours", EventFilter(), most=9),
            lambda: store.count_detections("ours", Search(), most=9),
            lambda: store.count_looks("ours", Search(), most=9),
            lambda: store.count_settlements("ours", None, None, most=9),
        )
        assert [count() for count in asked] == [0, 0, 0, 0]
        monkeypatch.setattr(patience, "_STEPS", 1)
        monkeypatch.setattr(patience, "COUNT_SECONDS", -1.0)
        assert [count() for count in asked] == [None] * 4


def test_who_reads_a_whole_log_may_take_as_long_as_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "QUESTION_SECONDS", 0.2)
    monkeypatch.setattr(patience, "_STEPS", 1)
    monkeypatch.setattr(sql_audit, "_AT_ONCE", 1)
    with closing(SqlStore.open(tmp_path / "hearthwatch.db", write=True)) as store:
        with store.transaction() as tx:
            for number in range(3):
                tx.add_audit(a.audit_entry(subject=f"event:{number}"))
        rows = store.audit_rows("ours")
        first = next(rows)
        time.sleep(0.3)
        assert [one["sequence"] for one in (first, *rows)] == [1, 2, 3]
