"""What is left after a kill, a full disk or a foreign lock."""

import errno
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hearthwatch.errors import DiskFull, StoreError, StoreLocked
from hearthwatch.records import EventFilter
from hearthwatch.store import SqlStore, sqlite
from hearthwatch.store.faults import translated_files
from tests.contract import store_records as a
from tests.support import new_database

WRITE_AND_WAIT = """
import sys
from hearthwatch.store import SqlStore
from tests.contract import store_records as a
store = SqlStore.open(sys.argv[1], write=True)
with store._writer.connect() as connection:
    # Without room in memory, pages go to the file before the commit.
    connection.exec_driver_sql("PRAGMA cache_size = 10")
with store.transaction() as tx:
    tx.put_event(a.event(version=2, observed="half written"))
    for number in range(300):
        tx.put_event(a.event(id=f"more-{number}", observed="x" * 5000))
    tx.finish_job(a.job())
    print("written", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hearthwatch.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqlStore]:
    store = SqlStore.open(path, write=True)
    a.with_region(store)
    yield store
    store.close()


def test_a_kill_in_a_transaction_leaves_what_was_before(path: Path, store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.put_event(a.event())
    store.close()
    root = Path(__file__).resolve().parents[4]
    with subprocess.Popen(
        [sys.executable, "-c", WRITE_AND_WAIT, str(path)],
        cwd=root,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        os.kill(process.pid, signal.SIGKILL)
    assert path.with_name("hearthwatch.db-wal").stat().st_size > 1_000_000, "half was on the disk"
    with closing(SqlStore.open(path)) as reader:
        assert reader.event_history("ours", "evt-1") == (a.event(),)
    with closing(SqlStore.open(path, write=True)) as again:
        assert again.events("ours", EventFilter()).items == (a.event(),)
        assert not again.done(a.key())
        with again.transaction() as tx:
            tx.put_event(a.event(version=2))
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("SELECT rtreecheck('event_window')").fetchall() == [("ok",)]


def test_a_full_disk_is_named_and_leaves_what_was_before(store: SqlStore) -> None:
    with store._writer.connect() as connection:  # type: ignore[union-attr]
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")
    with pytest.raises(DiskFull, match="Make room"), store.transaction() as tx:
        for number in range(1000):
            tx.put_event(a.event(id=str(number), observed="x" * 5000))
    assert store.events("ours", EventFilter()).items == ()
    with store._writer.connect() as connection:  # type: ignore[union-attr]
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    with store.transaction() as tx:
        tx.put_event(a.event())
    assert store.event("ours", "evt-1") == a.event()


def test_a_full_disk_passed_over_leaves_nothing_of_what_follows(store: SqlStore) -> None:
    with store._writer.connect() as connection:  # type: ignore[union-attr]
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 20}")
    with pytest.raises(StoreError, match="none of it is kept"), store.transaction() as tx:
        with pytest.raises(DiskFull):
            tx.put_event(a.event(observed="x" * 1_000_000))
        tx.put_event(a.event(id="small"))
    assert store.events("ours", EventFilter()).items == ()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_no_room_for_a_file_is_a_full_disk(number: int, path: Path) -> None:
    with pytest.raises(DiskFull, match="no room"), translated_files(path):
        raise OSError(number, os.strerror(number))


def test_a_folder_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="file"):
        SqlStore.open(tmp_path / "file" / "hearthwatch.db", write=True)


def test_another_program_that_holds_the_database_is_told_of(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    with closing(SqlStore.open(path, write=True)) as store:
        with closing(sqlite3.connect(path, isolation_level=None)) as shell:
            shell.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreLocked, match="Another program"), store.transaction():
                pass
        a.with_region(store)


def test_what_the_writer_promises(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "_WRITING", new_database.as_shipped["_WRITING"])
    with closing(SqlStore.open(path, write=True)) as store, store._writer.connect() as connection:  # type: ignore[union-attr]
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    # 2 is FULL: a commit is on the disk before it is reported.
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }


def test_an_error_of_the_database_does_not_repeat_what_was_written(store: SqlStore) -> None:
    with store._writer.connect() as connection:  # type: ignore[union-attr]
        connection.exec_driver_sql("DROP TABLE region_versions")
        connection.commit()
    with pytest.raises(StoreError, match="no such table") as caught, store.transaction() as tx:
        tx.put_region(a.region(name="Secret"))
    assert "Secret" not in str(caught.value)
    assert "Secret" not in str(caught.value.__cause__)


def test_superseded_settlements_stay_in_the_database(store: SqlStore) -> None:
    for removed in (None, a.NOON):
        with store.transaction() as tx:
            tx.put_settlements([a.settlement(removed=removed)])
    with store._reader.connect() as connection:
        rows = connection.exec_driver_sql("SELECT id, removed FROM settlement_versions ORDER BY 2")
        assert rows.fetchall() == [("set-1", None), ("set-1", 1_714_564_800_000_000)]


def test_superseded_regions_stay_in_the_database(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.put_region(a.region(removed=a.NOON))
    with store._reader.connect() as connection:
        rows = connection.exec_driver_sql("SELECT seq, removed FROM region_versions ORDER BY seq")
        assert rows.fetchall() == [(1, None), (2, 1_714_564_800_000_000)]
