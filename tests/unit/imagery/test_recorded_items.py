"""Items in the shape each provider sends them: one meaning, and one name for one pass."""

import copy
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imagery.errors import Permanent
from imagery.looks import group_acquisitions
from imagery.packed import Product
from imagery.safe import scene_from_safe
from imagery.stac import scene_from_item
from tests.support import items
from tests.support.safe import PHYSICAL, metadata, product_name

BANDS = {"B02", "B03", "B04", "B08", "B8A", "B11", "B12", "SCL"}
START = datetime(2023, 1, 12, 8, 3, 29, tzinfo=UTC)


def told(item, scale=1e-4, offset=-0.1):
    """State scale and offset, as the provider's dialect does where the item says nothing."""
    stated = copy.deepcopy(item)
    for asset in stated["assets"].values():
        asset.setdefault("raster:bands", [{"scale": scale, "offset": offset, "nodata": 0}])
    return stated


def bare(item):
    """Leave the files out, as the provider of Sentinel Hub does: it is asked for pixels."""
    return {**item, "assets": {}}


OPTICAL = {
    "earth search c1": items.earth_search_c1(),
    "cdse": items.cdse_sentinel_2(),
    "planetary computer": told(items.planetary_computer_sentinel_2()),
    "sentinel hub": bare(items.sentinel_hub_sentinel_2()),
}
RADAR = {
    "planetary computer": items.planetary_computer_sentinel_1_rtc(),
    "opera": items.opera_rtc_s1(),
}


@pytest.mark.parametrize("name", OPTICAL)
def test_every_provider_says_the_same_of_one_product(name):
    scene = scene_from_item(OPTICAL[name], "p")
    assert (scene.sensor, scene.platform) == ("sentinel-2-l2a", "sentinel-2b")
    assert (scene.relative_orbit, scene.tile, scene.baseline) == (78, "36NXF", "05.09")
    assert scene.datatake.startswith("GS2B_20230112T080329")
    assert scene.processed > START and scene.backscatter is None
    if scene.assets:
        assert scene.bands >= BANDS
        red, classes = scene.asset("B04"), scene.asset("SCL")
        assert (red.scale, red.offset, red.nodata, red.resolution) == (1e-4, -0.1, 0, 10.0)
        assert (classes.scale, classes.resolution) == (None, 20.0)


@pytest.mark.parametrize("name", RADAR)
def test_every_provider_of_radar_says_the_same_of_one_pass(name):
    scene = scene_from_item(RADAR[name], "p")
    assert (scene.sensor, scene.platform) == ("sentinel-1-rtc", "sentinel-1a")
    assert (scene.relative_orbit, scene.orbit_direction) == (123, "descending")
    assert (scene.backscatter, scene.instrument_mode) == ("gamma0_terrain", "IW")
    power = scene.asset("VV")
    assert (power.scale, power.offset) == (1.0, 0.0)
    assert power.nodata == (None if name == "opera" else -32768)
    assert power.resolution == (30.0 if name == "opera" else 10.0)


def test_operas_mask_is_a_band_of_classes():
    scene = scene_from_item(items.opera_rtc_s1(), "p")
    mask = scene.asset("MASK")
    assert scene.bands == {"VV", "VH", "MASK"}
    assert (mask.scale, mask.offset, mask.nodata) == (None, None, 255)
    assert (scene.tile, scene.baseline) == ("T123-262795-IW2", "1.0")


def test_one_radar_pass_has_one_name():
    found = [scene_from_item(item, "p") for item in RADAR.values()]
    (look,) = group_acquisitions(found)
    assert look.key == "S1A_IW_R123_D_20230113_rtc"


def test_a_radar_item_without_direction_and_orbit_has_them_from_time_and_place():
    item = bare(items.sentinel_hub_sentinel_1())
    del item["properties"]["sat:orbit_state"]
    scene = scene_from_item(item, "p")
    # 03:21 h UTC and 34.4 degrees east: early in the morning, southward.
    assert scene.orbit_direction == "descending" and 1 <= scene.relative_orbit <= 175


def test_radar_in_decibels_is_refused():
    item = items.planetary_computer_sentinel_1_rtc()
    item["assets"]["vv"]["raster:bands"][0]["unit"] = "dB"
    with pytest.raises(Permanent, match="decibels"):
        scene_from_item(item, "p")


STARTS = st.integers(0, 10 * 365 * 86_400).map(
    lambda s: datetime(2017, 1, 1, tzinfo=UTC) + timedelta(seconds=s)
)


def moved(item, satellite, started, orbit, tile, baseline):
    """Write another satellite, datatake, orbit, tile and baseline wherever the item has them."""
    text = json.dumps(item)
    for old, new in (
        ("20230112T080329", f"{started:%Y%m%dT%H%M%S}"),
        ("S2B", satellite), ("entinel-2b", f"entinel-2{satellite[2].lower()}"),
        ("entinel-2B", f"entinel-2{satellite[2]}"), ("_R078_", f"_R{orbit:03d}_"),
        ('"sat:relative_orbit": 78', f'"sat:relative_orbit": {orbit}'),
        ("36NXF", tile), ("05.09", baseline), ("_N0509_", f"_N{baseline.replace('.', '')}_"),
    ):  # fmt: skip
        text = text.replace(old, new)
    return json.loads(text)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(["S2A", "S2B", "S2C"]),
    STARTS,
    st.integers(1, 143),
    st.sampled_from(["36NXF", "01CCV", "60XWQ", "34TFQ"]),
    st.sampled_from(["04.00", "05.09", "05.11"]),
    st.randoms(use_true_random=False),
)
def test_one_pass_has_one_name_at_every_provider(
    tmp_path, satellite, started, orbit, tile, baseline, random
):
    name = product_name(baseline, started, tile, satellite)
    folder = tmp_path / f"{name}.SAFE"
    image = folder / "GRANULE" / "x" / "IMG_DATA" / "R10m"
    image.mkdir(parents=True, exist_ok=True)
    (image / f"T{tile}_{started:%Y%m%dT%H%M%S}_B04_10m.jp2").touch()
    text = metadata(name, baseline, dict.fromkeys(PHYSICAL, -1000), 10_000, started,
                    [(33.9, 2.6), (34.9, 2.6), (34.9, 3.6), (33.9, 2.6)], satellite)  # fmt: skip
    (folder / "MTD_MSIL2A.xml").write_text(text, encoding="utf-8")
    listed = [
        scene_from_item(moved(item, satellite, started, orbit, tile, baseline), provider)
        for provider, item in OPTICAL.items()
    ]
    listed.append(scene_from_safe(Product(folder.name, folder), "folder"))
    alone = {group_acquisitions([scene])[0].key for scene in listed}
    assert alone == {f"{satellite}_{started:%Y%m%dT%H%M%S}"}
    random.shuffle(listed)
    (look,) = group_acquisitions(listed)
    assert look.key in alone and {scene.tile for scene in listed} == {tile}
    assert len(look.scenes) + len(look.superseded) == len(listed)
