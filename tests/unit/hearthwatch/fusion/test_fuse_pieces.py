"""One fire over several cells of the work grid is one event, whichever cell tells of it first."""

from __future__ import annotations

import dataclasses
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import box

from detectors.fusion_pieces import continues
from detectors.types import DetectorState as State
from hearthwatch.fusion.event import ONE_WITH, as_source
from hearthwatch.fusion.people import merge, say, split
from hearthwatch.records import EventFilter, EventSource, EventState, Kind, Verb
from hearthwatch.store import Store
from hearthwatch.store.whole import all_events
from tests.contract import store_records as a
from tests.unit.hearthwatch.fusion.made import by, optical, put, radar, store_with_region
from tiles.geodesy import area_m2

SIDE = 0.1
"""Degrees of a drawn cell."""


def piece(column: int, row: int = 0, **changes: Any) -> EventSource:
    """Return a source over the whole of a cell of a drawn grid."""
    west, south = 25.0 + column * SIDE, 13.0 + row * SIDE
    ground = box(west, south, west + SIDE, south + SIDE)
    plain = {
        "id": f"p-{column}-{row}", "cell": f"c-{column}-{row}", "detector": "ground_change",
        "kind": Kind.GROUND_CHANGE, "settlement": "", "geometry": ground,
        "area_m2": area_m2(ground), "observed": f"Ground in {column} changed.", "doubts": (),
    }  # fmt: skip
    return optical(**(plain | changes))


def partition(store: Store) -> set[frozenset[str]]:
    """Return which sources tell of one event together."""
    events = all_events(store, "ours", EventFilter())
    groups = (frozenset(one.id for one in store.sources("ours", event.id)) for event in events)
    return {one for one in groups if one}


@pytest.fixture
def store() -> Store:
    return store_with_region()


def test_a_fire_over_two_cells_is_one_event_with_all_its_ground(store: Store) -> None:
    put(store, piece(0))
    (event,) = put(store, piece(1, last_unharmed=a.NOON - 3 * a.DAY, first_changed=a.NOON + a.DAY))
    assert (event.id, event.version, event.state) == ("p-0-0", 2, EventState.PROVISIONAL)
    assert event.geometry.symmetric_difference(box(25.0, 13.0, 25.2, 13.1)).area < 1e-9
    assert event.area_m2 == pytest.approx(2 * piece(0).area_m2, rel=1e-3)
    assert event.observed.endswith(
        "It is one of 2 pieces that hang together, in 2 cells of the work grid: "
        f"{event.area_m2 / 1e4:.2f} ha in all."
    )
    assert (event.last_unharmed, event.first_changed) == (a.NOON - a.DAY, a.NOON)
    # One detector's pieces rest on the same pixels' kind: their evidence counts once.
    assert event.evidence["combined_log_likelihood_ratio"] == 9.0


def test_a_piece_between_two_events_makes_them_one_and_the_other_points_there(store: Store) -> None:
    put(store, piece(0), piece(2))
    changed = put(store, piece(1))
    kept, gone = (next(one for one in changed if one.id == key) for key in ("p-0-0", "p-2-0"))
    assert partition(store) == {frozenset({"p-0-0", "p-1-0", "p-2-0"})}
    assert (gone.state, gone.merged_into, gone.version) == (EventState.CLOSED, "p-0-0", 2)
    assert gone.doubts[-1].startswith(f"{ONE_WITH} p-0-0")
    assert kept.merged_into == ""
    assert [one.event for one in store.source_history("ours", "p-2-0")] == ["p-2-0", "p-0-0"]


def test_two_pieces_of_one_cell_that_a_third_joins_are_told_as_one_ground(store: Store) -> None:
    low, high = box(25.0, 13.0, 25.1, 13.04), box(25.0, 13.05, 25.1, 13.1)
    put(store, piece(0, id="p-low", geometry=low), piece(0, id="p-high", geometry=high))
    (event,) = (one for one in put(store, piece(1)) if not one.merged_into)
    assert event.geometry.area == pytest.approx(0.1 * (0.1 + 0.09))
    assert event.observed.startswith("Ground in 1 changed. It is one of 3 pieces that hang")
    assert "Also" not in event.observed


def test_pieces_that_grow_together_become_one_event_then(store: Store) -> None:
    small = box(25.1 + 0.01, 13.0, 25.2, 13.1)
    put(store, piece(0))
    put(store, piece(1, geometry=small))
    assert len(partition(store)) == 2
    grown = dataclasses.replace(
        store.source("ours", "p-1-0"), version=2, geometry=piece(1).geometry
    )
    changed = put(store, grown)
    assert partition(store) == {frozenset({"p-0-0", "p-1-0"})}
    assert {one.id: one.merged_into for one in changed} == {"p-0-0": "", "p-1-0": "p-0-0"}
    # The pipeline counts versions from what it read before: the next one still fits.
    put(store, dataclasses.replace(store.source("ours", "p-1-0"), version=4))
    assert store.source("ours", "p-1-0").event == "p-0-0"


def test_what_was_made_and_given_up_at_once_is_told_to_nobody(store: Store) -> None:
    changed = put(store, piece(0), piece(2), piece(1))
    assert [one.id for one in changed] == ["p-0-0"]
    assert [one.version for one in store.source_history("ours", "p-2-0")] == [1, 2]


def test_a_later_fire_beside_an_older_one_is_another_event(store: Store) -> None:
    put(store, piece(0))
    later = {"last_unharmed": a.NOON + 5 * a.DAY, "first_changed": a.NOON + 9 * a.DAY}
    put(store, piece(1, **later))
    assert len(partition(store)) == 2


def test_a_layer_over_two_cells_is_one_event_with_the_settlement_that_burned(store: Store) -> None:
    village = box(25.09, 13.04, 25.11, 13.06)
    put(store, optical(geometry=village, observed="It came to look burned."))
    layer = {"detector": "dist_alert", "groups": ("radar",), "sensors": ("opera-dist-alert-s1",)}
    for column in (0, 1):
        (event,) = put(store, piece(column, **layer, evidence={}))
    assert (event.id, event.kind, event.settlement) == ("s-optical", Kind.BURNED, "set-1")
    assert event.geometry.equals(village)
    assert partition(store) == {frozenset({"s-optical", "p-0-0", "p-1-0"})}


def test_what_people_parted_is_not_made_one_again(store: Store) -> None:
    (event,) = put(store, piece(0), piece(1))
    split(store, "ours", event.id, ["p-1-0"], by())
    put(store, dataclasses.replace(store.source("ours", "p-1-0"), version=3))
    assert partition(store) == {frozenset({"p-0-0"}), frozenset({"p-1-0"})}
    put(store, piece(1, 1))
    assert len(partition(store)) == 2


def test_an_event_that_people_spoke_of_stays_and_takes_the_other_in(store: Store) -> None:
    put(store, piece(0), piece(2))
    say(store, "ours", "p-2-0", Verb.CONFIRM, by())
    put(store, piece(1))
    assert store.event("ours", "p-0-0").merged_into == "p-2-0"
    kept = store.event("ours", "p-2-0")
    assert (kept.state, kept.said_by) == (EventState.CONFIRMED, "anna")


def test_two_events_that_people_spoke_of_wait_for_people(store: Store) -> None:
    put(store, piece(0), piece(2))
    for event in ("p-0-0", "p-2-0"):
        say(store, "ours", event, Verb.CONFIRM, by())
    put(store, piece(1))
    assert len(partition(store)) == 2
    merge(store, "ours", "p-0-0", "p-2-0", by())
    assert len(partition(store)) == 1


def test_every_order_of_a_fire_round_a_corner_of_the_grid_makes_one_event() -> None:
    told = set()
    pieces = [piece(0), piece(1), piece(1, 1), piece(2, 1)]
    for order in permutations(pieces):
        store = store_with_region()
        for one in order:
            put(store, one)
        (event,) = (e for e in all_events(store, "ours", EventFilter()) if not e.merged_into)
        assert event.id in {one.id for one in pieces}
        told.add((event.state, round(event.area_m2), event.geometry.normalize().wkt))
    assert len(told) == 1


DRAWN = st.builds(
    lambda column, row, late, begin, length: piece(
        column, row, id=f"p-{column}-{row}-{late}",
        # A second burning of the same ground comes in its own time.
        last_unharmed=a.NOON + (200 * late + begin) * a.DAY,
        first_changed=a.NOON + (200 * late + begin + length) * a.DAY,
        last_detected=a.NOON + 400 * a.DAY,
    ),
    st.integers(0, 3), st.integers(0, 2), st.booleans(), st.integers(0, 20), st.integers(1, 9),
)  # fmt: skip


def chained(sources: list[EventSource]) -> set[frozenset[str]]:
    """Return the groups that hang together, worked out from all sources at once."""
    groups = [{one.id} for one in sources]
    known = {one.id: as_source(one) for one in sources}
    for one in known.values():
        for other in known.values():
            if continues(one, other):
                mine = next(group for group in groups if one.id in group)
                theirs = next(group for group in groups if other.id in group)
                if mine is not theirs:
                    mine |= theirs
                    groups.remove(theirs)
    return {frozenset(group) for group in groups}


@given(st.lists(DRAWN, min_size=1, max_size=7, unique_by=lambda one: one.id), st.randoms())
def test_in_whatever_order_pieces_come_the_same_are_one_event(
    sources: list[EventSource], random: Random
) -> None:
    expected = chained(sources)
    for _ in range(2):
        random.shuffle(sources)
        store = store_with_region()
        ids: dict[str, int] = {}
        for one in sources:
            for event in put(store, one):
                assert event.version == ids.get(event.id, 0) + 1
                ids[event.id] = event.version
        assert partition(store) == expected
        events = {one.id: one for one in all_events(store, "ours", EventFilter())}
        # Whatever was told of is still there under its id.
        assert set(events) == set(ids) <= {one.id for one in sources}
        for event in events.values():
            has_sources = bool(store.sources("ours", event.id))
            assert has_sources is not bool(event.merged_into)
            assert event.merged_into in {"", *events}


def test_a_lapsed_piece_joins_nothing(store: Store) -> None:
    put(store, piece(0), piece(2))
    put(store, piece(1, detector_state=State.LAPSED.value))
    assert len(partition(store)) == 3


def test_another_detectors_piece_is_put_by_the_ground_it_shares(store: Store) -> None:
    put(store, piece(0), piece(1))
    beside = radar(settlement="", geometry=piece(2).geometry, cell="c-2-0", kind=Kind.GROUND_CHANGE)
    put(store, beside)
    assert len(partition(store)) == 2
