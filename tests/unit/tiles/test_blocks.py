import os
from pathlib import Path

import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from rasterio.windows import Window

from tests.support.drawn import CELL, grid, layer, store
from tiles import blocks
from tiles.errors import IntegrityError

SHAPE = (2, 700, 700)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, ground = tmp_path_factory.mktemp("blocks"), grid(col=0, row=0, size=700)
    noise = np.random.default_rng(2).uniform(0.01, 0.5, (2, 700, 700))
    archive = store(root, "look", layer({"B03": noise[0], "B04": noise[1]}, ground))
    return root / archive.masters("look", CELL.id)[0].path


@given(st.data())
def test_a_window_is_what_gdal_reads(file: Path, data: st.DataObject) -> None:
    top, left = data.draw(st.integers(0, 699)), data.draw(st.integers(0, 699))
    height, width = data.draw(st.integers(1, 700 - top)), data.draw(st.integers(1, 700 - left))
    wanted = data.draw(st.sampled_from([[0], [1], [1, 0]]))
    window = Window(left, top, width, height)
    with rasterio.open(file) as source:
        theirs = source.read([one + 1 for one in wanted], window=window)
    assert np.array_equal(blocks.read_pixels(file, SHAPE, wanted, window), theirs)


def test_a_block_is_read_once_and_a_changed_file_anew(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    real = rasterio.open

    def counted(path: Path, **words: str) -> object:
        opened.append(path)
        return real(path, **words)

    monkeypatch.setattr(blocks.rasterio, "open", counted)
    monkeypatch.setattr(blocks, "_kept", blocks.Kept(2**24))
    for corner in (0, 10, 20):
        blocks.read_pixels(file, SHAPE, [0], Window(corner, corner, 30, 30))
    assert len(opened) == 1
    os.utime(file, ns=(1, 1))
    blocks.read_pixels(file, SHAPE, [0], Window(0, 0, 30, 30))
    assert len(opened) == 2
    with pytest.raises(IntegrityError, match="missing"):
        blocks.read_pixels(file.with_name("none.tif"), SHAPE, [0], Window(0, 0, 1, 1))
