"""Two processes write as fast as they can: no change ever appears behind a cursor already given."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path

import pytest

from hearthwatch.records import Subject
from hearthwatch.store import SqlStore
from tests.contract import store_records as a
from tests.support import postgis

pytestmark = pytest.mark.needs_postgis
COMMITS = 60
WRITE = """
import random, sys, time
from hearthwatch.errors import StoreError
from hearthwatch.store import SqlStore
from tests.contract import store_records as a
store = SqlStore.open(sys.argv[1], write=True, alone=False)
name = sys.argv[2]
rng = random.Random(name)
print("open", flush=True)
sys.stdin.readline()
for number in range(int(sys.argv[3])):
    try:
        with store.transaction() as tx:
            tx.put_region(a.region(id=f"{name}-{number}", name=f"{name}-{number}"))
            time.sleep(rng.choice((0, 0, 0.002, 0.01)))
            tx.put_settlements([a.settlement(id=f"{name}-{number}")])
            if rng.random() < 0.2:
                raise StoreError("thought better of it")
    except StoreError:
        pass
store.close()
"""


@pytest.fixture
def address() -> str:
    return postgis.server().empty()


def writer(address: str, name: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITE, address, name, str(COMMITS)],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


@pytest.fixture
def writers(address: str) -> Iterator[list[subprocess.Popen[str]]]:
    started = [writer(address, name) for name in ("left", "right")]
    yield started
    for process in started:
        process.kill()
        process.communicate()


def test_a_reader_that_follows_misses_nothing(
    address: str, writers: list[subprocess.Popen[str]]
) -> None:
    with closing(SqlStore.open(address)) as reader:
        for process in writers:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        followed, cursor, over = [], None, False
        while not over:
            over = all(process.poll() is not None for process in writers)
            page = reader.changes("ours", after=cursor, limit=7)
            while page.items:
                followed += page.items
                page = reader.changes("ours", after=page.next, limit=7)
            cursor = page.next
        assert [process.returncode for process in writers] == [0, 0]
        there = reader.changes("ours", limit=10_000).items
        assert tuple(followed) == there
        # What was rolled back has left no gap.
        assert [change.sequence for change in followed] == list(range(1, len(followed) + 1))
        whose = [change.id.split("-")[0] for change in followed]
        assert len(set(pairwise(whose))) == 4
        regions = {change.id for change in followed if change.subject is Subject.REGION}
        assert regions == {region.id for region in reader.regions("ours")}
        assert COMMITS < len(regions) < 2 * COMMITS


def test_a_writer_waits_until_what_came_first_can_be_seen(address: str) -> None:
    with (
        closing(SqlStore.open(address, write=True, alone=False)) as early,
        closing(SqlStore.open(address, write=True, alone=False)) as late,
    ):
        waited: list[int] = []

        def write_late() -> None:
            with late.transaction() as tx:
                waited.append(len(early.changes("ours").items))
                tx.put_region(a.region(id="late", name="late"))

        thread = threading.Thread(target=write_late)
        with early.transaction() as tx:
            tx.put_region(a.region(id="early", name="early"))
            thread.start()
            thread.join(0.3)
            assert thread.is_alive()
            assert waited == []
        thread.join(30)
        assert waited == [1]
        assert [change.id for change in late.changes("ours").items] == ["early", "late"]
