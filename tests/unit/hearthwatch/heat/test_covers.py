"""What is on record of heat takes as few rows as say it."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from hearthwatch.heat.covers import finals_of, joined, put
from hearthwatch.store.memory import MemoryStore
from tests.contract import store_records as a

SECOND = timedelta(seconds=1)


def days(first: int, last: int, **changes: object):
    """Return a record of some days, both included."""
    since = a.NOON.replace(hour=0, minute=0, second=0) + first * a.DAY
    until = since + (last - first + 1) * a.DAY - SECOND
    return a.heat_cover(id=f"{first}-{last}", since=since, until=until, **changes)


def taken(*covers) -> MemoryStore:
    store = MemoryStore()
    for one in covers:
        with store.transaction() as tx:
            put(tx, store.heat_covers("ours"), one)
    return store


def test_asking_every_day_for_years_leaves_one_row() -> None:
    store = taken(*(days(k, k + 2) for k in range(0, 900, 3)))
    (cover,) = store.heat_covers("ours")
    assert (cover.since, cover.until) == (days(0, 0).since, days(0, 899).until)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), min_size=1, max_size=12))
def test_no_day_is_lost_or_won_in_whatever_order(spans: list[tuple[int, int]]) -> None:
    store = taken(*(days(first, first + more) for first, more in spans))
    known = {first + k for first, more in spans for k in range(more + 1)}
    rows = store.heat_covers("ours")
    kept = {
        day for day in range(40) for one in rows if one.since <= days(day, day).since <= one.until
    }
    assert kept == known
    gaps = sum(day + 1 not in known for day in known)
    assert len(rows) == gaps


def test_another_source_or_wider_ground_is_not_joined_but_what_it_holds_goes() -> None:
    plain, other = days(0, 3), days(4, 5, source="VIIRS_SNPP_NRT")
    assert joined([plain], other) == (other, ())
    wider = days(1, 5, west=25.0)
    assert joined([plain], wider) == (wider, ())
    held = days(0, 9, west=25.0)
    assert joined([plain], held) == (held, (plain.id,))


def test_only_standard_processing_is_final_and_of_its_satellites_alone() -> None:
    finals = finals_of([days(0, 3, source="VIIRS_NOAA20_SP"), days(0, 3, source="past.csv")])
    spot = a.heat_spot(sensed=a.NOON)
    assert finals.hold(spot)
    assert not finals.hold(a.heat_spot(sensed=a.NOON, satellite="Suomi NPP"))
    assert not finals.hold(a.heat_spot(sensed=a.NOON, lon=25.255))
    assert not finals.hold(a.heat_spot(sensed=a.NOON + 4 * a.DAY))
    assert not finals_of([days(0, 3)]).hold(spot)
