"""Which events are suggested as one episode: laid out on the ground, found again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pyproj import Geod
from shapely.geometry import Point

from hearthwatch.fusion.episodes import Link, links_of
from hearthwatch.records import Event, EventState, Kind, Mode
from hearthwatch.store import MemoryStore, Store
from tests.contract import store_records as a

GEOD = Geod(ellps="WGS84")
HOME = (25.31, 13.61)


def ground(km: float, azimuth: float = 200.0, home: tuple[float, float] = HOME) -> Any:
    lon, lat, _ = GEOD.fwd(*home, azimuth, km * 1e3)
    return Point(lon, lat).buffer(0.002)


def happened(begin: int, end: int) -> dict[str, Any]:
    return {"last_unharmed": a.NOON + begin * a.DAY, "first_changed": a.NOON + end * a.DAY}


BURN = a.event(id="burn", geometry=ground(0), **happened(-5, 0))
LEFT = a.event(id="left", kind=Kind.ABANDONMENT, geometry=ground(1.0), **happened(30, 120))
CAMP = a.event(
    id="camp", kind=Kind.CAMP_CHANGE, change="new", geometry=ground(62.0), **happened(10, 20)
)


def store_of(*events: Event) -> Store:
    store = a.with_region(MemoryStore())
    with store.transaction() as tx:
        for event in events:
            tx.put_event(event)
    return store


def linked(event: Event, *others: Event) -> tuple[Link, ...]:
    return links_of(store_of(event, *others), event)


def test_a_burning_fallow_fields_and_a_camp_are_one_episode_seen_from_any_of_them() -> None:
    store = store_of(BURN, LEFT, CAMP)
    assert [(one.event.id, one.before) for one in links_of(store, BURN)] == [
        ("camp", False), ("left", False),
    ]  # fmt: skip
    assert [(one.event.id, one.before) for one in links_of(store, CAMP)] == [
        ("burn", True), ("left", True),
    ]  # fmt: skip
    assert {(one.event.id, one.before) for one in links_of(store, LEFT)} == {
        ("burn", True), ("camp", False),
    }  # fmt: skip


def test_the_reasons_are_place_and_time() -> None:
    (link,) = linked(BURN, CAMP)
    assert link.km == pytest.approx(62.0, abs=0.05)
    assert (link.least.days, link.most.days) == (10, 25)
    assert link.reasons == (
        "a camp that grew after a burning, 62.0 km away",
        "burned 2024-04-26 .. 2024-05-01, then camp_change 2024-05-11 .. 2024-05-21: "
        "10 to 25 days between them",
    )


@pytest.mark.parametrize(
    "other",
    [
        replace(CAMP, geometry=ground(101.0)),
        replace(LEFT, geometry=ground(5.1)),
        replace(CAMP, **happened(181, 190)),
        replace(CAMP, **happened(-40, -20)),
        replace(CAMP, change="contracted"),
        replace(LEFT, change="reoccupied"),
        replace(CAMP, state=EventState.REJECTED),
        replace(CAMP, state=EventState.RETRACTED),
        replace(CAMP, merged_into="another"),
        replace(CAMP, mode=Mode.EXERCISE),
        replace(BURN, id="another", **happened(3, 8)),
    ],
)
def test_what_is_too_far_too_late_or_none_is_not_suggested(other: Event) -> None:
    assert linked(BURN, other) == ()


def test_a_beginning_that_is_not_known_counts_from_the_first_change() -> None:
    (link,) = linked(replace(BURN, last_unharmed=None), replace(CAMP, last_unharmed=None))
    assert (link.least.days, link.most.days) == (20, 20)
    assert "20 days between them" in link.reasons[1]


def test_near_the_antimeridian_both_sides_are_seen() -> None:
    home = (179.9, -16.5)
    burn = replace(BURN, geometry=ground(0.0, home=home))
    camp = replace(CAMP, geometry=ground(60.0, 90.0, home))
    assert camp.geometry.bounds[0] < -179.0
    assert [one.event.id for one in linked(burn, camp)] == ["camp"]


def test_nothing_is_changed_by_asking() -> None:
    store = store_of(BURN, CAMP)
    links_of(store, BURN)
    assert store.event("ours", "burn") == BURN
    assert store.opinions("ours", "burn") == ()
