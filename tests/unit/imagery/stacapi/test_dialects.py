"""Items as each catalogue sends them, both sides of baseline 04.00, to scenes that agree."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagery.errors import Permanent
from imagery.stac import item_sha256
from imagery.stacapi.dialects import PLAIN, dialect_of, scene_of
from tests.support import items

EARTH_SEARCH = dialect_of("https://earth-search.aws.element84.com/v1", None)
CDSE = dialect_of("https://stac.dataspace.copernicus.eu/v1", None)
PLANETARY = dialect_of("https://planetarycomputer.microsoft.com/api/stac/v1", None)
OPERA = dialect_of("https://cmr.earthdata.nasa.gov/stac/ASF", None)
TEN_M = ("B02", "B03", "B04", "B08")


def stated(scene, band="B04"):
    asset = scene.asset(band)
    return asset.scale, asset.offset


@pytest.mark.parametrize(
    ("make", "dialect"),
    [
        (items.earth_search_c1, EARTH_SEARCH),
        (items.cdse_sentinel_2, CDSE),
        (items.planetary_computer_sentinel_2, PLANETARY),
    ],
)
@pytest.mark.parametrize(
    ("baseline", "offset"), [("02.14", 0.0), ("03.01", 0.0), ("04.00", -0.1), ("05.09", -0.1)]
)
def test_the_offset_goes_by_the_baseline_at_every_catalogue_that_can_be_trusted(
    make, dialect, baseline, offset
):
    scene = scene_of(make(baseline), "stac", dialect)
    assert {stated(scene, band) for band in (*TEN_M, "B8A", "B11", "B12")} == {(0.0001, offset)}
    assert stated(scene, "SCL") == (None, None)
    assert scene.baseline == baseline and scene.asset("B04").resolution == 10


def test_a_scene_of_2019_made_anew_is_shifted_whatever_its_date():
    item = items.planetary_computer_sentinel_2("05.00", sensed=items.SENSED_OLD)
    scene = scene_of(item, "stac", PLANETARY)
    assert scene.sensed.year == 2019 and stated(scene) == (0.0001, -0.1)


@pytest.mark.parametrize("applied", [True, False, None])
@pytest.mark.parametrize(("baseline", "offset"), [("03.01", 0.0), ("04.00", None), ("05.09", None)])
def test_what_the_older_earth_search_says_of_shifted_baselines_is_left_to_the_pixels(
    applied, baseline, offset
):
    scene = scene_of(items.earth_search_legacy(baseline, applied), "stac", EARTH_SEARCH)
    assert stated(scene) == (0.0001, offset)
    assert scene.asset("B04").href.endswith("/B04.tif")


def test_another_catalogue_with_earth_searchs_flag_is_trusted_no_more():
    scene = scene_of(items.earth_search_legacy(applied=True), "stac", PLAIN)
    assert stated(scene)[1] is None


def test_an_unknown_catalogue_that_states_nothing_is_left_to_the_pixels():
    item = items.planetary_computer_sentinel_2()
    assert stated(scene_of(item, "stac", PLAIN)) == (0.0001, None)
    del item["properties"]["s2:processing_baseline"]
    assert stated(scene_of(item, "stac", PLAIN))[1] is None


def test_the_four_catalogues_list_one_pass_as_one():
    scenes = [
        scene_of(items.earth_search_c1(), "stac", EARTH_SEARCH),
        scene_of(items.earth_search_legacy(), "stac", EARTH_SEARCH),
        scene_of(items.cdse_sentinel_2(), "stac", CDSE),
        scene_of(items.planetary_computer_sentinel_2(), "stac", PLANETARY),
    ]
    assert {scene.datatake for scene in scenes} == {"GS2B_20230112T080329_030568_N05.09"}
    assert {scene.tile for scene in scenes} == {"36NXF"}
    assert {scene.platform for scene in scenes} == {"sentinel-2b"}
    assert {scene.sensor for scene in scenes} == {"sentinel-2-l2a"}


def test_when_it_was_published_is_when_the_catalogue_listed_it_where_it_says_no_more():
    assert scene_of(items.cdse_sentinel_2(), "stac", CDSE).published.minute == 2
    assert scene_of(items.earth_search_c1(), "stac", EARTH_SEARCH).published.minute == 12
    assert scene_of(items.planetary_computer_sentinel_2(), "stac", PLANETARY).published is None


def test_a_file_in_a_bucket_is_read_on_the_web_where_it_is_there_too():
    asset = scene_of(items.cdse_sentinel_2(), "stac", CDSE).asset("B04")
    assert asset.href.startswith("https://files.example.org/") and "_B04_10m.jp2" in asset.href
    only = scene_of(items.cdse_sentinel_2(host=None), "stac", CDSE).asset("B04")
    assert only.href.startswith("s3://eodata/")


def test_opera_bursts_are_terrain_corrected_power_with_a_mask():
    scene = scene_of(items.opera_rtc_s1(), "stac", OPERA)
    assert (scene.sensor, scene.backscatter) == ("sentinel-1-rtc", "gamma0_terrain")
    assert (scene.relative_orbit, scene.platform) == (123, "sentinel-1a")
    assert {"VV", "VH", "MASK"} <= scene.bands and "T123-262795-IW2" in scene.tile
    assert stated(scene, "VV") == (1.0, 0.0) and scene.asset("VV").resolution == 30


def test_radar_of_the_planetary_computer_is_power_with_a_number_for_nothing():
    scene = scene_of(items.planetary_computer_sentinel_1_rtc(), "stac", PLANETARY)
    assert stated(scene, "VH") == (1.0, 0.0) and scene.asset("VH").nodata == -32768
    assert (scene.instrument_mode, scene.relative_orbit) == ("IW", 123)


def test_radar_in_the_geometry_of_the_radar_is_refused_with_words():
    with pytest.raises(Permanent, match="terrain"):
        scene_of(items.cdse_sentinel_1_grd(), "stac", CDSE)


def test_the_digest_is_of_the_item_as_it_came_and_the_item_is_left_alone():
    for item in (items.earth_search_legacy(), items.cdse_sentinel_2(), items.opera_rtc_s1()):
        before = copy.deepcopy(item)
        assert scene_of(item, "stac", PLAIN).item_sha256 == item_sha256(before)
        assert item == before


def test_relative_addresses_start_at_the_items_own():
    item = items.earth_search_c1()
    item["assets"]["red"]["href"] = "./B04.tif"
    href = scene_of(item, "stac", PLAIN).asset("B04").href
    assert href == "https://stac.example.org/sentinel-2-c1-l2a/items/B04.tif"


@pytest.mark.parametrize(
    "broken", [{}, {"assets": {}}, {"properties": {}, "assets": []}, {"id": 1}]
)
def test_what_is_no_item_is_refused_in_words(broken):
    with pytest.raises(Permanent):
        scene_of({"type": "Feature", **broken}, "stac", PLAIN)


JUNK = st.sampled_from([None, [], {}, "", "x", -1, 0, 10**400, 1e308, [[[]]], {"a": 1}, True])


@given(st.data())
def test_of_a_broken_item_comes_a_scene_or_words(data):
    makers = (items.earth_search_c1, items.cdse_sentinel_2, items.opera_rtc_s1)
    item = data.draw(st.sampled_from(makers))()
    for _ in range(data.draw(st.integers(1, 3))):
        holder = item
        while True:
            keys = sorted(holder) if isinstance(holder, dict) else range(len(holder))
            key = data.draw(st.sampled_from(list(keys)))
            child = holder[key]
            if not child or not isinstance(child, dict | list) or data.draw(st.booleans()):
                break
            holder = child
        holder[key] = data.draw(JUNK)
    try:
        scene = scene_of(item, "stac", PLAIN)
    except Permanent:
        return
    assert all(asset.href for asset in scene.assets)
