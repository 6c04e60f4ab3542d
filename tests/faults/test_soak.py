"""Fifty readers and a writer for a while: nothing fails, nothing is lost, memory stays."""

import random
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest

from benchmarks.bench_features import FILTERS, fill
from benchmarks.bench_service import OURS, READERS, Place, client, questions, served
from benchmarks.soaking import FLAT, soak
from hearthwatch.layout import Layout
from hearthwatch.records import EventFilter
from hearthwatch.store import SqlStore
from tests.support import postgis

EVENTS, SECONDS = 2_000, 10.0


@pytest.fixture(params=["sqlite", pytest.param("postgis", marks=pytest.mark.needs_postgis)])
def made(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    random.seed(20240501)
    layout = Layout(tmp_path)
    layout.make()
    address = postgis.server().empty() if request.param == "postgis" else ""
    with closing(SqlStore.open(address or layout.database, write=True, alone=False)) as store:
        fill(store, EVENTS, OURS)
        yield Place(request.param, store, tmp_path, address)


@pytest.mark.slow
def test_many_readers_and_a_writer_get_on(made: Place) -> None:
    plain = made.store.events(OURS, EventFilter(), limit=1).items[0]
    with served(made) as (url, process):
        soaked = soak(
            lambda: client(url, made.keys[OURS]), questions(made.store), made.store, plain,
            lambda: resident(process), readers=READERS, seconds=SECONDS,
        )  # fmt: skip
        with client(url, made.keys[OURS]) as last:
            told = all_changes(last)
    assert soaked.errors == {}
    assert soaked.seconds.keys() == {*questions(made.store), "write"}
    assert soaked.written
    # In the order in which they were committed, each once.
    assert [one for one in told if one.startswith("soak-")] == soaked.written
    # Within the first seconds every thread and connection has been made.
    assert soaked.growth() <= FLAT + 0.15


def resident(process: psutil.Process) -> int:
    return int(process.memory_info().rss)


def all_changes(asking: httpx.Client) -> list[str]:
    """Follow the changes to their end."""
    found: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = asking.get("/changes", params={"limit": "1000", **after}).raise_for_status().json()
        if not page["items"]:
            return found
        found += [item["id"] for item in page["items"]]
        after = {"after": page["next"]}


def test_every_filter_that_is_measured_can_be_asked(tmp_path: Path) -> None:
    from api.queryables import FIELDS
    from hearthwatch.cql.reading import read_text

    for make in FILTERS.values():
        read_text(make(), FIELDS["events"])
