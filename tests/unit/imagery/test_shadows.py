"""Where the sun stands and where clouds throw their shadows."""

import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagery.masks import Scl, look_cube
from imagery.shadows import HIGHEST_M, LOWEST_M, shadow_likely
from imagery.sun import sun_position
from imagery.types import Cause, Chip, Cost, Layer, Provenance
from tests.support.catalogue import grid

KHARTOUM = grid("EPSG:32636", (447_000, 1_725_000), 200)
MORNING = datetime(2024, 1, 15, 8, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("longitude", "latitude", "at", "azimuth", "elevation"),
    [
        # The worked example of Reda & Andreas (2004), Solar Energy 76, without refraction.
        (-105.1786, 39.7425, datetime(2003, 10, 17, 19, 30, 30, tzinfo=UTC), 194.340, 39.872),
        # Noon at an equinox on the equator; midsummer's noon at the polar circle's height.
        (0.0, 0.0, datetime(2024, 3, 20, 12, 7, 30, tzinfo=UTC), None, 89.85),
        (0.0, 66.5, datetime(2024, 6, 20, 12, 1, 40, tzinfo=UTC), 180.0, 46.94),
        (0.0, 66.5, datetime(2024, 12, 21, 11, 58, 0, tzinfo=UTC), 180.0, 0.06),
    ],
)
def test_the_sun_stands_where_the_almanac_says(longitude, latitude, at, azimuth, elevation):
    got = sun_position(longitude, latitude, at)
    assert got[1] == pytest.approx(elevation, abs=0.1)
    if azimuth is not None:
        assert got[0] == pytest.approx(azimuth, abs=0.2)


def truth(cloud_at: tuple[int, int], height_m: float) -> tuple[int, int]:
    """Return row and column of the shadow of a cloud, from angles on a flat earth."""
    azimuth, elevation = sun_position(32.5, 15.6, MORNING)
    length = height_m / math.tan(math.radians(elevation)) / 10.0
    row = cloud_at[0] + length * math.cos(math.radians(azimuth))
    col = cloud_at[1] - length * math.sin(math.radians(azimuth))
    return round(row), round(col)


@settings(deadline=None, max_examples=40)
@given(st.floats(300, 1500), st.integers(20, 120), st.integers(60, 180))
def test_the_drawn_shadow_of_a_cloud_is_found_at_any_height(height, row, col):
    cloud, dark = np.zeros((2, 200, 200), bool)
    cloud[row : row + 5, col : col + 5] = True
    there = truth((row, col), height)
    shadow = np.zeros_like(dark)
    rows, cols = (slice(max(0, first), max(0, first + 5)) for first in there)
    shadow[rows, cols] = True
    dark |= shadow
    char = (row - 15, col)
    dark[char[0] : char[0] + 5, char[1] : char[1] + 5] = True
    found = shadow_likely(cloud, dark, KHARTOUM, MORNING)
    # Shifts are of whole pixels, so the rim may be missed.
    assert not shadow.any() or found[shadow].mean() >= 0.6
    assert not found[char[0] : char[0] + 5, char[1] : char[1] + 5].any()
    assert not (found & ~dark).any()


def test_the_morning_sun_throws_shadows_to_the_north_west():
    row, col = truth((100, 100), LOWEST_M * 2)
    assert row < 100 and col < 100
    assert sun_position(32.5, 15.6, MORNING)[0] == pytest.approx(140, abs=10)


def test_without_clouds_without_dark_ground_and_at_night_there_is_none():
    some = np.zeros((200, 200), bool)
    some[50:60, 50:60] = True
    none = np.zeros_like(some)
    night = datetime(2024, 1, 15, tzinfo=UTC)
    for cloud, dark, at in ((none, some, MORNING), (some, none, MORNING), (some, ~some, night)):
        assert not shadow_likely(cloud, dark, KHARTOUM, at).any()
    assert shadow_likely(some, ~some, KHARTOUM, MORNING).any()


def test_a_grid_smaller_than_the_shortest_shadow_has_none():
    cloud = np.zeros((5, 5), bool)
    cloud[4, 4] = True
    assert not shadow_likely(
        cloud, ~cloud, grid("EPSG:32636", (447_000, 1_725_000), 5), MORNING
    ).any()
    assert HIGHEST_M > LOWEST_M


def look(classes, at=MORNING):
    layer = Layer("s", ("SCL",), KHARTOUM, classes[np.newaxis], (None,), (None,), (0,))
    provenance = Provenance("folder", ("s",), ("",), (), at, Cost(0, 0.0, 0))
    chip = Chip("a", "sentinel-2-l2a", at, (layer,), provenance)
    return look_cube(chip, KHARTOUM, ["SCL"])


def test_shaded_ground_stays_in_use_and_is_called_contaminated():
    classes = np.full((200, 200), Scl.BARE, np.uint8)
    classes[100:110, 100:110] = Scl.CLOUD_HIGH
    row, col = truth((100, 100), 800.0)
    classes[row : row + 10, col : col + 10] = Scl.SHADOW
    classes[150:160, 100:110] = Scl.DARK
    cube = look(classes)
    assert cube["contaminated"].dims == ("time", "y", "x")
    assert cube["contaminated"].dtype == np.uint8
    shaded = cube["contaminated"].values[0].astype(bool)
    assert shaded[row + 1 : row + 9, col + 1 : col + 9].all()
    # Char south of the cloud, towards the sun, is dark of itself.
    assert not shaded[150:160, 100:110].any()
    assert (cube["cause"].values[0][shaded] == Cause.CLEAR).all()
