"""Which cell answers for which ground.

Sums over cells must not count ground twice where the grids of two zones overlap, nor lose it
where they part; the rule is told in :mod:`tiles.grid`. All geometries here are unrolled about a
zone (see :mod:`tiles.cell`).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import shapely
from shapely.affinity import translate
from shapely.geometry import GeometryCollection, Polygon, box
from shapely.geometry.base import BaseGeometry

from tiles.cell import (
    NORTH_LIMIT,
    SIZE_M,
    SOUTH_LIMIT,
    ZONES,
    Cell,
    areal,
    cell_of,
    is_north,
    is_regular,
    neighbours,
    strip,
    unrolled_footprint,
    zone_west,
)
from tiles.geodesy import CRS84, project

# Square degrees: a thousandth of a square metre at the equator.
_SLIVER = 1e-13


@lru_cache(maxsize=65536)
def unrolled_ground(cell: Cell) -> BaseGeometry:
    """Return what the cell answers for, unrolled; empty if it has no part in the grid."""
    footprint = unrolled_footprint(cell)
    home_strip = strip(cell.epsg)
    if is_regular(cell) and home_strip.contains_properly(footprint):
        return footprint
    home = footprint.intersection(home_strip)
    if not is_regular(cell):
        return areal(home.difference(_regular_of_neighbours(cell.epsg, home)))
    parts = [home, *_bare_abroad(cell, footprint)]
    return areal(shapely.union_all(parts))


def _bare_abroad(cell: Cell, footprint: Polygon) -> Iterator[BaseGeometry]:
    """Yield what of a regular cell lies over the border where no regular cell is at home."""
    for side in (-1, 1):
        abroad = footprint.intersection(translate(strip(cell.epsg), xoff=6 * side))
        if abroad.area > 0:
            other = neighbours(cell.epsg)[(side + 1) // 2]
            yield abroad.difference(_regular_over(other, abroad, zone_west(cell.epsg)))


def _regular_of_neighbours(epsg: int, area: BaseGeometry) -> BaseGeometry:
    west = zone_west(epsg)
    return shapely.union_all([_regular_over(other, area, west) for other in neighbours(epsg)])


def _regular_over(epsg: int, area: BaseGeometry, frame_west: float) -> BaseGeometry:
    """Return the union of the regular cells of one zone that meet `area`.

    `area` and the result are unrolled about the zone that begins at `frame_west`.
    """
    if area.is_empty or area.area == 0:
        return GeometryCollection()
    shift = 360 * round((zone_west(epsg) - frame_west) / 360)
    local = translate(area, xoff=shift)
    cells = (cell for cell in _cells_meeting(epsg, local) if is_regular(cell))
    return translate(shapely.union_all([unrolled_footprint(cell) for cell in cells]), xoff=-shift)


def zones_near(geometry: BaseGeometry) -> list[int]:
    """Return the zones whose cells may answer for some of a CRS84 geometry."""
    west, south, east, north = geometry.bounds
    reach = _margin(south, north)
    zones = {
        number % ZONES + 1
        for number in range(
            math.floor((west - reach + 180) / 6), math.floor((east + reach + 180) / 6) + 1
        )
    }
    hemispheres = [32600] * (north >= 0) + [32700] * (south < 0)
    return [base + zone for base in hemispheres for zone in sorted(zones)]


def owners(epsg: int, geometry: BaseGeometry) -> Iterator[Cell]:
    """Yield the cells of one zone that answer for some of the geometry."""
    local = _clip_near(epsg, geometry)
    if local.is_empty:
        return
    shapely.prepare(local)
    for cell in _cells_meeting(epsg, local):
        area = unrolled_ground(cell)
        if not same_dimension(area.intersection(local), geometry).is_empty:
            yield cell


def _clip_near(epsg: int, geometry: BaseGeometry) -> BaseGeometry:
    """Return the geometry near one zone, unrolled about it."""
    _, south, _, north = geometry.bounds
    low, high = (0.0, NORTH_LIMIT) if is_north(epsg) else (SOUTH_LIMIT, 0.0)
    reach = _margin(max(south, low), min(north, high))
    west = zone_west(epsg)
    near = box(west - reach, low, west + 6 + reach, high)
    copies = [translate(geometry, xoff=turn) for turn in (-360, 0, 360)]
    return shapely.union_all([copy.intersection(near) for copy in copies if copy.intersects(near)])


def _cells_meeting(epsg: int, local: BaseGeometry) -> Iterator[Cell]:
    """Yield the cells of one zone whose square meets a geometry unrolled about the zone."""
    flat = project(local, CRS84, f"EPSG:{epsg}")
    west, south, east, north = (math.floor(edge / SIZE_M) for edge in flat.bounds)
    columns = np.arange(west, east + 1)
    cols = np.tile(columns, north - south + 1)
    rows = np.repeat(np.arange(south, north + 1), len(columns))
    squares = shapely.box(cols * SIZE_M, rows * SIZE_M, (cols + 1) * SIZE_M, (rows + 1) * SIZE_M)
    shapely.prepare(flat)
    for hit in np.flatnonzero(shapely.intersects(flat, squares)):
        if cols[hit] >= 0 and rows[hit] >= 0:
            yield cell_of(epsg, int(cols[hit]), int(rows[hit]))


def _margin(south: float, north: float) -> float:
    """Return the degrees of longitude that one and a half cells span at most."""
    parallel = min(max(abs(south), abs(north)), NORTH_LIMIT)
    return 1.5 * SIZE_M / (111_000 * math.cos(math.radians(parallel)))


def same_dimension(part: BaseGeometry, whole: BaseGeometry) -> BaseGeometry:
    """Drop from an intersection what is of lower dimension: shared edges, touching corners.

    Slivers that rounding leaves along the seam of two zones go as well.
    """
    wanted = shapely.get_dimensions(whole)
    least = min(_SLIVER, whole.area * 1e-6)
    pieces = [
        one
        for one in _leaves(part)
        if shapely.get_dimensions(one) == wanted and (wanted < 2 or one.area >= least)
    ]
    return shapely.union_all(pieces) if pieces else GeometryCollection()


def _leaves(geometry: BaseGeometry) -> Iterator[BaseGeometry]:
    if geometry.is_empty:
        return
    parts = getattr(geometry, "geoms", None)
    if parts is None:
        yield geometry
    else:
        for part in parts:
            yield from _leaves(part)
