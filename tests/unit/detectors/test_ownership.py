"""Changed ground joins what stands beside it, or founds an object; nothing else moves."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from scipy import ndimage

from detectors.ownership import Held, adopt

SHAPE = (9, 11)


def near(one: Held, other: Held) -> bool:
    return abs(one.day - other.day) <= 5


def large(part: NDArray[np.bool_], window: object) -> bool:
    return bool(part.sum() >= 3)


def taken(free, label, day=100, held=None, number=1):
    held = {} if held is None else held
    after = adopt(free, np.full(SHAPE, day), label, held, near, large, number)
    return held, after


@given(hnp.arrays(np.bool_, SHAPE))
def test_every_component_large_enough_is_one_object_and_no_other_ground_is(free):
    label = np.zeros(SHAPE, np.uint32)
    held, after = taken(free, label)
    parts, count = ndimage.label(free)
    sizes = ndimage.sum_labels(free, parts, range(1, count + 1))
    assert after - 1 == len(held) == int((np.asarray(sizes) >= 3).sum())
    assert not label[~free].any()
    for key, one in held.items():
        mask = label == key
        assert len(np.unique(parts[mask])) == 1
        assert one == Held(100, int(mask.sum())) and one.pixels >= 3


@given(hnp.arrays(np.bool_, SHAPE), st.integers(80, 120))
def test_ground_that_has_an_owner_keeps_it(free, day):
    label = np.zeros(SHAPE, np.uint32)
    label[4, 2:8] = 7
    free &= label == 0
    before = label.copy()
    held, after = taken(free, label, day, {7: Held(100, 6)}, number=9)
    assert (label[before == 7] == 7).all() and (label[~free] == before[~free]).all()
    assert sorted(held) == [7, *range(9, after)]


def test_of_two_objects_beside_it_ground_joins_the_one_nearest_in_time():
    label = np.zeros(SHAPE, np.uint32)
    label[2, :5], label[4, :5] = 1, 2
    free = np.zeros(SHAPE, bool)
    free[3, :5] = True
    taken(free, label, 103, {1: Held(99, 5), 2: Held(101, 5)}, 3)
    assert (label[3, :5] == 2).all()


def test_ground_that_changed_at_another_time_is_an_object_of_its_own():
    label = np.zeros(SHAPE, np.uint32)
    label[2, :5] = 1
    free = np.zeros(SHAPE, bool)
    free[3, :5] = True
    held, after = taken(free, label, 106, {1: Held(100, 5)}, 4)
    assert (label[3, :5] == 4).all() and held[4] == Held(106, 5) and after == 5


def test_a_touch_at_a_corner_is_none():
    label = np.zeros(SHAPE, np.uint32)
    label[2, 2] = 1
    free = np.zeros(SHAPE, bool)
    free[3, 3] = True
    taken(free, label, 100, {1: Held(100, 1)}, 2)
    assert label[3, 3] == 0
