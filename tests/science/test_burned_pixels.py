"""What real pixels of other places say of the features and the detector of burned settlements.

None of them is a burned village; docs/data-and-features.md tells which can show what.
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
from tests.science.figures import Figure, record
from tests.science.pixel_series import follow, hls, sentinel2

pytestmark = pytest.mark.shared_data

LAST_BEFORE, FIRST_AFTER = datetime(2024, 3, 15, tzinfo=UTC), datetime(2024, 3, 23, tzinfo=UTC)
"""Looks at the Sichuan pixel between which it burned, read off the series."""
SECOND_AFTER = datetime(2024, 3, 29, tzinfo=UTC)
ALERTS = ("PROBABLE", "ESTABLISHED")
SIX = ("B02", "B03", "B04", "B8A", "B11", "B12")
PIXELS, FIELDS = "hls-s2-pixel-series", "s2-worldcereal-belgium"
LATTICES = ((30.0, 80.0), (40.0, 70.0))
"""Radius and step of places laid over the fields, m."""


@pytest.fixture(scope="module")
def forest(shared_data):
    return hls(shared_data / PIXELS / "1_hls_sc.csv")


@pytest.fixture(scope="module")
def watched_forest(forest):
    return follow(forest)


@pytest.fixture(scope="module")
def crop(shared_data):
    return sentinel2(shared_data / PIXELS / "3_crop_sentinel2.csv")


@pytest.fixture(scope="module")
def fields(shared_data):
    path = shared_data / FIELDS / "worldcereal_preprocessed_inputs.nc"
    return [watch(path, *lattice) for lattice in LATTICES]


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


def test_the_burned_forest_pixel_is_found_by_the_second_look_and_dated_rightly(watched_forest):
    found = [(s, one) for s, one in watched_forest.reached(*ALERTS) if s >= FIRST_AFTER]
    assert found
    reached, first = found[0]
    interval = f"{first.last_unharmed:%Y-%m-%d} to {first.first_changed:%Y-%m-%d}"
    shows = "forest pixel that burned, without surroundings or placebos"
    record(Figure("fire pixel: PROBABLE", f"{reached:%Y-%m-%d}", "2024-03-29", PIXELS, shows))
    record(
        Figure("fire pixel: interval", interval, "2024-03-15 to 2024-03-23", PIXELS, shows)
    )  # fmt: skip
    assert reached.date() <= SECOND_AFTER.date()
    assert first.last_unharmed.date() == LAST_BEFORE.date()
    assert first.first_changed.date() == FIRST_AFTER.date()


def test_the_burned_forest_pixel_is_not_reported_again_while_its_scar_lasts(watched_forest):
    closed = [s for s, _ in watched_forest.reached("CLOSED") if s >= FIRST_AFTER]
    assert len(closed) == 1
    again = {one.object for s, one in watched_forest.findings if s > closed[0]}
    looks = [s for s in watched_forest.scored if s > closed[0]]
    record(
        Figure(
            "fire pixel: reported again", len(again), "0", PIXELS,
            f"reports of any state in {len(looks)} looks from {closed[0]:%Y-%m-%d} to the end of "
            f"the series, {looks[-1]:%Y-%m-%d}",
        )
    )  # fmt: skip
    assert len(looks) > 20
    assert not again


@pytest.mark.parametrize("bands", [SIX, SIX[:-1]], ids=["all bands", "without B12"])
def test_a_ploughed_field_without_surroundings_is_not_reported(crop, bands):
    told = follow(crop.only(*bands))
    assert len(told.scored) > 200
    record(
        Figure(
            f"crop pixel: {' '.join(bands)}", len(told.reached(*ALERTS)), "0", PIXELS,
            f"reports of PROBABLE or more in {len(told.scored)} scored of {len(crop.sensed)} looks "
            f"of six years; {len(told.reached('WATCH'))} of WATCH",
        )
    )  # fmt: skip
    assert not told.reached(*ALERTS)


def test_harvest_of_fields_that_were_learned_for_half_a_year_is_not_reported(fields):
    for (radius, step), watched in zip(LATTICES, fields, strict=True):
        places = {one.place for _, one in watched.findings if one.state.value in ALERTS}
        watch_only = {one.place for _, one in watched.findings} - places
        record(
            Figure(
                f"farmland: radius {radius:.0f} m, step {step:.0f} m", len(places), "0", FIELDS,
                f"places of {watched.places} reported as PROBABLE or more in {watched.scored} "
                f"scored monthly composites, {len(watch_only)} more as WATCH; six months learned",
            )
        )  # fmt: skip
        assert watched.scored > 200
        assert not places


def test_no_field_of_any_month_looks_like_char_in_the_short_wave_infrared(fields):
    cores = fields[0].values[:, :, CHAR_INDEX, 0]
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
