"""What a store knows of its events beforehand."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely.geometry import Point
from sqlalchemy import Connection, insert

from hearthwatch.cql.asking import meets
from hearthwatch.cql.reading import read_text
from hearthwatch.errors import StoreError
from hearthwatch.records import Event, EventFilter, Kind
from hearthwatch.store import SqlStore, sample, tables
from hearthwatch.store.codec import to_row
from hearthwatch.store.sample import UNDRAWN, EventSample, Samples, drawn
from hearthwatch.store.sql_events import SqlEventReads
from hearthwatch.store.ways import Way
from tests.contract import store_records as a
from tests.contract.store_filters import FIELDS
from tests.support import postgis
from tests.support.samples import million

COUNT = 9_000


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgis", marks=pytest.mark.needs_postgis)],
)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
          ) -> Iterator[SqlStore]:  # fmt: skip
    """A store of 6,000 events of one organisation and 3,000 of another."""
    place = tmp_path_factory.mktemp("s") / "hearthwatch.db"
    opened = SqlStore.open(
        place if request.param == "sqlite" else postgis.server().empty(), write=True
    )
    a.with_region(a.with_region(opened), "theirs")
    rows = [to_row(event(number)) | edges(number) for number in range(COUNT)]
    with opened.transaction() as tx:
        tx._connection.execute(insert(tables.events), rows)  # type: ignore[attr-defined]
    yield opened
    opened.close()


def event(number: int) -> Event:
    return a.event(
        id=f"e{number:05}", organisation="theirs" if number % 3 == 0 else "ours",
        geometry=Point(20 + number % 100 / 10, 10), kind=Kind.RAZED if number % 7 else Kind.BURNED,
        area_m2=float(number % 50), settlement="set-1" if number % 2 else "",
        last_unharmed=None if number % 5 else a.NOON, first_changed=a.NOON + number % 30 * a.DAY,
    )  # fmt: skip


def edges(number: int) -> dict[str, float]:
    return dict(zip(tables.EDGES, event(number).geometry.bounds, strict=True))


def drawn_of(store: SqlStore) -> tuple[EventSample, EventSample]:
    with store._reader.connect() as connection:
        found, _ = drawn(connection)
    return found["ours"], found["theirs"]


def test_a_sample_tells_about_how_many_there_are_of_each(store: SqlStore) -> None:
    ours, theirs = drawn_of(store)
    # Drawn with repetition, of which each is taken once: 3,232 of 9,000 are expected.
    assert ours.size + theirs.size == pytest.approx(COUNT * (1 - np.exp(-4 / 9)), rel=0.03)
    assert ours.about(ours.all()) == pytest.approx(6_000, rel=0.25)
    half = ours.met(read_text("settlement = 'set-1'", FIELDS).root)
    assert ours.about(half) / ours.about(ours.all()) == pytest.approx(0.5, abs=0.04)
    none = ours.met(read_text("area_m2 > 900", FIELDS).root)
    assert ours.about(none) == ours.weight / 2
    assert set(theirs.columns["organisation"]) == {"theirs"}


def test_a_sample_is_in_the_order_of_time_and_tells_how_far_back_one_goes(store: SqlStore) -> None:
    ours, _ = drawn_of(store)
    assert (np.diff(ours.columns["first_changed"]) <= 0).all()
    everything, old = ours.all(), ours.between(0, int((a.NOON + 3 * a.DAY).timestamp() * 1e6))
    total = ours.about(everything)
    # Each day has as many: one in thirty of them, wherever they are.
    spread = ours.met(read_text("area_m2 < 10", FIELDS).root)
    assert ours.gone_by(everything, spread, 120) == pytest.approx(120 / 0.2, rel=0.25)
    # But who looks for the oldest passes all the others first.
    assert ours.gone_by(everything, old, 1) > 0.8 * total
    assert ours.gone_by(old, old, 1) <= ours.weight
    assert ours.gone_by(everything, ~everything, 1) == pytest.approx(total)


CONDITIONS = [
    "kind = 'razed'", "kind <> 'razed'", "NOT kind = 'razed' AND area_m2 > 7",
    "area_m2 BETWEEN 3 AND 9 OR area_m2 = 40", "state IN ('candidate', 'closed')",
    "kind NOT IN ('burned', 'razed')", "settlement IS NULL", "settlement IS NOT NULL",
    "last_unharmed IS NULL", "last_unharmed > DATE('2024-01-01')",
    "first_changed < DATE('2024-05-20')", "s_intersects(geometry, BBOX(21, 5, 23.05, 15))",
]  # fmt: skip


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_sample_meets_a_condition_where_its_events_do(store: SqlStore, text: str) -> None:
    root = read_text(text, FIELDS).root
    ours, _ = drawn_of(store)
    expected = [meets(root, event(int(its_id[1:]))) for its_id in ours.columns["id"]]
    assert ours.met(root).tolist() == expected


@pytest.mark.parametrize("text", ["kind LIKE 'b%'", "observed = 'Roofs gone'"])
def test_what_cannot_be_told_counts_as_met(store: SqlStore, text: str) -> None:
    ours, _ = drawn_of(store)
    assert ours.met(read_text(text, FIELDS).root).all()


def test_of_few_events_all_are_known(tmp_path: Path) -> None:
    with closing(SqlStore.open(tmp_path / "hearthwatch.db", write=True)) as store:
        a.with_region(store)
        with store.transaction() as tx:
            tx.put_event(a.event(id="e1"))
            tx.put_event(a.event(id="e2"))
        with store._reader.connect() as connection:
            found = samples_of(store).of(connection, "ours")
            stranger = samples_of(store).of(connection, "theirs")
    assert (found.weight, found.size, found.finer) == (1.0, 2, None)
    assert found.about(found.met(read_text("area_m2 < 0", FIELDS).root)) == 0
    assert stranger.about(stranger.between(0, 2**62)) == 0


def test_a_sample_stands_for_a_while_and_is_drawn_once(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, draws = [1_000.0], list[int]()
    monkeypatch.setattr("hearthwatch.store.sample.time.monotonic", lambda: now[0])

    def draw(_: Connection) -> tuple[dict[str, EventSample], EventSample]:
        draws.append(1)
        return {}, EventSample()

    monkeypatch.setattr(sample, "drawn", draw)
    samples = samples_of(store)
    with store._reader.connect() as connection:
        for _ in range(3):
            samples.of(connection, "ours")
        assert len(draws) == 1
        now[0] += sample.SECONDS
        samples._drawing.acquire()
        # Somebody else draws: nobody waits for it.
        told = threading.Thread(target=samples.of, args=(connection, "ours"))
        told.start()
        told.join()
        assert len(draws) == 1
        samples._drawing.release()
        samples.of(connection, "ours")
        assert len(draws) == 2


def test_the_first_sample_is_drawn_beside_and_nobody_waits_for_it(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_end = threading.Event(), threading.Event()

    def draw(_: Connection) -> tuple[dict[str, EventSample], EventSample]:
        begun.set()
        assert may_end.wait(60)
        return {"ours": million()}, EventSample()

    monkeypatch.setattr(sample, "drawn", draw)
    monkeypatch.setattr(store, "_samples", samples_of(store))
    store.foresee()
    assert begun.wait(60)
    # A second one is not begun, and what is asked meanwhile is answered.
    store.foresee()
    box = (20.0, 5.0, 20.05, 15.0)
    assert len(store.outlines("ours", EventFilter(bbox=box), limit=1000)) == 60
    with store._reader.connect() as connection:
        assert store._samples.of(connection, "ours") is UNDRAWN
        may_end.set()
        assert store._samples._drawing.acquire(timeout=60)
        store._samples._drawing.release()
        assert store._samples.of(connection, "ours").columns is million().columns


def test_where_no_sample_can_be_drawn_beside_the_first_question_draws_it(store: SqlStore) -> None:
    def connect() -> AbstractContextManager[Connection]:
        raise StoreError("The server is gone.")

    samples = Samples(connect)
    samples.begin()
    assert samples._drawing.acquire(timeout=60)
    samples._drawing.release()
    with store._reader.connect() as connection:
        assert samples.of(connection, "ours").size > 0


def test_a_store_that_is_closed_draws_nothing(tmp_path: Path) -> None:
    opened = SqlStore.open(tmp_path / "hearthwatch.db", write=True)
    opened.close()
    opened.foresee()
    assert opened._samples._drawing.acquire(timeout=60)
    assert not opened._samples._drawn


@pytest.mark.parametrize("known", ["drawn", "of a million", "of none"])
def test_outlines_are_the_newest_however_wrong_the_sample_is(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch, known: str
) -> None:
    samples = samples_of(store)
    if known != "drawn":
        wrong = million() if known == "of a million" else EventSample()
        monkeypatch.setattr(sample, "drawn", lambda _: ({"ours": wrong}, EventSample()))
    monkeypatch.setattr(store, "_samples", samples)
    ways = []

    def way(*given: Any) -> Way:
        ways.append(SqlEventReads._way(store, *given))
        return ways[-1]

    monkeypatch.setattr(store, "_way", way)
    chance = np.random.default_rng(4)
    for _ in range(25):
        west, wide = chance.uniform(19, 29), chance.choice([0.3, 2.0, 6.0])
        where = EventFilter(bbox=(west, 5.0, west + wide, 15.0))
        limit = int(chance.choice([1, 30, 200, 900]))
        expected = [one.id for one in all_of(store, where)][:limit]
        assert [one.id for one in store.outlines("ours", where, limit=limit)] == expected
    if known == "of a million":
        # It takes the first for more than they are, and more than once all are asked for.
        assert any(one.since is not None for one in ways)
        assert len(ways) > 25


def test_a_finer_sample_is_drawn_beside_where_not_all_is_known(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = samples_of(store)
    monkeypatch.setattr(sample, "MOST_FINE", 8_000)
    monkeypatch.setattr(sample, "_AT_ONCE", 1_500)
    with store._reader.connect() as connection:
        coarse = samples.of(connection, "ours")
        assert samples._refining.acquire(timeout=60)
        samples._refining.release()
        known = samples.of(connection, "ours")
    assert coarse.finer is None and known.finer is not None
    assert known.columns is coarse.columns
    # Of 9,000 drawn 8,000 times 5,300 are there once or more; two thirds of them are ours.
    assert known.finer.size == pytest.approx(6_000 * (1 - np.exp(-8 / 9)), rel=0.03)
    assert known.finer.weight == COUNT / 8_000
    assert (np.diff(known.finer.columns["first_changed"]) <= 0).all()
    assert known.finest({"kind", "first_changed"}) is known.finer
    assert known.finest({"area_m2"}) is known
    # The coarse one is drawn anew before the finer one, which stays meanwhile.
    samples._refining.acquire()
    samples._until = 0
    with store._reader.connect() as connection:
        again = samples.of(connection, "ours")
    assert again.columns is not known.columns and again.finer is known.finer


def samples_of(store: SqlStore) -> Samples:
    return Samples(lambda: store._connect(store._single))


def all_of(store: SqlStore, where: EventFilter) -> list[Event]:
    """Return the events in memory that a window of place shows, in the order of the answer."""
    west, _, east, _ = where.bbox or (-180.0, 0.0, 180.0, 0.0)
    found = [
        one
        for one in map(event, range(COUNT))
        if one.organisation == "ours" and west <= one.geometry.bounds[0] <= east
    ]
    return sorted(found, key=lambda one: (-one.first_changed.timestamp(), one.id))
