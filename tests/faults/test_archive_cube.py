"""F70 and F71: a cube that does not fit its masters is made anew; none loses a look."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import xarray as xr

from imagery.cube import build_cube
from imagery.types import Chip
from tests.support.chips import CELL, DAY, SENSOR, ground_look
from tiles.archive import Archive
from tiles.cell import cell_from_id
from tiles.cubes import Cubes, Updated
from tiles.notes import note_superseded
from tiles.retention import prune

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


def test_f70_a_newer_processing_or_a_retired_look_is_followed(
    archive: Archive, cubes: Cubes
) -> None:
    for number in range(4):
        archive.store(ground_look(number, scene="old"), CELL)
    cubes.update(SENSOR, CELL)
    newer = replace(
        ground_look(9, scene="new"), acquisition="look2", sensed=DAY + timedelta(days=2)
    )
    archive.store(newer, CELL)
    note_superseded(archive, "look2", "old", "new", who="folder", why="baseline", at=DAY)
    assert cubes.update(SENSOR, CELL) == Updated(4, 1, False)
    first, second, last = (ground_look(number, scene="old") for number in (0, 1, 3))
    chips = [first, second, newer, last]
    found = cubes.read(SENSOR, CELL, BANDS, *ALWAYS)
    xr.testing.assert_identical(found, expected(*chips))
    before = (DAY + timedelta(days=1)).date()
    prune(archive, before, (), who="ops", why="retention", at=DAY)
    found = cubes.read(SENSOR, CELL, BANDS, *ALWAYS)
    xr.testing.assert_identical(found, expected(*chips[1:]))


DAMAGES = [
    "no metadata", "cut metadata", "older format", "another digest", "a look renamed",
    "a chunk missing", "a bit of a chunk", "an empty chunk",
]  # fmt: skip


@pytest.mark.parametrize("what", DAMAGES)
def test_f70_a_cube_that_does_not_fit_its_masters_is_made_anew(
    archive: Archive, cubes: Cubes, what: str
) -> None:
    chips = [ground_look(number) for number in range(2)]
    for chip in chips:
        archive.store(chip, CELL)
    cubes.update(SENSOR, CELL)
    _damage(cubes.root / SENSOR / CELL / "cube.zarr" / "looks", what)
    found = cubes.read(SENSOR, CELL, BANDS, *ALWAYS)
    xr.testing.assert_identical(found, expected(*chips))
    folder = cubes.root / SENSOR / CELL
    assert sorted(path.name for path in folder.iterdir()) == ["cube.zarr", "lock"]


def _damage(array: Path, what: str) -> None:
    metadata, chunk = array / "zarr.json", array / "c/1/0/1/1"
    value = json.loads(metadata.read_text())
    if what == "no metadata":
        metadata.unlink()
    elif what == "cut metadata":
        metadata.write_bytes(metadata.read_bytes()[:200])
    elif what == "older format":
        value["attributes"]["format"] = "hearthwatch cube 0"
        metadata.write_text(json.dumps(value))
    elif what == "another digest":
        value["attributes"]["digest"] = "0" * 64
        metadata.write_text(json.dumps(value))
    elif what == "a look renamed":
        value["attributes"]["looks"][0]["acquisition"] = "look7"
        metadata.write_text(json.dumps(value))
    elif what == "a chunk missing":
        chunk.unlink()
    else:
        data = bytearray(chunk.read_bytes())
        data[len(data) // 2] ^= 1
        chunk.write_bytes(bytes(data) if what == "a bit of a chunk" else b"")


def test_f71_cubes_brought_up_to_date_side_by_side_lose_no_look(
    archive: Archive, cubes: Cubes
) -> None:
    together = threading.Barrier(3)

    def work(first: int) -> None:
        # Each has its own handle and so its own lock, as processes have.
        mine = Cubes(cubes.root, Archive(archive.root))
        together.wait()
        for number in range(first, 9, 3):
            mine.archive.store(ground_look(number), CELL)
            mine.update(SENSOR, CELL)
            assert f"look{number}" in _looks(mine)

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(work, range(3)))
    assert sorted(_looks(cubes)) == [f"look{number}" for number in range(9)]
    found = cubes.read(SENSOR, CELL, BANDS, *ALWAYS)
    xr.testing.assert_identical(found, expected(*(ground_look(number) for number in range(9))))


def _looks(cubes: Cubes) -> list[str]:
    path = cubes.root / SENSOR / CELL / "cube.zarr/looks/zarr.json"
    said = json.loads(path.read_text())["attributes"]
    return [one["acquisition"] for one in said["looks"] if one["valid"]]
