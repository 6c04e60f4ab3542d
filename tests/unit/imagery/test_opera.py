"""Bursts of OPERA RTC-S1 in a folder: one look per pass, power where there is any."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from shapely.geometry import box

from imagery.cube import check_cube
from imagery.errors import IntegrityError, Permanent
from imagery.looks import group_acquisitions
from imagery.masks import look_cube
from imagery.providers.folder import FolderProvider
from imagery.types import Cause, Query
from tests.support.catalogue import grid, write_json
from tests.support.opera import SENSED, burst_name, write_burst

WORLD = Query(
    box(-180, -90, 180, 90), datetime(2010, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
)
BURST = grid("EPSG:32611", (240_000, 3_816_660), 40, 30.0)
NEXT = grid("EPSG:32611", (240_000, 3_816_660 - 30 * 30), 40, 30.0)
GAMMA = np.random.default_rng(1).gamma(4.4, 0.1 / 4.4, (40, 40)).astype(np.float32) + 1e-4


def whole(power=GAMMA, mask=None):
    mask = np.zeros(power.shape, np.uint8) if mask is None else mask
    return {"VV": power, "VH": power / 4, "mask": mask}


def looks(path):
    return group_acquisitions(FolderProvider(path).search(WORLD))


def cube_of(path, geobox, bands=("VV", "VH", "MASK")):
    (look,) = looks(path)
    chip = FolderProvider(path).read(look.scenes, geobox, bands, 60.0)
    cube = look_cube(chip, geobox, bands)
    check_cube(cube)
    return cube


def test_the_power_of_a_burst_is_the_drawn_one(tmp_path):
    power, mask = GAMMA.copy(), np.zeros((40, 40), np.uint8)
    power[0, :6] = [0.0, -1e-3, np.nan, np.inf, -np.inf, 1e-6]
    mask[3, :4] = [1, 2, 3, 255]
    write_burst(tmp_path, BURST, whole(power, mask))
    cube = cube_of(tmp_path, BURST)
    assert cube["VV"].dtype == np.float32
    assert np.isnan(cube["VV"].values[0, 0, :5]).all() and cube["VV"].values[0, 0, 5] > 0
    assert np.isnan(cube["VV"].values[0, 3, :4]).all()
    np.testing.assert_array_equal(cube["VV"].values[0, 4:], power[4:])
    np.testing.assert_array_equal(cube["VH"].values[0, 4:], power[4:] / 4)
    causes = cube["cause"].values[0]
    assert (causes[0, :5] == Cause.NODATA).all() and causes[0, 5] == Cause.CLEAR
    assert causes[3, :4].tolist() == [Cause.SHADOW] * 3 + [Cause.NODATA]
    assert (causes[4:] == Cause.CLEAR).all()


def test_ground_in_the_shadow_of_one_burst_is_taken_from_the_next(tmp_path):
    shadow = np.zeros((40, 40), np.uint8)
    shadow[30:, :20] = 1
    write_burst(tmp_path, BURST, whole(GAMMA, shadow), burst_name(0))
    write_burst(tmp_path, NEXT, whole(GAMMA * 2), burst_name(1))
    cube = cube_of(tmp_path, BURST)
    both = cube["VV"].values[0, 30:]
    np.testing.assert_array_equal(both[:, :20], GAMMA[:10, :20] * 2)
    np.testing.assert_array_equal(both[:, 20:], GAMMA[30:, 20:])
    assert (cube["cause"].values[0] == Cause.CLEAR).all()


def test_a_scene_says_what_its_name_and_its_tags_say(tmp_path):
    tags = {"TRACK_NUMBER": "137", "ORBIT_PASS_DIRECTION": "Descending"}
    name = write_burst(tmp_path, BURST, whole(), tags=tags)
    (scene,) = FolderProvider(tmp_path).search(WORLD)
    assert (scene.id, scene.sensed, scene.platform) == (name, SENSED, "sentinel-1a")
    assert (scene.relative_orbit, scene.orbit_direction) == (137, "descending")
    assert (scene.tile, scene.backscatter) == ("T137-292320-IW1", "gamma0_terrain")
    assert scene.processed == SENSED + timedelta(hours=11)
    assert scene.bands == {"VV", "VH", "MASK"} and scene.asset("VV").resolution == 30.0
    assert scene.footprint.centroid.y == pytest.approx(34.44, abs=0.02)


def test_without_tags_the_hour_on_the_ground_tells_the_direction(tmp_path):
    write_burst(tmp_path, BURST, whole())
    (scene,) = FolderProvider(tmp_path).search(WORLD)
    assert scene.orbit_direction == "ascending"


def test_tags_that_contradict_the_name_are_a_fault(tmp_path):
    write_burst(tmp_path, BURST, whole(), tags={"TRACK_NUMBER": "7"})
    provider = FolderProvider(tmp_path)
    assert list(provider.search(WORLD)) == [] and "track 137" in provider.faults()[0]


def test_a_burst_made_anew_supersedes_the_first_and_a_mask_alone_is_a_fault(tmp_path):
    old = write_burst(tmp_path, BURST, whole())
    new = write_burst(tmp_path, BURST, whole(), old.replace("T125910Z_S1A", "T135910Z_S1A"))
    lone = burst_name(5)
    write_burst(tmp_path, NEXT, {"mask": np.zeros((40, 40), np.uint8)}, lone)
    (look,) = looks(tmp_path)
    assert [scene.id for scene in look.scenes] == [new]
    assert [scene.id for scene in look.superseded] == [old]
    (fault,) = FolderProvider(tmp_path).faults()
    assert lone in fault and "no backscatter" in fault


def test_a_burst_that_an_item_speaks_for_is_one_scene(tmp_path):
    name = write_burst(tmp_path, BURST, whole())
    item = {
        "type": "Feature", "stac_version": "1.0.0", "id": name, "collection": "my-radar",
        "geometry": {"type": "Polygon", "coordinates": [
            [[-120, 34], [-119, 34], [-119, 35], [-120, 34]]]},
        "properties": {"datetime": "2023-12-03T01:59:10Z", "hearthwatch:sensor": "sentinel-1-rtc"},
        "assets": {band: {"href": f"./{name}_{band}.tif"} for band in ("VV", "VH", "mask")},
    }  # fmt: skip
    write_json(tmp_path / "item.json", item)
    (scene,) = FolderProvider(tmp_path).search(WORLD)
    assert scene.collection == "my-radar" and scene.bands == {"VV", "VH", "MASK"}
    assert np.isfinite(cube_of(tmp_path, BURST)["VV"].values).all()


def test_a_burst_that_cannot_be_read_is_a_fault_and_a_broken_layer_is_no_pixels(tmp_path):
    name = write_burst(tmp_path, BURST, whole())
    (tmp_path / f"{name}_VV.tif").write_bytes(b"no raster")
    with pytest.raises(IntegrityError, match=r"_VV\.tif"):
        cube_of(tmp_path, BURST)
    (tmp_path / f"{name}_VH.tif").write_bytes(b"no raster")
    provider = FolderProvider(tmp_path)
    assert list(provider.search(WORLD)) == [] and name in provider.faults()[0]


def test_decibels_are_refused_and_amplitudes_are_no_cube(tmp_path):
    write_burst(tmp_path / "a", BURST, whole(10 * np.log10(GAMMA)))
    with pytest.raises(IntegrityError, match="decibels"):
        cube_of(tmp_path / "a", BURST)
    write_burst(tmp_path / "b", BURST, whole(GAMMA * 3000))
    with pytest.raises(IntegrityError, match="linear power"):
        cube_of(tmp_path / "b", BURST)


def test_two_passes_asked_for_at_once_are_refused(tmp_path):
    write_burst(tmp_path, BURST, whole(), burst_name(0))
    write_burst(tmp_path, BURST, whole(), burst_name(0, track=64))
    assert len(looks(tmp_path)) == 2
    provider = FolderProvider(tmp_path)
    with pytest.raises(Permanent, match="2 acquisitions"):
        provider.read(list(provider.search(WORLD)), BURST, ["VV"], 60.0)


@pytest.mark.shared_data
class TestRealBursts:
    """Sentinel-1A and 1B over California, 21 dates of one track; some bursts lie in the sea."""

    @pytest.fixture
    def path(self, shared_data):
        return shared_data / "s1-rtc-california"

    def test_each_date_is_one_look_of_one_track(self, path):
        found = looks(path)
        assert FolderProvider(path).faults() == ()
        assert [len(look.scenes) for look in found] == [5] * 21
        assert len({look.key for look in found}) == 21
        assert all("_R137_A_" in look.key for look in found)
        dates = [f"{look.sensed:%Y-%m-%d}" for look in found]
        assert dates == sorted(folder.name for folder in path.iterdir() if folder.is_dir())
        assert [look.key[:3] for look in found[:6]] == ["S1A", "S1B"] * 3

    def test_land_is_seen_whole_and_a_zero_at_sea_is_no_observation(self, path):
        provider = FolderProvider(path)
        land = grid("EPSG:32611", (239_250, 3_853_590), 100, 30.0)
        sea = grid("EPSG:32611", (159_930, 3_816_210), 100, 30.0)
        zeros = 0
        for look in looks(path):
            for geobox in (land, sea):
                chip = provider.read(look.scenes, geobox, ["VV", "VH"], 60.0)
                cube = look_cube(chip, geobox, ["VV", "VH"])
                check_cube(cube)
                (layer,) = [one for one in chip.layers if one.geobox.affine == geobox.affine]
                nothing = (layer.dn[layer.bands.index("VH")] == 0) & (geobox is sea)
                zeros += int(nothing.sum())
                np.testing.assert_array_equal(np.isnan(cube["VH"].values[0]), nothing)
                np.testing.assert_array_equal(cube["cause"].values[0] == Cause.NODATA, nothing)
                assert np.isfinite(np.log(cube["VV"].values)).all()
        assert zeros == 8

    def test_land_over_three_years_is_stable_to_a_decibel_or_two(self, path):
        provider = FolderProvider(path)
        land = grid("EPSG:32611", (239_250, 3_853_590), 100, 30.0)
        means = []
        for look in looks(path):
            cube = look_cube(provider.read(look.scenes, land, ["VV"], 60.0), land, ["VV"])
            means.append(10 * np.log10(np.nanmean(cube["VV"].values)))
        assert np.std(means) < 2.0 and -15 < np.median(means) < -3
