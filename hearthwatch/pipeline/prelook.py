"""The look before the look: where pixels are paid for, the cloud is looked at first.

It costs a seven-hundredth of the whole, and what it finds hidden is not asked for.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from scipy import ndimage
from shapely.geometry.base import BaseGeometry

from hearthwatch.pipeline.pull import Spent, read
from hearthwatch.pipeline.tasks import MeasureTask
from imagery.cube import CLASSES
from imagery.masks import Scl, look_cube
from imagery.types import Cause
from tiles.cell import cell_from_id
from tiles.geodesy import CRS84, project
from tiles.grid import rasterise

PRELOOK_M = 128.0
"""Divides a cell into whole pixels. Each shows the class of its middle, and what is clouded there
loses, at full resolution, all ground within 100 m: half a pixel's diagonal is less."""


@dataclass(frozen=True, slots=True)
class Glance:
    """What the first look showed.

    Attributes
    ----------
    clear : float
        Share of the watched ground, 0..1.
    causes : dict
        Shares of the watched ground lost, by cause.
    lost_cores : dict
        By the key of its place, what each settlement is lost to of which nothing can be seen.
    open_cores : int
        Settlements of which anything at all may be seen.
    """

    clear: float
    causes: dict[str, float]
    lost_cores: dict[str, str]
    open_cores: int

    def is_hidden(self, clear_share: float) -> bool:
        """Tell whether nothing would be learned: too little is clear, no settlement shows."""
        return self.clear < clear_share and not self.open_cores


def glance(task: MeasureTask, spent: Spent) -> Glance:
    """Look at the classes of a site's own cell, coarsely.

    Raises
    ------
    ImageryError
        As a read does.
    """
    chip = read(task, task.site.cell, PRELOOK_M, (CLASSES,), spent, task.deadline)
    grid = cell_from_id(task.site.cell).geobox(PRELOOK_M)
    cube = look_cube(chip, grid, (CLASSES,))
    causes = cube["cause"].values[0]
    # Ground narrower than a pixel has no pixel's centre in it: all of the cell stands for it.
    watched = rasterise(shapely.from_wkb(task.site.area_wkb), grid)
    watched = watched if watched.any() else np.ones(grid.shape, dtype=bool)
    lost = {
        cause.name.lower(): float((causes[watched] == cause).mean())
        for cause in Cause
        if cause is not Cause.CLEAR
    }
    hidden = (causes == Cause.CLOUD) | _unseen(cube[CLASSES].values[0])
    parts = {
        place.key: _part(shapely.from_wkb(place.core_wkb), grid)
        for place in task.site.places
        if place.settlement
    }
    closed = {
        key: Cause(int(np.bincount(causes[part].ravel()).argmax())).name.lower()
        for key, part in parts.items()
        if part is not None and hidden[part].all()
    }
    return Glance(
        clear=float((causes == Cause.CLEAR)[watched].mean()),
        causes=lost,
        lost_cores=closed,
        open_cores=len(parts) - len(closed),
    )


def _unseen(classes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the pixels of which nothing was received, nor of those around them.

    What a pixel's middle says of snow, of an unknown class or of the rim of a swath need not hold
    for the village beside it.
    """
    around = np.ones((3, 3), bool)
    unseen: NDArray[np.bool_] = ndimage.binary_erosion(
        classes == Scl.NODATA, around, border_value=1
    )
    return unseen


def _part(core: BaseGeometry, grid: GeoBox) -> tuple[slice, slice] | None:
    """Return the pixels that a core may lie in; None where it reaches beyond the grid.

    Of what lies there nothing is known, so it may be seen.
    """
    west, south, east, north = project(core, CRS84, str(grid.crs)).bounds
    left, top = ~grid.transform @ (west, north)
    right, bottom = ~grid.transform @ (east, south)
    height, width = grid.shape
    if min(left, top) < 0 or right > width or bottom > height:
        return None
    return slice(math.floor(top), math.ceil(bottom)), slice(math.floor(left), math.ceil(right))
