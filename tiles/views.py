"""A stretch of archived ground as a cube, for pictures of it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import xarray as xr
from affine import Affine
from shapely.geometry.base import BaseGeometry

from imagery.cube import build_cube
from imagery.types import Chip, GeoBox
from tiles.archive import Archive
from tiles.cell import Cell, cell_from_id
from tiles.geodesy import CRS84, project
from tiles.grid import window

PIXEL_M = 10.0


def view(
    archive: Archive,
    acquisition: str,
    cell_id: str,
    area: BaseGeometry,
    bands: Sequence[str],
    beyond: Sequence[str] = (),
) -> xr.Dataset | None:
    """Return one look over the part of a cell that an area touches.

    Parameters
    ----------
    area : shapely geometry
        CRS84.
    beyond : sequence of str
        Further cells to show; with them the view is of the whole area, in the zone of the first
        cell, and empty where none of them is archived.

    Returns
    -------
    Dataset or None
        Cube of one time step, without the neighbouring pixels that whole blocks add; None where
        the acquisition is not archived or the area lies outside the cell.

    Raises
    ------
    IntegrityError
        If a master is not as it was stored.
    """
    cell = cell_from_id(cell_id)
    grid = _whole(cell, area) if beyond else window(cell, area, block=1)
    chip = archive.load(acquisition, cell_id) if grid is not None else None
    if chip is None or grid is None:
        return None
    others = [one for other in beyond if (one := archive.load(acquisition, other)) is not None]
    return build_cube([_joined(chip, others)], grid, bands)


def _whole(cell: Cell, area: BaseGeometry) -> GeoBox:
    """Return the pixels of a cell's grid, continued, around an area."""
    bounds = project(area, CRS84, f"EPSG:{cell.epsg}").bounds
    west, south = (math.floor(edge / PIXEL_M) * PIXEL_M for edge in bounds[:2])
    east, north = (math.ceil(edge / PIXEL_M) * PIXEL_M for edge in bounds[2:])
    shape = (round((north - south) / PIXEL_M), round((east - west) / PIXEL_M))
    return GeoBox(shape, Affine(PIXEL_M, 0, west, 0, -PIXEL_M, north), f"EPSG:{cell.epsg}")


def _joined(chip: Chip, others: Sequence[Chip]) -> Chip:
    layers = (layer for one in (chip, *others) for layer in one.layers)
    return dataclasses.replace(chip, layers=tuple(layers))
