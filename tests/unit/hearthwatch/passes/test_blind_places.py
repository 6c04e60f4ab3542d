"""A place that no satellite shows any more is told of, though others see its neighbours."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from shapely.geometry import box
from shapely.geometry.base import BaseGeometry

from detectors.registry import create_detector
from hearthwatch.pipeline.plan import Plan, make_plan
from hearthwatch.records import Kind, LedgerRow, ObservationStatus
from hearthwatch.sources import SENTINELHUB, STAC
from hearthwatch.store import MemoryStore
from hearthwatch.store.whole import all_looks
from imagery.types import Scene
from tests.support import settled
from tests.support.listing_provider import ListedProvider, made_scene

REGION = settled.region(kind=Kind.GROUND_CHANGE)
NOW = REGION.created
WEST, SOUTH, EAST, NORTH = REGION.geometry.buffer(0.1).bounds
MIDDLE = (WEST + EAST) / 2
WHOLE, WESTERN = box(WEST, SOUTH, EAST, NORTH), box(WEST, SOUTH, MIDDLE, NORTH)
EASTERN = box(MIDDLE, SOUTH, EAST, NORTH)


def day(number: float) -> datetime:
    return NOW + timedelta(days=number)


def passes(orbit: int, first: float, count: int, ground: BaseGeometry) -> list[Scene]:
    """Return a pass every ten days."""
    return [made_scene(day(first + 10 * n), ground, orbit=orbit) for n in range(count)]


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    with store.transaction() as tx:
        tx.put_region(REGION)
    return store


def planned(store: MemoryStore, provider: ListedProvider, now: datetime) -> Plan:
    return make_plan(store, provider, REGION, create_detector("ground_change").info, now, now)


@pytest.mark.parametrize(
    ("others", "is_blind"), [(EASTERN, True), (WHOLE, False)], ids=["the east", "all of it"]
)
def test_an_orbit_that_ended_is_missed_where_no_other_shows_the_place(
    store: MemoryStore, others: BaseGeometry, is_blind: bool
) -> None:
    flown = passes(35, -47, 5, WESTERN)
    provider = ListedProvider(sorted([*flown, *passes(78, -43, 14, others)], key=_time))
    for number in range(0, 61, 3):
        planned(store, provider, day(number))
    told = [gap for gap in store.gaps("local") if "no longer flies orbit 35" in gap.detail]
    assert [gap.closed is None for gap in told] == [is_blind]
    assert [gap for gap in store.gaps("local", open_only=True) if gap not in told] == []
    # It stays so until the place is seen again, whoever sees the rest.
    provider.scenes += passes(35, 63, 1, WESTERN)
    planned(store, provider, day(66))
    assert store.gaps("local", open_only=True) == ()


def test_a_pass_taken_from_one_provider_is_not_missed_in_the_list_of_another(
    store: MemoryStore,
) -> None:
    all_of_it = passes(78, -43, 7, WHOLE)
    first = ListedProvider(all_of_it, name=SENTINELHUB)
    plan = planned(store, first, day(8))
    look = plan.looks[-1]
    assert look.sensed == day(7)
    with store.transaction() as tx:
        for site in plan.sites:
            tx.put_ledger(
                LedgerRow(
                    "local", REGION.kind, REGION.mode, REGION.id, site.cell, look.key,
                    "ground_change", look.sensed, ObservationStatus.UNCHANGED, 1.0,
                )
            )  # fmt: skip
    # The other never lists that pass, nor the one after it, which nobody took.
    other = ListedProvider([one for one in all_of_it if one.sensed < day(7)], name=STAC)
    planned(store, other, day(19))
    assert [gap.expected for gap in store.gaps("local")] == [day(17)]
    rows = [row.sensed for row in all_looks(store, REGION)]
    assert sorted(set(rows)) == [day(7), day(17)]
    assert len(rows) == 2 * len(plan.sites)


def _time(scene: Scene) -> datetime:
    return scene.sensed
