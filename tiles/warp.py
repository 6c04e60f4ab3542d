"""Pixels laid on the grid of a map tile, without GDAL.

``rasterio.warp.reproject`` on arrays changes the process's warning filters while it runs, so it
must not run in several threads at once; a map asks for its tiles in several threads at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from scipy import ndimage

from tiles.geodesy import transformer

_KNOTS = 16
_FEW_KNOTS_M = 1_300_000.0
"""Up to this width of a tile 16 knots a side carry it to within a tenth of its pixels."""
_NOWHERE = -1e12

Places = tuple[NDArray[np.float64], NDArray[np.float64]]


def places(source: GeoBox, target: GeoBox) -> Places:
    """Return where the pixel centres of a square, north-up `target` lie on `source`.

    Returns
    -------
    tuple of ndarray, shape (y, x)
        Columns and rows from the outer corner of the first pixel, to a tenth of a target pixel;
        far outside where the source's projection does not reach.

    Notes
    -----
    Carried at some knots only and interpolated: PROJ takes a thousand times as long.
    """
    size = target.shape[0]
    width = abs(float(target.affine.a)) * size
    count = min(size, round(_KNOTS * max(width / _FEW_KNOTS_M, 1.0))) + 1
    knots = np.linspace(0.0, size, count)
    grid = target.affine
    x, y = np.meshgrid(grid.c + grid.a * knots, grid.f + grid.e * knots)
    x, y = transformer(str(target.crs), str(source.crs)).transform(x, y)
    col, row = ~source.affine * (_finite(x), _finite(y))
    return _between(col, size), _between(row, size)


def lay(values: NDArray[np.float32], at: Places, width: int) -> NDArray[np.float32]:
    """Return the values at some places.

    Parameters
    ----------
    values : ndarray of float32, shape (y, x)
        NaN where nothing was observed.
    at : tuple of ndarray
        Columns and rows, as from :func:`places`.
    width : int
        1 for the value of the pixel a place lies in; else, an even number, the mean of the
        observed ones of `width` by `width` pixels around it.

    Returns
    -------
    ndarray of float32, shape of the places
        NaN outside, and where nothing was observed.
    """
    if width > 1:
        values = _means(values, width)
    # The mean of an even number of pixels is centred on their common edge.
    shift = 0.0 if width == 1 else 0.5
    col, row = (np.floor(one + shift) for one in at)
    height, length = values.shape
    inside = (col >= 0) & (row >= 0) & (col < length) & (row < height)
    laid = np.full(col.shape, np.nan, np.float32)
    laid[inside] = values[row[inside].astype(np.intp), col[inside].astype(np.intp)]
    return laid


def _means(values: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Return the mean of the observed pixels around each, NaN where fewer than half are."""
    seen = np.isfinite(values)
    total = ndimage.uniform_filter(np.where(seen, values, 0.0), width, mode="constant")
    share = ndimage.uniform_filter(seen.astype(np.float32), width, mode="constant")
    enough = share >= 0.5 - 1e-3
    means: NDArray[np.float32] = np.where(enough, total / np.where(enough, share, 1.0), np.nan)
    return means.astype(np.float32, copy=False)


def _between(knots: NDArray[np.float64], size: int) -> NDArray[np.float64]:
    """Interpolate square knots to the centres of `size` by `size` pixels.

    Not by a matrix product, for which BLAS would wake its threads once for every tile.
    """
    steps = len(knots) - 1
    at = (np.arange(size) + 0.5) * steps / size
    low = np.minimum(at.astype(np.intp), steps - 1)
    share = at - low
    rows = knots[low] + share[:, None] * (knots[low + 1] - knots[low])
    return np.asarray(rows[:, low] + share * (rows[:, low + 1] - rows[:, low]))


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replace infinity, which would spread to places that are not."""
    return np.where(np.isfinite(values), values, _NOWHERE)
