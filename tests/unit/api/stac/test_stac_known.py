"""What names tell, and that nothing else is told."""

from datetime import UTC, datetime

import pytest

from api.stac.known import eo_band, extensions_of, told_by_names
from api.stac.words import PROCESSING, SAT, VIEW

CELL = "35N_0030_0146"
NOON = datetime(2024, 5, 1, 9, 0, 0, tzinfo=UTC)


def test_a_product_of_sentinel_2_tells_platform_orbit_level_and_baseline() -> None:
    product = "S2B_MSIL2A_20240501T090000_N0510_R007_T35PKS_20240501T120000"
    found = told_by_names("S2B_20240501T090000", product, "sentinel-2-l2a", CELL, NOON)
    azimuth, elevation = found.pop("view:sun_azimuth"), found.pop("view:sun_elevation")
    assert found == {
        "platform": "sentinel-2b",
        "constellation": "sentinel-2",
        "instruments": ["msi"],
        "sat:relative_orbit": 7,
        "processing:level": "L2A",
        "processing:software": {"Sentinel-2 processing baseline": "05.10"},
    }
    # 9 h UTC at 25.3 degrees east is 10 h 41 of the sun, a day with the sun 15 degrees north.
    assert 60 < elevation < 75 and 60 < azimuth < 95
    assert extensions_of({**found, "view:sun_azimuth": 1}) == [PROCESSING, SAT, VIEW]


def test_a_pass_of_radar_tells_orbit_and_direction() -> None:
    found = told_by_names("S1A_IW_R137_D_20231203_rtc", "x", "sentinel-1-rtc", CELL, NOON)
    assert found == {
        "platform": "sentinel-1a",
        "constellation": "sentinel-1",
        "instruments": ["c-sar"],
        "sat:orbit_state": "descending",
        "sat:relative_orbit": 137,
    }


@pytest.mark.parametrize("look", ["look7", "expected_20240501", "S2_20240501", ""])
def test_names_that_tell_nothing_give_nothing(look: str) -> None:
    assert told_by_names(look, "my-scene", "a-sensor", CELL, NOON) == {}


def test_bands_have_the_names_that_others_know() -> None:
    assert eo_band("B8A") == {"name": "B8A", "common_name": "nir08"}
    assert eo_band("VV") == {"name": "VV"}
