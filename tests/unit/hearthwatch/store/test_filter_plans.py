"""Which index answers a filter, and that its values are never part of the text."""

import pytest

from hearthwatch.cql.reading import read_text
from hearthwatch.cql.tree import Field, Form
from hearthwatch.records import EventFilter, Search
from hearthwatch.store import SqlStore, queries, sql_search
from hearthwatch.store.event_search import EventSearch
from hearthwatch.store.ways import PLACE, TIME, Way
from tests.contract import store_records as a
from tests.contract.store_filters import FIELDS
from tests.support.samples import way_of
from tests.unit.hearthwatch.store.test_window import plan, steps_of
from tests.unit.hearthwatch.store.test_window import store as store

INSIDE = "s_intersects(geometry, POLYGON((25 13, 26 13, 26 14, 25 13)))"


def where(text: str) -> EventFilter:
    return EventFilter(filter=read_text(text, FIELDS))


@pytest.mark.parametrize(
    "text",
    [
        INSIDE,
        f"kind = 'burned' AND {INSIDE}",
        f"(area_m2 > 5 AND {INSIDE}) AND t_after(first_changed, DATE('2024-05-01'))",
        "s_within(geometry, BBOX(179, -1, -179, 1))",
    ],
)
def test_a_place_in_a_filter_is_looked_up_in_the_rtree(store: SqlStore, text: str) -> None:
    steps = plan(store, where(text), PLACE)
    assert "VIRTUAL TABLE INDEX 2:" in steps
    index = steps.split("VIRTUAL TABLE INDEX 2:")[1].split()[0]
    assert {index[n] for n in range(1, len(index), 2)} == set("012345")


@pytest.mark.parametrize(
    ("text", "index"),
    [
        (
            "state IN ('closed', 'candidate') AND looks > 3",
            "ix_events_time (organisation=? AND first_changed>? AND first_changed<?)",
        ),
        (
            "kind = 'razed'",
            "ix_events_kind (organisation=? AND kind=? AND first_changed>?",
        ),
        (
            "state = 'closed'",
            "ix_events_state (organisation=? AND state=? AND first_changed>?",
        ),
        (
            "cell = '36N_0512_0143'",
            "ix_events_cell (organisation=? AND cell=? AND first_changed>?",
        ),
        (
            "t_during(first_changed, INTERVAL('2024-05-01', '2024-05-31'))",
            "ix_events_time (organisation=? AND first_changed>? AND first_changed<?)",
        ),
        ("region = 'reg-1' AND looks > 3", "ix_events_region (organisation=? AND region=?"),
        (
            "settlement = 'set-1' AND first_changed >= DATE('2024-05-01')",
            "ix_events_settlement (organisation=? AND settlement=? AND first_changed>?",
        ),
    ],
)
def test_words_and_times_of_a_filter_go_by_the_index_in_order(
    store: SqlStore, text: str, index: str
) -> None:
    steps = plan(store, where(text), TIME)
    assert index in steps
    # Not even among those of one time, of which a single look may have thousands.
    assert "TEMP B-TREE" not in steps


@pytest.mark.parametrize(
    ("text", "name", "index"),
    [
        ("area_m2 > 5000 AND looks > 3", "area_m2", "ix_events_area (organisation=? AND area_m2>?"),
        (f"kind = 'razed' AND NOT {INSIDE}", "kind", "ix_events_kind (organisation=? AND kind=?"),
        (
            "state = 'closed' AND NOT change IS NULL",
            "state",
            "ix_events_state (organisation=? AND state=?",
        ),
        (
            "cell = 'c' AND observed LIKE 'Roof%'",
            "cell",
            "ix_events_cell (organisation=? AND cell=?",
        ),
        (
            "area_m2 BETWEEN 5 AND 7",
            "area_m2",
            "ix_events_area (organisation=? AND area_m2>? AND area_m2<?",
        ),
        (
            "last_detected > DATE('2024-05-01')",
            "last_detected",
            "ix_events_seen (organisation=? AND last_detected>?",
        ),
    ],
)
def test_a_value_that_few_events_have_is_looked_up_in_its_index(
    store: SqlStore, text: str, name: str, index: str
) -> None:
    steps = plan(store, where(text), Way("value", name))
    assert f"SEARCH events USING INDEX {index}" in steps
    assert "SCAN events" in steps  # of those that were found


def test_what_some_have_is_told_from_its_index_where_it_lies(store: SqlStore) -> None:
    asked, way = where(f"kind = 'razed' AND {INSIDE}"), Way("value", "kind")
    search = EventSearch("ours", asked, None)
    with store._reader.connect() as connection:
        edges = ("west", "south", "east", "north")
        indexed = connection.exec_driver_sql("PRAGMA index_info(ix_events_kind)").all()
        assert {*edges} < {row[2] for row in indexed}
    assert "ix_events_kind (organisation=? AND kind=? AND first_changed>?" in plan(
        store, asked, way
    )
    # Asked of the index's own rows: what lies elsewhere is passed over before its row is read.
    inner = str(search.statement(way).compile(store._reader)).split("OFFSET")[0]
    assert all(f"events.{edge} " in inner.split("FROM (SELECT")[1] for edge in edges)


def test_every_way_gives_the_same_events(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.transaction() as tx:
        for n in range(60):
            changed = a.NOON + (n * 7 % 20) * a.DAY
            tx.put_event(a.event(id=f"e{n:02}", area_m2=float(n % 9), first_changed=changed))
    asked = where("area_m2 >= 3 AND area_m2 < 7 AND first_changed > DATE('2024-05-04')")
    # Of the day after the fourth of May at the earliest, three days after the first.
    expected = sum(3 <= n % 9 < 7 and n * 7 % 20 > 3 for n in range(60))
    answers = []
    for way in (TIME, Way("value", "area_m2")):
        monkeypatch.setattr(EventSearch, "way", lambda *_, chosen=way: chosen)
        first = store.events("ours", asked, limit=10)
        answers.append((first, store.events("ours", asked, limit=10, after=first.next)))
        assert store.count_events("ours", asked, most=100) == expected
    assert answers[0] == answers[1]
    assert len(answers[0][0].items) == len(answers[0][1].items) == 10


@pytest.mark.parametrize("text", [f"NOT {INSIDE}", f"looks = 1 OR {INSIDE}"])
def test_what_need_not_be_inside_is_not_looked_for_inside(text: str) -> None:
    assert way_of(where(text)) == TIME


def test_detections_and_looks_go_by_an_index_in_order(store: SqlStore) -> None:
    asked = Search(bbox=(0, 0, 1, 1))
    steps = steps_of(store, sql_search.detections("ours", asked, (1, "d")).limit(11))
    assert "ix_detections_time (organisation=? AND sensed>? AND sensed<?)" in steps
    assert "TEMP B-TREE FOR ORDER BY" not in steps
    start = ("r", 1, "c", "a", "d", "")
    steps = steps_of(store, sql_search.looks("ours", Search(), start).limit(11))
    assert "ix_ledger_time (organisation=? AND (region" in steps
    assert "TEMP B-TREE" not in steps


def test_a_settlement_is_looked_up_by_its_pcode(store: SqlStore) -> None:
    fields = {"pcode": Field("pcode", Form.TEXT, "P-code", hollow=True)}
    asked = read_text("pcode = 'SD010021'", fields)
    steps = steps_of(store, queries.settlements("ours", None, None, asked).limit(11))
    assert "USING INDEX ix_settlements_pcode (organisation=? AND pcode=?)" in steps
    assert "TEMP B-TREE" not in steps


def test_values_are_bound_and_never_part_of_the_text(store: SqlStore) -> None:
    evil = "x'' OR 1=1 --"
    asked = where(
        f"(region = '{evil}' OR observed LIKE '{evil}' OR region IN ('{evil}') "
        f"OR area_m2 > 12345.5) AND {INSIDE}"
    )
    for way in (TIME, PLACE, Way("value", "area_m2")):
        compiled = EventSearch("ours", asked, None).statement(way).compile(store._reader)
        assert "OR 1=1" not in str(compiled)
        assert "12345" not in str(compiled)
        assert "x' OR 1=1 --" in compiled.params.values()
