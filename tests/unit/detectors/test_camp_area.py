"""A camp of known ground is drawn, and its area and course must come out of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.camp_area import KEPT, LATEST, Area, latest, measured, noted
from detectors.camp_record import lasted

SIDE = 40
SQUARE = np.zeros((SIDE, SIDE), bool)
SQUARE[10:20, 10:20] = True


def drawn(share):
    """Return what two features move by where a share of each cell is a camp."""
    return np.stack([np.log1p(3.0 * share), np.log1p(1.5 * share)]).astype(np.float32)


def test_a_hundred_cells_are_four_hectares():
    area = measured(drawn(SQUARE.astype(float)), SQUARE, SQUARE, 7)
    assert area == Area(7, 4.0, 4.0, 4.0)


def test_half_covered_cells_widen_the_interval_and_trees_round_a_camp_do_not_count():
    share = SQUARE.astype(float)
    share[20, 10:20], share[9, 10:20], share[10:20, 20] = 0.6, 0.4, 0.1
    area = measured(drawn(share), SQUARE, SQUARE, 0)
    # Plain and weak cells are 4.0 and 4.8 ha; the bounds stand twice as far off.
    assert (area.low, area.hectares, area.high) == (3.6, 4.4, 5.2)


def test_an_interval_does_not_reach_below_nothing():
    share = np.where(SQUARE, 0.6, 0.0)
    share[10, 10] = 1.0
    strong = np.zeros_like(SQUARE)
    strong[10, 10] = True
    area = measured(drawn(share), strong, SQUARE, 0)
    assert (area.low, area.hectares) == (0.0, 4.0)


def test_what_a_cloud_hides_is_taken_to_be_as_the_rest_and_too_little_is_not_measured():
    moved = drawn(SQUARE.astype(float))
    moved[:, 10:13, :] = np.nan
    area = measured(moved, SQUARE, SQUARE, 0)
    # 70 cells are seen, 30 of the camp are not.
    assert area.hectares == pytest.approx(70 * 0.04 * (1 + 30 / 70), abs=0.01)
    moved[:, 10:18, :] = np.nan
    assert measured(moved, SQUARE, SQUARE, 0) is None
    assert measured(drawn(np.zeros((SIDE, SIDE))), SQUARE, SQUARE, 0) is None


@given(st.lists(st.integers(1, 40), min_size=1, max_size=150))
def test_a_course_keeps_its_beginning_and_its_end_and_never_grows_beyond_its_bound(gaps):
    course, days = [], np.cumsum(gaps)
    for day in days:
        course = noted(course, Area(int(day), 1.0, 0.5, 2.0))
    assert len(course) == min(len(days), KEPT)
    kept = [point[0] for point in course]
    assert kept == sorted(kept)
    assert kept[0] == days[0]
    assert kept[-LATEST:] == days[-LATEST:].tolist()


def test_one_odd_look_does_not_move_the_area_that_is_told():
    course = []
    for day, hectares in enumerate((3.0, 3.2, 9.0)):
        course = noted(course, Area(day, hectares, hectares - 1, hectares + 1))
    assert latest(course) == Area(2, 3.2, 2.2, 4.2)
    assert latest([]) is None


def test_a_camp_has_lasted_as_long_as_a_hectare_of_it():
    run = np.array([5] * 25 + [1] * 100, np.int16)
    assert lasted(run) == 5
    assert lasted(run[1:]) == 1
    assert lasted(run[:10]) == 5
