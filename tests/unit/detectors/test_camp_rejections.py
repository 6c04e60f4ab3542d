"""Every reason why ground is no camp is drawn and must be given, and a camp none of them."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.camp_rejections import (
    Marks,
    RejectionRules,
    Shape,
    likenesses,
    rejections,
    shape_of,
)

CAMP = Marks(Shape(0.7, 180.0), 1.2, 0.8, 0.6, -0.4, -0.5, -0.1, 0.3)
RULES = RejectionRules()


def test_a_mottled_bare_bright_patch_is_held_back_by_nothing():
    assert rejections(CAMP, RULES) == ()
    assert likenesses(CAMP, RULES) == ()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"wet": 0.3}, "under water"),
        ({"char": 0.4}, "charred"),
        ({"brighter": -0.4}, "darker"),
        ({"bare": -1.5}, "plants grow"),
        ({"shape": Shape(0.5, 20.0)}, "strip"),
        ({"rougher": 0.0}, "no more mottled"),
        ({"rougher": 0.0, "shape": Shape(0.95, 180.0)}, "as a field"),
        ({"rows": 0.9, "shape": Shape(0.95, 180.0)}, "rows of one direction"),
    ],
)
def test_what_is_something_else_is_told_so_in_words(what, words):
    reasons = rejections(replace(CAMP, **what), RULES)
    assert len(reasons) == 1
    assert words in reasons[0]


def test_what_was_not_seen_is_no_reason_but_texture_is_needed():
    unseen = replace(CAMP, wet=np.nan, char=np.nan, rows=np.nan, bare=np.nan, brighter=np.nan)
    assert rejections(unseen, RULES) == ()
    assert rejections(replace(CAMP, rougher=np.nan), RULES) != ()


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ({"bare": -0.05, "rougher": 0.9}, "as a quarry"),
        ({"rows": 0.6, "rougher": 0.4}, "as solar panels"),
    ],
)
def test_what_may_be_a_camp_and_looks_like_something_else_is_told_and_not_held_back(what, words):
    like = replace(CAMP, **what)
    assert rejections(like, RULES) == ()
    (said,) = likenesses(like, RULES)
    assert words in said
    # A camp is far more mottled than rock or panels.
    assert likenesses(replace(like, rougher=1.4), RULES) == ()


def test_ground_that_had_no_plants_before_is_not_like_a_quarry():
    assert likenesses(replace(CAMP, bare=-0.05, barer=0.1), RULES) == ()
    unseen = replace(CAMP, rows=np.nan, bare=np.nan, barer=np.nan, rougher=np.nan)
    assert likenesses(unseen, RULES) == ()


def test_a_road_is_as_broad_as_it_is_and_a_square_is_a_rectangle():
    road, square = np.zeros((40, 40), bool), np.zeros((40, 40), bool)
    road[5:35, 10:13] = True
    square[10:20, 10:20] = True
    assert shape_of(road).broadest_m == 60.0
    assert shape_of(square).broadest_m == 180.0
    assert shape_of(square).rectangularity == 1.0
    disc = np.hypot(*np.mgrid[-15:16, -15:16]) <= 12
    # A disc fills pi/4 of its square.
    assert shape_of(disc).rectangularity == pytest.approx(np.pi / 4, abs=0.04)


def test_gaps_between_tents_make_no_strip_of_a_camp():
    camp = np.zeros((30, 30), bool)
    camp[5:25, 5:25] = True
    camp[10:20:4, 10:20:4] = False
    assert shape_of(camp).broadest_m > 200.0


def test_an_empty_mask_has_no_shape():
    with pytest.raises(ValueError, match="no shape"):
        shape_of(np.zeros((3, 3), bool))


@given(st.integers(1, 12), st.integers(1, 12))
def test_a_rectangle_along_the_grid_fills_its_rectangle(rows, columns):
    mask = np.zeros((16, 16), bool)
    mask[2 : 2 + rows, 2 : 2 + columns] = True
    shape = shape_of(mask)
    assert shape.rectangularity == pytest.approx(1.0, abs=1e-9)
    assert shape.broadest_m <= min(rows, columns) * 20.0 + 20.0
