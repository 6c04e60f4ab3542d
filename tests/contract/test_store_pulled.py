"""Looks at cells: what every store answers is what asking each row of the ledger answers."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hearthwatch.records import Mode
from hearthwatch.store import Store
from hearthwatch.store.protocol_pulled import LookKey, PulledLook, PulledSearch
from tests.contract import store_records as a
from tests.contract.test_store import STORES

PROPERTY = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CELLS = ("36N_0512_0143", "36N_0512_0144", "01N_0001_0001")
DETECTORS = ("burned", "camp_change", "radar")
PLACES = ("", "set-1", "set-2")


def rows() -> list[Any]:
    """Rows of six looks, two of them at one time, of which some name masters."""
    made = []
    for number in range(6):
        sensed = a.NOON + timedelta(days=number - number % 2)
        for of_cell, cell in enumerate(CELLS[: 1 + number % 3]):
            for of_detector, detector in enumerate(DETECTORS[: 1 + (number + of_cell) % 3]):
                for place in PLACES[: 1 + number % 2 * 2]:
                    named = [f"{number}{of_cell}{of_detector}", f"{number}"][: number % 3]
                    detail = {"masters": named} if number != 4 else {"tries": 2}
                    mode = Mode.EXERCISE if number % 2 else Mode.ACTUAL
                    made.append(a.look(
                        cell=cell, detector=detector, settlement=place, sensed=sensed, mode=mode,
                        acquisition=f"look-{number}", detail=detail,
                    ))  # fmt: skip
    return made


def expected(where: PulledSearch) -> list[PulledLook]:
    """Say what the rows come to, one after the other."""
    found: dict[LookKey, tuple[set[str], set[Mode]]] = {}
    for row in rows():
        key = (row.sensed, row.acquisition, row.cell)
        if where.since is not None and row.sensed < where.since:
            continue
        if where.until is not None and row.sensed > where.until:
            continue
        if where.cells is not None and row.cell not in where.cells:
            continue
        if where.acquisition not in (None, row.acquisition):
            continue
        if row.detector in where.but_detectors or (where.start and key > where.start):
            continue
        masters, modes = found.setdefault(key, (set(), set()))
        masters |= set(row.detail.get("masters", ()))
        modes.add(row.mode)
    return [
        PulledLook(key[1], key[2], key[0], tuple(sorted(masters)), tuple(sorted(modes)))
        for key, (masters, modes) in sorted(found.items(), reverse=True)
    ]


@pytest.fixture(params=list(STORES), scope="module")
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
          ) -> Iterator[Store]:  # fmt: skip
    store = a.with_region(STORES[request.param](tmp_path_factory.mktemp("pulled")))
    a.with_region(store, "theirs")
    with store.transaction() as tx:
        tx.put_settlements([a.settlement(id=one) for one in PLACES if one])
        tx.put_ledger_rows(rows())
        tx.put_ledger(a.look(organisation="theirs", detail={"masters": ["theirs"]}))
    yield store
    store.close()


days = st.integers(-1, 6).map(lambda number: a.NOON + timedelta(days=number))
searches = st.builds(
    PulledSearch,
    since=st.none() | days,
    until=st.none() | days,
    cells=st.none() | st.sets(st.sampled_from(CELLS)),
    acquisition=st.none() | st.sampled_from(["look-1", "look-5", "nothing"]),
    but_detectors=st.sets(st.sampled_from(DETECTORS)),
    start=st.none()
    | st.tuples(days, st.sampled_from(["look-3", "look-9"]), st.sampled_from(CELLS)),
)


@given(where=searches, limit=st.integers(1, 20))
@PROPERTY
def test_looks_at_cells_are_told_once_each_with_all_their_masters(
    store: Store, where: PulledSearch, limit: int
) -> None:
    assert list(store.pulled_looks("ours", where, limit=limit)) == expected(where)[:limit]


def test_there_is_something_to_tell_and_it_is_ones_own(store: Store) -> None:
    (theirs,) = store.pulled_looks("theirs", PulledSearch(), limit=10)
    assert theirs.masters == ("theirs",)
    ours = store.pulled_looks("ours", PulledSearch(), limit=100)
    assert len(ours) == 12
    assert not any("theirs" in look.masters for look in ours)
    assert store.pulled_looks("nobodys", PulledSearch(), limit=10) == ()


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_pages_by_the_last_look_lose_and_double_nothing(store: Store, limit: int) -> None:
    found: list[PulledLook] = []
    start = None
    while True:
        page = store.pulled_looks("ours", PulledSearch(start=start), limit=limit + 1)
        found += page[:limit]
        if len(page) <= limit:
            break
        start = page[-1].key
    assert found == expected(PulledSearch())


def test_a_store_on_disk_has_the_index_that_answers(tmp_path: Path) -> None:
    from sqlalchemy import create_engine, text
    from sqlalchemy.dialects import sqlite

    from hearthwatch.store.sql_pulled import keys_of

    STORES["sqlite"](tmp_path).close()
    statement = keys_of("ours", PulledSearch(but_detectors=["radar"]), 100)
    asked = str(statement.compile(dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}))
    with create_engine(f"sqlite:///{tmp_path / 'hearthwatch.db'}").connect() as connection:
        plan = " ".join(str(row) for row in connection.execute(text(f"EXPLAIN QUERY PLAN {asked}")))
    assert "COVERING INDEX ix_ledger_looks" in plan
    assert "TEMP B-TREE" not in plan
