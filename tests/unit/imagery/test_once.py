"""One pass of radar, listed as two products: one look, and the one that was begun with."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from shapely.geometry import Polygon, box

from imagery.looks import group_acquisitions
from imagery.once import once_per_pass
from imagery.types import Asset, Scene

SENSORS = ("sentinel-1-rtc", "sentinel-1-grd")
WHOLE = box(0, 0, 1, 1)
SENSED = datetime(2023, 12, 3, 1, 59, 10, tzinfo=UTC)


WEST, EAST = box(0, 0, 0.4, 1), box(0.6, 0, 1, 1)
CELLS = {"west": WEST, "east": EAST}


def scene(sensor: str, days: int = 0, seconds: int = 0, ground: Polygon = WHOLE) -> Scene:
    sensed = SENSED + timedelta(days=days, seconds=seconds)
    return Scene(
        provider="p", collection=sensor, id=f"{sensor}-{days}", sensor=sensor, sensed=sensed,
        footprint=ground, assets=(Asset("VV", "a", 1.0, 0.0, None, 10.0),),
        item_sha256="0" * 64, platform="sentinel-1a", relative_orbit=137,
        orbit_direction="ascending", backscatter="gamma0_terrain", instrument_mode="IW",
    )  # fmt: skip


# A slice begins up to half a minute before the burst over the place.
LOOKS = group_acquisitions(
    [scene("sentinel-1-rtc"), scene("sentinel-1-grd", seconds=-25), scene("sentinel-1-grd", 12)]
)
GRD, RTC, ALONE = LOOKS


def taken(looks, sensors=SENSORS, done=()):
    """Return at which cells each look is one."""
    kept, left = once_per_pass(looks, sensors, done, CELLS)
    return {look: {cell for cell in CELLS if (look.key, cell) not in left} for look in kept}


BOTH = {"west", "east"}


def test_of_a_pass_listed_twice_the_preferred_product_is_the_look():
    assert [look.sensor for look in LOOKS] == ["sentinel-1-grd", "sentinel-1-rtc", "sentinel-1-grd"]
    assert taken(LOOKS) == {RTC: BOTH, ALONE: BOTH}
    assert taken(LOOKS, SENSORS[::-1]) == {GRD: BOTH, ALONE: BOTH}


def test_what_was_begun_with_one_product_goes_on_with_it_where_it_was():
    both = {(GRD.key, "west"), (GRD.key, "east")}
    assert taken(LOOKS, done=both) == {GRD: BOTH, ALONE: BOTH}
    assert taken(LOOKS, done={(GRD.key, "west")}) == {GRD: {"west"}, RTC: {"east"}, ALONE: BOTH}


def test_where_the_preferred_product_shows_nothing_the_other_is_the_look():
    burst = group_acquisitions([scene("sentinel-1-rtc", ground=box(0, 0, 0.5, 1))])[0]
    assert taken([GRD, burst]) == {burst: {"west"}, GRD: {"east"}}
    # The wobble of an outline is no reason to take another product.
    nearly = group_acquisitions([scene("sentinel-1-rtc", ground=box(0, 0, 0.995, 1))])[0]
    assert taken([GRD, nearly]) == {nearly: BOTH}


def test_of_what_neither_shows_whole_the_one_that_shows_more_is_taken():
    burst, piece = (
        group_acquisitions([scene(sensor, ground=box(0, 0, east, 1))])[0]
        for sensor, east in zip(SENSORS, (0.1, 0.3), strict=True)
    )
    assert taken([burst, piece]) == {burst: {"east"}, piece: {"west"}}


def test_a_pass_taken_of_a_product_that_is_listed_no_more_is_not_taken_again():
    both = {(RTC.key, cell) for cell in CELLS}
    assert taken([GRD, ALONE], done=both) == {ALONE: BOTH}


@pytest.mark.parametrize("satellite", ["sentinel-1a", "sentinel-1c"])
def test_two_passes_are_two_looks(satellite):
    other = dataclasses.replace(scene("sentinel-1-rtc", 6), platform=satellite)
    looks = group_acquisitions([scene("sentinel-1-rtc"), other])
    assert taken(looks) == dict.fromkeys(looks, BOTH)


def test_optical_looks_are_all_kept():
    light = [dataclasses.replace(scene("sentinel-2-l2a", day), backscatter=None) for day in (0, 5)]
    looks = group_acquisitions(light)
    done = {(looks[0].key, "west")}
    assert taken(looks, ("sentinel-2-l2a",), done) == dict.fromkeys(looks, BOTH)
