"""Radar catalogues on disk: two tracks on each date, never in one look, and the drawn power."""

from datetime import UTC, date, datetime

import numpy as np
import pytest
from shapely.geometry import box

from imagery.cube import check_cube
from imagery.looks import group_acquisitions
from imagery.masks import look_cube
from imagery.providers.folder import FolderProvider
from imagery.types import Cause, Query
from tests.support.catalogue import edit_item, every, grid, item_files
from tests.support.radar import ASCENDING, TRACKS, even, make_radar_catalogue, radar_truth

WORLD = Query(
    box(-180, -90, 180, 90), datetime(2010, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
)
DAYS = [at.date() for at in every(date(2024, 1, 3), date(2024, 1, 27), 12)]


def test_each_track_and_date_is_a_look_of_the_drawn_power(tmp_path):
    draw = radar_truth(3)
    make_radar_catalogue(tmp_path, DAYS, draw)
    provider = FolderProvider(tmp_path)
    looks = group_acquisitions(provider.search(WORLD))
    assert [look.scenes[0].relative_orbit for look in looks] == [80, 29] * 3
    assert looks[0].key == "S1A_IW_R080_D_20240103_rtc"
    for look in looks:
        (track,) = [one for one in TRACKS if one.orbit == look.scenes[0].relative_orbit]
        chip = provider.read(look.scenes, grid(), ["VV", "VH"], 60.0)
        cube = look_cube(chip, grid(), ["VV", "VH"])
        check_cube(cube)
        first, last = (round(part * 60) for part in track.swath)
        seen = np.zeros((60, 60), bool)
        seen[:, first:last] = True
        np.testing.assert_array_equal(cube["cause"].values[0] == Cause.CLEAR, seen)
        for band, power in draw(look.sensed, track).items():
            np.testing.assert_array_equal(cube[band].values[0][seen], power[seen])
            assert np.isnan(cube[band].values[0][~seen]).all()


@pytest.mark.parametrize("mode", ["EW", "SM", "WV"])
def test_modes_not_flown_over_land_are_left_out_with_words(tmp_path, mode):
    make_radar_catalogue(tmp_path, DAYS[:1], even(), tracks=[ASCENDING], instrument_mode=mode)
    provider = FolderProvider(tmp_path)
    assert list(provider.search(WORLD)) == []
    (fault,) = provider.faults()
    assert mode in fault and "IW" in fault


def test_another_convention_is_left_out_with_words(tmp_path):
    make_radar_catalogue(tmp_path, DAYS[:1], even())
    edit_item(
        item_files(tmp_path)[0],
        lambda item: item["properties"].update({"hearthwatch:backscatter": "sigma0_ellipsoid"}),
    )
    provider = FolderProvider(tmp_path)
    assert len(list(provider.search(WORLD))) == 1
    assert "sigma0_ellipsoid" in provider.faults()[0] and "gamma nought" in provider.faults()[0]


def test_two_satellites_of_one_track_are_two_looks(tmp_path):
    make_radar_catalogue(tmp_path / "a", DAYS[:1], even(), tracks=[ASCENDING])
    make_radar_catalogue(
        tmp_path / "c", DAYS[:1], even(), tracks=[ASCENDING], platform="sentinel-1c",
        collection="other",
    )  # fmt: skip
    keys = [look.key for look in group_acquisitions(FolderProvider(tmp_path).search(WORLD))]
    assert keys == ["S1A_IW_R029_A_20240103_rtc", "S1C_IW_R029_A_20240103_rtc"]
