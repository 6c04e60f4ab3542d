"""How burns fade and pixels mix, against sums done by hand."""

import math
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearthwatch.exercise.model import Burn, Residues, Village, darkened, mix
from tests.unit.hearthwatch.exercise.drawn import DAY, burn, core

share = st.floats(0.0, 1.0)


def one(value):
    return np.array([[value]])


def test_the_mark_is_whole_on_the_day_half_after_its_half_life_and_absent_before():
    fire = burn(half_life_days=40.0)
    assert fire.mark_left(DAY) == 1.0
    assert fire.mark_left(DAY + timedelta(days=40)) == pytest.approx(0.5)
    assert fire.mark_left(DAY + timedelta(days=80)) == pytest.approx(0.25)
    assert fire.mark_left(DAY - timedelta(microseconds=1)) == 0.0


def test_ash_falls_to_a_share_of_1_over_e():
    fire = burn(ash_share=0.6, ash_days=7.0)
    assert fire.ash_left(DAY) == 0.6
    assert fire.ash_left(DAY + timedelta(days=7)) == pytest.approx(0.6 / math.e)


def test_half_a_pixel_burned_whole_into_char_shows_half_char():
    fire = burn(completeness=1.0, ash_share=0.0)
    mixed = mix(one(0.30), one(0.5)[np.newaxis], [fire], DAY, 0.04, 0.22)
    assert mixed.item() == pytest.approx(0.5 * 0.30 + 0.5 * 0.04)


def test_two_burns_take_their_own_ground_and_their_own_age():
    first = burn(completeness=1.0, ash_share=0.0, half_life_days=30.0)
    second = burn(DAY + timedelta(days=30), completeness=0.5, ash_share=1.0)
    covers = np.array([one(0.4), one(0.2)])
    mixed = mix(one(0.30), covers, [first, second], DAY + timedelta(days=30), 0.04, 0.22)
    # 0.4 of the pixel is half faded; 0.2 of it burned by half, into ash alone.
    assert mixed.item() == pytest.approx(0.30 + 0.2 * (0.04 - 0.30) + 0.1 * (0.22 - 0.30))


@given(before=st.floats(-0.02, 1.2), cover=st.floats(0.01, 1.0), completeness=st.floats(0.05, 1.0),
       days=st.floats(0.0, 300.0))  # fmt: skip
def test_the_burned_share_comes_back_from_the_mixture(before, cover, completeness, days):
    fire = burn(completeness=completeness, half_life_days=90.0, ash_days=10.0, ash_share=0.5)
    char, ash = 2.0, 3.0
    mixed = mix(one(before), one(cover)[np.newaxis], [fire], DAY + timedelta(days=days), char, ash)
    left = 0.5 * math.exp(-days / 10.0)
    residue = left * ash + (1 - left) * char
    unmixed = (mixed.item() - before) / (residue - before) / 0.5 ** (days / 90.0) / completeness
    assert unmixed == pytest.approx(cover, rel=1e-5)


@given(before=share, cover=share, completeness=share, ash_share=share, char=share, ash=share,
       days=st.floats(-10.0, 400.0))  # fmt: skip
def test_a_mixture_lies_between_what_is_mixed(
    before, cover, completeness, ash_share, char, ash, days
):
    fire = burn(completeness=completeness, ash_share=ash_share)
    at = DAY + timedelta(days=days)
    mixed = mix(one(before), one(cover)[np.newaxis], [fire], at, char, ash).item()
    assert min(before, char, ash) - 1e-12 <= mixed <= max(before, char, ash) + 1e-12
    if at < DAY:
        assert mixed == before


def test_bare_ground_that_falls_under_the_whole_curve_counts_as_dark():
    before = {"B04": np.full((1, 5), 0.18), "B08": np.full((1, 5), 0.26)}
    after = {"B04": np.full((1, 5), 0.05), "B08": np.array([[0.09, 0.11, 0.09, 0.09, np.nan]])}
    classes = np.array([[5, 5, 3, 9, 5]])
    # Too bright in B08, a shadow already, a cloud, not seen.
    assert darkened(classes, before, after).tolist() == [[True, False, False, False, False]]


def test_what_was_dark_before_keeps_its_class():
    dark = {"B04": one(0.05), "B08": one(0.09)}
    assert not darkened(np.array([[4]]), dark, dark).any()


@pytest.mark.parametrize("bands", [("B02", "B04"), ("B08", "B8A"), ("B11",), ()])
def test_without_visible_and_near_infrared_no_class_changes(bands):
    before, after = {b: one(0.3) for b in bands}, {b: one(0.01) for b in bands}
    assert not darkened(np.array([[5]]), before, after).any()


@pytest.mark.parametrize(
    "wrong",
    [{"share": 1.2}, {"completeness": -0.1}, {"ash_share": 2.0}, {"ash_days": 0.0},
     {"half_life_days": -1.0}],
)  # fmt: skip
def test_a_burn_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Burn(DAY, **wrong)


def test_a_date_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        Burn(datetime(2018, 6, 1))  # noqa: DTZ001


@pytest.mark.parametrize("wrong", [{"huts": 1.01}, {"hut_radius_m": 0.0}, {"seed": -1}])
def test_a_village_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Village(core(), **wrong)


def test_residues_hold_the_same_bands():
    with pytest.raises(ValueError, match="same bands"):
        Residues({"B04": 0.1}, {"B08": 0.1})
