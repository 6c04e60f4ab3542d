"""Coherence that was made elsewhere and laid beside the power of a pass: one band more."""

import json
from datetime import UTC, date, datetime

import numpy as np
import pytest
import rasterio
from odc.geo.geobox import GeoBox
from shapely.geometry import box

from imagery.cube import check_cube
from imagery.errors import IntegrityError, Permanent
from imagery.looks import group_acquisitions
from imagery.masks import look_cube
from imagery.opera import bursts, scene_from_burst
from imagery.providers.folder import FolderProvider
from imagery.types import Cause, Query
from tests.support.catalogue import grid as grid_of
from tests.support.opera import write_burst
from tests.support.radar import ASCENDING, make_radar_catalogue, radar_truth

WORLD = Query(
    box(-180, -90, 180, 90), datetime(2010, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
)
BURST = grid_of("EPSG:32611", (240_000, 3_816_660), 40, 30.0)
GAMMA = np.random.default_rng(1).gamma(4.4, 0.1 / 4.4, (40, 40)).astype(np.float32) + 1e-4
BANDS = ("VV", "VH", "COH", "MASK")
COHERENCE = np.random.default_rng(2).uniform(0.05, 0.95, GAMMA.shape).astype(np.float32)


def whole(mask=None):
    return {"VV": GAMMA, "VH": GAMMA / 4, "mask": np.zeros(GAMMA.shape) if mask is None else mask}


def cube_of(path, geobox):
    (look,) = group_acquisitions(FolderProvider(path).search(WORLD))
    offered = [band for band in BANDS if band in look.scenes[0].bands]
    chip = FolderProvider(path).read(look.scenes, geobox, offered, 60.0)
    cube = look_cube(chip, geobox, BANDS)
    check_cube(cube)
    return cube


def test_coherence_beside_a_burst_is_the_drawn_one(tmp_path):
    coherence = COHERENCE.copy()
    coherence[0, :3] = [0.0, 1.0, np.nan]
    write_burst(tmp_path, BURST, whole() | {"COH": coherence})
    cube = cube_of(tmp_path, BURST)
    assert cube["COH"].dtype == np.float32
    np.testing.assert_array_equal(cube["COH"].values[0], coherence)
    # What coherence lacks is no loss of the look.
    assert (cube["cause"].values == Cause.CLEAR).all()


def test_what_relief_hides_from_power_has_no_coherence_either(tmp_path):
    mask = np.zeros(GAMMA.shape, np.uint8)
    mask[5, 5:8] = [1, 2, 3]
    write_burst(tmp_path, BURST, whole(mask=mask) | {"COH": COHERENCE})
    cube = cube_of(tmp_path, BURST)
    assert np.isnan(cube["VV"].values[0, 5, 5:8]).all()
    assert np.isnan(cube["COH"].values[0, 5, 5:8]).all()
    np.testing.assert_array_equal(cube["COH"].values[0, 6:], COHERENCE[6:])


def test_coherence_without_power_is_no_scene(tmp_path):
    write_burst(tmp_path, BURST, {"COH": COHERENCE})
    (files,) = bursts(tmp_path.glob("*.tif")).values()
    with pytest.raises(Permanent, match="no backscatter"):
        scene_from_burst(files, "folder")


@pytest.mark.parametrize("wrong", [1.5, -0.2])
def test_numbers_that_are_no_coherence_are_refused(tmp_path, wrong):
    coherence = COHERENCE.copy()
    coherence[9, 9] = wrong
    write_burst(tmp_path, BURST, whole() | {"COH": coherence})
    with pytest.raises(IntegrityError, match="coherence lies from 0 to 1"):
        cube_of(tmp_path, BURST)


def test_an_item_may_list_coherence_in_hundredths(tmp_path):
    make_radar_catalogue(tmp_path, [date(2024, 3, 1)], radar_truth(4), tracks=(ASCENDING,))
    (item,) = tmp_path.glob("*/*.json")
    document = json.loads(item.read_text())
    with rasterio.open(item.parent / "VV.tif") as source:
        grid = GeoBox(source.shape, source.transform, source.crs)
        profile = source.profile | {"driver": "GTiff", "dtype": "uint8", "nodata": 255}
    numbers = np.random.default_rng(3).integers(0, 101, (profile["height"], profile["width"]))
    numbers[0, 0] = 255
    with rasterio.open(item.parent / "coh.tif", "w", **profile) as out:
        out.write(numbers.astype(np.uint8), 1)
    document["assets"]["COH"] = {
        "href": "coh.tif", "raster:bands": [{"scale": 0.01, "offset": 0, "nodata": 255}],
    }  # fmt: skip
    item.write_text(json.dumps(document))
    (scene,) = FolderProvider(tmp_path).search(WORLD)
    assert scene.bands == {"VV", "VH", "COH", "MASK"}
    found = cube_of(tmp_path, grid)["COH"].values[0]
    # The track sees the left four fifths alone, of its power as of its mask.
    seen = np.zeros(found.shape, bool)
    seen[:, : round(0.8 * found.shape[1])] = True
    seen[0, 0] = False
    assert np.array_equal(np.isfinite(found), seen)
    np.testing.assert_allclose(found[seen], numbers[seen] / 100.0, atol=1e-6)
