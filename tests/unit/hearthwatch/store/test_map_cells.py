"""Events by cell of the map: none is missed, and small ones are told by their boxes."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import psycopg
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, box
from sqlalchemy import insert, text

from hearthwatch.records import Event, EventFilter, Kind
from hearthwatch.store import SqlStore, map_cells, sql_events, tables
from hearthwatch.store.codec import to_row
from hearthwatch.store.event_search import EventSearch, Told
from hearthwatch.store.extent import boxes
from hearthwatch.store.sql_events import SqlEventReads
from hearthwatch.store.ways import TIME, Way
from tests.contract import store_records as a
from tests.support import postgis
from tests.unit.hearthwatch.store.test_window import steps_of

COUNT = 3_000
MAP = Way("map")


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgis", marks=pytest.mark.needs_postgis)],
)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
          ) -> Iterator[SqlStore]:  # fmt: skip
    """A store of events of all sizes, two thirds of one organisation, some at the world's edges."""
    place = tmp_path_factory.mktemp("s") / "hearthwatch.db"
    address: Any = place if request.param == "sqlite" else postgis.server().empty()
    with closing(SqlStore.open(address, write=True)) as opened:
        a.with_region(a.with_region(opened), "theirs")
        with opened.transaction() as tx:
            tx._connection.execute(insert(tables.events), rows())  # type: ignore[attr-defined]
        if request.param == "postgis":
            with psycopg.connect(address, autocommit=True) as connection:
                connection.execute("VACUUM ANALYZE events")
        yield opened


def rows() -> list[dict[str, Any]]:
    return [
        to_row(one) | dict(zip(tables.EDGES, one.geometry.bounds, strict=True))
        for one in map(event, range(COUNT))
    ]


def event(number: int) -> Event:
    rng = np.random.default_rng(number)
    west, south = rng.uniform(24, 26), rng.uniform(-1, 1)
    if number % 10 == 0:
        west, south = (
            rng.choice([-180.0000001, -180.0, 179.9]),
            rng.choice([-90.0, -45.25, 0.0, 89.9]),
        )
    wide, high = rng.choice([0.0, 0.002, 0.01, 0.049, 0.05, 0.051, 0.3], 2)
    east, north = min(west + wide, 180.0), min(south + high, 90.0)
    shape = box(west, south, east, north) if wide and high else Point(west, south)
    return a.event(
        id=f"e{number:05}", organisation="theirs" if number % 3 == 0 else "ours", geometry=shape,
        kind=Kind.RAZED if number % 7 else Kind.BURNED, settlement="set-1" if number % 2 else "",
        first_changed=a.NOON + number % 300 * a.DAY,
    )  # fmt: skip


windows = st.one_of(
    st.tuples(st.floats(23.9, 26.1), st.floats(-1.1, 1.1), st.floats(0, 1), st.floats(0, 1)).map(
        lambda one: (one[0], one[1], one[0] + one[2], one[1] + one[3])
    ),
    st.sampled_from([
        (179.95, -46.0, -179.99, 46.0), (-180.0, -90.0, -179.0, -89.0), (24.5, 0.0, 24.5, 0.0),
        (24.25, 0.25, 24.5, 0.5), (179.0, 89.0, 180.0, 90.0),
    ]),
)  # fmt: skip


def found_by(store: SqlStore, way: Way, where: EventFilter, told: Told) -> list[Any]:
    search = EventSearch("ours", where, None)
    with store._reader.connect() as connection:
        return list(connection.execute(search.statement(way, told), search.values(900, way)))


@given(window=windows, kind=st.sampled_from([None, Kind.RAZED]))
def test_the_cells_of_a_place_have_all_its_events(
    store: SqlStore, window: tuple[float, ...], kind: Kind | None
) -> None:
    west, south, east, north = window
    where = EventFilter(bbox=(west, south, east, north), kind=kind)
    by_cell = [row.id for row in found_by(store, MAP, where, Told.BOX)]
    assert by_cell == [row.id for row in found_by(store, TIME, where, Told.OUTLINE)]


@given(window=windows, finest=st.sampled_from([0.001, 0.0021, 0.0499, 1.0]))
def test_outlines_by_cell_are_those_by_time_but_for_the_shapes_of_small_ones(
    store: SqlStore, window: tuple[float, ...], finest: float
) -> None:
    west, south, east, north = window
    where = EventFilter(bbox=(west, south, east, north))
    expected = store.outlines("ours", where, limit=900)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SqlEventReads, "_way", lambda *_: MAP)
        found = store.outlines("ours", where, limit=900, finest=finest)
    assert [one._replace(geometry=None) for one in found] == [
        one._replace(geometry=None) for one in expected
    ]
    for one, whole in zip(found, expected, strict=True):
        side = max(one.east - one.west, one.north - one.south)
        assert one.geometry == (None if 0 < side < finest else whole.geometry)
        assert shapely.from_wkb(whole.geometry).bounds == (one.west, one.south, one.east, one.north)


def test_what_is_erased_between_two_questions_is_left_out(
    store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = EventFilter(bbox=(24.0, -1.0, 26.0, 1.0))
    monkeypatch.setattr(SqlEventReads, "_way", lambda *_: MAP)
    whole = store.outlines("ours", where, limit=900, finest=0.01)
    asked = sql_events.kept_rows

    def fewer(connection: Any, statement: Any, values: Any) -> Any:
        found = asked(connection, statement, values)
        return found[1:] if "numbers" in values else found

    monkeypatch.setattr(sql_events, "kept_rows", fewer)
    left = store.outlines("ours", where, limit=900, finest=0.01)
    assert len(left) == len(whole) - 1 and set(left) < set(whole)


def test_the_cell_that_is_asked_for_is_the_one_of_the_index(store: SqlStore) -> None:
    told = map_cells.cell_of_row("sqlite" if store._reader.dialect.name == "sqlite" else
                                 "postgresql")  # fmt: skip
    with store._reader.connect() as connection:
        found = connection.execute(
            text(f"SELECT {told} AS cell, west, south, east, north FROM events")
        )
        for cell, *edges in found.all():
            asked = {int(one) for one in map_cells.cells([edges]).split(",")}
            assert cell in asked
            assert map_cells.count([edges]) == len(asked)


def test_no_row_is_read_of_what_is_too_small_to_show(store: SqlStore) -> None:
    where = EventFilter(bbox=(24.0, -1.0, 26.0, 1.0), kind=Kind.RAZED)
    search = EventSearch("ours", where, None)
    statement, values = search.statement(MAP, Told.BOX), search.values(101, MAP)
    if store._reader.dialect.name == "sqlite":
        assert "USING COVERING INDEX ix_events_map (<expr>=? AND first_changed>?" in steps_of(
            store, statement, values
        )
        return
    with store._reader.connect() as connection:
        # A table this small is read from end to end, by whatever index there is.
        for other in ("seqscan", "bitmapscan"):
            connection.execute(text(f"SET LOCAL enable_{other} = off"))
        compiled = statement.compile(
            connection, compile_kwargs={"render_postcompile": True, "literal_binds": False}
        )
        bound = compiled.construct_params(values)
        plan = connection.exec_driver_sql(f"EXPLAIN (FORMAT json) {compiled}", bound).scalar_one()
    told = json.dumps(plan)
    assert '"Index Name": "ix_events_map"' in told and "Index Only Scan" in told
    assert "CASE WHEN" in told.split('"Index Cond": ')[1].split('"Filter"')[0]


def test_the_cells_of_a_place_do_not_depend_on_where_180_degrees_lie() -> None:
    east, west = boxes((179.9, 0.0, -179.9, 0.1))
    both = set(map_cells.cells([east, west]).split(","))
    assert both == {*map_cells.cells([east]).split(","), *map_cells.cells([west]).split(",")}
