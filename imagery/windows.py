"""Which pixels of a file cover the ground that is wanted, and the reading of them."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from affine import Affine, AffineError
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio._err import CPLE_BaseError
from rasterio.errors import RasterioError
from rasterio.warp import transform_bounds
from rasterio.windows import Window

from imagery.errors import IntegrityError, Permanent

MARGIN_M = 120.0
"""Read beyond the wanted ground: a cloud just outside it must widen into it, as one inside does."""
MARGIN_PX = 2
"""Source pixels read beyond at least, so that a view on another grid has no rim."""

DENSIFY = 21
"""Points per edge when a rectangle is carried into another projection."""

LARGEST = 200_000_000
"""Pixels read at once at most: a whole tile of 10 m has 120 million."""

BROKEN = (RasterioError, CPLE_BaseError, AffineError, ValueError)
"""What GDAL, PROJ and the affine algebra throw at files that are broken inside."""

GDAL_OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_NUM_THREADS": "1",
    "GDAL_PAM_ENABLED": "NO",
}
"""Whatever the machine's environment says, a read is the same read."""


def read_window(
    source: Any, geobox: GeoBox, name: str
) -> tuple[GeoBox, NDArray[np.generic]] | None:
    """Read the whole pixels of an open raster that cover `geobox`, and a margin around it.

    Parameters
    ----------
    source : rasterio.DatasetReader
    name : str
        What the file is called in an error.

    Returns
    -------
    tuple of (GeoBox, ndarray of shape (y, x)) or None
        None where it has no pixels there.

    Raises
    ------
    IntegrityError
        If the file does not say where it lies.
    Permanent
        If that is too many pixels.
    """
    window = wanted_window(source, geobox, name)
    if window is None:
        return None
    dn = source.read(1, window=window)
    whole = grid_of(source)
    corner = whole.affine * Affine.translation(window.col_off, window.row_off)
    return GeoBox(dn.shape, corner, whole.crs), dn


def wanted_window(source: Any, geobox: GeoBox, name: str) -> Window | None:
    """Return the window `read_window` reads; the same errors."""
    if source.crs is None:
        raise IntegrityError(f"{name} does not say where it lies")
    return covering(grid_of(source), geobox)


def grid_of(source: Any) -> GeoBox:
    """Return the grid of an open raster that has a CRS."""
    return GeoBox(source.shape, source.transform, source.crs.to_wkt())


@lru_cache(maxsize=256)
def covering(whole: GeoBox, wanted: GeoBox) -> Window | None:
    """Return the pixels of `whole` that cover `wanted` and a margin; None where there are none."""
    if whole.crs is None or wanted.crs is None:
        raise Permanent("a grid without a CRS lies nowhere")
    west, south, east, north = transform_bounds(
        wanted.crs.to_wkt(), whole.crs.to_wkt(), *wanted.boundingbox.bbox, densify_pts=DENSIFY
    )
    corners = [~whole.affine * (x, y) for x in (west, east) for y in (south, north)]
    if not np.isfinite(corners).all():
        return None
    cols, rows = zip(*corners, strict=True)
    wanted_cols = math.floor(min(cols)), math.ceil(max(cols))
    wanted_rows = math.floor(min(rows)), math.ceil(max(rows))
    if not (
        _meets_range(wanted_cols, whole.shape[1]) and _meets_range(wanted_rows, whole.shape[0])
    ):
        return None
    rim = _rim(whole)
    first_col, last_col = max(0, wanted_cols[0] - rim), min(whole.shape[1], wanted_cols[1] + rim)
    first_row, last_row = max(0, wanted_rows[0] - rim), min(whole.shape[0], wanted_rows[1] + rim)
    if (last_col - first_col) * (last_row - first_row) > LARGEST:
        raise Permanent("the source's pixels are too small for the wanted ground")
    return Window(first_col, first_row, last_col - first_col, last_row - first_row)


def _meets_range(wanted: tuple[int, int], size: int) -> bool:
    return wanted[0] < size and wanted[1] > 0


def _rim(whole: GeoBox) -> int:
    """Pixels read beyond the wanted ground; a source in degrees has no metres to count."""
    if whole.crs is None or not whole.crs.projected:
        return MARGIN_PX
    return max(MARGIN_PX, math.ceil(MARGIN_M / abs(whole.affine.a)))
