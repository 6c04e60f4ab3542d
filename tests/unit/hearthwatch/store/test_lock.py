"""One process at a time writes, and a dead one holds nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from multiprocessing import get_context
from pathlib import Path

import pytest

from hearthwatch.errors import StoreError, StoreLocked
from hearthwatch.store import SqlStore
from tests.contract import store_records as a

HOLD = """
import sys
from hearthwatch.store import SqlStore
store = SqlStore.open(sys.argv[1], write=True)
print("open", flush=True)
sys.stdin.read()
store.close()
"""


@contextmanager
def another_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
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
