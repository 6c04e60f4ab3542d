"""Pixels laid on the grid of a map tile, without GDAL.

``rasterio.warp.reproject`` on arrays changes the process's warning filters while it runs, so it
must not run in several threads at once; a map asks for its tiles in several threads at once.
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from tiles.geodesy import transformer

_KNOTS = 16
_FEW_KNOTS_M = 1_300_000.0
"""Up to this width of a tile 16 knots a side carry it to within a tenth of its pixels."""
_NOWHERE = -1e12

Number = TypeVar("Number", bound=np.generic)
Places = tuple[NDArray[np.float64], NDArray[np.float64]]


class Picks(NamedTuple):
    """Which value of an array each pixel of a tile shows; the same for every band on one grid.

    Attributes
    ----------
    at : ndarray of intp, shape of the tile
        Numbers of the values, row by row; any where there is none.
    inside : ndarray of bool
        Whether there is one.
    """

    at: NDArray[np.intp]
    inside: NDArray[np.bool_]


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
    col, row = knots_of(source, target)
    return _between(col, target.shape[0]), _between(row, target.shape[0])


def knots_of(source: GeoBox, target: GeoBox) -> Places:
    """Return where some knots of a `target` lie on `source`; no place lies beyond all of them.

    Returns
    -------
    tuple of ndarray, shape (knots, knots)
        As from :func:`places`.
    """
    size = target.shape[0]
    width = abs(float(target.affine.a)) * size
    count = min(size, round(_KNOTS * max(width / _FEW_KNOTS_M, 1.0))) + 1
    knots = np.linspace(0.0, size, count)
    grid = target.affine
    x, y = np.meshgrid(grid.c + grid.a * knots, grid.f + grid.e * knots)
    x, y = transformer(str(target.crs), str(source.crs)).transform(x, y)
    inverse = ~source.affine
    x, y = _finite(x), _finite(y)
    return (
        inverse.a * x + inverse.b * y + inverse.c,
        inverse.d * x + inverse.e * y + inverse.f,
    )


def pixels_at(at: Places, shape: tuple[int, ...]) -> Picks:
    """Return which pixels of an array of a shape lie at some places."""
    return _picks(np.floor(at[0]), np.floor(at[1]), shape)


def corners_at(at: Places, shape: tuple[int, ...], width: int) -> Picks:
    """Return which means lie next to some places.

    Parameters
    ----------
    at : tuple of ndarray
        Columns and rows in the pixels that the means are of.
    shape : tuple of int
        Of the means.
    width : int
        As for :func:`means`.
    """
    step = width // 2
    return _picks(np.floor(at[0] / step + 0.5), np.floor(at[1] / step + 0.5), shape)


def picked(values: NDArray[Number], picks: Picks) -> NDArray[Number]:
    """Return the values picked; any where there is none."""
    return values.ravel().take(picks.at)


def means(
    values: NDArray[np.generic], width: int, seen: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Return the means of the observed pixels around each corner of some blocks.

    Parameters
    ----------
    values : ndarray, shape (y, x)
    width : int
        A power of two, of pixels, not 1. The blocks are half as wide.
    seen : ndarray of bool, optional
        Which pixels were observed; without it all were.

    Returns
    -------
    ndarray of float32
        One for each corner of a block, from the outer corner of the first pixel on; NaN where
        fewer than half of `width` by `width` pixels were observed.
    """
    total, count = map(_fours, _blocks(values, width // 2, seen))
    found = np.full(total.shape, np.nan, np.float32)
    np.divide(total, count, out=found, where=count >= width * width / 2)
    return found


def halves(
    values: NDArray[np.generic], seen: NDArray[np.bool_] | None = None
) -> NDArray[np.float32]:
    """Return the means of two by two pixels; NaN where fewer than two of them were observed.

    Parameters
    ----------
    values, seen
        As for :func:`means`.
    """
    total, count = _blocks(values, 2, seen)
    found = np.full(total.shape, np.nan, np.float32)
    np.divide(total, count, out=found, where=count >= 2)
    return found


def _picks(col: NDArray[np.float64], row: NDArray[np.float64], shape: tuple[int, ...]) -> Picks:
    height, length = shape
    inside = (col >= 0) & (row >= 0) & (col < length) & (row < height)
    at = row * length + col
    if not inside.all():
        at[~inside] = 0.0
    return Picks(at.astype(np.intp), inside)


def _blocks(
    values: NDArray[np.generic], step: int, seen: NDArray[np.bool_] | None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the sums of what was observed in blocks, and of how many pixels each is."""
    if seen is None:
        return _sums(values, step), _counts(values.shape, step)
    return _sums(np.where(seen, values, values.dtype.type(0)), step), _sums(seen, step)


def _sums(values: NDArray[np.generic], step: int) -> NDArray[np.float32]:
    """Return the sums of blocks of `step` by `step` pixels; what is missing of the last is 0.

    In single precision: up to 256 numbers of 16 bits are added without any loss, and more to a
    ten-millionth.
    """
    if step == 1:
        return values.astype(np.float32)
    whole = values
    if values.shape[0] % 2 or values.shape[1] % 2:
        whole = np.pad(values, [(0, size % 2) for size in values.shape])
    rows = np.add(whole[::2], whole[1::2], dtype=np.float32)
    return _sums(rows[:, ::2] + rows[:, 1::2], step // 2)


def _counts(shape: tuple[int, ...], step: int) -> NDArray[np.float32]:
    """Return how many pixels each block has."""
    down, across = (
        np.minimum(size - np.arange(0, size, step), step).astype(np.float32) for size in shape
    )
    return np.asarray(down[:, None] * across)


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
    if size % steps:
        return np.asarray(rows[:, low] + share * (rows[:, low + 1] - rows[:, low]))
    # As many pixels between any two knots: the same, without picking columns.
    first, further = rows[:, :-1, None], np.diff(rows, axis=1)[..., None]
    return np.asarray(first + share[: size // steps] * further).reshape(size, size)


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replace infinity, which would spread to places that are not."""
    return np.where(np.isfinite(values), values, _NOWHERE)
