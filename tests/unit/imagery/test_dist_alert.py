"""Products of OPERA DIST-ALERT-S1 in a folder: one scene each, one look for each pass."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from shapely.geometry import box

from imagery.cube import check_cube
from imagery.looks import group_acquisitions
from imagery.masks import look_cube
from imagery.naming import read_name
from imagery.providers.folder import FolderProvider
from imagery.types import Cause, Query
from tests.support.alerts import SENSED, TYPES, product_name, whole, write_product
from tests.support.catalogue import grid

WORLD = Query(
    box(-180, -90, 180, 90), datetime(2010, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
)
SIDE = 40
GROUND = grid("EPSG:32719", (264_480, 6_341_500), SIDE, 30.0)
SOUTH = grid("EPSG:32719", (264_480, 6_341_500 - 30 * 30), SIDE, 30.0)
TAGS = {"post_rtc_opera_ids": "OPERA_L2_RTC-S1_T018-038454-IW2_20240204T232836Z_x"}


def looks(path):
    return group_acquisitions(FolderProvider(path).search(WORLD))


def cube_of(path, look, geobox=GROUND, bands=tuple(TYPES)):
    chip = FolderProvider(path).read(look.scenes, geobox, bands, 60.0)
    cube = look_cube(chip, geobox, bands)
    check_cube(cube)
    return cube


@pytest.mark.parametrize("satellite", ["S1A", "S1"])
def test_a_name_says_tile_pass_and_making(satellite):
    named = read_name(
        f"OPERA_L3_DIST-ALERT-S1_T10SGD_20250102T015857Z_20250806T145521Z_{satellite}_30_v0.1"
    )
    assert (named.kind, named.tile, named.baseline) == ("DIST-ALERT-S1", "10SGD", "0.1")
    assert named.platform == ("sentinel-1a" if satellite == "S1A" else "sentinel-1")
    assert named.started == datetime(2025, 1, 2, 1, 58, 57, tzinfo=UTC)
    assert named.processed == datetime(2025, 8, 6, 14, 55, 21, tzinfo=UTC)


def test_a_scene_says_what_name_and_tags_say(tmp_path):
    name = write_product(tmp_path, GROUND, whole(GROUND.shape), tags=TAGS)
    (scene,) = FolderProvider(tmp_path).search(WORLD)
    assert (scene.id, scene.sensor, scene.sensed) == (name, "opera-dist-alert-s1", SENSED)
    assert (scene.relative_orbit, scene.orbit_direction) == (18, "ascending")
    assert (scene.tile, scene.platform, scene.bands) == ("19HBD", "sentinel-1a", set(TYPES))
    assert scene.asset("GEN-DIST-STATUS").scale is None
    assert scene.asset("GEN-DIST-DATE").resolution == 30.0
    (look,) = looks(tmp_path)
    assert look.key == "S1A_IW_R018_A_20240204_opera-dist-alert-s1"


def test_without_tags_the_track_is_that_of_time_and_place(tmp_path):
    write_product(tmp_path, GROUND, whole(GROUND.shape))
    (scene,) = FolderProvider(tmp_path).search(WORLD)
    assert scene.relative_orbit == 18


def test_products_of_several_tracks_are_told_and_left_out(tmp_path):
    two = TAGS["post_rtc_opera_ids"] + ",OPERA_L2_RTC-S1_T091-195251-IW3_x"
    write_product(tmp_path, GROUND, whole(GROUND.shape), tags={"post_rtc_opera_ids": two})
    assert list(FolderProvider(tmp_path).search(WORLD)) == []
    (fault,) = FolderProvider(tmp_path).faults()
    assert "several tracks: [18, 91]" in fault


def test_layers_without_states_are_told_and_left_out(tmp_path):
    layers = whole(GROUND.shape)
    del layers["GEN-DIST-STATUS"]
    write_product(tmp_path, GROUND, layers)
    assert list(FolderProvider(tmp_path).search(WORLD)) == []
    (fault,) = FolderProvider(tmp_path).faults()
    assert "has no GEN-DIST-STATUS beside it" in fault


def test_numbers_come_through_as_they_were_drawn(tmp_path):
    drawn = whole(GROUND.shape)
    drawn["GEN-DIST-STATUS"][2, 3:6] = (1, 6, 255)
    drawn["GEN-DIST-STATUS-ACQ"][4:] = 255
    drawn["GEN-DIST-DATE"][2, 3:6] = (1130, 1118, -1)
    drawn["GEN-DIST-CONF"][2, 3:6] = (4.25, 96.0, np.nan)
    drawn["GEN-METRIC"][4:] = np.nan
    write_product(tmp_path, GROUND, drawn)
    (look,) = looks(tmp_path)
    cube = cube_of(tmp_path, look)
    assert cube["GEN-DIST-STATUS"].dtype == np.uint8
    assert cube["GEN-DIST-STATUS"].values[0, 2, 3:6].tolist() == [1, 6, 255]
    dates = cube["GEN-DIST-DATE"].values[0, 2]
    assert dates[3:5].tolist() == [1130.0, 1118.0] and np.isnan(dates[5])
    assert cube["GEN-DIST-CONF"].values[0, 2, 3:5].tolist() == [4.25, 96.0]
    # One day everywhere is what this layer says of a pass that saw all.
    assert np.unique(cube["GEN-DIST-LAST-DATE"].values).tolist() == [1130.0]


def test_ground_that_the_pass_did_not_see_is_lost_whatever_the_product_repeats(tmp_path):
    drawn = whole(GROUND.shape)
    drawn["GEN-DIST-STATUS"][:] = 6
    drawn["GEN-DIST-STATUS-ACQ"][:10] = 255
    write_product(tmp_path, GROUND, drawn)
    (look,) = looks(tmp_path)
    causes = cube_of(tmp_path, look)["cause"].values[0]
    assert (causes[:10] == Cause.NODATA).all() and (causes[10:] == Cause.CLEAR).all()
    states = cube_of(tmp_path, look, bands=("GEN-DIST-STATUS",))
    assert (states["cause"].values == Cause.NODATA).all()


def test_two_tiles_of_one_pass_are_one_look(tmp_path):
    write_product(tmp_path, GROUND, whole(GROUND.shape), tags=TAGS)
    south = whole(SOUTH.shape)
    south["GEN-DIST-STATUS"][:] = 4
    later = SENSED + timedelta(seconds=9)
    write_product(tmp_path, SOUTH, south, product_name(later, "19HBC"), TAGS)
    (look,) = looks(tmp_path)
    assert len(look.scenes) == 2
    both = grid("EPSG:32719", (264_480, 6_341_500), SIDE + 30, 30.0)
    status = cube_of(tmp_path, look, both)["GEN-DIST-STATUS"].values[0]
    assert (status[: SIDE - 10, :SIDE] == 0).all() and (status[SIDE:, :SIDE] == 4).all()
    assert (status[:, SIDE:] == 255).all()


def test_a_product_made_anew_supersedes_the_older(tmp_path):
    write_product(tmp_path, GROUND, whole(GROUND.shape), tags=TAGS)
    newer = write_product(
        tmp_path, GROUND, whole(GROUND.shape), product_name(processed_days=9), TAGS
    )
    (look,) = looks(tmp_path)
    assert [scene.id for scene in look.scenes] == [newer] and len(look.superseded) == 1


def test_a_packed_product_is_told(tmp_path):
    (tmp_path / f"{product_name()}.zip").write_bytes(b"PK")
    (fault,) = FolderProvider(tmp_path).faults()
    assert "unpack it" in fault
