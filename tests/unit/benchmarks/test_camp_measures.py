"""Worlds are written down look by look, and what they come to is counted by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from benchmarks.camp_measures import (
    annual_maxima,
    area_errors,
    false_objects,
    false_watches,
    found_after,
    found_in_sight,
    reached,
)
from benchmarks.camp_worlds import Seen, World

START = datetime(2019, 1, 1, tzinfo=UTC)


def seen(look, number=1, score=20.0, *, ready=True, told=True, mine=True, area=None):
    return Seen(look, number, score, ready, told, 4, area, mine, ())


def world(*objects, hectares=(0.0, 1.0, 2.0, 3.0, 4.0, 4.0, 4.0, 4.0), in_sight=(1.0,) * 8):
    times = tuple(START + timedelta(days=10 * n) for n in range(len(hectares)))
    return World(times, hectares, objects, 2.0, in_sight)


def test_looks_are_counted_from_the_first_with_two_hectares():
    assert found_after(world(seen(2)), 9.0) == 1
    assert found_after(world(seen(5), seen(6)), 9.0) == 4
    assert found_after(world(seen(1)), 9.0) == 1
    assert found_after(world(seen(5, score=8.0)), 9.0) is None
    assert found_after(world(seen(5, ready=False), seen(6, mine=False)), 9.0) is None


def test_looks_that_do_not_show_the_camp_count_in_the_one_and_not_in_the_other():
    blind = (1.0, 1.0, 0.1, 0.4, 0.5, 1.0, 1.0, 1.0)
    one = world(seen(6), in_sight=blind)
    assert (found_after(one, 9.0), found_in_sight(one, 9.0)) == (5, 3)


def test_a_camp_that_is_large_on_too_few_looks_is_not_asked_for():
    assert reached(world())
    assert not reached(world(hectares=(0.0, 0.0, 2.0, 3.0, 4.0)))


def test_an_object_counts_once_and_a_camp_is_never_false():
    one = world(
        seen(2, 1, mine=False), seen(3, 1, mine=False), seen(3, 2, mine=False, ready=False),
        seen(4, 3, mine=False, ready=False, told=False), seen(4, 4),
    )  # fmt: skip
    assert (false_objects(one, 9.0), false_objects(one, 20.0)) == (1, 0)
    assert false_watches(one) == 2


def test_the_highest_score_of_each_year_is_kept():
    assert annual_maxima([world(seen(2, score=11.0), seen(4, score=13.0))]).tolist() == [
        13.0, float("-inf"),
    ]  # fmt: skip


def test_areas_are_held_against_the_truth_from_the_fifth_look_on():
    one = world(
        seen(5, area=(9.0, 8.0, 10.0)), seen(6, area=(5.0, 3.9, 6.0)), seen(7, area=(3.0, 2.0, 3.5))
    )
    signed, sizes, inside, of = area_errors([one])
    assert signed == pytest.approx([0.0])
    assert sizes == pytest.approx([0.25])
    assert (inside, of) == (1, 2)
