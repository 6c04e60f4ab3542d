"""Sources become events: one of many, in whatever order they come."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.types import DetectorState as State
from hearthwatch.records import EventFilter, EventSource, EventState, Kind
from hearthwatch.store import Store
from hearthwatch.store.whole import all_events
from tests.contract import store_records as a
from tests.unit.hearthwatch.fusion.made import optical, put, radar, store_with_region

SURE = {"detector_state": State.ESTABLISHED.value, "reached": State.ESTABLISHED.value}


@pytest.fixture
def store() -> Store:
    return store_with_region()


def test_an_event_has_the_id_of_its_first_source(store: Store) -> None:
    (event,) = put(store, optical())
    assert (event.id, event.version, event.state) == ("s-optical", 1, EventState.PROVISIONAL)
    assert store.event("ours", "s-optical") == event
    assert store.source("ours", "s-optical").event == "s-optical"
    assert event.evidence == {"log_likelihood_ratio": 9.0}


def test_two_sensors_become_one_event_and_corroborate_it(store: Store) -> None:
    put(store, optical(**SURE))
    seen = radar(**SURE, last_unharmed=a.NOON - 3 * a.DAY, first_changed=a.NOON + a.DAY)
    (event,) = put(store, seen)
    assert (event.id, event.version, event.state) == ("s-optical", 2, EventState.CORROBORATED)
    assert (event.last_unharmed, event.first_changed) == (a.NOON - a.DAY, a.NOON)
    assert event.observed == ("It came to look burned. Also, by radar (radar): Its power fell.")
    assert event.evidence["combined_log_likelihood_ratio"] == 13.0
    assert event.evidence["added_up"] == {"burned": 9.0, "radar": 4.0}
    assert [one.id for one in store.sources("ours", event.id)] == ["s-optical", "s-radar"]
    assert [one.version for one in store.event_history("ours", event.id)] == [1, 2]


def test_what_comes_at_once_of_one_event_is_one_version(store: Store) -> None:
    put(store, optical(), radar())
    again = [replace(store.source("ours", key), version=2) for key in ("s-optical", "s-radar")]
    (event,) = put(store, *again)
    assert event.version == 2


def test_a_source_that_lapses_leaves_the_others_standing(store: Store) -> None:
    put(store, optical(**SURE), radar())
    gone = replace(
        store.source("ours", "s-optical"), version=2, detector_state=State.LAPSED.value,
        doubts=("no longer seen on 2024-05-09",),
    )  # fmt: skip
    (event,) = put(store, gone)
    assert (event.state, event.detector) == (EventState.PROVISIONAL, "radar")
    assert event.doubts == ("burned: no longer seen on 2024-05-09",)
    (event,) = put(
        store,
        replace(store.source("ours", "s-radar"), version=2, detector_state=State.LAPSED.value),
    )
    assert event.state is EventState.CLOSED


def test_a_second_burning_is_a_new_event_and_the_radar_follows_it(store: Store) -> None:
    over = optical(
        detector_state=State.CLOSED.value, last_detected=a.NOON + 10 * a.DAY,
    )  # fmt: skip
    put(store, over)
    later = {"last_unharmed": a.NOON + 12 * a.DAY, "first_changed": a.NOON + 15 * a.DAY}
    (second,) = put(store, optical(id="s-second", **later))
    assert second.id == "s-second"
    (same,) = put(store, radar(**later))
    assert same.id == "s-second"
    assert len(store.sources("ours", "s-optical")) == 1


def test_of_two_that_fit_the_one_whose_interval_is_nearer_is_taken(store: Store) -> None:
    far = {"last_unharmed": a.NOON - 20 * a.DAY, "first_changed": a.NOON - 15 * a.DAY}
    put(store, optical(id="a-far", **far))
    put(store, optical(id="b-near"))
    (event,) = put(store, radar())
    assert event.id == "b-near"


def test_other_places_and_kinds_stay_apart(store: Store) -> None:
    put(store, optical())
    put(store, radar(settlement="set-2"))
    put(store, radar(id="s-left", detector="abandonment", kind=Kind.ABANDONMENT))
    assert len(list(all_events(store, "ours", EventFilter()))) == 3


def test_what_another_region_watches_stays_apart(store: Store) -> None:
    with store.transaction() as tx:
        tx.put_region(a.region(id="reg-2", name="Other"))
    put(store, optical())
    (event,) = put(store, radar(region="reg-2"))
    assert event.id == "s-radar"


@pytest.mark.parametrize("state", [EventState.REJECTED, EventState.CONFIRMED])
def test_new_evidence_makes_a_version_and_leaves_what_people_said(
    store: Store, state: EventState
) -> None:
    (event,) = put(store, optical())
    with store.transaction() as tx:
        tx.put_event(replace(event, version=2, state=state, said_by="anna"))
    (event,) = put(store, radar(**SURE, last_detected=a.NOON + a.DAY))
    assert (event.version, event.state, event.said_by) == (3, state, "anna")
    said = "people said that it is rejected: seen on 2024-05-02 all the same"
    assert (said in event.doubts) == (state is EventState.REJECTED)


def test_what_was_seen_before_people_spoke_is_not_seen_all_the_same(store: Store) -> None:
    (event,) = put(store, optical())
    with store.transaction() as tx:
        tx.put_event(replace(event, version=2, state=EventState.REJECTED, said_by="anna"))
    (event,) = put(store, optical(version=2, event=event.id, doubts=("amended",)))
    assert event.doubts == ("amended",)
    (event,) = put(store, optical(version=3, event=event.id, last_detected=a.NOON + a.DAY))
    said = "people said that it is rejected: seen on 2024-05-02 all the same"
    assert said in event.doubts
    amended = optical(version=4, event=event.id, last_detected=a.NOON + a.DAY, doubts=("amended",))
    (event,) = put(store, amended)
    assert event.doubts == ("amended", said)


def test_an_event_of_a_settlement_stays_its_own_when_an_area_says_more(store: Store) -> None:
    (event,) = put(store, optical())
    assert event.settlement
    (told,) = put(store, radar(**SURE, settlement=""))
    assert (told.id, told.detector, told.settlement) == (event.id, "radar", event.settlement)
    where = EventFilter(settlement=event.settlement)
    assert [one.id for one in store.events("ours", where).items] == [event.id]


MEETING = [
    optical(**SURE),
    radar(**SURE, last_unharmed=a.NOON - 4 * a.DAY, first_changed=a.NOON + a.DAY),
    radar(id="s-heat", detector="heat", groups=("heat",), first_changed=a.NOON + 9 * a.DAY),
    radar(id="s-layer", detector="layer", groups=("layer:x",), last_unharmed=None),
]


def test_the_order_of_arrival_changes_neither_state_nor_interval() -> None:
    told = set()
    for order in permutations(MEETING):
        store = store_with_region()
        for one in order:
            (event,) = put(store, one)
        assert event.id == order[0].id
        told.add((event.state, event.last_unharmed, event.first_changed, event.detector))
    assert len(told) == 1


DRAWN = st.builds(
    lambda number, detector, place, begin, length, state: radar(
        id=f"s{number}", detector=detector, settlement=place, detector_state=state.value,
        last_unharmed=a.NOON + begin * a.DAY, first_changed=a.NOON + (begin + length) * a.DAY,
        last_detected=a.NOON + 100 * a.DAY,
    ),
    st.integers(0, 999),
    st.sampled_from(["burned", "radar", "heat"]),
    st.sampled_from(["set-1", "set-2"]),
    st.integers(0, 90),
    st.integers(1, 9),
    st.sampled_from(list(State)),
)  # fmt: skip


@given(st.lists(DRAWN, min_size=1, max_size=6, unique_by=lambda one: one.id))
def test_nothing_is_lost_and_no_source_is_in_two_events(sources: list[EventSource]) -> None:
    store = store_with_region()
    for one in sources:
        put(store, one)
    events = list(all_events(store, "ours", EventFilter()))
    members = {event.id: store.sources("ours", event.id) for event in events}
    held = Counter(one.id for found in members.values() for one in found)
    assert held == Counter(one.id for one in sources)
    for event, found in members.items():
        assert event in {one.id for one in found}
        assert len({one.settlement for one in found}) == 1
        standing = [one.detector for one in found if one.detector_state != State.LAPSED]
        assert len(standing) == len(set(standing))
