"""Which index of PostgreSQL answers a search, and that both ways give the same answer."""

import random
from collections.abc import Iterator
from typing import Any

import pytest
from shapely.geometry import box
from sqlalchemy import Select, insert, text

from api.queryables import FIELDS
from hearthwatch.cql.reading import read_text
from hearthwatch.records import EventFilter, EventState, Kind
from hearthwatch.store import SqlStore, postgres, queries, tables
from hearthwatch.store.codec import to_row
from hearthwatch.store.event_search import EventSearch
from hearthwatch.store.extent import Box
from hearthwatch.store.ways import PLACE, TIME, Way
from tests.contract import store_records as a
from tests.support import postgis

pytestmark = pytest.mark.needs_postgis
VILLAGE = (25.0, 13.0, 25.5, 13.5)
EVENTS = 20_000


@pytest.fixture(scope="module")
def store() -> Iterator[SqlStore]:
    """A store of so many events that going through all of them is the wrong way."""
    store = SqlStore.open(postgis.server().make("ours"), write=True)
    a.with_region(store)
    rng = random.Random(7)
    plain = to_row(a.event(settlement="set-9"))
    with store.transaction() as tx:
        rows = [moved(plain, number, rng) for number in range(EVENTS)]
        tx._connection.execute(insert(tables.events), rows)  # type: ignore[attr-defined]
        looks = [a.look(acquisition=f"S2A-{n}", sensed=a.NOON + n * a.DAY) for n in range(3000)]
        tx.put_ledger_rows(looks)
        tx.put_settlements([a.settlement(id=f"set-{n}", name=f"Name {n}") for n in range(1000)])
    engine = postgres.lasting_engine(store_address(store), read_only=False)
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    engine.dispose()
    yield store
    store.close()


def store_address(store: SqlStore) -> str:
    with store._reader.connect() as connection:
        name = connection.exec_driver_sql("SELECT current_database()").scalar_one()
    return postgis.server().address(name)


def moved(row: dict[str, Any], number: int, rng: random.Random) -> dict[str, Any]:
    west, south = rng.uniform(20, 40), rng.uniform(8, 24)
    edges = Box(west, south, west + 0.01, south + 0.01)._asdict()
    changed = row["first_changed"] + rng.randrange(2000) * 86_400_000_000
    settled = {"settlement": f"set-{number % 500}"}
    return row | edges | settled | {"id": f"{number:06}", "first_changed": changed}


def steps(store: SqlStore, statement: Select[Any], values: dict[str, Any] | None = None) -> str:
    with store._reader.connect() as connection:
        compiled = statement.compile(connection, compile_kwargs={"render_postcompile": True})
        rows = connection.exec_driver_sql(
            f"EXPLAIN {compiled}", compiled.construct_params(values or {})
        )
        return "\n".join(row[0] for row in rows)


def plan(store: SqlStore, where: EventFilter, way: Way) -> str:
    search = EventSearch("ours", where, None)
    return steps(store, search.statement(way), search.values(101))


def way_of(store: SqlStore, where: EventFilter) -> Way:
    with store._reader.connect() as connection:
        return store._way(connection, EventSearch("ours", where, None), 101)


@pytest.mark.parametrize(
    "where",
    [
        EventFilter(bbox=VILLAGE),
        EventFilter(bbox=VILLAGE, since=a.NOON, until=a.NOON + 30 * a.DAY),
        EventFilter(bbox=VILLAGE, kind=Kind.BURNED, states=(EventState.CANDIDATE,)),
        EventFilter(bbox=(179, -1, -179, 1)),
    ],
    ids=["box", "period", "words", "over 180"],
)
def test_a_narrow_window_is_looked_up_in_its_index(store: SqlStore, where: EventFilter) -> None:
    told = plan(store, where, PLACE)
    assert "ix_events_box" in told
    assert "Seq Scan" not in told
    # Place and time are both looked up there.
    condition = told.split("ix_events_box")[1].split("Index Cond:")[1].splitlines()[0]
    assert "box &&" in condition
    assert "first_changed" in condition


def test_a_wide_window_goes_back_through_time(store: SqlStore) -> None:
    told = plan(store, EventFilter(bbox=(20, 8, 40, 24)), TIME)
    assert "Index Scan using ix_events_time" in told
    # In the very order in which they are given: nothing is left to be sorted.
    assert "Sort" not in told


RARE = [
    ("state = 'closed'", "ix_events_state"),
    ("kind = 'camp_change' AND looks > 3", "ix_events_kind"),
    ("cell = '36N_0600_0200'", "ix_events_cell"),
    ("area_m2 > 5000", "ix_events_area"),
    ("last_detected < DATE('2011-01-01') AND NOT change IS NULL", "ix_events_seen"),
    ("settlement = 'set-17'", "ix_events_settlement"),
    (f"s_intersects(geometry, BBOX{VILLAGE}) AND looks > 3", "ix_events_box"),
]


@pytest.mark.parametrize(("text", "index"), RARE, ids=[index for _, index in RARE])
def test_what_few_events_have_is_looked_up_in_its_index(
    store: SqlStore, text: str, index: str
) -> None:
    where = EventFilter(filter=read_text(text, FIELDS["events"]))
    told = plan(store, where, way_of(store, where))
    assert index in told
    assert "Seq Scan" not in told


def test_what_some_have_is_told_from_its_index_where_it_lies(store: SqlStore) -> None:
    asked = f"kind = 'camp_change' AND s_intersects(geometry, BBOX{VILLAGE})"
    where = EventFilter(filter=read_text(asked, FIELDS["events"]))
    told = plan(store, where, Way("value", "kind"))
    # Place and kind are both looked up there: of events elsewhere no row is read.
    condition = told.split("ix_events_kind")[1].split("Index Cond:")[1].splitlines()[0]
    for edge in ("kind =", "west <=", "east >=", "south <=", "north >="):
        assert edge in condition


@pytest.mark.parametrize(
    ("box", "way"),
    [(VILLAGE, PLACE), ((20, 8, 40, 24), TIME), ((178, 8, 30, 24), TIME)],
)
def test_the_way_follows_what_is_there(
    store: SqlStore, box: tuple[float, float, float, float], way: Way
) -> None:
    assert way_of(store, EventFilter(bbox=box)) == way


@pytest.mark.parametrize(
    ("statement", "index"),
    [
        (queries.event("ours", "000017"), "uq_events"),
        (queries.looks("ours", "S2A-1"), "ix_ledger_acquisition"),
        (queries.ledger("ours", "reg-1", None, None, None, None).limit(101), "ix_ledger_"),
        (
            queries.ledger(
                "ours", "reg-1", None, None, None, (1, "c", "S2A-1", "d", "set-1")
            ).limit(101),
            "ix_ledger_time",
        ),
        (queries.settlements("ours", None, ("Name 5", "set-1")).limit(11), "ix_settlements_name"),
        (queries.settlement_labels("ours", ["set-1", "set-2"]), "uq_settlements"),
    ],
    ids=["event", "looks", "ledger", "ledger, gone on", "names, gone on", "names"],
)
def test_what_is_asked_often_has_its_index(
    store: SqlStore, statement: Select[Any], index: str
) -> None:
    with store._writer.connect() as connection:  # type: ignore[union-attr]
        # Of tables that are small here the server reads all rows; in earnest they are not.
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        compiled = statement.compile(connection, compile_kwargs={"render_postcompile": True})
        rows = connection.exec_driver_sql(f"EXPLAIN {compiled}", compiled.params)
        assert index in "\n".join(row[0] for row in rows)


def test_both_ways_give_the_same_events(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = random.Random(11)
    for _ in range(20):
        x, y = rng.uniform(20, 35), rng.uniform(8, 19)
        since = a.NOON + rng.randrange(1500) * a.DAY
        where = EventFilter(bbox=(x, y, x + 5, y + 5), since=since, until=since + 300 * a.DAY)
        answers = []
        for way in (TIME, PLACE):
            monkeypatch.setattr(EventSearch, "way", lambda *_, chosen=way: chosen)
            found = store.events("ours", where, limit=50)
            more = store.events("ours", where, limit=50, after=found.next) if found.next else found
            answers.append((found.items, more.items))
            assert store.count_events("ours", where, most=9999) >= len(found.items)
        assert answers[0] == answers[1]
        assert len(answers[0][0]) == 50


def test_the_index_is_wider_than_the_event_and_the_recheck_exact() -> None:
    store = SqlStore.open(postgis.server().empty(), write=True)
    x = 25.1  # no 32-bit float
    a.with_region(store)
    with store.transaction() as tx:
        tx.put_event(a.event(geometry=box(x - 1, 13.7, x, 13.8)))
    beside = EventFilter(bbox=(x + 1e-9, 13, 26, 14))
    assert store.events("ours", beside).items == ()
    assert len(store.events("ours", EventFilter(bbox=(x, 13, 26, 14))).items) == 1
    store.close()


def test_values_are_bound_and_never_part_of_the_text(store: SqlStore) -> None:
    evil = "x' OR 1=1 --"
    where = EventFilter(region=evil, settlement=evil, bbox=VILLAGE, since=a.NOON)
    for way in (TIME, PLACE, Way("value", "area_m2")):
        search = EventSearch(evil, where, (17, evil))
        told = search.statement(way).compile(store._reader)
        assert evil not in str(told)
        assert str(VILLAGE[2]) not in str(told)
        assert evil in told.construct_params(search.values(10)).values()
