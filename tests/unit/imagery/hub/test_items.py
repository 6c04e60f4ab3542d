"""Catalogue items to scenes: what is believed of them, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from imagery.errors import Permanent
from imagery.hub.items import to_scene, told_apart
from imagery.hub.products import is_harmonised, is_of_either, timeliness_of
from imagery.looks import group_acquisitions
from imagery.stac import item_sha256
from tests.support.items import sentinel_hub_sentinel_1, sentinel_hub_sentinel_2

S2, S1 = "sentinel-2-l2a", "sentinel-1-grd"


def renamed(item, old, new):
    return {**item, "id": item["id"].replace(old, new)}


def optical(baseline="05.09", **changes):
    item = sentinel_hub_sentinel_2(baseline)
    item["properties"] |= changes
    return to_scene(item, S2)


def radar(name=None, **changes):
    item = sentinel_hub_sentinel_1()
    item["properties"] |= changes
    return to_scene({**item, "id": name or item["id"]}, S1)


def test_a_sentinel_2_item_says_who_saw_what_and_when():
    scene = optical()
    assert scene.provider == "sentinelhub" and scene.collection == scene.sensor == S2
    assert scene.sensed == datetime(2023, 1, 12, 8, 15, 24, tzinfo=UTC)
    assert scene.published == datetime(2023, 1, 12, 13, 2, 11, 482000, tzinfo=UTC)
    assert scene.processed == datetime(2023, 1, 12, 11, 3, 12, tzinfo=UTC)
    assert (scene.tile, scene.relative_orbit, scene.baseline) == ("36NXF", 78, "05.09")
    assert scene.platform == "sentinel-2b" and scene.cloud_cover == 12.4
    assert scene.item_sha256 == item_sha256(sentinel_hub_sentinel_2())
    assert "published" not in scene.unknown


@pytest.mark.parametrize(
    ("baseline", "offset"), [("02.14", 0.0), ("03.01", 0.0), ("04.00", -0.1), ("05.09", -0.1)]
)
@pytest.mark.parametrize("year", ["2019", "2023"])
def test_the_offset_follows_the_baseline_in_the_name_whatever_the_date(baseline, offset, year):
    item = renamed(sentinel_hub_sentinel_2(baseline), "_20230112T0803", f"_{year}0112T0803")
    item["properties"]["datetime"] = f"{year}-01-12T08:15:24Z"
    scene = to_scene(item, S2)
    reflecting = [asset for asset in scene.assets if asset.band != "SCL"]
    assert {(asset.scale, asset.offset, asset.nodata) for asset in reflecting} == {
        (0.0001, offset, 0)
    }
    assert scene.asset("SCL").scale is None and scene.asset("SCL").offset is None


def test_every_band_has_its_own_resolution():
    assert {a.band: a.resolution for a in optical().assets} == {
        "B01": 60, "B02": 10, "B03": 10, "B04": 10, "B05": 20, "B06": 20, "B07": 20, "B08": 10,
        "B8A": 20, "B09": 60, "B11": 20, "B12": 20, "SCL": 20,
    }  # fmt: skip


@pytest.mark.parametrize(("old", "new"), [("_N0509_", "_"), ("_N0509_", "_N9999_")])
def test_f46_an_item_whose_baseline_is_not_known_is_refused(old, new):
    with pytest.raises(Permanent, match="baseline"):
        to_scene(renamed(sentinel_hub_sentinel_2(), old, new), S2)


def test_a_radar_item_is_what_will_be_asked_for():
    scene = radar()
    assert scene.bands == {"VV", "VH"} and scene.backscatter == "gamma0_terrain"
    assert scene.instrument_mode == "IW" and scene.orbit_direction == "descending"
    assert scene.relative_orbit is not None
    for asset in scene.assets:
        assert (asset.scale, asset.offset, asset.nodata, asset.resolution) == (1.0, 0.0, None, 10.0)
        assert timeliness_of(asset) == "Fast24h"
    assert len(group_acquisitions([scene])) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"sar:instrument_mode": "EW"},
        {"s1:polarization": "DH"},
        {"s1:polarization": "SV"},
        {"s1:resolution": "MEDIUM"},
    ],
)
def test_f51_radar_of_another_mode_is_not_listed(other):
    assert radar(**other) is None


def test_f51_radar_that_does_not_say_how_it_was_taken_is_refused():
    with pytest.raises(Permanent, match="how it was taken"):
        radar(**{"s1:polarization": None})


def test_f54_of_two_deliveries_of_one_radar_product_the_careful_one_is_read():
    name = "S1A_IW_GRDH_1SDV_20230113T032115_20230113T032140_046765_059B2E_{}"
    hasty = radar(name.format("FFFF"), **{"s1:timeliness": "NRT-3h"})
    careful = radar(name.format("0001"), **{"s1:timeliness": "Fast-24h"})
    nameless = radar(name.format("9999"), **{"s1:timeliness": "soon"})
    assert list(told_apart([hasty, nameless, careful])) == [careful]
    assert timeliness_of(nameless.asset("VV")) is None


def test_f54_radar_slices_and_satellites_are_not_taken_for_deliveries():
    name = "S1{}_IW_GRDH_1SDV_20230113T0321{}_20230113T032140_046765_059B2E_0001"
    three = [
        radar(name.format("A", "15")),
        radar(name.format("A", "40"), datetime="2023-01-13T03:21:40Z"),
        radar(name.format("C", "15"), platform="sentinel-1c"),
    ]
    assert len(list(told_apart(three))) == 3


def test_f54_processings_with_one_offset_keep_it_and_are_marked():
    both = list(told_apart([optical("05.09"), optical("05.10")]))
    assert {scene.baseline for scene in both} == {"05.09", "05.10"}
    for scene in both:
        assert scene.asset("B04").offset == -0.1 and is_of_either(scene.asset("B04"))


def test_f54_two_strips_of_one_tile_are_no_processings():
    one, other = optical(), optical(datetime="2023-01-12T08:15:31Z")
    got = list(told_apart([one, replace(other, id="another")]))
    assert len(got) == 2 and not any(is_of_either(scene.asset("B04")) for scene in got)


def test_f54_processings_that_differ_in_their_offset_are_asked_for_without_it():
    old, new, other_day = optical("02.14"), optical("05.00"), optical("05.00")
    later = to_scene(
        {
            **sentinel_hub_sentinel_2("05.00"),
            "properties": {
                **sentinel_hub_sentinel_2()["properties"],
                "datetime": "2023-01-17T08:15:24Z",
            },
        },
        S2,
    )
    got = list(told_apart([old, new, later]))
    assert len(got) == 3
    for scene in got:
        mixed = scene.sensed == other_day.sensed
        assert is_harmonised(scene.asset("B04")) is mixed
        assert scene.asset("B04").offset == (0.0 if mixed else -0.1)
        assert scene.asset("SCL").scale is None


@pytest.mark.parametrize(
    "broken",
    [
        None,
        [],
        {},
        {"id": "x", "properties": None},
        {**sentinel_hub_sentinel_2(), "geometry": None},
        {**sentinel_hub_sentinel_2(), "properties": {}},
    ],
)
@pytest.mark.parametrize("collection", [S2, S1])
def test_what_is_no_item_is_refused(broken, collection):
    with pytest.raises(Permanent):
        to_scene(broken, collection)


@pytest.mark.parametrize("time", ["2023-01-12T08:15:24", "yesterday", 12])
def test_f59_a_time_without_a_zone_is_refused(time):
    with pytest.raises(Permanent):
        optical(datetime=time)
    with pytest.raises(Permanent):
        optical(created=time)


@pytest.mark.parametrize("text", ["2023-01-12T08:15:24.024Z", "2023-01-12T10:15:24.024000+02:00"])
def test_f59_a_time_with_fractions_or_another_zone_is_read(text):
    assert optical(datetime=text).sensed == datetime(2023, 1, 12, 8, 15, 24, 24000, tzinfo=UTC)
