"""One process at a time writes alone, others beside it in turns; a dead one holds nothing."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing import get_context
from pathlib import Path

import pytest

from hearthwatch.errors import StoreError, StoreLocked
from hearthwatch.store import SqlStore, Store, sqlite
from hearthwatch.store.lock import WriteLock
from tests.contract import store_records as a

HOLD = """
import sys
from hearthwatch.store import SqlStore
store = SqlStore.open(sys.argv[1], write=True)
print("open", flush=True)
sys.stdin.read()
store.close()
"""

COMMIT_UNTIL_TOLD = """
import sys, threading, time
from hearthwatch.store import SqlStore
from tests.contract import store_records as a
store = SqlStore.open(sys.argv[1], write=True)
a.with_region(store)
told = threading.Event()
threading.Thread(target=lambda: (sys.stdin.readline(), told.set())).start()
version = 0
while not told.is_set():
    version += 1
    with store.transaction() as tx:
        tx.put_event(a.event(version=version))
        tx.add_detections([a.detection(id=f"det-{version}")])
    if version == 1:
        print("open", flush=True)
    time.sleep(0.002)  # a run computes between its commits
print(version, flush=True)
store.close()
"""


@contextmanager
def another_process(path: Path, code: str = HOLD) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        cwd=Path(__file__).resolve().parents[4],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
            yield process
        finally:
            process.kill()


def test_the_second_writer_learns_who_the_first_is(tmp_path: Path) -> None:
    path = tmp_path / "hearthwatch.db"
    with another_process(path) as holder:
        with pytest.raises(StoreLocked, match=rf"Process {holder.pid} .* stop it"):
            SqlStore.open(path, write=True)
        with closing(SqlStore.open(path)) as reader:
            assert reader.regions("ours") == ()
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
        SqlStore.open(path, write=True).close()


def test_one_process_opens_once_for_writing(tmp_path: Path) -> None:
    path = tmp_path / "hearthwatch.db"
    link = tmp_path / "link.db"
    link.symlink_to(path)
    with closing(SqlStore.open(path, write=True)):
        for name in (path, link):
            with pytest.raises(StoreLocked, match="This process"):
                SqlStore.open(name, write=True)
    SqlStore.open(path, write=True).close()


def wait_for_the_next_version(store: Store) -> None:
    version = store.event("ours", "evt-1").version
    while store.event("ours", "evt-1").version == version:
        time.sleep(0.001)


def test_another_process_adds_regions_beside_a_run(tmp_path: Path) -> None:
    path = tmp_path / "hearthwatch.db"
    added = [a.region(id=f"beside-{n:02}", name=f"Beside {n:02}") for n in range(50)]
    with another_process(path, COMMIT_UNTIL_TOLD) as run:
        with closing(SqlStore.open(path, write=True, alone=False)) as beside:
            for region in added:
                with beside.transaction() as tx:
                    tx.put_region(region)
                wait_for_the_next_version(beside)
        written, _ = run.communicate("enough\n")
        assert run.returncode == 0
    with closing(SqlStore.open(path)) as reader:
        assert reader.regions("ours") == (*added, a.region())
        versions = [event.version for event in reader.event_history("ours", "evt-1")]
        assert versions == list(range(1, int(written) + 1))
        assert len(reader.detections("ours", "evt-1")) == int(written)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_store_beside_keeps_nobody_out(tmp_path: Path) -> None:
    path = tmp_path / "hearthwatch.db"
    with (
        closing(SqlStore.open(path, write=True, alone=False)) as beside,
        closing(SqlStore.open(path, write=True, alone=False)) as another,
        closing(SqlStore.open(path, write=True)) as alone,
    ):
        for number, store in enumerate((beside, another, alone)):
            with store.transaction() as tx:
                tx.put_region(a.region(id=f"reg-{number}"))
        assert len(beside.regions("ours")) == 3
        with pytest.raises(StoreLocked):
            SqlStore.open(path, write=True)


def test_a_store_beside_opens_while_another_process_writes(tmp_path: Path) -> None:
    path = tmp_path / "hearthwatch.db"
    SqlStore.open(path, write=True).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        SqlStore.open(path, write=True, alone=False).close()


def test_a_store_beside_waits_only_so_long_for_its_turn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "hearthwatch.db"
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    with (
        closing(SqlStore.open(path, write=True)) as alone,
        closing(SqlStore.open(path, write=True, alone=False)) as beside,
    ):
        with alone.transaction() as tx:
            tx.put_region(a.region())
            with pytest.raises(StoreLocked, match="did not let go"), beside.transaction():
                pass
        a.with_region(beside)
        assert alone.runs("ours") == (a.run(),)


def test_an_older_schema_is_brought_up_only_while_nobody_else_writes(tmp_path: Path) -> None:
    path = tmp_path / "hearthwatch.db"
    path.touch()  # Without our tables; of a file that is not there, a test has them at once.
    lock = WriteLock(path)
    with pytest.raises(StoreLocked, match="This process"):
        SqlStore.open(path, write=True, alone=False)
    lock.release()
    with closing(SqlStore.open(path, write=True, alone=False)):
        SqlStore.open(path, write=True).close()


def test_a_failed_opening_lets_go_of_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "hearthwatch.db"
    path.write_bytes(b"this is no database" * 100)
    for _ in range(2):
        with pytest.raises(StoreError, match="not a database") as caught:
            SqlStore.open(path, write=True)
        assert not isinstance(caught.value, StoreLocked)


# From Python 3.12 on, a fork beside other threads (of pytest-xdist, here) is warned of.
@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_a_forked_worker_does_not_hold_the_lock_on(tmp_path: Path) -> None:
    path = tmp_path / "hearthwatch.db"
    store = SqlStore.open(path, write=True)
    fork = get_context("fork")
    running, wait = fork.Event(), fork.Event()
    worker = fork.Process(target=lambda: (running.set(), wait.wait()))
    worker.start()
    try:
        # The child lets go as its first act, but a moment after start() has returned here.
        assert running.wait(30)
        with pytest.raises(StoreLocked):
            SqlStore.open(path, write=True)
        store.close()
        SqlStore.open(path, write=True).close()
    finally:
        wait.set()
        worker.join()


def test_a_store_for_reading_refuses_to_write(tmp_path: Path) -> None:
    path = tmp_path / "hearthwatch.db"
    with closing(SqlStore.open(path, write=True)) as store:
        a.with_region(store)
    with closing(SqlStore.open(path)) as reader:
        assert reader.regions("ours") == (a.region(),)
        with pytest.raises(StoreError, match="opened for reading"), reader.transaction():
            pass


def test_a_missing_database_is_not_made_by_reading(tmp_path: Path) -> None:
    path = tmp_path / "hearthwatch.db"
    with pytest.raises(StoreError, match="no database"):
        SqlStore.open(path)
    assert list(tmp_path.iterdir()) == []


def test_the_files_are_the_owners_alone(tmp_path: Path) -> None:
    with closing(SqlStore.open(tmp_path / "new" / "hearthwatch.db", write=True)) as store:
        a.with_region(store)
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new").iterdir()}
    assert modes == dict.fromkeys(
        ("hearthwatch.db", "hearthwatch.db-wal", "hearthwatch.db-shm", "hearthwatch.db.lock"),
        0o600,
    )


def test_any_path_is_only_a_path(tmp_path: Path) -> None:
    path = tmp_path / "a b?mode=memory#%41'" / "ünïcode.db"
    with closing(SqlStore.open(path, write=True)) as store:
        a.with_region(store)
    assert path.is_file()
    with closing(SqlStore.open(path)) as reader:
        assert reader.regions("ours") == (a.region(),)
