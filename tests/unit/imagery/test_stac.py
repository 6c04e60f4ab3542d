"""Items to scenes: radiometry as the item states it, whatever else it leaves out."""

import copy
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box, mapping

from imagery.errors import ImageryError, Permanent
from imagery.looks import group_acquisitions
from imagery.stac import item_sha256, scene_from_item

NOON = datetime(2019, 6, 5, 9, 20, 31, tzinfo=UTC)
ITEM = {
    "type": "Feature",
    "stac_version": "1.0.0",
    "id": "S2B_34TFQ_20190605_0_L2A",
    "collection": "sentinel-2-c1-l2a",
    "geometry": mapping(box(22.0, 44.0, 23.0, 45.0)),
    "properties": {
        "datetime": "2019-06-05T09:20:31Z",
        "platform": "sentinel-2b",
        "sat:relative_orbit": 93,
        "sat:orbit_state": "descending",
        "s2:datatake_id": "GS2B_20190605T092031_011732_N05.00",
        "s2:processing_baseline": "05.00",
        "published": "2023-02-01T00:00:00Z",
        "eo:cloud_cover": 12.5,
    },
    "links": [],
    "assets": {
        "B04": {
            "href": "B04.tif",
            "raster:bands": [{"scale": 0.0001, "offset": -0.1, "nodata": 0}],
            "gsd": 10,
            "file:checksum": "1220" + "AB" * 32,
        },
        "SCL": {"href": "SCL.tif", "raster:bands": [{"nodata": 0, "spatial_resolution": 20}]},
    },
}


def item(**properties):
    changed = copy.deepcopy(ITEM)
    changed["properties"].update(properties)
    return changed


def with_b04(**asset):
    changed = copy.deepcopy(ITEM)
    changed["assets"]["B04"].update(asset)
    return changed


def test_a_scene_says_what_its_item_says():
    got = scene_from_item(ITEM, "folder", "somewhere/")
    assert (got.id, got.collection, got.sensor) == (
        ITEM["id"],
        ITEM["collection"],
        "sentinel-2-l2a",
    )
    assert got.sensed == NOON and got.sensed_precision_s == 0.0
    assert (got.platform, got.relative_orbit, got.baseline) == ("sentinel-2b", 93, "05.00")
    assert got.cloud_cover == 12.5 and got.unknown == ()
    red, classes = got.asset("B04"), got.asset("SCL")
    assert (red.href, red.scale, red.offset, red.nodata) == ("somewhere/B04.tif", 1e-4, -0.1, 0)
    assert (red.resolution, red.sha256) == (10.0, "ab" * 32)
    assert (classes.scale, classes.offset, classes.resolution) == (None, None, 20.0)


def test_what_an_item_leaves_out_is_said_to_be_unknown():
    bare = copy.deepcopy(ITEM)
    bare["properties"] = {"datetime": "2019-06-05T09:20:31Z"}
    assert scene_from_item(bare, "folder").unknown == (
        "baseline", "cloud_cover", "datatake", "orbit_direction", "platform", "published",
        "relative_orbit",
    )  # fmt: skip


def test_an_item_that_knows_only_the_day_says_so():
    day = item(datetime=None, start_datetime="2019-06-05T00:00:00Z",
               end_datetime="2019-06-05T23:59:59Z")  # fmt: skip
    got = scene_from_item(day, "folder")
    assert got.sensed == datetime(2019, 6, 5, tzinfo=UTC)
    assert got.sensed_precision_s == 86_399.0


@pytest.mark.parametrize(
    ("baseline", "offset"),
    [("02.14", None), ("02.14", 0.0), ("05.00", -0.1), ("05.11", 0.0), ("04.00", -0.1)],
)
@pytest.mark.parametrize("year", [2016, 2019, 2024])
def test_the_offset_is_the_stated_one_whatever_the_date(baseline, offset, year):
    stated = item(**{"s2:processing_baseline": baseline, "datetime": f"{year}-06-05T09:20:31Z"})
    stated["assets"]["B04"]["raster:bands"] = [
        {"scale": 0.0001} | ({} if offset is None else {"offset": offset})
    ]
    assert scene_from_item(stated, "folder").asset("B04").offset == (offset or 0.0)


@pytest.mark.parametrize(
    "properties",
    [
        {"s2:processing_baseline": "04.00"},
        {"s2:processing_baseline": "N0500"},
        {"s2:processing_baseline": 5.1},
        {"s2:processing_baseline": None, "processing:version": "05.11"},
        {
            "s2:processing_baseline": None,
            "s2:product_uri": "S2B_MSIL2A_2019_N0500_R093_T34TFQ.SAFE",
        },
        {"s2:processing_baseline": None},
        {"s2:processing_baseline": "newest"},
    ],
    ids=str,
)
def test_an_item_whose_offset_cannot_be_told_is_refused(properties):
    stated = item(**properties)
    del stated["assets"]["B04"]["raster:bands"][0]["offset"]
    with pytest.raises(Permanent, match=r"offset|baseline"):
        scene_from_item(stated, "folder")


@pytest.mark.parametrize(
    ("written", "meant"), [("N0214", "02.14"), ("2.14", "02.14"), ("0207", "02.07"), (5.1, "05.10")]
)
def test_a_baseline_reads_the_same_however_it_is_written(written, meant):
    assert scene_from_item(item(**{"s2:processing_baseline": written}), "f").baseline == meant


def test_an_offset_that_is_said_to_be_applied_already_is_not_applied_twice():
    with pytest.raises(Permanent, match="already applied"):
        scene_from_item(item(**{"earthsearch:boa_offset_applied": True}), "folder")


def test_scale_and_offset_are_found_wherever_stac_puts_them():
    for asset in (
        {
            "raster:bands": None,
            "bands": [{"name": "B04", "raster:scale": 1e-4, "raster:offset": -0.1}],
        },
        {"raster:bands": None, "raster:scale": 1e-4, "raster:offset": -0.1},
        {"raster:bands": [{"scale": 1e-4, "offset": -0.1}, {"scale": 7}, {}]},
    ):
        red = scene_from_item(with_b04(**asset), "folder").asset("B04")
        assert (red.scale, red.offset, red.nodata) == (1e-4, -0.1, 0)


@pytest.mark.parametrize("bad", [0, -1e-4, "much", float("nan"), float("inf"), [], None])
def test_a_scale_that_cannot_be_is_refused(bad):
    with pytest.raises(Permanent):
        scene_from_item(with_b04(**{"raster:bands": [{"scale": bad, "offset": 0}]}), "folder")


def test_of_a_band_at_two_resolutions_the_finer_is_read():
    both = copy.deepcopy(ITEM)
    fine = both["assets"].pop("B04")
    both["assets"]["B04_20m"] = {**fine, "href": "coarse.tif", "gsd": 20}
    both["assets"]["B04_10m"] = fine
    got = scene_from_item(both, "folder")
    assert len([a for a in got.assets if a.band == "B04"]) == 2
    assert got.asset("B04").href == "B04.tif"


def test_a_picture_of_three_bands_is_not_taken_for_one_of_them():
    shown = copy.deepcopy(ITEM)
    names = [{"name": name} for name in ("B03", "B02", "B08")]
    shown["assets"]["visual"] = {"href": "TCI.tif", "eo:bands": names}
    assert scene_from_item(shown, "folder").bands == {"B04", "SCL"}


def test_an_asset_is_known_by_its_band_name_if_its_key_is_another():
    named = copy.deepcopy(ITEM)
    named["assets"]["red"] = {**named["assets"].pop("B04"), "eo:bands": [{"name": "B04"}]}
    assert "B04" in scene_from_item(named, "folder").bands


def test_an_absolute_address_is_not_bent_into_the_catalogue():
    for href in ("/etc/hosts", "https://example.org/B04.tif"):
        assert scene_from_item(with_b04(href=href), "f", "here/").asset("B04").href == href


def test_a_footprint_over_the_date_line_covers_both_sides_and_nothing_between():
    for ring in (
        [[179.5, -17], [-179.5, -17], [-179.5, -16], [179.5, -16], [179.5, -17]],
        [[179.5, -17], [180.5, -17], [180.5, -16], [179.5, -16], [179.5, -17]],
        [[-179.5, -17], [-180.5, -17], [-180.5, -16], [-179.5, -16], [-179.5, -17]],
    ):
        fiji = copy.deepcopy(ITEM)
        fiji["geometry"] = {"type": "Polygon", "coordinates": [ring]}
        print_of = scene_from_item(fiji, "folder").footprint
        assert print_of.area == pytest.approx(1.0)
        assert print_of.intersects(box(179.6, -16.6, 179.7, -16.5))
        assert print_of.intersects(box(-179.7, -16.6, -179.6, -16.5))
        assert not print_of.intersects(box(-170, -20, 170, -10))


def test_the_digest_of_an_item_stands_when_only_its_links_move():
    moved = copy.deepcopy(ITEM)
    moved["links"] = [{"rel": "root", "href": "elsewhere"}]
    assert item_sha256(moved) == item_sha256(dict(reversed(list(ITEM.items()))))
    assert item_sha256(item(platform="sentinel-2a")) != item_sha256(ITEM)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    | st.sampled_from([10**400, -(10**30), "9999-12-31T23:59:59-12:00", "\ud800", 1e308]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def places(value, here=()):
    yield here
    children = value.items() if isinstance(value, dict) else ()
    if isinstance(value, list):
        children = enumerate(value)
    for key, child in children:
        yield from places(child, (*here, key))


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([place for place in places(ITEM) if place]), JUNK, st.booleans())
def test_whatever_an_item_holds_only_an_imagery_error_comes_out(place, junk, drop):
    broken = copy.deepcopy(ITEM)
    holder = broken
    for key in place[:-1]:
        holder = holder[key]
    if drop:
        del holder[place[-1]]
    else:
        holder[place[-1]] = junk
    try:
        got = scene_from_item(broken, "folder")
        keys = [one.key for one in group_acquisitions([got])]
    except ImageryError:
        return
    assert len(keys) == 1 and re.fullmatch(r"[A-Za-z0-9_-]{1,200}", keys[0])
    assert not got.footprint.is_empty and got.footprint.is_valid


def test_an_item_is_actual_unless_it_says_otherwise():
    assert scene_from_item(ITEM, "folder").mode == "actual"
    for mode in ("actual", "exercise", "test"):
        assert scene_from_item(item(**{"hearthwatch:mode": mode}), "folder").mode == mode


@pytest.mark.parametrize("mode", ["Exercise", "drill", "", None, 1, ["exercise"]])
def test_an_item_of_a_mode_nobody_knows_is_no_scene(mode):
    with pytest.raises(Permanent, match="hearthwatch:mode"):
        scene_from_item(item(**{"hearthwatch:mode": mode}), "folder")
