"""A stretch of ground that lies in two cells is shown whole, pixel for pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import shapely

from tests.support.drawn import CELL, layer, level, store
from tiles.archive import Archive
from tiles.cell import cell_of
from tiles.geodesy import CRS84, project
from tiles.views import view

WEST = cell_of(CELL.epsg, CELL.col - 1, CELL.row)
HOME, BEYOND = 0.2, 0.4


def border(half_m: float) -> shapely.Geometry:
    """Return a square on the border of the two cells, whose edges lie on whole pixels."""
    x, y = CELL.bounds[0], CELL.bounds[1] + 5000.0
    square = shapely.box(x - half_m, y - half_m, x + half_m, y + half_m)
    # A hair less, so that no rounding takes in another row of pixels.
    return project(square.buffer(-0.5), f"EPSG:{CELL.epsg}", CRS84)


def drawn(root: Path) -> Archive:
    for cell, value in ((CELL, HOME), (WEST, BEYOND)):
        ground = cell.geobox()
        archive = store(root, "look", layer({"B04": level(value, ground)}, ground), cell=cell)
    return archive


def test_with_the_cell_beyond_nothing_is_missing(tmp_path: Path) -> None:
    cube = view(drawn(tmp_path), "look", CELL.id, border(200.0), ["B04"], [WEST.id])
    assert cube is not None
    pixels = cube["B04"].values[0]
    assert pixels.shape == (40, 40)
    np.testing.assert_allclose(pixels[:, :20], BEYOND, atol=1e-6)
    np.testing.assert_allclose(pixels[:, 20:], HOME, atol=1e-6)


def test_alone_a_cell_shows_its_own_part(tmp_path: Path) -> None:
    cube = view(drawn(tmp_path), "look", CELL.id, border(200.0), ["B04"])
    assert cube is not None
    np.testing.assert_allclose(cube["B04"].values[0], np.full((40, 20), HOME), atol=1e-6)


def test_beyond_what_is_archived_nothing_is_shown(tmp_path: Path) -> None:
    ground = CELL.geobox()
    archive = store(tmp_path, "look", layer({"B04": level(HOME, ground)}, ground))
    cube = view(archive, "look", CELL.id, border(200.0), ["B04"], [WEST.id])
    assert cube is not None
    pixels = cube["B04"].values[0]
    assert np.isnan(pixels[:, :20]).all()
    np.testing.assert_allclose(pixels[:, 20:], HOME, atol=1e-6)
    assert view(archive, "other", CELL.id, border(200.0), ["B04"], [WEST.id]) is None
