"""One look per pass of a satellite, under one name, however and by whomever it is listed."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from imagery.looks import SAME_PASS, group_acquisitions, unusable
from imagery.types import Asset, Scene

NOON = datetime(2019, 6, 5, 9, 20, 31, tzinfo=UTC)


def scene(**changes) -> Scene:
    asset = Asset("B04", "B04.tif", 1e-4, 0.0, 0, 10.0)
    plain = Scene(
        provider="folder", collection="c", id="a", sensor="sentinel-2-l2a", sensed=NOON,
        footprint=box(22, 44, 23, 45), assets=(asset,), item_sha256="0" * 64,
    )  # fmt: skip
    return replace(plain, **changes)


def test_a_datatake_cut_into_tiles_is_one_look():
    tiles = [
        scene(id=f"T{n}", sensed=NOON + timedelta(seconds=n), datatake="GS2B_011732_N05.00",
              footprint=box(22 + n, 44, 23 + n, 45))
        for n in range(4)
    ]  # fmt: skip
    (look,) = group_acquisitions(reversed(tiles))
    assert look.scenes == tuple(tiles) and look.sensed == NOON


def test_a_reprocessed_scene_takes_the_place_of_the_old_one_under_the_same_key():
    old = scene(id="old", baseline="02.12", datatake="GS2B_20190605T092031_011732_N02.12")
    new = scene(id="new", baseline="05.00", datatake="GS2B_20190605T092031_011732_N05.00")
    (look,) = group_acquisitions([new, old])
    assert [one.id for one in look.scenes] == ["new"]
    assert look.key == group_acquisitions([old])[0].key == "S2B_20190605T092031"


def test_two_satellites_on_one_day_are_two_looks():
    a = scene(id="a", platform="sentinel-2a", relative_orbit=93)
    b = scene(id="b", platform="sentinel-2b", relative_orbit=93)
    assert len(group_acquisitions([a, b])) == 2


def test_without_a_datatake_platform_orbit_and_time_tell_passes_apart():
    first = scene(id="a", platform="sentinel-2a", relative_orbit=93)
    tile = replace(first, id="b", sensed=NOON + SAME_PASS, footprint=box(23, 44, 24, 45))
    next_pass = replace(first, id="c", sensed=NOON + timedelta(days=10))
    looks = group_acquisitions([next_pass, tile, first])
    assert [[one.id for one in look.scenes] for look in looks] == [["a", "b"], ["c"]]
    assert looks[0].key == "sentinel-2a_R093_20190605T092031"


def test_keys_that_are_alike_only_after_cleaning_stay_apart():
    looks = group_acquisitions([scene(id="a", datatake="a/b"), scene(id="b", datatake="a b")])
    assert len({look.key for look in looks}) == 2


SCENES = st.lists(
    st.builds(
        scene,
        id=st.sampled_from(["a", "b", "c", "d"]),
        sensed=st.integers(0, 200).map(lambda minutes: NOON + timedelta(minutes=minutes)),
        platform=st.sampled_from([None, "sentinel-2a", "sentinel-2b"]),
        relative_orbit=st.sampled_from([None, 7, 93]),
        datatake=st.sampled_from([None, None, "X_1", "X_2_N02.12", "X_2_N05.00", "../x/y"]),
        baseline=st.sampled_from([None, "02.14", "05.00"]),
        footprint=st.sampled_from([box(22, 44, 23, 45), box(23, 44, 24, 45)]),
    ),
    max_size=8,
    unique_by=lambda one: (one.id, one.sensed, one.platform, one.datatake),
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(SCENES, st.randoms(use_true_random=False))
def test_looks_do_not_depend_on_the_order_of_the_scenes(scenes, random):
    looks = group_acquisitions(scenes)
    shuffled = list(scenes)
    random.shuffle(shuffled)
    again = group_acquisitions(shuffled)
    assert [look.key for look in again] == [look.key for look in looks]
    assert [look.scenes for look in again] == [look.scenes for look in looks]
    assert len({look.key for look in looks}) == len(looks)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{1,200}", look.key) for look in looks)
    assert looks == sorted(looks, key=lambda look: (look.sensed, look.key))
    for look in looks:
        outlines = [one.footprint.wkb for one in look.scenes]
        assert len(set(outlines)) == len(outlines)
        assert len({one.sensor for one in look.scenes}) == 1


def radar(**changes) -> Scene:
    """Return a burst of OPERA RTC-S1, as the folder lists one."""
    power = tuple(Asset(band, f"{band}.tif", 1.0, 0.0, None, 30.0) for band in ("VV", "VH"))
    plain = scene(
        id="burst", sensor="sentinel-1-rtc", assets=power, backscatter="gamma0_terrain",
        platform="sentinel-1a", relative_orbit=137, orbit_direction="ascending",
        instrument_mode="IW", sensed=datetime(2023, 12, 3, 1, 59, 10, tzinfo=UTC),
        footprint=box(-120, 34, -119, 35), baseline="1.0", tile="T137-292320-IW1",
    )  # fmt: skip
    return replace(plain, **changes)


def keys(*scenes: Scene) -> list[str]:
    return [look.key for look in group_acquisitions(scenes)]


def test_the_newest_processing_of_a_tile_is_used_and_the_others_are_named():
    newest = scene(
        id="c", tile="34TFQ", baseline="05.11", footprint=box(22.2, 44, 23, 45),
        datatake="GS2B_20190605T092031_011732_N05.11",
    )  # fmt: skip
    again = replace(newest, id="b", processed=NOON + timedelta(days=2))
    newest = replace(newest, processed=NOON + timedelta(days=3))
    first = replace(newest, id="a", baseline="02.12", processed=NOON + timedelta(hours=4),
                    datatake="GS2B_20190605T092031_011732_N02.12",
                    footprint=box(22, 44, 23, 45))  # fmt: skip
    for listed in ([first, again, newest], [newest, first, again], [again, newest, first]):
        (look,) = group_acquisitions(listed)
        assert [one.id for one in look.scenes] == ["c"]
        assert [one.id for one in look.superseded] == ["a", "b"]


def test_a_tile_cut_between_two_strips_of_a_datatake_loses_neither_part():
    """Both bear one tile's name and one baseline, and the later made one shows other ground."""
    north = scene(id="n", tile="34TFQ", baseline="05.11", footprint=box(22, 44.48, 23, 45))
    south = replace(
        north, id="s", footprint=box(22, 44, 23, 44.5), processed=NOON + timedelta(hours=5)
    )
    (look,) = group_acquisitions(
        [replace(n, datatake="GS2B_20190605T092031") for n in (north, south)]
    )
    assert {one.id for one in look.scenes} == {"n", "s"} and look.superseded == ()
    anew = replace(south, id="s2", baseline="05.12")
    (look,) = group_acquisitions(
        [replace(n, datatake="GS2B_20190605T092031") for n in (north, south, anew)]
    )
    assert {one.id for one in look.scenes} == {"n", "s2"}
    assert [one.id for one in look.superseded] == ["s"]


def test_the_same_scene_listed_twice_is_one():
    one = scene(id="a", tile="34TFQ", datatake="GS2B_20190605T092031")
    (look,) = group_acquisitions([one, replace(one)])
    assert look.scenes == (one,) and look.superseded == ()


def test_slices_and_bursts_of_a_radar_pass_are_one_look():
    later = [
        radar(id=f"b{n}", tile=f"T137-{292320 + n}-IW1", footprint=box(-120, 34 + n, -119, 35 + n),
              sensed=datetime(2023, 12, 3, 1, 59, 10, tzinfo=UTC) + timedelta(seconds=2.758 * n))
        for n in range(9)
    ]  # fmt: skip
    assert keys(*later) == ["S1A_IW_R137_A_20231203_rtc"]


@pytest.mark.parametrize(
    "other",
    [
        {"relative_orbit": 64},
        {"orbit_direction": "descending"},
        {"platform": "sentinel-1c"},
        {"sensed": datetime(2023, 12, 15, 1, 59, 10, tzinfo=UTC)},
        {"sensor": "sentinel-1-grd"},
        {"mode": "exercise"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_radar_of_two_passes_or_two_kinds_is_never_one_look(other):
    looks = group_acquisitions([radar(id="a"), radar(id="b", tile="T064-1-IW2", **other)])
    assert [len(look.scenes) for look in looks] == [1, 1]


def test_a_radar_pass_over_midnight_is_one_look_whichever_part_is_listed():
    """Sentinel-1 comes to Myanmar southward at midnight, universal time."""
    before = radar(
        id="a", relative_orbit=33, orbit_direction="descending", tile="T033-1-IW1",
        sensed=datetime(2023, 12, 7, 23, 59, 50, tzinfo=UTC), footprint=box(92, 20, 93, 21),
    )  # fmt: skip
    after = replace(
        before, id="b", sensed=before.sensed + timedelta(seconds=25), tile="T033-9-IW1",
        footprint=box(92, 18.5, 93, 19.5),
    )  # fmt: skip
    assert keys(before, after) == keys(before) == keys(after)


@pytest.mark.parametrize("mode", ["EW", "SM", "WV"])
def test_radar_of_a_mode_not_flown_over_land_is_left_out_with_words(mode):
    odd = radar(instrument_mode=mode)
    assert mode in (unusable(odd) or "") and keys(odd, radar()) == keys(radar())


@pytest.mark.parametrize("kind", ["gamma0_ellipsoid", "sigma0_ellipsoid", None])
def test_radar_that_is_not_corrected_for_terrain_is_left_out_with_words(kind):
    odd = radar(backscatter=kind)
    assert "gamma nought" in (unusable(odd) or "") and keys(odd) == []
    assert unusable(radar()) is None and unusable(scene()) is None


def test_of_a_hasty_and_a_careful_delivery_of_one_slice_the_careful_one_is_used():
    name = "S1A_IW_GRDH_1SDV_20231203T015900_20231203T015925_051490_06371A_"
    at = datetime(2023, 12, 3, 4, tzinfo=UTC)
    hasty = radar(id=f"{name}FFFF", tile="20231203T015900", published=at, baseline=None)
    careful = replace(hasty, id=f"{name}0000", published=at + timedelta(hours=15))
    (look,) = group_acquisitions([careful, hasty])
    assert (look.scenes, look.superseded) == ((careful,), (hasty,))


def test_a_look_has_its_name_whether_it_is_read_whole_or_without_what_is_superseded():
    """The provider names what it was asked for; the two names must be one."""
    first = scene(id="a", platform="sentinel-2b", relative_orbit=93, tile="34TFQ", baseline="02.12")
    again = replace(first, id="b", baseline="05.00", sensed=NOON + timedelta(seconds=4))
    (look,) = group_acquisitions([first, again])
    assert look.superseded == (first,) and keys(*look.scenes) == [look.key]
