"""Which index answers a search, and that both ways give the same answer."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import Point, box
from sqlalchemy import Select, text

from hearthwatch.records import EventFilter, EventState, Kind
from hearthwatch.store import SqlStore, queries, sql_people
from hearthwatch.store.event_search import EventSearch
from hearthwatch.store.ways import PLACE, TIME, Way
from tests.contract import store_records as a

SUDAN = (21.8, 8.7, 38.6, 22.2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    store = SqlStore.open(tmp_path / "hearthwatch.db", write=True)
    a.with_region(store)
    yield store
    store.close()


def plan(store: SqlStore, where: EventFilter, way: Way) -> str:
    search = EventSearch("ours", where, None)
    return steps_of(store, search.statement(way), search.values(101))


def steps_of(store: SqlStore, statement: Select[Any], values: dict[str, Any] | None = None) -> str:
    with store._reader.connect() as connection:
        compiled = statement.compile(connection, compile_kwargs={"render_postcompile": True})
        bound = compiled.construct_params(values or {})
        in_order = tuple(bound[name] for name in compiled.positiontup or ())
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", in_order)
        return "\n".join(str(row[3]) for row in rows)


@pytest.mark.parametrize(
    "where",
    [
        EventFilter(bbox=SUDAN),
        EventFilter(bbox=SUDAN, since=a.NOON, until=a.NOON),
        EventFilter(bbox=SUDAN, kind=Kind.BURNED, states=(EventState.CLOSED,)),
        EventFilter(bbox=(179, -1, -179, 1)),
    ],
    ids=["box", "period", "words", "over 180"],
)
def test_a_narrow_window_is_looked_up_in_the_rtree(store: SqlStore, where: EventFilter) -> None:
    steps = plan(store, where, PLACE)
    assert "VIRTUAL TABLE INDEX 2:" in steps
    assert "INTEGER PRIMARY KEY" in steps
    # All six edges of the window reach the index, two for each of its dimensions.
    index = steps.split("VIRTUAL TABLE INDEX 2:")[1].split()[0]
    assert {index[n] for n in range(1, len(index), 2)} == set("012345")


def test_a_wide_window_goes_back_through_time(store: SqlStore) -> None:
    steps = plan(store, EventFilter(bbox=SUDAN), TIME)
    assert "ix_events_time" in steps
    assert "VIRTUAL" not in steps


def test_a_region_is_looked_up_by_its_own_index(store: SqlStore) -> None:
    where = EventFilter(bbox=SUDAN, region="reg-1")
    assert "ix_events_region" in plan(store, where, TIME)


@pytest.mark.parametrize("region", [None, "reg-1"])
def test_a_settlement_is_looked_up_by_its_own_index(store: SqlStore, region: str | None) -> None:
    where = EventFilter(bbox=SUDAN, region=region, settlement="set-1")
    steps = plan(store, where, TIME)
    assert "ix_events_settlement (organisation=? AND settlement=?" in steps


def test_counting_reads_an_index_and_sorts_nothing(store: SqlStore) -> None:
    search = EventSearch("ours", EventFilter(bbox=SUDAN, kind=Kind.BURNED), None)
    wide = steps_of(store, search.count(TIME), search.values(10))
    assert "COVERING INDEX ix_events_kind (organisation=? AND kind=?" in wide
    assert "TEMP B-TREE" not in wide
    assert "VIRTUAL TABLE INDEX 2:" in steps_of(store, search.count(PLACE), search.values(10))


@pytest.mark.parametrize("bbox", [None, SUDAN, (179, -1, -179, 1)], ids=str)
def test_settlements_are_gone_through_in_the_order_of_their_index(
    store: SqlStore, bbox: tuple[float, float, float, float] | None
) -> None:
    steps = steps_of(store, queries.settlements("ours", bbox, ("Village", "set-1")).limit(11))
    assert "USING INDEX ix_settlements_name (organisation=? AND (name,id)>(?,?))" in steps
    assert "TEMP B-TREE" not in steps


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (
            queries.looks("ours", "S2A-1"),
            "ix_ledger_acquisition (organisation=? AND acquisition=?)",
        ),
        (queries.ledger("ours", "reg-1", None, None, None, None), "ix_ledger_time (organisation=?"),
        (
            queries.ledger("ours", "reg-1", None, None, "set-1", None),
            "ix_ledger_settlement (organisation=? AND region=? AND settlement=? AND sensed>?",
        ),
        (
            queries.ledger("ours", "reg-1", None, None, None, (1, "c", "S2A-1", "d", "set-1")),
            "ix_ledger_time (organisation=? AND region=?",
        ),
        (
            queries.ledger("ours", "reg-1", None, None, "set-1", (1, "c", "S2A-1", "d", "set-1")),
            "ix_ledger_settlement (organisation=? AND region=? AND settlement=?",
        ),
        (
            queries.settlement_labels("ours", ["set-1", "set-2"]),
            "sqlite_autoindex_settlements_1 (organisation=? AND id=?)",
        ),
        (queries.waiting_runs(), "ix_runs_outcome (outcome=?)"),
        (sql_people.STANDING.params(key="0123456789ab"), "sqlite_autoindex_api_keys_1 (id=?)"),
        (queries.keys("ours"), "ix_api_keys_created (organisation=?)"),
    ],
    ids=[
        "looks",
        "ledger",
        "ledger of a settlement",
        "ledger, gone on",
        "ledger of a settlement, gone on",
        "names",
        "waiting runs",
        "key",
        "keys",
    ],
)
def test_what_is_asked_often_has_its_index(
    store: SqlStore, statement: Select[Any], index: str
) -> None:
    steps = steps_of(store, statement)
    assert index in steps
    assert "FOR ORDER BY" not in steps


def test_both_ways_give_the_same_events(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(7)
    with store.transaction() as tx:
        for number in range(200):
            x, y = rng.uniform(20, 40), rng.uniform(8, 24)
            day = a.NOON + rng.randrange(2000) * a.DAY
            shape = box(x, y, x + 1, y + 1)
            tx.put_event(a.event(id=str(number), geometry=shape, first_changed=day))
    for _ in range(50):
        x, y = rng.uniform(20, 40), rng.uniform(8, 24)
        since = a.NOON + rng.randrange(2000) * a.DAY
        where = EventFilter(bbox=(x, y, x + 5, y + 5), since=since, until=since + 500 * a.DAY)
        answers = []
        for way in (TIME, PLACE):
            monkeypatch.setattr(EventSearch, "way", lambda *_, chosen=way: chosen)
            answers.append(store.events("ours", where, limit=200).items)
            assert store.count_events("ours", where, most=200) == len(answers[0])
        assert answers[0] == answers[1]


def test_the_rtree_is_wider_than_the_event_and_the_recheck_exact(store: SqlStore) -> None:
    x = 25.1  # no 32-bit float
    with store.transaction() as tx:
        tx.put_event(a.event(geometry=Point(x, 13.7)))
    with store._reader.connect() as connection:
        west, east = connection.execute(text("SELECT west, east FROM event_window")).one()
    assert west < x < east
    beside = x + 1e-9
    assert beside < east, "the index alone would find it"
    assert store.events("ours", EventFilter(bbox=(beside, 13, 26, 14))).items == ()


def test_values_are_bound_and_never_part_of_the_text(store: SqlStore) -> None:
    evil = "x' OR 1=1 --"
    where = EventFilter(region=evil, settlement=evil, bbox=SUDAN, since=a.NOON)
    for way in (TIME, PLACE, Way("value", "area_m2")):
        search = EventSearch(evil, where, (17, evil))
        compiled = search.statement(way).compile(store._reader)
        assert evil not in str(compiled)
        assert str(SUDAN[0]) not in str(compiled)
        assert evil in compiled.construct_params(search.values(10)).values()
