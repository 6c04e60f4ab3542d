from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearthwatch.passes.calendar import (
    MISSES,
    SAME,
    Pass,
    ended,
    expected,
    flown,
    late,
    missing,
    passes_of,
)
from tests.unit.hearthwatch.passes.constellation import START, Satellite, at
from tests.unit.hearthwatch.passes.constellation import flown as passes_flown

CYCLES = st.sampled_from([5, 6, 10, 12])


@st.composite
def constellations(draw: st.DrawFn) -> list[Satellite]:
    """Up to three satellites on up to two orbits, none in another's place."""
    found = []
    for orbit in draw(st.sampled_from([(78,), (78, 121)])):
        cycle = draw(CYCLES)
        slots = draw(st.lists(st.integers(0, cycle - 1), min_size=1, max_size=3, unique=True))
        found += [
            Satellite(f"sentinel-2{name}", orbit, cycle, slot + orbit / 1000)
            for name, slot in zip("abc", slots, strict=False)
        ]
    return found


def days_of(passes: list, orbit: int) -> list[int]:
    return [round((one.expected - START) / timedelta(days=1)) for one in passes
            if one.relative_orbit == orbit]  # fmt: skip


@given(constellations())
def test_every_later_pass_of_a_steady_constellation_is_foretold(ships: list[Satellite]) -> None:
    history = passes_flown(ships, 60)
    truth = [one for one in passes_flown(ships, 75) if one.sensed > at(60)]
    foretold = expected(history, at(60), at(74))
    for one in truth:
        if one.sensed <= at(73.9):
            assert any(
                e.relative_orbit == one.relative_orbit and abs(e.expected - one.sensed) <= e.within
                for e in foretold
            ), one
    for e in foretold:
        assert any(
            e.relative_orbit == one.relative_orbit and abs(e.expected - one.sensed) <= e.within
            for one in truth
        ), e


@given(constellations(), st.randoms(use_true_random=False))
def test_passes_that_were_never_delivered_neither_hide_nor_make_a_rhythm(
    ships: list[Satellite], luck: object
) -> None:
    listed, lost = [], []
    # Of each satellite's passes, two came before any that was lost: a rhythm can be heard.
    came: dict[tuple[int, str | None], int] = {}
    for one in passes_flown(ships, 100):
        name = one.relative_orbit, one.platform
        is_lost = came.get(name, 0) >= 3 and luck.random() < 0.4  # type: ignore[attr-defined]
        came[name] = 1 if is_lost else came.get(name, 0) + 1
        (lost if is_lost else listed).append(one)
    due = missing(expected(listed, at(0), at(100)), listed)
    found = sorted((e.relative_orbit, round((e.expected - START) / SAME)) for e in due)
    assert found == sorted((one.relative_orbit, round((one.sensed - START) / SAME)) for one in lost)


@given(CYCLES, st.integers(3, 9))
def test_a_satellite_that_stops_is_waited_for_a_few_times_and_then_given_up(
    cycle: int, count: int
) -> None:
    dead = Satellite("sentinel-1b", 21, cycle, 0, stops=count * cycle, sensor="sentinel-1-grd")
    alive = Satellite("sentinel-1a", 94, cycle, 3, sensor="sentinel-1-grd")
    end = count * cycle + 6 * cycle
    history = passes_flown([dead, alive], end)
    due = missing(expected(history, at(0), at(end)), history)
    first = (count - 1) * cycle
    assert days_of(list(due), 21) == [first + turn * cycle for turn in range(1, MISSES + 1)]
    assert days_of(list(due), 94) == []
    (given_up,) = ended(history, at(end))
    assert (given_up.platform, given_up.relative_orbit) == ("sentinel-1b", 21)
    assert given_up.cycle_days == cycle
    assert given_up.last == dead.passes(end)[-1].sensed
    assert flown(history, at(end)) == {("sentinel-1-grd", 94)}


def test_an_orbit_is_not_given_up_before_its_last_chance_is_36_hours_past() -> None:
    dead = Satellite("sentinel-2a", 78, 10, 0, stops=45)
    alive = Satellite("sentinel-2b", 78, 10, 5)
    last_chance = 40 + MISSES * 10
    history = passes_flown([dead, alive], last_chance)
    assert ended(history, at(last_chance + 1.4)) == ()
    assert [one.platform for one in ended(history, at(last_chance + 1.6))] == ["sentinel-2a"]


def test_a_satellite_that_joins_is_expected_from_its_second_pass_on() -> None:
    old = Satellite("sentinel-2b", 78, 10, 0)
    new = Satellite("sentinel-2c", 78, 10, 5, starts=60)
    history = passes_flown([old, new], 76)
    foretold = expected(history, at(76), at(100))
    assert days_of(list(foretold), 78) == [80, 85, 90, 95, 100]
    # By one pass nobody knows yet whether it will come again.
    once = [one for one in history if one.sensed < at(66)]
    assert days_of(list(expected(once, at(66), at(80))), 78) == [70, 80]


def test_a_newcomer_whose_second_pass_was_lost_is_expected_by_the_cycle_of_its_family() -> None:
    old = Satellite("sentinel-1a", 21, 12, 0, sensor="sentinel-1-grd")
    new = Satellite("sentinel-1c", 21, 12, 6, starts=60, sensor="sentinel-1-grd")
    history = [
        one for one in passes_flown([old, new], 92)
        if not (one.platform == "sentinel-1c" and at(75) < one.sensed < at(85))
    ]  # fmt: skip
    assert days_of(list(expected(history, at(92), at(103))), 21) == [96, 102]


def test_a_satellite_that_was_moved_is_expected_at_its_new_place_only() -> None:
    before = Satellite("sentinel-2a", 78, 10, 0, stops=91)
    after = Satellite("sentinel-2a", 78, 10, 93, starts=93)
    history = passes_flown([before, after], 125)
    assert days_of(list(expected(history, at(125), at(150))), 78) == [133, 143]
    assert ended(history, at(125)) == ()
    # The place it has left was waited for at most until it was seen elsewhere.
    assert days_of(list(missing(expected(history, at(0), at(125)), history)), 78) == []


def test_another_satellite_that_takes_a_place_over_is_no_gap() -> None:
    old = Satellite("sentinel-2a", 78, 10, 0, stops=55)
    heir = Satellite("sentinel-2c", 78, 10, 60, starts=60)
    history = passes_flown([old, heir], 130)
    foretold = expected(history, at(0), at(129))
    assert missing(foretold, history) == ()
    assert ended(history, at(130)) == ()
    assert len({e.key for e in foretold}) == len(foretold)


def test_a_pass_is_late_36_hours_after_it_was_due_and_not_before() -> None:
    history = passes_flown([Satellite("sentinel-2a", 78, 10, 0)], 35)
    due = missing(expected(history, at(30.5), at(45)), history)
    moment = due[0].expected + timedelta(hours=36)
    assert due[0].key == "expected_sentinel-2-l2a_R078_20250210"
    assert late(due, moment - timedelta(seconds=1)) == ()
    assert late(due, moment) == due[:1]


def test_a_rhythm_older_than_half_a_year_says_nothing_of_today() -> None:
    history = passes_flown([Satellite("sentinel-2a", 78, 10, 0, stops=60)], 60)
    assert expected(history, at(230), at(260)) == ()


@pytest.mark.parametrize("count", [0, 1])
def test_without_a_gap_to_learn_from_nothing_is_expected(count: int) -> None:
    history = [Pass("sentinel-2-l2a", 78, at(0), "sentinel-2a")][:count]
    assert expected(history, at(0), at(60)) == ()
    assert ended(history, at(60)) == ()


@given(constellations(), st.randoms(use_true_random=False))
def test_the_calendar_does_not_depend_on_the_order_in_which_products_came(
    ships: list[Satellite], luck: object
) -> None:
    history = passes_flown(ships, 50)
    shuffled = list(history)
    luck.shuffle(shuffled)  # type: ignore[attr-defined]
    window = at(20), at(80)
    assert expected(shuffled, *window) == expected(history, *window)


def test_tiles_of_one_pass_are_one_pass_and_scenes_without_an_orbit_none(scene_at: object) -> None:
    scenes = [
        scene_at(0, tile="36NXF"),  # type: ignore[operator]
        scene_at(0.0001, tile="36NYF"),  # type: ignore[operator]
        scene_at(10, tile="36NXF"),  # type: ignore[operator]
        scene_at(12, tile="36NXF", orbit=None),  # type: ignore[operator]
    ]
    found = passes_of(scenes)
    assert [(one.relative_orbit, one.sensed) for one in found] == [(78, at(0)), (78, at(10))]
