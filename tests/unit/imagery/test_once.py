"""One pass of radar, listed as two products: one look, and the one that was begun with."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from shapely.geometry import box

from imagery.looks import group_acquisitions
from imagery.once import once_per_pass
from imagery.types import Asset, Scene

SENSORS = ("sentinel-1-rtc", "sentinel-1-grd")
SENSED = datetime(2023, 12, 3, 1, 59, 10, tzinfo=UTC)


def scene(sensor: str, days: int = 0, seconds: int = 0) -> Scene:
    sensed = SENSED + timedelta(days=days, seconds=seconds)
    return Scene(
        provider="p", collection=sensor, id=f"{sensor}-{days}", sensor=sensor, sensed=sensed,
        footprint=box(0, 0, 1, 1), assets=(Asset("VV", "a", 1.0, 0.0, None, 10.0),),
        item_sha256="0" * 64, platform="sentinel-1a", relative_orbit=137,
        orbit_direction="ascending", backscatter="gamma0_terrain", instrument_mode="IW",
    )  # fmt: skip


# A slice begins up to half a minute before the burst over the place.
LOOKS = group_acquisitions(
    [scene("sentinel-1-rtc"), scene("sentinel-1-grd", seconds=-25), scene("sentinel-1-grd", 12)]
)
GRD, RTC, ALONE = LOOKS


def test_of_a_pass_listed_twice_the_preferred_product_is_the_look():
    assert [look.sensor for look in LOOKS] == ["sentinel-1-grd", "sentinel-1-rtc", "sentinel-1-grd"]
    assert once_per_pass(LOOKS, SENSORS, ()) == (RTC, ALONE)
    assert once_per_pass(LOOKS, SENSORS[::-1], ()) == (GRD, ALONE)


def test_what_was_begun_with_one_product_goes_on_with_it():
    assert once_per_pass(LOOKS, SENSORS, {(GRD.key, "cell")}) == (GRD, ALONE)
    assert once_per_pass(LOOKS, SENSORS, {(RTC.key, "cell")}) == (RTC, ALONE)


def test_a_pass_taken_of_a_product_that_is_listed_no_more_is_not_taken_again():
    assert once_per_pass([GRD, ALONE], SENSORS, {(RTC.key, "cell")}) == (ALONE,)


@pytest.mark.parametrize("satellite", ["sentinel-1a", "sentinel-1c"])
def test_two_passes_are_two_looks(satellite):
    other = dataclasses.replace(scene("sentinel-1-rtc", 6), platform=satellite)
    looks = group_acquisitions([scene("sentinel-1-rtc"), other])
    assert once_per_pass(looks, SENSORS, ()) == tuple(looks)


def test_optical_looks_are_all_kept():
    light = [dataclasses.replace(scene("sentinel-2-l2a", day), backscatter=None) for day in (0, 5)]
    looks = group_acquisitions(light)
    assert once_per_pass(looks, ("sentinel-2-l2a",), {(looks[0].key, "c")}) == tuple(looks)
