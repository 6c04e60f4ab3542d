"""Pixels laid on the grid of a map tile, without GDAL.

``rasterio.warp.reproject`` on arrays changes the process's warning filters while it runs, so it
must not run in several threads at once; a map asks for its tiles in several threads at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

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
        observed ones of `width` by `width` pixels around a point less than half of that away.

    Returns
    -------
    ndarray of float32, shape of the places
        NaN outside, and where nothing or, of a mean, less than half was observed.
    """
    if width > 1:
        return lay_means(means(values, width), at, width)
    return _picked(values, *(np.floor(one) for one in at))


def means(values: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Return the means of the observed pixels around each corner of some blocks.

    Parameters
    ----------
    values : ndarray of float32, shape (y, x)
        NaN where nothing was observed.
    width : int
        An even number, of pixels. The blocks are half as wide.

    Returns
    -------
    ndarray of float32
        One for each corner of a block, from the outer corner of the first pixel on; NaN where
        fewer than half of `width` by `width` pixels were observed.
    """
    seen = np.isfinite(values)
    step = width // 2
    # Sums of a few thousand reflectances: single precision is exact to a thousandth of a colour.
    total = _fours(_blocks(np.where(seen, values, np.float32(0.0)), step))
    count = _fours(_blocks(seen.astype(np.float32), step))
    enough = count >= width * width / 2
    found: NDArray[np.float32] = np.where(enough, total / np.where(enough, count, 1.0), np.nan)
    return found.astype(np.float32, copy=False)


def lay_means(found: NDArray[np.float32], at: Places, width: int) -> NDArray[np.float32]:
    """Return the mean around some places, each by the corner next to it.

    Parameters
    ----------
    found, width
        As from and for :func:`means`.
    at : tuple of ndarray
        Columns and rows in the pixels that the means are of.
    """
    return _picked(found, *(np.floor(one / (width // 2) + 0.5) for one in at))


def _picked(
    values: NDArray[np.float32], col: NDArray[np.float64], row: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Return the values in some columns and rows, NaN beyond."""
    height, length = values.shape
    inside = (col >= 0) & (row >= 0) & (col < length) & (row < height)
    laid = np.full(col.shape, np.nan, np.float32)
    laid[inside] = values[row[inside].astype(np.intp), col[inside].astype(np.intp)]
    return laid


def _blocks(values: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """Return the sums of blocks of `step` by `step` pixels; what is missing of the last is 0."""
    if step == 1:
        return values
    height, length = (-(-size // step) * step for size in values.shape)
    whole = np.zeros((height, length), np.float32)
    whole[: values.shape[0], : values.shape[1]] = values
    # Columns first, by a stride each: ten times as fast as two sums over a view of four axes.
    across = sum((whole[:, first::step] for first in range(1, step)), whole[:, ::step])
    return np.asarray(sum((across[first::step] for first in range(1, step)), across[::step]))


def _fours(sums: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the sums of the four blocks around each corner; beyond the edges there is nothing."""
    wide = np.pad(sums, 1)
    across = wide[:, 1:] + wide[:, :-1]
    return np.asarray(across[1:] + across[:-1])


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
