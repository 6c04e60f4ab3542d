"""Which pixels are asked for, in how many requests, and what ground that is."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from pyproj.exceptions import ProjError
from shapely.affinity import translate
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

from imagery.discretion import widened
from imagery.errors import Permanent
from imagery.windows import DENSIFY, LARGEST

MOST_SIDE = 2500
"""Pixels per side that Sentinel Hub makes in one request."""

Window = tuple[slice, slice]
"""Rows and columns of a part of a grid."""

_METRES_PER_DEGREE = 111_320.0
# Whole pixels are whole although a corner is written with rounded digits.
_ROUNDING = 1e-6


def grid_over(wanted: GeoBox, metres: float, margin_m: float = 0.0) -> GeoBox:
    """Return the grid on which a band is asked for.

    Parameters
    ----------
    wanted : GeoBox
        North up.
    metres : float
        The band's own resolution.
    margin_m : float
        Ground beyond `wanted` that is needed on every side.

    Returns
    -------
    GeoBox
        `wanted` itself (and whole pixels around it) where its pixels are not finer than the
        band's. Otherwise whole pixels of the band's resolution that cover it, with edges at
        multiples of it: in the zone of a product's own tile these are the product's own pixels.

    Raises
    ------
    Permanent
        If `wanted` is turned, has no CRS, or is too large.
    """
    step_x, step_y = _steps(wanted)
    factor = metres / (step_x * _metres_per_unit(wanted))
    if factor <= 1.0 + _ROUNDING:
        around = math.ceil(margin_m / (step_x * _metres_per_unit(wanted)) - _ROUNDING)
        grid = wanted.pad(around) if around else wanted
    else:
        margin = margin_m / _metres_per_unit(wanted)
        grid = _whole_pixels(wanted, step_x * factor, step_y * factor, margin)
    if grid.shape[0] * grid.shape[1] > LARGEST:
        raise Permanent("that is too much ground for one read")
    return grid


def pixel_metres(grid: GeoBox) -> float:
    """Return the size of a grid's pixels; of one in degrees, at the equator."""
    return float(abs(grid.affine.a)) * _metres_per_unit(grid)


def within(grid: GeoBox, wanted: GeoBox) -> Window:
    """Return the pixels of `grid` that lie on `wanted`, whose CRS is the same."""
    west, south, east, north = wanted.boundingbox.bbox
    left, top = ~grid.affine * (west, north)
    right, bottom = ~grid.affine * (east, south)
    return (
        slice(max(0, _first(top, 1.0)), _last(bottom, 1.0)),
        slice(max(0, _first(left, 1.0)), _last(right, 1.0)),
    )


def windows(grid: GeoBox, most_side: int = MOST_SIDE) -> tuple[Window, ...]:
    """Return the parts of `grid`, of nearly equal size, that one request each can fill."""
    rows, cols = (list(_parts(size, most_side)) for size in grid.shape)
    return tuple((row, col) for row in rows for col in cols)


def ground(wanted: GeoBox) -> BaseGeometry:
    """Return the outline of a grid in CRS84, cut in two where it crosses 180 degrees.

    Raises
    ------
    Permanent
        If the grid lies nowhere on the globe.
    """
    if wanted.crs is None:
        raise Permanent("a grid without a CRS lies nowhere")
    outline = shapely.segmentize(
        box(*wanted.boundingbox.bbox), max(wanted.boundingbox.span_x, 1e-9) / DENSIFY
    )
    try:
        move = Transformer.from_crs(wanted.crs.to_wkt(), "OGC:CRS84", always_xy=True)
        lon, lat = move.transform(*np.asarray(outline.exterior.coords).T)
    except ProjError as error:
        raise Permanent("the grid's CRS cannot be carried to longitude and latitude") from error
    if not (np.isfinite(lon).all() and np.isfinite(lat).all()):
        raise Permanent("the grid lies outside of what its CRS can show")
    if np.ptp(lon) > 180.0:
        lon = np.where(lon < 0.0, lon + 360.0, lon)
    return shapely.union_all(list(halves(Polygon(np.column_stack([lon, lat])))))


def halves(outline: BaseGeometry) -> Iterator[BaseGeometry]:
    """Yield what of `outline` lies on each turn of the globe, moved to -180 .. 180."""
    for turn in (-360.0, 0.0, 360.0):
        part = outline.intersection(box(turn - 180.0, -90.0, turn + 180.0, 90.0))
        if part.area > 0.0 or (not part.is_empty and outline.area == 0.0):
            yield translate(part, -turn)


def boxes(area: BaseGeometry) -> tuple[tuple[float, float, float, float], ...]:
    """Return one box around `area`, or two where it lies on both sides of 180 degrees.

    The catalogue is asked for boxes of whole squares: an outline of many corners is refused by
    it, and both that and a close box show what is watched.
    """
    parts = [part for half in halves(area) for part in getattr(half, "geoms", [half])]
    whole = shapely.union_all(parts)
    west, _, east, _ = whole.bounds
    if east - west <= 180.0 or any(part.bounds[0] < 0.0 < part.bounds[2] for part in parts):
        return (widened(whole.bounds),)
    sides = ([p for p in parts if p.bounds[0] < 0.0], [p for p in parts if p.bounds[0] >= 0.0])
    return tuple(widened(shapely.union_all(side).bounds) for side in sides if side)


def _steps(wanted: GeoBox) -> tuple[float, float]:
    affine = wanted.affine
    if wanted.crs is None:
        raise Permanent("a grid without a CRS lies nowhere")
    if affine.b or affine.d or affine.a <= 0.0 or affine.e >= 0.0:
        raise Permanent("Sentinel Hub makes grids that are north up only")
    return affine.a, -affine.e


def _metres_per_unit(wanted: GeoBox) -> float:
    return 1.0 if wanted.crs is not None and wanted.crs.projected else _METRES_PER_DEGREE


def _whole_pixels(wanted: GeoBox, step_x: float, step_y: float, margin: float) -> GeoBox:
    west, south, east, north = wanted.boundingbox.bbox
    left, right = _first(west - margin, step_x), _last(east + margin, step_x)
    bottom, top = _first(south - margin, step_y), _last(north + margin, step_y)
    place = Affine(step_x, 0.0, left * step_x, 0.0, -step_y, top * step_y)
    return GeoBox((top - bottom, right - left), place, wanted.crs)


def _first(at: float, step: float) -> int:
    return math.floor(at / step + _ROUNDING)


def _last(at: float, step: float) -> int:
    return math.ceil(at / step - _ROUNDING)


def _parts(size: int, most: int) -> Iterator[slice]:
    step = math.ceil(size / math.ceil(size / most))
    for first in range(0, size, step):
        yield slice(first, min(size, first + step))
