"""A stretch of archived ground as a cube, for pictures of it."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr
from shapely.geometry.base import BaseGeometry

from imagery.cube import build_cube
from tiles.archive import Archive
from tiles.cell import cell_from_id
from tiles.grid import window


def view(
    archive: Archive, acquisition: str, cell_id: str, area: BaseGeometry, bands: Sequence[str]
) -> xr.Dataset | None:
    """Return one look over the part of a cell that an area touches.

    Parameters
    ----------
    area : shapely geometry
        CRS84.

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
    grid = window(cell_from_id(cell_id), area, block=1)
    chip = archive.load(acquisition, cell_id) if grid is not None else None
    return None if chip is None or grid is None else build_cube([chip], grid, bands)
