"""Tilled pixels are counted by what they did, however much of the green a drought takes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import abandon_fields
from detectors.abandon_fields import FieldRules
from detectors.abandon_look import NEAR_SLOTS, SLOTS
from tests.support.drawn_fields import Country

RULES = FieldRules()
SEASON = 365.25 + np.arange(45.0, 385.0, 10.0)
"""Days from one trough of the drawn country to the next."""


def counted(country, days=SEASON, hidden=None, haze=()):
    """Return the counts of one season; `haze` names looks that are hazy all over."""
    rows = abandon_fields.new_rows(len(country.ids))
    for number, look in enumerate(country.looks(days, hidden)):
        usable = np.ones(len(country.ids), np.bool_)
        here = (days[number] + 2.4 - country.peak + 182.6) % 365.25 - 182.6
        greening = np.full(len(country.ids), np.exp(-((here / 60.0) ** 2)))
        if number in haze:
            values = look.places.patches.values
            values[0, values[0] != -32768] //= 2
        abandon_fields.take(rows, look.places.patches, usable, greening, RULES)
    return abandon_fields.tilled(rows, RULES)


def ratio(found):
    """Return ln of the tilled share near over that of the ring; half a pixel is added."""
    return np.log((found.near + 0.5) / (found.near_of + 1)) - np.log(
        (found.ring + 0.5) / (found.ring_of + 1)
    )


def test_as_many_fields_are_counted_as_were_drawn():
    found = counted(Country(settlements=3, near=0.4, ring=0.25))
    assert found.near_of.tolist() == found.ring_of.tolist() == [NEAR_SLOTS] * 3
    assert found.near / found.near_of == pytest.approx(np.full(3, 0.4), abs=0.05)
    assert found.ring / found.ring_of == pytest.approx(np.full(3, 0.25), abs=0.05)


def test_fallow_and_wild_ground_is_no_field():
    assert counted(Country(unsown=lambda _: 1.0)).near.max() <= 3


@settings(max_examples=8)
@given(severity=st.floats(0.0, 0.7), seed=st.integers(0, 20))
def test_a_drought_of_any_size_leaves_the_difference_to_the_ring_unmoved(severity, seed):
    usual = ratio(counted(Country(settlements=1, seed=seed)))
    dry = ratio(counted(Country(settlements=1, seed=seed, dry=lambda _: severity)))
    assert dry == pytest.approx(usual, abs=0.08)


@settings(max_examples=8)
@given(unsown=st.floats(0.0, 0.7), seed=st.integers(0, 20))
def test_fields_that_nobody_sows_near_or_far_leave_it_unmoved_within_the_noise_of_counting(
    unsown, seed
):
    usual = counted(Country(settlements=1, seed=seed))
    few = counted(Country(settlements=1, seed=seed, unsown=lambda _: unsown))
    noise = 4.0 * np.sqrt(1.0 / few.near[0] + 1.0 / few.ring[0])
    assert ratio(few) == pytest.approx(ratio(usual), abs=noise)


@settings(max_examples=6)
@given(first=st.floats(0.0, 9.0), peak=st.floats(0.0, 365.0))
def test_neither_the_days_of_the_looks_nor_the_time_of_the_rains_moves_the_count(first, peak):
    days = 365.25 + (peak - 185.0) % 365.25 + first + np.arange(0.0, 355.0, 10.0)
    found = counted(Country(settlements=1, peak=peak), days)
    assert found.near[0] / NEAR_SLOTS == pytest.approx(0.4, abs=0.06)


def test_one_hazy_look_makes_no_field():
    country = Country(settlements=1, near=0.0, ring=0.0)
    assert counted(country, haze=(14,)).near[0] <= 3


def test_pixels_that_were_seldom_seen_are_not_counted():
    hidden = np.zeros((SEASON.size, SLOTS), np.bool_)
    hidden[3:, :100] = True
    found = counted(Country(settlements=1), hidden=hidden)
    assert found.near_of[0] == NEAR_SLOTS - 100
