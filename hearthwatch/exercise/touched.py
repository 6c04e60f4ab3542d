"""Which ground a change that is no burn touches."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from hearthwatch.exercise.ground import RING_M, UNBURNED, Ground, burn_ground
from hearthwatch.exercise.huts import built
from hearthwatch.exercise.lattice import inside_of, laid_out, sector
from hearthwatch.exercise.model import Burn, Village
from hearthwatch.exercise.otherwise import Change, Extent

FIELDS_M = RING_M[0]
"""Fields reach so far from the core: they change, and what the core is compared with does not."""

SHADOW_M = 100.0


def touched_ground(village: Village, change: Change) -> Ground | None:
    """Return the ground a change touches, as burn 0 of a `Ground`; None for all of the scene.

    Raises
    ------
    RegionError
        As of `burn_ground`.
    """
    if change.extent is Extent.HUTS:
        return burn_ground(village, [Burn(change.date, change.share)])
    if change.extent is Extent.VILLAGE:
        core, lattice = laid_out(village, SHADOW_M)
        return _ground(inside_of(shapely.buffer(core, SHADOW_M), lattice), lattice)
    if change.extent is Extent.FIELDS:
        core, lattice = laid_out(village, FIELDS_M)
        return _ground(_fields(core, lattice, village, change.share), lattice)
    return None


def _fields(
    core: BaseGeometry, lattice: GeoBox, village: Village, share: float
) -> NDArray[np.bool_]:
    open_ground = built(inside_of(core, lattice), village).owner < 0
    near = inside_of(shapely.buffer(core, FIELDS_M), lattice) & open_ground
    rng = np.random.default_rng([village.seed, 0, 1])
    return sector(near, core, lattice, share, rng)


def _ground(touched: NDArray[np.bool_], lattice: GeoBox) -> Ground:
    raster = np.where(touched, np.int16(0), np.int16(UNBURNED))
    return Ground(lattice, raster, burns=1, huts=0, huts_burned=(0,))
