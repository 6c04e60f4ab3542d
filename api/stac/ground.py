"""Where items lie: the ground that files show of a cell, and boxes that may cross 180 degrees."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from hearthwatch.values import DECIMALS
from tiles.cell import Cell, areal, cell_from_id, to_crs84, unrolled_footprint
from tiles.geodesy import CRS84, transformer

_STEPS = 16
"""Pieces of an edge that are carried to CRS84 one by one."""
_CLOSE_DEGREES = 1e-6
"""A tenth of a metre: what lies closer to a line is left out of an outline."""


def shown(cell_id: str, grids: Sequence[GeoBox]) -> BaseGeometry:
    """Return the ground of a cell that files show, CRS84, split at 180 degrees.

    That of the whole cell where they do not reach it.
    """
    return _shown(cell_id, tuple(grids))


def box_around(geometry: BaseGeometry) -> list[float]:
    """Return west, south, east, north; west is greater where it crosses 180 degrees (RFC 7946)."""
    parts = shapely.bounds(shapely.get_parts(geometry))
    west, south = parts[:, :2].min(axis=0)
    east, north = parts[:, 2:].max(axis=0)
    if (west, east) == (-180.0, 180.0) and len(parts) > 1:
        in_west = parts[:, 0] < 0
        west, east = parts[~in_west, 0].min(initial=180.0), parts[in_west, 2].max(initial=-180.0)
    return [round(float(edge), DECIMALS) for edge in (west, south, east, north)]


@lru_cache(maxsize=4096)
def ground_of(cell_id: str) -> BaseGeometry:
    """Return the outline of a cell, CRS84."""
    return cell_from_id(cell_id).footprint


@lru_cache(maxsize=4096)
def middle_of(cell_id: str) -> tuple[float, float]:
    """Return longitude and latitude of a cell's middle, on either side of 180 degrees."""
    middle = unrolled_footprint(cell_from_id(cell_id)).centroid
    return (middle.x + 180.0) % 360.0 - 180.0, middle.y


@lru_cache(maxsize=4096)
def _shown(cell_id: str, grids: tuple[GeoBox, ...]) -> BaseGeometry:
    cell = cell_from_id(cell_id)
    square = unrolled_footprint(cell)
    reached = shapely.union_all([_unrolled(grid, cell) for grid in grids])
    inside = areal(square.intersection(reached))
    return to_crs84((square if inside.is_empty else inside).simplify(_CLOSE_DEGREES))


def _unrolled(grid: GeoBox, cell: Cell) -> BaseGeometry:
    """Return the outline of a grid in longitudes that run on past 180 degrees as the cell's do."""
    along = np.linspace(0.0, 1.0, _STEPS, endpoint=False)
    flat, full = np.zeros(_STEPS), np.ones(_STEPS)
    col = np.concatenate([along, full, 1 - along, flat]) * grid.width
    row = np.concatenate([flat, along, full, 1 - along]) * grid.height
    at = grid.affine
    x, y = at.c + at.a * col + at.b * row, at.f + at.d * col + at.e * row
    lon, lat = transformer(str(grid.crs), CRS84).transform(x, y)
    middle = unrolled_footprint(cell).centroid.x
    lon = (np.asarray(lon) - middle + 180.0) % 360.0 - 180.0 + middle
    outline: BaseGeometry = shapely.make_valid(shapely.Polygon(np.column_stack([lon, lat])))
    return outline
