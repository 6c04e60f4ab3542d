"""A range of people from an area and a density: wide, rounded outwards, and never one number."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hearthwatch.people import Density, people_range


def test_the_ends_are_those_of_both_intervals_together():
    found = people_range(4.0, 5.0, Density(100.0, 300.0))
    assert (found.low, found.high) == (400, 1500)
    assert found.in_words() == (
        "From 400 to 1,500 people, if 100 to 300 live on each hectare, as the user has set it, "
        "and the site covers 4.00 to 5.00 ha (95 %); nobody was counted."
    )
    assert found.as_value() == {"low": 400, "high": 1500, "method": found.method}


def test_ends_are_rounded_outwards_to_two_digits():
    found = people_range(1.237, 1.237, Density(100.0, 1000.0))
    assert (found.low, found.high) == (120, 1300)


@given(
    low=st.floats(0.0, 500.0), wider=st.floats(0.0, 500.0), least=st.floats(0.1, 1000.0),
    more=st.floats(0.1, 1000.0),
)  # fmt: skip
def test_the_range_holds_what_every_area_and_density_within_would_give(low, wider, least, more):
    found = people_range(low, low + wider, Density(least, least + more))
    for area in (low, low + wider):
        for density in (least, least + more):
            assert found.low <= area * density * (1 + 1e-9)
            assert area * density <= found.high * (1 + 1e-9)


@pytest.mark.parametrize(
    ("low", "high"), [(0.0, 100.0), (-1.0, 5.0), (100.0, 100.0), (300.0, 100.0),
                      (math.nan, 5.0), (1.0, math.inf), (1.0, 1e9)],
)  # fmt: skip
def test_what_is_no_range_of_densities_is_refused(low, high):
    with pytest.raises(ValueError, match="density"):
        Density(low, high)


@pytest.mark.parametrize(("low", "high"), [(-1.0, 2.0), (3.0, 2.0), (0.0, math.nan)])
def test_what_is_no_interval_of_areas_is_refused(low, high):
    with pytest.raises(ValueError, match="area"):
        people_range(low, high, Density(1.0, 2.0))
