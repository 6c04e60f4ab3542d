"""What every store must do with the sources of events and with opinions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from shapely.geometry import box

from hearthwatch.errors import NotFound, StoreError
from hearthwatch.records import Verb
from hearthwatch.store import Store
from tests.contract import store_records as a
from tests.contract.test_store import STORES


@pytest.fixture(params=list(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = a.with_region(STORES[request.param](tmp_path))
    with store.transaction() as tx:
        for event in ("evt-1", "evt-2"):
            tx.put_event(a.event(id=event))
    yield store
    store.close()


def put(store: Store, *sources) -> None:
    with store.transaction() as tx:
        for one in sources:
            tx.put_source(one)


def test_every_version_of_a_source_stays_readable(store: Store) -> None:
    first = a.source(change="razed_total", sensors=("a", "b"), last_unharmed=None)
    moved = a.source(version=2, event="evt-2", evidence={})
    put(store, first, moved)
    assert store.source("ours", "src-1") == moved
    assert store.source_history("ours", "src-1") == (first, moved)
    assert store.sources("ours", "evt-1") == ()
    assert store.sources("ours", "evt-2") == (moved,)


@pytest.mark.parametrize("version", [1, 3])
def test_a_version_out_of_order_is_refused(store: Store, version: int) -> None:
    put(store, a.source())
    with pytest.raises(StoreError, match="changed in between"):
        put(store, a.source(version=version))
    assert store.source_history("ours", "src-1") == (a.source(),)


def test_an_unknown_source_is_not_found_nor_is_another_organisations(store: Store) -> None:
    put(store, a.source())
    for whose, which in (("ours", "src-9"), ("theirs", "src-1")):
        with pytest.raises(NotFound, match=which):
            store.source(whose, which)
        with pytest.raises(NotFound, match=which):
            store.source_history(whose, which)
    assert store.sources("theirs", "evt-1") == ()
    assert store.sources_in("theirs", "reg-1") == ()


def test_sources_come_by_id_and_are_found_by_place_and_time(store: Store) -> None:
    b = a.source(id="b")
    early = a.source(id="a", first_changed=a.NOON - 2 * a.DAY, last_unharmed=None)
    away = a.source(id="c", geometry=box(0, 0, 1, 1))
    put(store, b, early, away)
    assert store.sources("ours", "evt-1") == (early, b, away)
    assert store.sources_in("ours", "reg-1") == (early, b, away)
    assert store.sources_in("ours", "reg-2") == ()
    here = (25.31, 13.61, 25.40, 13.70)
    assert store.sources_in("ours", "reg-1", bbox=here) == (early, b)
    assert store.sources_in("ours", "reg-1", bbox=here, since=a.NOON) == (b,)
    until = a.NOON - a.DAY
    assert store.sources_in("ours", "reg-1", bbox=here, until=until) == (early, b)
    assert store.sources_in("ours", "reg-1", bbox=here, until=until - a.DAY) == (early,)


def test_a_source_needs_its_event(store: Store) -> None:
    with pytest.raises(StoreError, match="does not hold"):
        put(store, a.source(event="evt-9"))
    with pytest.raises(NotFound):
        store.source("ours", "src-1")


def test_detections_are_found_by_their_source_whatever_event_it_is_put_to(store: Store) -> None:
    put(store, a.source())
    late = a.detection(id="det-1", source="src-1", sensed=a.NOON + a.DAY)
    early = a.detection(id="det-2", source="src-1", event="evt-2")
    with store.transaction() as tx:
        tx.add_detections([late, early, a.detection(id="det-3", source="src-2")])
    assert store.source_detections("ours", "src-1") == (early, late)
    assert store.source_detections("theirs", "src-1") == ()


def test_opinions_come_in_the_order_of_versions_and_are_said_once(store: Store) -> None:
    second = a.opinion(id="opn-0", version=3, verb=Verb.UNDO, undoes="act-1", said=a.NOON)
    moved = a.opinion(id="opn-2", event="evt-2", verb=Verb.SPLIT, sources=("a", "b"), other="e")
    with store.transaction() as tx:
        tx.add_opinions([second, a.opinion(), moved])
    assert store.opinions("ours", "evt-1") == (a.opinion(), second)
    assert store.opinions("ours", "evt-2") == (moved,)
    assert store.opinions("theirs", "evt-1") == ()
    with pytest.raises(StoreError, match="never changed"), store.transaction() as tx:
        tx.add_opinions([a.opinion(text="other words")])
    assert store.opinions("ours", "evt-1") == (a.opinion(), second)


def test_what_is_rolled_back_was_never_there(store: Store) -> None:
    with pytest.raises(RuntimeError, match="stop"), store.transaction() as tx:
        tx.put_source(a.source())
        tx.add_opinions([a.opinion()])
        raise RuntimeError("stop")
    assert store.sources("ours", "evt-1") == () == store.opinions("ours", "evt-1")
