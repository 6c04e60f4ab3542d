"""What every store must do with heat, asked of each of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hearthwatch.store import Store
from tests.contract import store_records as a
from tests.contract.test_store import STORES


@pytest.fixture(params=list(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    store = STORES[request.param](tmp_path)
    yield store
    store.close()


def add(store: Store, *spots) -> int:
    with store.transaction() as tx:
        return tx.add_heat(spots)


def ids(found) -> list[str]:
    return [one.id for one in found]


def test_heat_comes_back_as_it_was_oldest_first(store: Store) -> None:
    late = a.heat_spot(id="h-3", sensed=a.NOON + a.DAY, frp_mw=None, type=2)
    tied, first = a.heat_spot(id="h-2"), a.heat_spot(id="h-1")
    assert add(store, late, tied, first) == 3
    assert store.heat("ours") == (first, tied, late)
    assert store.heat("theirs") == ()


def test_heat_that_is_there_stays_as_it_was_first(store: Store) -> None:
    assert add(store, a.heat_spot()) == 1
    again = a.heat_spot(received=a.NOON + 9 * a.DAY, source_sha256="f" * 64)
    assert add(store, again, a.heat_spot(id="heat-2"), a.heat_spot(id="heat-2", frp_mw=9.0)) == 1
    first, second = store.heat("ours")
    assert first == a.heat_spot()
    assert second.frp_mw == 4.2


def test_heat_of_another_is_another_though_it_is_the_same(store: Store) -> None:
    assert add(store, a.heat_spot(), a.heat_spot(organisation="theirs")) == 2
    assert ids(store.heat("ours")) == ids(store.heat("theirs")) == ["heat-1"]


@pytest.mark.parametrize(
    ("bbox", "found"),
    [
        ((25.31, 13.61, 25.4, 13.7), ["in"]),
        ((25.0, 13.0, 25.3, 13.6), []),
        ((-180.0, -90.0, 180.0, 90.0), ["east", "in", "west"]),
        ((179.0, -20.0, -179.0, -10.0), ["east", "west"]),
    ],
)
def test_heat_is_found_by_its_place_edges_included(store: Store, bbox, found) -> None:
    add(
        store,
        a.heat_spot(id="in"),
        a.heat_spot(id="east", lon=179.9, lat=-17.0),
        a.heat_spot(id="west", lon=-179.9, lat=-17.0),
    )
    assert sorted(ids(store.heat("ours", bbox=bbox))) == found


def test_heat_is_found_by_its_time_ends_included(store: Store) -> None:
    add(store, *(a.heat_spot(id=f"h-{k}", sensed=a.NOON + k * a.DAY) for k in range(4)))
    found = store.heat("ours", since=a.NOON + a.DAY, until=a.NOON + 2 * a.DAY)
    assert ids(found) == ["h-1", "h-2"]
    assert ids(store.heat("ours", since=a.NOON + 2 * a.DAY + timedelta(microseconds=1))) == ["h-3"]


def test_what_is_on_record_is_replaced_and_kept_in_order(store: Store) -> None:
    with store.transaction() as tx:
        tx.put_heat_cover(a.heat_cover())
        tx.put_heat_cover(a.heat_cover(id="cover-0", since=a.NOON - 3 * a.DAY))
        tx.put_heat_cover(a.heat_cover(received=a.NOON + 5 * a.DAY))
    early, late = store.heat_covers("ours")
    assert (early.id, late.id, late.received) == ("cover-0", "cover-1", a.NOON + 5 * a.DAY)
    assert store.heat_covers("theirs") == ()


def test_what_is_on_record_goes_where_another_row_says_it(store: Store) -> None:
    with store.transaction() as tx:
        tx.put_heat_cover(a.heat_cover(id="one"))
        tx.put_heat_cover(a.heat_cover(id="two"))
        tx.put_heat_cover(a.heat_cover(id="one", organisation="theirs"))
    with store.transaction() as tx:
        tx.put_heat_cover(a.heat_cover(id="both"), instead_of=["one", "two", "never"])
    assert ids(store.heat_covers("ours")) == ["both"]
    assert ids(store.heat_covers("theirs")) == ["one"]


def test_a_source_that_is_taken_off_the_list_stays_readable(store: Store) -> None:
    gone = a.heat_source(removed=a.NOON + a.DAY)
    with store.transaction() as tx:
        tx.put_heat_source(a.heat_source())
        tx.put_heat_source(a.heat_source(id="flare", radius_m=2000.0))
    assert ids(store.heat_sources("ours")) == ["flare", "kiln-1"]
    with store.transaction() as tx:
        tx.put_heat_source(gone)
    assert ids(store.heat_sources("ours")) == ["flare"]
    assert gone in store.heat_sources("ours", removed=True)
    assert store.heat_sources("theirs", removed=True) == ()


def test_heat_that_is_rolled_back_was_never_there(store: Store) -> None:
    with pytest.raises(RuntimeError, match="stop"), store.transaction() as tx:
        tx.add_heat([a.heat_spot()])
        tx.put_heat_cover(a.heat_cover())
        tx.put_heat_source(a.heat_source())
        raise RuntimeError("stop")
    assert store.heat("ours") == ()
    assert store.heat_covers("ours") == ()
    assert store.heat_sources("ours") == ()
