"""Seasons are found from the course of green: one or two a year, on either side of the equator."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.season_calendar import (
    BIN_DAYS,
    BINS,
    Calendar,
    bin_of,
    calendar_of,
    season_of,
    smoothed,
)
from tests.science.pixel_series import sentinel2

MIDDLE = (np.arange(BINS) + 0.5) * 2.0 * np.pi / BINS


def course(peak_bin, rise=0.4, low=0.15):
    """Return a year of one rainy season whose green is highest in a half month."""
    return low + rise * (0.5 + 0.5 * np.cos(MIDDLE - MIDDLE[peak_bin])) ** 2


def bins_apart(one, other):
    away = abs(one - other) % BINS
    return min(away, BINS - away)


@given(peak=st.integers(0, BINS - 1))
def test_one_season_begins_half_a_year_from_its_peak_wherever_the_peak_lies(peak):
    found = calendar_of(course(peak))
    assert found is not None
    assert len(found.begins) == 1
    assert bins_apart(found.begins[0] / BIN_DAYS - 0.5, (peak + 12) % BINS) <= 2


@given(shift=st.integers(0, BINS - 1), missing=st.sets(st.integers(0, 7), max_size=4))
def test_two_rains_make_two_seasons_and_a_few_hidden_half_months_do_not_matter(shift, missing):
    year = np.roll(0.2 + 0.2 * np.cos(2.0 * MIDDLE) + 0.02 * np.cos(MIDDLE), shift)
    for one in missing:
        year[one * 3] = np.nan
    found = calendar_of(year)
    assert found is not None
    assert len(found.begins) == 2
    # cos(2x) is lowest a quarter of a year after each of its peaks.
    troughs = [(one / BIN_DAYS - 0.5 - shift) % 12.0 for one in found.begins]
    assert all(bins_apart(one, 6.0) <= 2 for one in troughs)


def test_a_small_second_rise_makes_no_second_season():
    assert len(calendar_of(course(14) + 0.3 * (course(2) - 0.15)).begins) == 1


def test_ground_that_hardly_greens_or_was_hardly_seen_has_no_calendar():
    assert calendar_of(course(10, rise=0.05)) is None
    hidden = course(10)
    hidden[:10] = np.nan
    assert calendar_of(hidden) is None
    assert calendar_of(np.full(BINS, np.nan)) is None


def test_gaps_are_filled_along_straight_lines_round_the_turn_of_the_year():
    ramp = np.full(BINS, 0.3)
    ramp[[23, 0, 1]] = np.nan
    assert smoothed(ramp) == pytest.approx(np.full(BINS, 0.3))
    with pytest.raises(ValueError, match="nothing was seen"):
        smoothed(np.full(BINS, np.nan))


@given(
    begins=st.sampled_from([(40.0,), (200.0,), (10.0, 190.0)]),
    day=st.floats(0.0, 3000.0, allow_nan=False),
)
def test_every_time_lies_in_exactly_one_season_and_they_follow_each_other(begins, day):
    moment = datetime(2016, 1, 1, tzinfo=UTC) + timedelta(days=day)
    calendar = Calendar(begins)
    season = season_of(calendar, moment)
    assert season.begin <= moment < season.end
    assert 0.0 <= season.gone(moment) < 1.0
    assert season_of(calendar, season.end).begin == season.end
    assert season_of(calendar, season.end - timedelta(seconds=1)) == season


def test_seasons_are_named_by_their_years():
    south = season_of(Calendar((200.0,)), datetime(2020, 1, 5, tzinfo=UTC))
    assert south.name == "2019/20"
    first, second = (
        season_of(Calendar((10.0, 190.0)), datetime(2020, month, 1, tzinfo=UTC)) for month in (3, 9)
    )
    assert (first.name, first.slot) == ("2020, 1", 0)
    assert (second.name, second.slot) == ("2020/21, 2", 1)


@pytest.mark.parametrize("begins", [(), (1.0, 2.0, 3.0), (200.0, 10.0), (370.0,), (-1.0,)])
def test_days_that_are_no_calendar_are_refused(begins):
    with pytest.raises(ValueError, match="days of a year"):
        Calendar(begins)


@pytest.mark.shared_data
def test_a_real_field_of_wheat_and_maize_has_two_seasons(shared_data):
    series = sentinel2(shared_data / "hls-s2-pixel-series" / "3_crop_sentinel2.csv")
    at = {band: series.reflectance[:, n] for n, band in enumerate(series.bands)}
    good = series.clear & (at["B02"] < 0.25)
    green = (at["B8A"] - at["B04"]) / (at["B8A"] + at["B04"])
    bins = np.array([bin_of(moment) for moment in series.sensed])
    year = np.array([np.mean(green[good & (bins == one)]) for one in range(BINS)])
    found = calendar_of(year)
    assert found is not None
    # Wheat is harvested in June, maize at the end of September.
    first, second = found.begins
    assert 150.0 < first < 185.0
    assert 265.0 < second < 310.0
