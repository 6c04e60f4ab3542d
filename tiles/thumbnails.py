"""A small picture of what was archived of one cell."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from odc.geo.geobox import GeoBox

from tiles import png
from tiles.cell import SIZE_M, cell_from_id
from tiles.errors import StyleUnavailable
from tiles.laying import laid_bands
from tiles.styles import Style, bands_for, composite
from tiles.windows import StoredLayer

SIDE = 256
PIXEL_M = SIZE_M / SIDE
_STYLES = (Style.TRUE_COLOUR, Style.FALSE_COLOUR)
_DEGREE_M = 111_320.0


def colours_of(bands: Collection[str]) -> Style | None:
    """Return in which colours a thumbnail can be drawn of some bands; None if in none."""
    return next((style for style in _STYLES if bands_for(style, bands)), None)


def thumbnail(layers: Sequence[StoredLayer], cell_id: str) -> bytes:
    """Draw a whole cell as a PNG of 256 pixels a side, on the cell's own grid.

    The pixels are not verified; see :mod:`tiles.windows`.

    Parameters
    ----------
    layers : sequence of StoredLayer
        Masters of one look at the cell; where they overlap, the first one is seen.

    Returns
    -------
    bytes
        Red, green, blue and opacity; transparent where nothing was observed.

    Raises
    ------
    StyleUnavailable
        If the bands do not suffice for colours.
    IntegrityError, StorageFailed
        If a file is missing, cut or cannot be read.
    """
    offered = {band for layer in layers for band in layer.bands}
    style = colours_of(offered)
    if style is None:
        raise StyleUnavailable("a thumbnail needs red, green and another band")
    bands = bands_for(style, offered)
    grid = cell_from_id(cell_id).geobox(PIXEL_M)
    planes = {band: np.full(grid.shape, np.nan, np.float32) for band in bands}
    for layer in layers:
        for band, laid in laid_bands(layer, grid, _width(layer.geobox), bands):
            np.copyto(planes[band], laid, where=np.isnan(planes[band]))
    return png.of_colours(composite(style, planes, bands))


def _width(grid: GeoBox) -> int:
    """Return how many of a grid's pixels, a power of two, one of the picture covers across."""
    pixel = abs(float(grid.affine.a))
    is_projected = grid.crs is None or grid.crs.projected
    ratio = PIXEL_M / (pixel if is_projected else pixel * _DEGREE_M)
    return int(2 ** max(round(np.log2(ratio)), 0))
