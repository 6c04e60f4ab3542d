"""Faults of content and catalogue between the items and the cube, by their numbers."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from shapely.geometry import box

from imagery.cube import build_cube, check_cube
from imagery.errors import IntegrityError, Permanent
from imagery.looks import group_acquisitions, unusable
from imagery.masks import Scl, look_cube
from imagery.providers.folder import FolderProvider
from imagery.stac import scene_from_item
from imagery.types import Cause, Chip, Cost, Layer, Provenance, Query, Scene
from tests.support import items
from tests.support.catalogue import edit_item, forest, grid, item_files, make_catalogue
from tests.support.opera import SENSED, burst_name, write_burst

SQUARE = grid(size=12)
AT = datetime(2020, 6, 1, 10, tzinfo=UTC)
WORLD = Query(
    box(-180, -90, 180, 90), datetime(2010, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
)


def chip(sensor="sentinel-2-l2a", scale=1e-4, offset=-0.1, **bands) -> Chip:
    layers = []
    for band, (dn, nodata) in bands.items():
        meaning = (None, None) if band in ("SCL", "MASK") else (scale, offset)
        numbers = tuple((one,) for one in meaning)
        layers.append(Layer("s", (band,), SQUARE, dn[np.newaxis], *numbers, (nodata,)))
    origin = Provenance("folder", ("s",), ("0" * 64,), (), AT, Cost(1, 0.0, 1))
    return Chip("look", sensor, AT, tuple(layers), origin)


def filled(value, dtype=np.uint16):
    return np.full(SQUARE.shape, value, dtype)


def test_f46_an_offset_that_is_missing_or_stated_twice_is_refused():
    with pytest.raises(Permanent, match="already applied"):
        scene_from_item(items.earth_search_legacy(applied=True), "stac")
    missing = items.earth_search_c1()
    del missing["assets"]["red"]["raster:bands"][0]["offset"]
    with pytest.raises(Permanent, match="offset"):
        scene_from_item(missing, "stac")
    with pytest.raises(Permanent, match="scale"):
        scene_from_item(items.planetary_computer_sentinel_2(), "stac")


def test_f46_ground_shifted_twice_is_no_cube():
    """Once by the provider and once by us: all of dark ground falls below what can be."""
    twice = chip(B04=(filled(400), 0), offset=-0.3)
    with pytest.raises(IntegrityError, match="offset is wrong"):
        check_cube(build_cube([twice], SQUARE, ["B04"]))


@pytest.mark.parametrize("day", ["2016-01-12", "2019-01-12", "2022-01-24", "2026-01-12"])
@pytest.mark.parametrize(("baseline", "offset"), [("02.07", 0.0), ("05.00", -0.1)])
def test_f47_the_baseline_tells_the_offset_and_never_the_date(day, baseline, offset):
    item = items.earth_search_c1(baseline)
    item["properties"]["datetime"] = f"{day}T08:03:29Z"
    scene = scene_from_item(item, "stac")
    assert scene.baseline == baseline and scene.asset("B04").offset == offset


def test_f48_reflectance_below_zero_is_kept_and_unseen_ground_is_not_made_dark():
    dn = filled(400)
    dn[0] = 0
    red = build_cube([chip(B04=(dn, 0))], SQUARE, ["B04"])["B04"].values[0]
    np.testing.assert_allclose(red[1:], -0.06, atol=1e-6)
    assert np.isnan(red[0]).all()


def test_f49_every_class_has_its_cause_and_one_that_nobody_knows_is_no_observation():
    causes, values = {}, (*range(16), 99, 128, 254, 255)
    for value in values:
        cube = look_cube(chip(SCL=(filled(value, np.uint8), 0)), SQUARE, ["SCL"])
        (causes[value],) = np.unique(cube["cause"].values)
    clear = {Scl.DARK, Scl.SHADOW, Scl.VEGETATION, Scl.BARE, Scl.WATER, Scl.UNCLASSIFIED}
    clouds = {Scl.CLOUD_MEDIUM, Scl.CLOUD_HIGH, Scl.CIRRUS}
    expected = dict.fromkeys(values, Cause.NODATA)
    expected |= dict.fromkeys(clear, Cause.CLEAR) | dict.fromkeys(clouds, Cause.CLOUD)
    expected[Scl.SNOW] = Cause.SNOW
    assert causes == expected


def test_f50_no_number_infinity_zero_and_less_are_no_observation_of_radar():
    power = filled(0.05, np.float32)
    power[0, :5] = [np.nan, np.inf, -np.inf, 0.0, -0.02]
    look = chip("sentinel-1-rtc", 1.0, 0.0, VV=(power, None), VH=(power / 4, None))
    cube = look_cube(look, SQUARE, ["VV", "VH"])
    check_cube(cube)
    for band in ("VV", "VH"):
        assert np.isnan(cube[band].values[0, 0, :5]).all()
        assert np.isfinite(cube[band].values[0, 1:]).all()
    assert (cube["cause"].values[0, 0, :5] == Cause.NODATA).all()
    assert (cube["cause"].values[0, 1:] == Cause.CLEAR).all()


def test_f51_radar_that_is_on_no_map_is_refused_with_what_to_use_instead(tmp_path):
    with pytest.raises(Permanent, match=r"RTC.*sentinelhub"):
        scene_from_item(items.cdse_sentinel_1_grd(), "stac")
    name = "S1A_IW_GRDH_1SDV_20230113T032115_20230113T032140_046765_059B2E_7C3A"
    (tmp_path / f"{name}.SAFE").mkdir()
    (tmp_path / f"{name}.zip").write_bytes(b"PK")
    provider = FolderProvider(tmp_path)
    assert list(provider.search(WORLD)) == []
    assert len(provider.faults()) == 2
    assert all("RTC" in fault and "radar geometry" in fault for fault in provider.faults())


@pytest.mark.parametrize("mode", ["EW", "SM", "S3", "WV"])
def test_f51_a_mode_not_flown_over_land_is_refused(mode):
    item = items.planetary_computer_sentinel_1_rtc()
    item["properties"]["sar:instrument_mode"] = mode
    with pytest.raises(Permanent, match="IW"):
        scene_from_item(item, "stac")


def test_f51_satellites_directions_tracks_and_conventions_never_share_a_look(tmp_path):
    burst = scene_from_item(items.opera_rtc_s1(), "stac")
    kinds = [
        replace(burst, id=f"{platform} {direction} {track} {sensor}", platform=platform,
                orbit_direction=direction, relative_orbit=track, sensor=sensor)
        for platform, direction, track, sensor in itertools.product(
            ("sentinel-1a", "sentinel-1c", "sentinel-1d"), ("ascending", "descending"),
            (123, 124), ("sentinel-1-rtc", "sentinel-1-grd"),
        )
    ]  # fmt: skip
    looks = group_acquisitions(kinds)
    assert len(looks) == len({look.key for look in looks}) == len(kinds)
    other = replace(burst, id="ellipsoid", backscatter="gamma0_ellipsoid")
    assert unusable(other) and group_acquisitions([other]) == []


def test_f51_two_directions_on_one_day_are_two_looks_on_disk(tmp_path):
    ground = grid("EPSG:32611", (240_000, 3_816_660), 20, 30.0)
    layers = {"VV": np.full((20, 20), 0.05)}
    evening = SENSED.replace(hour=13, minute=52)
    write_burst(tmp_path, ground, layers)
    write_burst(tmp_path, ground, layers, burst_name(0, evening, track=144))
    looks = group_acquisitions(FolderProvider(tmp_path).search(WORLD))
    assert [look.scenes[0].orbit_direction for look in looks] == ["ascending", "descending"]


def tiles(baseline: str, processed: datetime) -> list[Scene]:
    plain = scene_from_item(items.earth_search_c1(baseline), "stac")
    return [
        replace(plain, id=f"{tile} {baseline}", tile=tile, processed=processed,
                footprint=box(33 + n, 2, 34.1 + n, 3))
        for n, tile in enumerate(("36NXF", "36NYF", "37NAA"))
    ]  # fmt: skip


def test_f54_tiles_overlap_and_processings_repeat_in_one_look_and_none_is_lost():
    old, new = tiles("02.07", AT), tiles("05.09", AT + timedelta(days=900))
    listed = [*old, *new[:2], *old, new[0]]
    (look,) = group_acquisitions(listed)
    assert {scene.id for scene in look.scenes} == {"36NXF 05.09", "36NYF 05.09", "37NAA 02.07"}
    assert {scene.id for scene in look.superseded} == {"36NXF 02.07", "36NYF 02.07"}
    assert look.key == group_acquisitions(old)[0].key == group_acquisitions(new[1:])[0].key


def test_f54_of_a_reprocessed_scene_on_disk_the_newest_pixels_are_read(tmp_path):
    day = datetime(2019, 5, 1, 10, tzinfo=UTC)
    draw = forest(1, size=20, cloudy=0, overcast=0)
    make_catalogue(tmp_path / "old", [day], draw, size=20, baseline="02.12")
    make_catalogue(tmp_path / "new", [day], draw, size=20, baseline="05.00", offset=True)
    (item,) = item_files(tmp_path / "new")
    edit_item(item, lambda it: it.update(id="again"))
    provider = FolderProvider(tmp_path)
    (look,) = group_acquisitions(provider.search(WORLD))
    assert [scene.id for scene in look.scenes] == ["again"]
    assert [scene.baseline for scene in look.superseded] == ["02.12"]
    read = provider.read(look.scenes, grid(size=20), ["B04"], 60.0)
    np.testing.assert_allclose(
        build_cube([read], grid(size=20), ["B04"])["B04"].values[0],
        draw(day)["B04"] * 1e-4, atol=1e-6,
    )  # fmt: skip
    # What was superseded can still be read: evidence may rest on it.
    before = provider.read(look.superseded, grid(size=20), ["B04"], 60.0)
    assert before.acquisition == look.key
