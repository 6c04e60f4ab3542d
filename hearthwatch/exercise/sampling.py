"""One grid's values read at evenly spaced points of another grid's pixels."""

from __future__ import annotations

import math
from typing import Any, TypeVar

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from tiles.geodesy import ground_scale, transformer

Number = TypeVar("Number", bound=np.generic)

SPACING_M = 5.0
"""Between the points at which one band's pixels are looked up in another's."""

EDGE_POINTS = 21
"""Points per edge when a rectangle is carried into another projection."""


def points_per_side(grid: GeoBox, spacing_m: float) -> int:
    """Return how many points `spacing_m` apart lie along a side of a grid's pixel, at least 1."""
    return max(1, round(pixel_m(grid) / spacing_m))


def pixel_m(grid: GeoBox) -> float:
    """Return the side of a grid's pixel on the ground, in its middle; metres."""
    height, width = grid.shape
    x, y = grid.transform * (width / 2, height / 2)
    step = abs(float(grid.transform.a)) or abs(float(grid.transform.b))
    across, _ = ground_scale(str(grid.crs), x, y, step)
    return float(across * step)


def mean_on(values: NDArray[np.float64], of: GeoBox, on: GeoBox) -> NDArray[np.float64]:
    """Return the mean of values over each pixel of another grid; NaN where one is not known."""
    side = points_per_side(on, SPACING_M)
    mean: NDArray[np.float64] = sampled(values, of, on, side, fill=np.nan).mean(axis=2)
    return mean


def sampled(
    values: NDArray[Number], of: GeoBox, on: GeoBox, per_side: int, fill: Any
) -> NDArray[Number]:
    """Return the values at `per_side` by `per_side` points spread evenly over each pixel.

    Parameters
    ----------
    values : ndarray, shape (y, x)
        On the grid `of`.
    on : GeoBox
        Grid in whose pixels the points lie, its projection any.
    fill : number
        Where a point lies outside `of`.

    Returns
    -------
    ndarray, shape (y, x, per_side * per_side)
        On the grid `on`. Their mean is the area mean where points fall evenly on the pixels of
        `of`, as with 10 m pixels in pixels of 20 m.
    """
    height, width = on.shape
    rows = (np.arange(height * per_side) + 0.5) / per_side
    columns = (np.arange(width * per_side) + 0.5) / per_side
    x, y = _carried(on.transform, *np.meshgrid(columns, rows))
    if str(on.crs) != str(of.crs):
        x, y = transformer(str(on.crs), str(of.crs)).transform(x, y)
    column, row = _carried(~of.transform, x, y)
    found = _nearest(values, column, row, fill)
    blocks = found.reshape(height, per_side, width, per_side).swapaxes(1, 2)
    return blocks.reshape(height, width, per_side * per_side)


def window_over(area: GeoBox, grid: GeoBox) -> tuple[slice, slice] | None:
    """Return the rows and columns of `grid` that may meet `area`; None if none does."""
    height, width = area.shape
    edge = np.linspace(0.0, 1.0, EDGE_POINTS)
    zero, one = np.zeros_like(edge), np.ones_like(edge)
    across = np.concatenate([edge, edge, zero, one]) * width
    down = np.concatenate([zero, one, edge, edge]) * height
    x, y = _carried(area.transform, across, down)
    x, y = transformer(str(area.crs), str(grid.crs)).transform(x, y)
    columns, rows = _carried(~grid.transform, x, y)
    if not (np.isfinite(columns).all() and np.isfinite(rows).all()):
        return None
    spans = [
        slice(max(0, math.floor(at.min())), min(size, math.ceil(at.max())))
        for at, size in ((rows, grid.shape[0]), (columns, grid.shape[1]))
    ]
    if any(span.start >= span.stop for span in spans):
        return None
    return spans[0], spans[1]


def _carried(
    by: Affine, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    return by.a * x + by.b * y + by.c, by.d * x + by.e * y + by.f


def _nearest(
    values: NDArray[Number], column: NDArray[np.float64], row: NDArray[np.float64], fill: Any
) -> NDArray[Number]:
    height, width = values.shape
    # Infinities, where a projection ends, are compared before anything is cast.
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    found: NDArray[Number] = np.full(column.shape, fill, values.dtype)
    at_row = np.floor(row[inside]).astype(np.int64)
    at_column = np.floor(column[inside]).astype(np.int64)
    found[inside] = values[at_row, at_column]
    return found
