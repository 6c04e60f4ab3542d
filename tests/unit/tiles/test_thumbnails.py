"""Small pictures of cells: every pixel is the mean of what it covers, where it lies."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.chips import chip, layer
from tiles.archive import Archive
from tiles.cell import cell_from_id
from tiles.errors import StyleUnavailable
from tiles.styles import Style
from tiles.thumbnails import SIDE, colours_of, thumbnail
from tiles.windows import stored_layers

CELL = "35N_0030_0146"
BANDS = ("B02", "B03", "B04")


def test_bright_ground_is_bright_where_it_lies_and_nothing_is_drawn_beyond(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    grid = cell_from_id(CELL).geobox(20.0)
    dn = np.full((3, 512, 512), 1500, np.uint16)
    dn[:, :128, 256:] = 3500
    dn[:, 400:] = 0
    pixels = replace(layer(BANDS), dn=dn, geobox=grid)
    archive.store(chip((pixels,), acquisition="look"), CELL)
    drawn = thumbnail(stored_layers(archive, "look", CELL), CELL)
    picture = np.asarray(Image.open(BytesIO(drawn)))
    assert picture.shape == (SIDE, SIDE, 4)
    assert (picture[:199, :, 3] == 255).all()
    assert (picture[201:, :, 3] == 0).all()
    dark, bright = picture[100, 10, 0], picture[10, 200, 0]
    assert int(bright) - int(dark) > 100
    assert (picture[1:63, 130:250, :3] == bright).all()
    assert (picture[66:198, :, :3] == dark).all()


def test_what_cannot_be_drawn_in_colours_is_refused(tmp_path: Path) -> None:
    assert colours_of(BANDS) is Style.TRUE_COLOUR
    assert colours_of(("B08", "B04", "B03")) is Style.FALSE_COLOUR
    assert colours_of(("VV", "VH")) is None
    archive = Archive(tmp_path)
    archive.store(chip((layer(("VV", "VH")),), acquisition="radar"), CELL)
    for acquisition in ("radar", "nothing"):
        with pytest.raises(StyleUnavailable):
            thumbnail(stored_layers(archive, acquisition, CELL), CELL)
