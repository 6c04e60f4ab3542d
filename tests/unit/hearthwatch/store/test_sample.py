"""What a store knows of its events beforehand."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from shapely.geometry import Point
from sqlalchemy import Connection, insert

from hearthwatch.cql.asking import meets
from hearthwatch.cql.reading import read_text
from hearthwatch.records import Event, Kind
from hearthwatch.store import SqlStore, sample, tables
from hearthwatch.store.codec import to_row
from hearthwatch.store.sample import EventSample, Samples, drawn
from tests.contract import store_records as a
from tests.contract.store_filters import FIELDS
from tests.support import postgis

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
            found = Samples().of(connection, "ours")
            stranger = Samples().of(connection, "theirs")
    assert (found.weight, found.size) == (1.0, 2)
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
    samples = Samples()
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
