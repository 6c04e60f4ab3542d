"""What real pixels of other places say of the features and the detector of burned settlements.

None of them is a burned village; docs/data-and-features.md tells which can show what. A test that
is expected to fail says where the detector falls short on real pixels today.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from rasterio.features import rasterize

from detectors.burn_features import CHAR_FRACTION, CHAR_INDEX, NEAR_INFRARED, VISIBLE, burn_features
from detectors.endmembers import Surface, spectrum
from detectors.indices import nbr_swir
from tests.science.belgian_fields import watch
from tests.science.pixel_series import follow, hls, sentinel2

pytestmark = pytest.mark.shared_data

LAST_BEFORE, FIRST_AFTER = datetime(2024, 3, 15, tzinfo=UTC), datetime(2024, 3, 23, tzinfo=UTC)
"""Looks at the Sichuan pixel between which it burned, read off the series."""
ALERTS = ("PROBABLE", "ESTABLISHED")


@pytest.fixture(scope="module")
def forest(shared_data):
    return hls(shared_data / "hls-s2-pixel-series" / "1_hls_sc.csv")


@pytest.fixture(scope="module")
def watched_forest(forest):
    return follow(forest)


@pytest.fixture(scope="module")
def crop(shared_data):
    return sentinel2(shared_data / "hls-s2-pixel-series" / "3_crop_sentinel2.csv")


@pytest.fixture(scope="module")
def fields(shared_data):
    return watch(shared_data / "s2-worldcereal-belgium" / "worldcereal_preprocessed_inputs.nc")


def shift(series, feature):
    """Median of a feature in the first five clear looks after the fire less that of a year before.

    The same weeks of the year before: the season takes no part.
    """
    values = burn_features(series.reflectance[:, :, None], series.bands)[:, feature, 0]
    after = [n for n, t in enumerate(series.sensed) if series.clear[n] and t >= FIRST_AFTER][:5]
    until = series.sensed[after[-1]]
    year = [
        n
        for n, t in enumerate(series.sensed)
        if series.clear[n] and FIRST_AFTER.replace(year=2023) <= t <= until.replace(year=2023)
    ]
    assert len(year) >= 3
    return float(np.median(values[after]) - np.median(values[year]))


@pytest.mark.parametrize("feature", [NEAR_INFRARED, CHAR_INDEX, CHAR_FRACTION])
def test_a_forest_pixel_that_burned_moves_as_burning_is_said_to(forest, feature):
    assert shift(forest, feature) > 0.1


def test_a_forest_pixel_that_burned_turned_brighter_in_the_visible_not_darker(forest):
    # Burned canopy lays bare pale ground: what char and ash alone would do is not what was seen.
    assert shift(forest, VISIBLE) < -0.1


def test_nine_years_of_a_forest_pixel_bring_no_false_report(watched_forest):
    assert len([sensed for sensed in watched_forest.scored if sensed < FIRST_AFTER]) > 450
    assert not [s for s, _ in watched_forest.reached(*ALERTS) if s < FIRST_AFTER]
    assert len([s for s, _ in watched_forest.reached("WATCH") if s < FIRST_AFTER]) <= 3


def test_the_burned_forest_pixel_is_found_within_five_looks_and_dated_rightly(watched_forest):
    after = [sensed for sensed in watched_forest.scored if sensed >= FIRST_AFTER]
    found = [(s, one) for s, one in watched_forest.reached(*ALERTS) if s >= FIRST_AFTER]
    assert found
    reached, first = found[0]
    assert reached <= after[4]
    assert first.last_unharmed.date() == LAST_BEFORE.date()
    assert first.first_changed.date() == FIRST_AFTER.date()


@pytest.mark.xfail(reason="a pixel without surroundings cannot tell ploughing from burning")
def test_a_ploughed_field_without_surroundings_is_not_reported(crop):
    told = follow(crop)
    assert len(told.scored) > 100
    assert not told.reached(*ALERTS)


@pytest.mark.xfail(reason="half a year of looks teaches no season: harvest is taken for fire")
def test_harvest_of_fields_that_were_learned_for_half_a_year_is_not_reported(fields):
    assert fields.scored > 200
    assert not [one for _, one in fields.findings if one.state.value in ALERTS]


def test_what_is_reported_of_fields_says_what_weakens_it(fields):
    told = [one for _, one in fields.findings if one.state.value in ALERTS]
    for one in told:
        assert "no look shows the settlement plainly unharmed before" in one.doubts
        assert "its surroundings could not be compared with" in one.doubts
    assert len({one.place for one in told}) <= 8


def test_no_field_of_any_month_looks_like_char_in_the_short_wave_infrared(fields):
    cores = fields.values[:, :, CHAR_INDEX, 0]
    short, long = spectrum(Surface.CHAR, ("B11", "B12"))
    assert np.isfinite(cores).sum() > 1000
    assert np.nanmax(cores) < 0.0 < float(nbr_swir(short, long))


def test_a_wildfire_moves_the_features_against_the_ground_around_it(shared_data):
    folder = shared_data / "landsat-bc-wildfire-2006"
    before, after = (_against_surroundings(folder, year) for year in (2005, 2006))
    moved = after - before
    assert moved[NEAR_INFRARED] > 0.2
    assert moved[CHAR_INDEX] > 0.05
    assert moved[CHAR_FRACTION] > 0.0
    assert moved[VISIBLE] < 0.0


def _against_surroundings(folder, year):
    """Return each feature's mean inside the burn less that outside."""
    _, _, outlines, _ = pyogrio.raw.read(folder / "bc06_wildfire_restoration_site.gpkg")
    with rasterio.open(folder / "bc06_wildfire_landsat_BAP" / f"{year}.tif") as source:
        pixels, transform = source.read(), source.transform
    burned = rasterize(shapely.from_wkb(outlines), pixels.shape[1:], transform=transform) == 1
    bands = ("B02", "B03", "B04", "B8A", "B11", "B12")
    features = burn_features(pixels.reshape(1, len(bands), -1), bands)[0]
    inside = burned.ravel()
    return np.nanmean(features[:, inside], 1) - np.nanmean(features[:, ~inside], 1)
