"""Overviews: the same tile with them and without, and gone with their masters."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio

from tests.support.drawn import CELL, grid, layer, store
from tiles import blocks, laying, overviews
from tiles.archive import Archive
from tiles.errors import IntegrityError
from tiles.geodesy import CRS84, project
from tiles.kept import Kept
from tiles.mercator import tile_over
from tiles.overviews import half_of, sweep_overviews
from tiles.retention import prune
from tiles.verify import OVERVIEWS
from tiles.windows import stored_layers
from tiles.xyz import Style, render

SIZE = 601
LON, LAT = project(grid(size=SIZE).extent.geom, f"EPSG:{CELL.epsg}", CRS84).centroid.coords[0]


@pytest.fixture(autouse=True)
def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that another test read is kept in memory."""
    monkeypatch.setattr(blocks, "_kept", Kept(0))
    monkeypatch.setattr(laying, "_kept", Kept(0))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    ground = grid(size=SIZE)
    noise = np.random.default_rng(4).uniform(0.01, 0.3, (4, SIZE, SIZE))
    noise[:3, 100:140, 200:333] = np.nan
    drawn = dict(zip(("B04", "B03", "B02", "B11"), noise, strict=True))
    return store(tmp_path, "look", layer(drawn, ground))


def tile(archive: Archive, z: int) -> bytes:
    place = tile_over(LON, LAT, z)
    return render(archive, [CELL.id], "look", Style.TRUE_COLOUR, z, *place)


def kept(archive: Archive) -> list[Path]:
    return sorted((archive.root / OVERVIEWS).glob("*/*"))


@pytest.mark.parametrize("z", [12, 11, 10, 8])
def test_a_tile_is_the_same_with_and_without(archive: Archive, z: int) -> None:
    first = tile(archive, z)
    (file,) = kept(archive)
    made = file.read_bytes()
    assert tile(archive, z) == first
    file.unlink()
    assert tile(archive, z) == first
    # Nothing in it tells when or by whom it was made.
    assert file.read_bytes() == made
    assert archive.verify() == []


def test_once_it_is_there_the_master_is_not_unpacked(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = tile(archive, 11)
    opened: list[str] = []
    real = rasterio.open

    def counted(path: Path, **words: str) -> object:
        opened.append(path.parts[-3])
        return real(path, **words)

    monkeypatch.setattr(blocks.rasterio, "open", counted)
    assert tile(archive, 11) == first
    assert opened and set(opened) == {OVERVIEWS}


def test_a_pixel_of_it_is_the_mean_of_what_was_observed_of_four(archive: Archive) -> None:
    (master,) = stored_layers(archive, "look", CELL.id)
    with rasterio.open(master.file) as source:
        numbers = source.read(1).astype(float)
    numbers[numbers == 0] = np.nan
    padded = np.full((602, 602), np.nan)
    padded[:601, :601] = numbers
    fours = padded.reshape(301, 2, 301, 2).swapaxes(1, 2).reshape(301, 301, 4)
    enough = np.isfinite(fours).sum(axis=-1) >= 2
    for _ in range(2):  # made, and then read
        (half,) = half_of(master, ["B04"]).dn
        assert ((half > 0) == enough).all()
        assert half[enough] == pytest.approx(np.nanmean(fours[enough], axis=-1), abs=0.51)


def test_of_a_band_that_no_map_shows_nothing_is_kept(archive: Archive) -> None:
    (master,) = stored_layers(archive, "look", CELL.id)
    assert half_of(master, ["B11"]).dn.shape == (1, 301, 301)
    assert kept(archive) == []
    tile(archive, 11)
    with rasterio.open(kept(archive)[0]) as source:
        assert source.count == 3


@pytest.mark.parametrize("how", ["cut", "gone"])
def test_a_broken_master_is_told_though_there_is_an_overview(archive: Archive, how: str) -> None:
    tile(archive, 11)
    (master,) = stored_layers(archive, "look", CELL.id)
    master.file.chmod(0o644)
    if how == "gone":
        master.file.unlink()
    else:
        master.file.write_bytes(master.file.read_bytes()[:5000])
    with pytest.raises(IntegrityError):
        tile(archive, 11)


def test_a_broken_overview_is_made_anew(archive: Archive) -> None:
    first = tile(archive, 11)
    (file,) = kept(archive)
    made = file.read_bytes()
    file.write_bytes(made[:1000])
    assert tile(archive, 11) == first
    assert file.read_bytes() == made


def test_where_none_can_be_kept_tiles_are_drawn_all_the_same(archive: Archive) -> None:
    first = tile(archive, 11)
    (file,) = kept(archive)
    file.unlink()
    file.parent.rmdir()
    file.parent.write_bytes(b"")
    assert tile(archive, 11) == first


def test_it_goes_with_its_master(archive: Archive) -> None:
    tile(archive, 11)
    (file,) = kept(archive)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    prune(archive, date(2025, 1, 1), (), who="ops", why="old", at=at)
    assert not file.exists()
    assert archive.verify() == []


def test_what_a_killed_process_left_half_written_goes_with_the_master(archive: Archive) -> None:
    tile(archive, 11)
    (file,) = kept(archive)
    (master,) = stored_layers(archive, "look", CELL.id)
    parts = [half_written(file), half_written(master.file)]
    at = datetime(2026, 1, 1, tzinfo=UTC)
    prune(archive, date(2025, 1, 1), (), who="ops", why="old", at=at)
    assert not any(part.exists() for part in parts)


def test_what_a_killed_process_left_half_written_can_be_swept(archive: Archive) -> None:
    tile(archive, 11)
    (file,) = kept(archive)
    half_written(file)
    sweep_overviews(archive.root)
    assert kept(archive) == [file]


def half_written(file: Path) -> Path:
    part = file.with_name(f".hearthwatch-123-0123abcd-{file.name}.part")
    part.write_bytes(b"half")
    return part


def test_one_made_while_its_master_goes_does_not_stay(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    (master,) = stored_layers(archive, "look", CELL.id)
    real = overviews.write_atomically

    def slow(path: Path, data: bytes, **words: str) -> str:
        master.file.unlink()
        return real(path, data, **words)

    monkeypatch.setattr(overviews, "write_atomically", slow)
    half_of(master, ["B04"])
    assert kept(archive) == []
