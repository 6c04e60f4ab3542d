"""The cube is what the masters say."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import xarray as xr

from imagery.cube import build_cube
from imagery.types import Chip
from tests.support.chips import CELL, DAY, SENSOR, ground_look
from tiles.archive import Archive
from tiles.cell import cell_from_id
from tiles.cubefiles import CubeDamaged, read_looks
from tiles.cubes import Cubes, Updated

BANDS = ("B03", "B04", "SCL")
ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


@pytest.fixture
def cubes(tmp_path: Path, archive: Archive) -> Cubes:
    return Cubes(tmp_path / "cubes", archive)


def expected(*chips: Chip) -> xr.Dataset:
    return build_cube(chips, cell_from_id(CELL).geobox(), BANDS)


def test_a_cube_is_what_the_masters_say(archive: Archive, cubes: Cubes) -> None:
    chips = [ground_look(number) for number in range(3)]
    for chip in chips:
        archive.store(chip, CELL)
    found = cubes.read(SENSOR, CELL, BANDS, *ALWAYS)
    xr.testing.assert_identical(found, expected(*chips))
    assert cubes.update(SENSOR, CELL) == Updated(3, 0, False)


def test_a_range_and_a_window_give_a_part_of_it(archive: Archive, cubes: Cubes) -> None:
    chips = [ground_look(number) for number in range(3)]
    for chip in chips:
        archive.store(chip, CELL)
    window = (slice(240, 400), slice(300, 460))
    grid = cell_from_id(CELL).geobox()[window]
    found = cubes.read(
        SENSOR, CELL, BANDS, DAY + timedelta(hours=1), DAY + timedelta(days=1), window=window
    )
    xr.testing.assert_identical(found, build_cube([chips[1]], grid, BANDS))


def test_a_late_look_stands_in_its_place_in_time(archive: Archive, cubes: Cubes) -> None:
    for number in (2, 0):
        archive.store(ground_look(number), CELL)
        cubes.update(SENSOR, CELL)
    archive.store(ground_look(1), CELL)
    assert cubes.update(SENSOR, CELL) == Updated(3, 1, False)
    found = cubes.read(SENSOR, CELL, BANDS, *ALWAYS)
    xr.testing.assert_identical(found, expected(ground_look(0), ground_look(1), ground_look(2)))


def test_a_band_that_comes_later_makes_it_anew(archive: Archive, cubes: Cubes) -> None:
    archive.store(ground_look(0, bands=("B03",)), CELL)
    cubes.update(SENSOR, CELL)
    archive.store(ground_look(1), CELL)
    assert cubes.update(SENSOR, CELL) == Updated(2, 2, True)
    found = cubes.read(SENSOR, CELL, BANDS, *ALWAYS)
    xr.testing.assert_identical(found, expected(ground_look(0, bands=("B03",)), ground_look(1)))


def test_nothing_archived_is_an_empty_cube(cubes: Cubes) -> None:
    found = cubes.read(SENSOR, CELL, BANDS, *ALWAYS)
    xr.testing.assert_identical(found, expected())


def test_a_damaged_chunk_is_never_read_as_pixels(archive: Archive, cubes: Cubes) -> None:
    archive.store(ground_look(0), CELL)
    cubes.update(SENSOR, CELL)
    folder = cubes.root / SENSOR / CELL
    chunk = folder / "cube.zarr/looks/c/0/0/1/1"
    whole = chunk.read_bytes()
    for place in range(0, len(whole), max(len(whole) // 40, 1)):
        data = bytearray(whole)
        data[place] ^= 0x10
        chunk.write_bytes(bytes(data))
        with pytest.raises(CubeDamaged):
            read_looks(folder, [0])
