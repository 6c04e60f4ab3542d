"""The lattice of 2 m that a village and its surroundings are drawn on."""

from __future__ import annotations

import math

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from hearthwatch.errors import RegionError
from hearthwatch.exercise.model import Village
from tiles.geodesy import CRS84, equal_area, project

LATTICE_M = 2.0
"""Step of the lattice that huts are drawn on; 10, 20 and 60 m pixels hold it whole times."""

LARGEST = 40_000_000
"""Lattice points at most: a square of 12.6 km."""


def laid_out(village: Village, reach_m: float) -> tuple[BaseGeometry, GeoBox]:
    """Return a village's core in a plane of its own, and the lattice over it and so far round it.

    Raises
    ------
    RegionError
        If the core is too small for one lattice point or too large for the lattice.
    """
    at = shapely.centroid(village.core)
    frame = equal_area(at.x, at.y)
    core = project(village.core, CRS84, frame)
    lattice = _lattice(core, frame, reach_m)
    if not inside_of(core, lattice).any():
        raise RegionError(f"The settlement is smaller than {LATTICE_M:g} m: nothing fits in it.")
    return core, lattice


def _lattice(core: BaseGeometry, frame: str, reach: float) -> GeoBox:
    west, south, east, north = shapely.bounds(core)
    left, top = (math.floor((west - reach) / LATTICE_M), math.ceil((north + reach) / LATTICE_M))
    columns = math.ceil((east + reach) / LATTICE_M) - left
    rows = top - math.floor((south - reach) / LATTICE_M)
    if rows * columns > LARGEST:
        raise RegionError(
            f"The settlement reaches over {columns * LATTICE_M / 1000:.1f} by "
            f"{rows * LATTICE_M / 1000:.1f} km: too large for an exercise; name a smaller one."
        )
    corner = Affine(LATTICE_M, 0, left * LATTICE_M, 0, -LATTICE_M, top * LATTICE_M)
    return GeoBox((rows, columns), corner, frame)


def points_of(lattice: GeoBox) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return x, shape (1, x), and y, shape (y, 1), of the lattice points; metres."""
    rows, columns = lattice.shape
    across, down = np.arange(columns, dtype=np.float64), np.arange(rows, dtype=np.float64)
    x: NDArray[np.float64] = lattice.transform.c + LATTICE_M * (across + 0.5)
    y: NDArray[np.float64] = lattice.transform.f - LATTICE_M * (down + 0.5)
    return x[np.newaxis, :], y[:, np.newaxis]


def inside_of(area: BaseGeometry, lattice: GeoBox) -> NDArray[np.bool_]:
    """Tell which points of a lattice lie in an area of its projection, shape (y, x)."""
    shapely.prepare(area)
    x, y = points_of(lattice)
    found: NDArray[np.bool_] = shapely.contains_xy(area, *np.broadcast_arrays(x, y))
    return found


def sector(
    area: NDArray[np.bool_],
    core: BaseGeometry,
    lattice: GeoBox,
    share: float,
    rng: np.random.Generator,
) -> NDArray[np.bool_]:
    """Return this share of the points of an area: one sector, going round from a random bearing."""
    x, y = points_of(lattice)
    middle = shapely.centroid(core)
    bearing = np.arctan2(y - middle.y, x - middle.x) - rng.uniform(0.0, 2.0 * math.pi)
    turn = np.mod(bearing, 2.0 * math.pi)
    if share >= 1.0 or not area.any():
        return area
    within: NDArray[np.bool_] = area & (turn < np.quantile(turn[area], share))
    return within
