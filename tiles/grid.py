"""The fixed work grid: squares of 10,240 m in each UTM zone.

The same ground is always the same cell. A cell is *regular* when its centre lies in its own
zone and hemisphere. UTM zones do not fit together squarely, so along their borders regular
cells of two zones overlap in places and leave wedges bare in others. Both are settled by one
rule, which gives every point between 80 S and 84 N exactly one cell (:func:`cell_at`):

1. the cell of the point's own zone, if it is regular;
2. else a regular cell of the neighbouring zone that covers the point;
3. else the cell of the point's own zone all the same (a *filler*: centre over the border, used
   only for the wedge that nothing regular covers).

The part of a cell it answers for by this rule is its :func:`ground`. Work on ``share(cell,
geometry)`` and nothing is left out or counted twice. Zones are the plain six-degree ones: the
exceptions of Norway and Svalbard are conventions of map sheets and not needed here.
"""

from __future__ import annotations

import math

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.features import rasterize
from shapely.geometry import MultiPoint, Point
from shapely.geometry.base import BaseGeometry

from tiles.cell import (
    NORTH_LIMIT,
    SIZE_M,
    SOUTH_LIMIT,
    Cell,
    cell_from_id,
    cell_of,
    epsg_at,
    is_regular,
    neighbours,
    to_crs84,
)
from tiles.geodesy import CRS84, polygons, project, transformer
from tiles.ground import owners, same_dimension, unrolled_ground, zones_near

__all__ = [
    "NORTH_LIMIT",
    "SIZE_M",
    "SOUTH_LIMIT",
    "Cell",
    "cell_at",
    "cell_from_id",
    "cells_for",
    "ground",
    "is_regular",
    "rasterise",
    "share",
    "window",
]


def cell_at(lon: float, lat: float) -> Cell:
    """Return the one cell that answers for a point.

    Raises
    ------
    ValueError
        Outside longitudes -180..180 and latitudes -80..84.
    """
    if not (-180 <= lon <= 180 and SOUTH_LIMIT <= lat <= NORTH_LIMIT):
        raise ValueError(f"({lon}, {lat}) is off the grid: longitude -180..180, latitude -80..84")
    epsg = epsg_at(lon, lat)
    own = _cell_over(epsg, lon, lat)
    if is_regular(own):
        return own
    others = (_cell_over(other, lon, lat) for other in neighbours(epsg))
    return next((other for other in others if is_regular(other)), own)


def cells_for(geometry: BaseGeometry) -> tuple[Cell, ...]:
    """Return every cell that answers for some of the geometry, ordered by id.

    Parameters
    ----------
    geometry : shapely geometry
        CRS84, split at 180 degrees; what lies beyond 80 S and 84 N is not on the grid. Cells
        that an area merely touches with an edge or corner are not returned.

    Returns
    -------
    tuple of Cell
        Their grounds cover the geometry without gap or overlap.
    """
    if geometry.is_empty:
        return ()
    if isinstance(geometry, Point | MultiPoint):
        spots = shapely.get_coordinates(geometry)
        found = {cell_at(lon, lat) for lon, lat in spots if SOUTH_LIMIT <= lat <= NORTH_LIMIT}
    else:
        shapely.prepare(geometry)
        found = {cell for epsg in zones_near(geometry) for cell in owners(epsg, geometry)}
    return tuple(sorted(found, key=lambda cell: cell.id))


def ground(cell: Cell) -> BaseGeometry:
    """Return the CRS84 area the cell answers for: its footprint less what others answer for.

    Empty for a square that has no part in the grid.
    """
    return to_crs84(unrolled_ground(cell))


def share(cell: Cell, geometry: BaseGeometry) -> BaseGeometry:
    """Return the part of a CRS84 geometry the cell answers for, in the geometry's dimension.

    The shares of all cells are disjoint but for common edges and together make the geometry.
    """
    return same_dimension(shapely.intersection(ground(cell), geometry), geometry)


def window(
    cell: Cell, geometry: BaseGeometry, block: int = 64, resolution: float = 10.0
) -> GeoBox | None:
    """Return the cell's pixel window around its share of a CRS84 geometry.

    Parameters
    ----------
    block : int
        The window's edges lie on multiples of so many pixels from the cell's north-west corner,
        or on the cell's edge: two requests for the same ground read the same pixels.
    resolution : float
        Metres.

    Returns
    -------
    GeoBox or None
        None where the cell answers for nothing of the geometry.

    Raises
    ------
    ValueError
        If `block` is not positive or `resolution` does not divide the cell.
    """
    if block < 1:
        raise ValueError(f"a block has at least one pixel, not {block}")
    whole = cell.geobox(resolution)
    part = share(cell, geometry)
    if part.is_empty:
        return None
    west, south, east, north = project(part, CRS84, f"EPSG:{cell.epsg}").bounds
    cell_west, _, _, cell_north = cell.bounds
    cols = _snap(west - cell_west, east - cell_west, resolution, block, whole.width)
    rows = _snap(cell_north - north, cell_north - south, resolution, block, whole.height)
    return whole[rows, cols]


def rasterise(geometry: BaseGeometry, geobox: GeoBox) -> NDArray[np.bool_]:
    """Return which pixels have their centre inside the areas of a CRS84 geometry.

    Returns
    -------
    ndarray of bool, shape (y, x)
        The same for the same arguments, always. Points and lines cover no pixel.

    Raises
    ------
    ValueError
        If the geobox has no CRS.
    """
    if geobox.crs is None:
        raise ValueError("a grid without a CRS lies nowhere")
    areas = [project(area, CRS84, str(geobox.crs)) for area in polygons(geometry)]
    if not areas:
        return np.zeros(geobox.shape, dtype=bool)
    shape = (int(geobox.height), int(geobox.width))
    burned = rasterize(areas, shape, transform=geobox.transform, dtype="uint8", all_touched=False)
    return np.asarray(burned, dtype=bool)


def _snap(low: float, high: float, resolution: float, block: int, limit: int) -> slice:
    """Return the pixel range from `low` to `high` metres, widened to whole blocks."""
    first = math.floor(low / resolution / block) * block
    last = math.ceil(high / resolution / block) * block
    first = min(max(first, 0), limit - 1)
    return slice(first, min(max(last, first + 1), limit))


def _cell_over(epsg: int, lon: float, lat: float) -> Cell:
    x, y = transformer(CRS84, f"EPSG:{epsg}").transform(lon, lat)
    return cell_of(epsg, math.floor(x / SIZE_M), math.floor(y / SIZE_M))
