"""Which sources are one event, and what they come to."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point, box

from detectors.fusion import (
    DATED_APART,
    TOLERANCE,
    Level,
    Source,
    Standing,
    apart,
    belongs,
    combine,
    groups_of,
    level_of,
)
from detectors.types import DetectorState as State

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
SQUARE = box(25.30, 13.60, 25.32, 13.62)


def source(**changes: Any) -> Source:
    plain = Source(
        id="s1", detector="burned", kind="burned", groups=("optical",), state=State.PROBABLE,
        reached=State.PROBABLE, last_unharmed=NOON - 5 * DAY, first_changed=NOON,
        last_detected=NOON, weight=8.0, geometry=SQUARE, settlement="v1",
    )  # fmt: skip
    return dataclasses.replace(plain, **changes)


def radar(**changes: Any) -> Source:
    return source(**{"id": "s2", "detector": "radar", "groups": ("radar",)} | changes)


def heat(**changes: Any) -> Source:
    return source(**{"id": "s3", "detector": "heat", "groups": ("heat",)} | changes)


@pytest.mark.parametrize(
    ("sensors", "groups"),
    [
        (("sentinel-2-l2a",), ("optical",)),
        (("landsat-c2-l2", "sentinel-2-l2a"), ("optical",)),
        (("sentinel-2-l2a", "sentinel-1-rtc"), ("optical", "radar")),
        (("opera-dist-alert-s1",), ("radar",)),
        (("opera-dist-alert-hls",), ("optical",)),
        (("viirs", "modis"), ("heat",)),
        (("somebody", "somebody"), ("layer:somebody",)),
    ],
)
def test_what_rests_on_the_same_kind_of_pixels_is_one_kind(
    sensors: tuple[str, ...], groups: tuple[str, ...]
) -> None:
    assert groups_of(sensors) == groups


@pytest.mark.parametrize(
    ("sources", "state"),
    [
        ([source(state=State.WATCH)], Standing.CANDIDATE),
        ([source()], Standing.PROVISIONAL),
        ([source(state=State.ESTABLISHED)], Standing.PROVISIONAL),
        ([source(state=State.LAPSED)], Standing.CLOSED),
        ([source(), radar()], Standing.PROVISIONAL),
        ([source(state=State.ESTABLISHED), radar()], Standing.PROVISIONAL),
        ([source(state=State.ESTABLISHED), radar(state=State.ESTABLISHED)], Standing.CORROBORATED),
        # The same pixels read twice are one witness.
        ([source(state=State.ESTABLISHED),
          source(id="s4", detector="razed", state=State.ESTABLISHED)], Standing.PROVISIONAL),
        # What reads both sensors is independent of neither.
        ([source(state=State.ESTABLISHED),
          radar(groups=("optical", "radar"), state=State.ESTABLISHED)], Standing.PROVISIONAL),
        # Heat never exceeds WATCH, whatever its detector says.
        ([heat(state=State.ESTABLISHED)], Standing.CANDIDATE),
        ([source(state=State.ESTABLISHED), heat(state=State.ESTABLISHED)], Standing.PROVISIONAL),
        ([source(state=State.LAPSED), radar(state=State.WATCH)], Standing.CANDIDATE),
        # An episode that is over was what it came to.
        ([source(state=State.CLOSED, reached=State.ESTABLISHED),
          radar(state=State.CLOSED, reached=State.ESTABLISHED)], Standing.CORROBORATED),
        ([source(state=State.CLOSED, reached=State.WATCH)], Standing.PROVISIONAL),
    ],
)  # fmt: skip
def test_the_mapping_of_states(sources: list[Source], state: Standing) -> None:
    assert combine(sources).state is state


def test_evidence_adds_up_once_for_each_independent_kind() -> None:
    twin = source(id="s4", detector="razed", weight=11.0)
    combined = combine([source(), twin, radar(weight=3.0), heat(state=State.LAPSED, weight=9.0)])
    assert combined.weights == {"s4": 11.0, "s2": 3.0}
    assert combined.leading == "s4"


def test_the_interval_is_what_all_leave_and_what_all_hold_where_they_disagree() -> None:
    early = source(last_unharmed=NOON - 9 * DAY, first_changed=NOON - 2 * DAY)
    late = radar(last_unharmed=NOON - 4 * DAY, first_changed=NOON)
    combined = combine([early, late])
    assert (combined.last_unharmed, combined.first_changed) == (NOON - 4 * DAY, NOON - 2 * DAY)
    assert combined.doubts == ()
    later = radar(last_unharmed=NOON - 2 * DAY, first_changed=NOON)
    combined = combine([early, later])
    assert (combined.last_unharmed, combined.first_changed) == (NOON - 9 * DAY, NOON)
    assert combined.doubts == (DATED_APART,)
    unknown = source(last_unharmed=None, first_changed=NOON - 3 * DAY)
    combined = combine([unknown, later])
    assert (combined.last_unharmed, combined.first_changed) == (None, NOON)


def test_what_is_barely_seen_does_not_date_what_is_plain() -> None:
    hot = heat(last_unharmed=NOON - 3 * DAY, first_changed=NOON - 2 * DAY, state=State.WATCH)
    combined = combine([source(), hot])
    assert (combined.last_unharmed, combined.first_changed) == (NOON - 5 * DAY, NOON)


def test_a_second_burning_is_a_second_event() -> None:
    closed = source(state=State.CLOSED, last_detected=NOON + 60 * DAY)
    again = source(id="s9", last_unharmed=NOON + 5 * DAY, first_changed=NOON + 10 * DAY)
    assert not belongs(again, [closed])
    # The radar's episode began after the first one was over.
    after = radar(last_unharmed=NOON + 5 * DAY, first_changed=NOON + 10 * DAY)
    assert belongs(after, [closed])
    assert not belongs(after, [dataclasses.replace(closed, last_detected=NOON + 9 * DAY)])


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, True),
        ({"kind": "razed"}, True),
        ({"kind": "ground_change"}, True),
        ({"kind": "abandonment"}, False),
        ({"kind": "camp_change"}, False),
        ({"settlement": "v2"}, False),
        ({"detector": "burned"}, False),
        ({"last_unharmed": NOON + TOLERANCE, "first_changed": NOON + 2 * TOLERANCE}, True),
        ({"last_unharmed": NOON + TOLERANCE + DAY, "first_changed": NOON + 2 * TOLERANCE}, False),
        ({"last_unharmed": None, "first_changed": NOON - 5 * DAY - TOLERANCE}, True),
        ({"last_unharmed": None, "first_changed": NOON - 6 * DAY - TOLERANCE}, False),
    ],
)
def test_what_belongs_together(changes: dict[str, Any], fits: bool) -> None:
    assert belongs(radar(**changes), [source()]) is fits


def test_heat_long_after_a_burning_is_another_event() -> None:
    later = heat(last_unharmed=None, first_changed=NOON + 45 * DAY, state=State.WATCH)
    assert not belongs(later, [source()])
    # That of the burning itself, or of the weeks round it, is of it.
    for days in (-30, -3, 0, 30):
        near = dataclasses.replace(later, first_changed=NOON + days * DAY)
        assert belongs(near, [source()])
        assert belongs(source(), [near])


def test_areas_are_one_place_where_they_share_ground() -> None:
    ground = source(kind="ground_change", settlement="")
    camp = radar(kind="camp_change", settlement="", geometry=Point(25.32, 13.61).buffer(0.001))
    assert belongs(camp, [ground])
    beside = dataclasses.replace(camp, geometry=box(25.32, 13.60, 25.34, 13.62))
    assert not belongs(beside, [ground])
    # By the last digit of a number, as outlines of two grids do.
    rounded = dataclasses.replace(camp, geometry=box(25.32 - 1e-14, 13.60, 25.34, 13.62))
    assert not belongs(rounded, [ground])
    # A camp that is listed, and ground in it that is not.
    assert belongs(dataclasses.replace(camp, settlement="camp"), [ground])


def test_a_camp_that_shrinks_is_not_the_event_of_ground_that_was_built_up() -> None:
    shrunk = source(kind="camp_change", change="contracted")
    for change, fits in (("new", False), ("expanded", False), ("closed", True), ("", True)):
        other = radar(kind="camp_change", change=change)
        assert (belongs(other, [shrunk]), belongs(shrunk, [other])) == (fits, fits)


def test_a_false_start_does_not_keep_its_detector_out() -> None:
    gone = source(state=State.LAPSED, last_detected=NOON)
    again = source(id="s9", last_unharmed=NOON, first_changed=NOON + 3 * DAY)
    assert belongs(again, [gone, radar()])
    # Alone, it is told apart from what was not.
    assert not belongs(again, [gone])


def layer(of: str, **changes: Any) -> Source:
    """Return what another detector's product says: that ground changed, and not how."""
    plain = {
        "id": "s5", "detector": "dist_alert", "kind": "ground_change", "settlement": "",
        "groups": groups_of([f"opera-dist-alert-{of}"]), "state": State.ESTABLISHED, "weight": 0.0,
    }  # fmt: skip
    return source(**(plain | changes))


@pytest.mark.parametrize(("of", "own"), [("hls", source), ("s1", radar)])
def test_another_reading_of_our_own_passes_joins_the_event_and_adds_nothing(
    of: str, own: Any
) -> None:
    ours = own(state=State.ESTABLISHED, weight=9.0)
    theirs = layer(of, weight=5.0)
    assert belongs(theirs, [ours])
    assert belongs(ours, [theirs])
    both = combine([theirs, ours])
    assert (both.state, both.weights) == (Standing.PROVISIONAL, {ours.id: 9.0})


def test_passes_of_the_other_sensor_are_a_witness_of_their_own() -> None:
    assert combine([source(state=State.ESTABLISHED), layer("s1")]).state is Standing.CORROBORATED
    assert combine([radar(state=State.ESTABLISHED), layer("hls")]).state is Standing.CORROBORATED


def test_what_names_the_change_leads_as_soon_as_it_is_plain() -> None:
    vague = layer("s1", weight=99.0)
    assert combine([source(state=State.WATCH), vague]).leading == vague.id
    assert combine([source(state=State.PROBABLE), vague]).leading == "s1"


def test_ground_that_changed_makes_no_camp_of_a_burning() -> None:
    camp = radar(kind="camp_change", settlement="")
    assert belongs(layer("hls"), [camp])
    assert not belongs(camp, [layer("hls"), source()])


def test_one_fire_over_two_settlements_stays_two_events() -> None:
    burned = source()
    assert belongs(layer("s1"), [burned])
    assert not belongs(radar(settlement="v2"), [burned, layer("s1")])


def test_over_a_border_of_the_grid_a_detector_may_tell_of_one_event_twice() -> None:
    members = [source(), layer("s1", cell="a")]
    assert belongs(layer("s1", id="s6", cell="b"), members)
    assert not belongs(layer("s1", id="s6", cell="a"), members)


SOURCES = st.builds(
    lambda number, groups, state, reached, begin, length, weight: source(
        id=f"s{number}", detector=f"d{number}", groups=groups, state=state, reached=reached,
        last_unharmed=None if begin is None else NOON + begin * DAY,
        first_changed=NOON + ((begin or 0) + length) * DAY,
        last_detected=NOON + 90 * DAY, weight=weight,
    ),
    st.integers(0, 99),
    st.sampled_from([("optical",), ("radar",), ("heat",), ("optical", "radar"), ("layer:x",)]),
    st.sampled_from(list(State)),
    st.sampled_from([State.WATCH, State.PROBABLE, State.ESTABLISHED]),
    st.none() | st.integers(-20, 20),
    st.integers(1, 20),
    st.floats(-5, 30),
)  # fmt: skip
MANY = st.lists(SOURCES, min_size=1, max_size=4, unique_by=lambda one: one.id)


@given(MANY)
def test_the_order_in_which_sources_come_changes_nothing(sources: list[Source]) -> None:
    told = {repr(combine(list(order))) for order in permutations(sources)}
    assert len(told) == 1


@given(MANY)
def test_the_interval_is_never_empty_and_within_what_the_sources_say(
    sources: list[Source],
) -> None:
    combined = combine(sources)
    assert combined.first_changed in {one.first_changed for one in sources}
    assert combined.last_unharmed in {one.last_unharmed for one in sources}
    if combined.last_unharmed is not None:
        assert combined.last_unharmed < combined.first_changed


@given(MANY, SOURCES)
def test_another_source_never_lowers_the_state(sources: list[Source], more: Source) -> None:
    more = dataclasses.replace(more, id="more")
    order = list(Standing)
    before, after = combine(sources).state, combine([*sources, more]).state
    if before is not Standing.CLOSED:
        assert after is not Standing.CLOSED
        assert order.index(after) >= order.index(before)


@given(MANY)
def test_corroborated_takes_two_that_share_nothing(sources: list[Source]) -> None:
    if combine(sources).state is Standing.CORROBORATED:
        sure = [one for one in sources if not one.has_lapsed and level_of(one) is Level.ESTABLISHED]
        assert any(not set(one.groups) & set(two.groups) for one in sure for two in sure)
        assert all(one.groups != ("heat",) for one in sure)


@given(MANY)
def test_how_far_a_source_is_apart_is_told_alike_from_both_sides(sources: list[Source]) -> None:
    for one in sources:
        for other in sources:
            assert apart(one, [other]) == apart(other, [one]) >= timedelta(0)
