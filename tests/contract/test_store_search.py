"""What every store must answer to filters and searches: what asking each record answers."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import to_wkb
from shapely.geometry import LineString, MultiPolygon, Point, box

from hearthwatch.cql.asking import meets
from hearthwatch.cql.reading import read_json, read_text
from hearthwatch.cql.tree import Field, Filter, Form
from hearthwatch.errors import QuestionError
from hearthwatch.records import EventFilter, EventState, Kind, NotObservable, Search, Subject
from hearthwatch.records import ObservationStatus as Status
from hearthwatch.store import Store
from hearthwatch.store.codec import microseconds
from tests.contract import store_records as a
from tests.contract.store_filters import FIELDS, FILTERS, TEXTS
from tests.contract.test_store import STORES, all_pages

PROPERTY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SHAPES = [
    Point(0, 0), Point(1, 1), Point(0.5, 0.5), box(0, 0, 1, 1), box(1, 1, 2, 2), box(-1, -1, 3, 3),
    LineString([(0, 0), (2, 2)]), LineString([(1, 0), (1, 3)]), box(-179.5, 0, -179, 0.5),
    MultiPolygon([box(0, 0, 1, 1), box(2, 2, 3, 3)]),
]  # fmt: skip


def events() -> Iterator[Any]:
    """Give events that differ in everything that is asked for, a few of them in null."""
    for number, (shape, text) in enumerate(itertools.product(SHAPES, TEXTS)):
        day = a.NOON + (number % 4 - 1) * a.DAY
        yield a.event(
            id=f"e{number:03d}", geometry=shape, observed=text, area_m2=float(number % 4),
            settlement=TEXTS[number % 5], change=TEXTS[number % 3], looks=number % 5 - 1,
            kind=Kind.BURNED if number % 2 else Kind.RAZED, first_changed=day,
            state=EventState.CLOSED if number % 7 == 0 else EventState.PROVISIONAL,
            last_detected=day + (number % 3) * a.DAY,
            last_unharmed=None if number % 3 == 0 else day - a.DAY,
        )  # fmt: skip


@pytest.fixture(params=list(STORES), scope="module")
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
          ) -> Iterator[Store]:  # fmt: skip
    store = a.with_region(STORES[request.param](tmp_path_factory.mktemp("search")))
    with store.transaction() as tx:
        for event in events():
            tx.put_event(event)
    yield store
    store.close()


@pytest.fixture(params=list(STORES))
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = a.with_region(STORES[request.param](tmp_path))
    yield store
    store.close()


def asked(text: str) -> Filter:
    return read_text(text, FIELDS)


@given(document=FILTERS)
@PROPERTY
def test_a_filter_gives_what_asking_each_record_gives(store: Store, document: Any) -> None:
    found = read_json(json.dumps(document), FIELDS)
    expected = {one.id for one in events() if meets(found.root, one)}
    where = EventFilter(filter=found)
    answered = [one.id for one in store.events("ours", where, limit=1000).items]
    assert len(answered) == len(set(answered))
    assert set(answered) == expected
    assert store.count_events("ours", where, most=1000) == len(expected)


@given(document=FILTERS, limit=st.integers(1, 40))
@settings(PROPERTY, max_examples=15)
def test_pages_of_a_filter_hold_everything_once_and_in_order(
    store: Store, document: Any, limit: int
) -> None:
    where = EventFilter(filter=read_json(json.dumps(document), FIELDS), bbox=(-2, -2, 2, 2))
    whole = store.events("ours", where, limit=1000).items
    paged = all_pages(lambda **page: store.events("ours", where, **page), limit)
    assert [one.id for one in paged] == [one.id for one in whole]


@given(document=FILTERS, limit=st.integers(1, 200))
@settings(PROPERTY, max_examples=15)
def test_outlines_are_those_of_the_events_that_come_first(
    store: Store, document: Any, limit: int
) -> None:
    where = EventFilter(filter=read_json(json.dumps(document), FIELDS), bbox=(-2, -2, 2, 2))
    expected = [
        (one.id, to_wkb(one.geometry), one.kind.value, one.mode.value, one.state.value,
         microseconds(one.first_changed),
         microseconds(one.last_unharmed) if one.last_unharmed else None,
         one.area_m2, one.settlement, *one.geometry.bounds)
        for one in store.events("ours", where, limit=limit).items
    ]  # fmt: skip
    assert [tuple(one) for one in store.outlines("ours", where, limit=limit)] == expected
    assert store.outlines("theirs", where, limit=limit) == ()
    for one, whole in zip(
        store.outlines("ours", where, limit=limit, finest=0.5), expected, strict=True
    ):
        small = 0 < max(one.east - one.west, one.north - one.south) < 0.5
        assert tuple(one) == whole or (small and tuple(one) == (whole[0], None, *whole[2:]))


@pytest.mark.parametrize("limit", [0, 10_001])
def test_outlines_are_not_given_without_end(store: Store, limit: int) -> None:
    with pytest.raises(QuestionError, match="limit"):
        store.outlines("ours", EventFilter(), limit=limit)


def test_a_cursor_is_bound_to_its_filter(store: Store) -> None:
    where = EventFilter(filter=asked("area_m2 > 0"))
    cursor = store.events("ours", where, limit=1).next
    assert store.events("ours", where, limit=1, after=cursor).items
    with pytest.raises(QuestionError, match="another question"):
        store.events("ours", EventFilter(filter=asked("area_m2 > 1")), limit=1, after=cursor)


@pytest.mark.parametrize("text", ["settlement = ''", "settlement <> ''", "NOT settlement = 'a'"])
def test_what_is_not_known_meets_no_comparison(store: Store, text: str) -> None:
    found = store.events("ours", EventFilter(filter=asked(text)), limit=1000).items
    assert all(one.settlement for one in found)
    assert bool(found) is ("<>" in text or "NOT" in text)


SETTLEMENTS = {
    "name": Field("name", Form.TEXT, "Name"),
    "geometry": Field("geometry", Form.PLACE, "Core"),
}


def test_settlements_are_filtered_counted_and_paged(fresh: Store) -> None:
    with fresh.transaction() as tx:
        tx.put_settlements([
            a.settlement(id=f"s{n:02d}", name=f"Village {n % 3}", geometry=box(n, 0, n + 0.5, 1))
            for n in range(30)
        ])  # fmt: skip
        tx.put_settlements([a.settlement(id="gone", name="Village 1", removed=a.NOON)])
    where = read_text("name LIKE '%1' AND s_intersects(geometry, BBOX(0, 0, 15, 1))", SETTLEMENTS)
    paged = all_pages(lambda **page: fresh.settlements("ours", where=where, **page), 2)
    assert [one.id for one in paged] == ["s01", "s04", "s07", "s10", "s13"]
    assert fresh.count_settlements("ours", None, where, most=5) == 5
    assert fresh.count_settlements("ours", None, where, most=4) is None
    assert fresh.count_settlements("ours", (0, 0, 5.2, 1), None, most=100) == 6
    cursor = fresh.settlements("ours", where=where, limit=2).next
    with pytest.raises(QuestionError):
        fresh.settlements("ours", limit=2, after=cursor)


DETECTIONS = {"acquisition": Field("acquisition", Form.TEXT, "Look")}


def test_detections_of_all_events_are_searched(fresh: Store) -> None:
    with fresh.transaction() as tx:
        for n in range(3):
            tx.put_event(a.event(id=f"e{n}"))
        tx.add_detections([
            a.detection(id=f"d{n:02d}", event=f"e{n % 3}", geometry=Point(n, 0),
                        sensed=a.NOON + (n // 4) * a.DAY, acquisition=f"S2A-{n % 2}")
            for n in range(20)
        ])  # fmt: skip
    everything = all_pages(lambda **page: fresh.find_detections("ours", Search(), **page), 3)
    newest_first = sorted(range(20), key=lambda n: (-(n // 4), n))
    assert [one.id for one in everything] == [f"d{n:02d}" for n in newest_first]
    where = Search(
        bbox=(2, -1, 11, 1), since=a.NOON + a.DAY, until=a.NOON + 2 * a.DAY,
        filter=read_text("acquisition = 'S2A-1'", DETECTIONS),
    )  # fmt: skip
    found = fresh.find_detections("ours", where).items
    assert [one.id for one in found] == ["d09", "d11", "d05", "d07"]
    assert fresh.count_detections("ours", where, most=4) == 4
    assert fresh.count_detections("ours", where, most=3) is None
    assert fresh.find_detections("theirs", Search()).items == ()


LOOKS = {
    "status": Field("status", Form.TEXT, "What became of it"),
    "cause": Field("cause", Form.TEXT, "Why not"),
}


def test_looks_of_all_regions_are_searched(fresh: Store) -> None:
    with fresh.transaction() as tx:
        tx.put_region(a.region(id="reg-0"))
        tx.put_ledger_rows([
            a.look(region=f"reg-{n % 2}", acquisition=f"S2A-{n}", sensed=a.NOON + n * a.DAY,
                   **({"status": Status.NOT_OBSERVABLE, "cause": NotObservable.CLOUD}
                      if n % 3 == 0 else {}))
            for n in range(12)
        ])  # fmt: skip
    everything = all_pages(lambda **page: fresh.find_looks("ours", Search(), **page), 5)
    assert [one.acquisition for one in everything] == [
        f"S2A-{n}" for n in (*range(0, 12, 2), *range(1, 12, 2))
    ]
    where = Search(since=a.NOON + a.DAY, filter=read_text("cause IS NOT NULL", LOOKS))
    assert [one.acquisition for one in fresh.find_looks("ours", where).items] == [
        "S2A-6", "S2A-3", "S2A-9",
    ]  # fmt: skip
    assert fresh.count_looks("ours", where, most=3) == 3
    assert fresh.count_looks("ours", where, most=2) is None
    assert fresh.count_looks("theirs", Search(), most=3) == 0


def test_events_are_given_as_they_were(fresh: Store) -> None:
    with fresh.transaction() as tx:
        for version in (1, 2, 3):
            tx.put_event(a.event(version=version, observed=f"Version {version}."))
        tx.put_event(a.event(id="evt-2"))
    asked = [("evt-1", 3), ("evt-1", 1), ("evt-2", 1), ("evt-2", 2), ("none", 1)]
    found = fresh.event_versions("ours", asked)
    assert sorted((one.id, one.version) for one in found) == [
        ("evt-1", 1), ("evt-1", 3), ("evt-2", 1),
    ]  # fmt: skip
    assert {one.observed for one in found if one.id == "evt-1"} == {"Version 1.", "Version 3."}
    assert fresh.event_versions("theirs", asked) == ()


def test_changes_of_one_subject_go_on_past_all_others(fresh: Store) -> None:
    with fresh.transaction() as tx:
        tx.put_event(a.event())
        tx.put_settlements([a.settlement(id=f"s{n}") for n in range(5)])
    page = fresh.changes("ours", subjects=(Subject.EVENT,))
    assert [one.id for one in page.items] == ["evt-1"]
    # The cursor stands behind the settlements too, and is one for all subjects.
    assert fresh.changes("ours", after=page.next).items == ()
    with fresh.transaction() as tx:
        tx.put_settlements([a.settlement(id="s9", removed=a.NOON)])
        tx.put_event(a.event(version=2))
    after = fresh.changes("ours", after=page.next, subjects=(Subject.EVENT, Subject.REGION))
    assert [(one.id, one.version) for one in after.items] == [("evt-1", 2)]
    both = fresh.changes("ours", after=page.next, limit=1)
    assert [(one.subject, one.gone) for one in both.items] == [(Subject.SETTLEMENT, True)]
