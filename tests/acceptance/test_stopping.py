"""Processes that are told to stop, and processes that start at once, on both kinds of store."""

from __future__ import annotations

import concurrent.futures
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from hearthwatch.access.passwords import Passwords
from hearthwatch.cli import service
from hearthwatch.cli.call import Call
from hearthwatch.cli.parser import build_parser
from hearthwatch.pipeline.lead import NAME
from hearthwatch.settings import load_settings
from hearthwatch.store import open_store
from tests.support import postgis, watched
from tests.support.waiting import PATIENCE_S, until


@contextmanager
def started(command: str, root: Path, *more: str, **env: str) -> Iterator[subprocess.Popen[str]]:
    words = [sys.executable, "-m", "hearthwatch.cli", command, "--json", "--port", "0"]
    process = subprocess.Popen(
        [*words, "--data-dir", str(root), *more], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, cwd=root, env={"PATH": "/usr/bin:/bin", **env},
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def first_line(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate()[1]
    return json.loads(line)


def stop(process: subprocess.Popen[str]) -> None:
    """Tell a process to stop, and wait until it has."""
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0


def test_who_waits_for_changes_is_answered_and_nobody_new_is_let_in(tmp_path: Path) -> None:
    with (
        started("serve", tmp_path) as process,
        concurrent.futures.ThreadPoolExecutor() as pool,
    ):
        said = first_line(process)
        headers = {"Authorization": f"Bearer {said['key']}"}
        with httpx.Client(base_url=said["url"], headers=headers, timeout=PATIENCE_S) as client:
            after = client.get("/changes").json()["next"]
            asked = {"after": after, "wait": 30}
            waits = pool.submit(client.get, "/changes", params=asked)
            time.sleep(1.0)
            assert not waits.done()
            stop(process)
            answer = waits.result()
        assert (answer.status_code, answer.json()["items"]) == (200, [])
        assert answer.json()["next"] == after
        where = urlsplit(said["url"])
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((where.hostname, where.port), timeout=5).close()


@pytest.mark.slow
@pytest.mark.needs_postgis
def test_a_coordinator_that_stops_gives_its_lease_back_and_another_takes_over(
    tmp_path: Path,
) -> None:
    address = postgis.server().make("ours")
    watched.write_looks(tmp_path / "looks", 2)
    more = ("--catalogue", str(tmp_path / "looks"))
    with started("up", tmp_path, *more, HEARTHWATCH_DATABASE=address) as one:
        first_line(one)
        store = open_store(address)
        held = _lease(store)
        with started("up", tmp_path, *more, HEARTHWATCH_DATABASE=address) as other:
            assert first_line(other)["key"] is None
            stop(one)
            # Given back: the other need not wait until it runs out.
            left = store.lease(NAME)
            assert left is None or left.holder != held.holder
            _lease(store, not_of=held.holder)
            stop(other)
        assert store.lease(NAME) is None
        store.close()


def _lease(store, not_of: str = ""):
    def found():
        lease = store.lease(NAME)
        return lease if lease is not None and lease.holder != not_of else None

    until(found)
    return found()


@pytest.mark.slow
@pytest.mark.needs_postgis
def test_of_two_that_begin_at_once_on_an_empty_database_one_makes_the_first_administrator(
    tmp_path: Path,
) -> None:
    address = postgis.server().make()
    env = {"HEARTHWATCH_DATABASE": address}
    with started("serve", tmp_path, **env) as one, started("serve", tmp_path, **env) as other:
        said = [first_line(one), first_line(other)]
        assert sorted(line["key"] is not None for line in said) == [False, True]
        assert sorted(line["login"] is not None for line in said) == [False, True]
        store = open_store(address)
        assert (len(store.people("local")), len(store.keys("local"))) == (1, 1)
        store.close()


def test_of_two_that_see_nobody_yet_only_the_first_to_write_lets_somebody_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race itself: both have looked and found nobody before either one writes."""
    both = threading.Barrier(2, timeout=30)
    true_hash = Passwords.hash

    def hash_when_both_are_here(self: Passwords, password: str) -> str:
        both.wait()
        return true_hash(self, password)

    monkeypatch.setattr(Passwords, "hash", hash_when_both_are_here)
    settings = load_settings(data_dir=tmp_path)
    call = Call(build_parser().parse_args(["serve"]), settings)
    stores = [open_store(tmp_path / "hearthwatch.db", write=True, alone=False) for _ in range(2)]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        made = list(pool.map(lambda store: service._first_person(call, store), stores))
    assert sorted(one is None for one in made) == [False, True]
    assert len(stores[0].people("local")) == 1
    for store in stores:
        store.close()
