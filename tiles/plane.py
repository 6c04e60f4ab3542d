"""The plane of one UTM zone and its absolute lattice of 10 m pixels.

What is measured in metres, and which pixels it takes, is worked out here and not in a cell's
own window, so that it comes out the same wherever the edges of cells lie. In the plane there is
no date line: areas that CRS84 cuts at 180 degrees are whole.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.affinity import translate
from shapely.geometry.base import BaseGeometry

from tiles.cell import to_crs84, zone_west
from tiles.geodesy import CRS84, polygons, project, transformer

PIXEL_M = 10
"""Metres of a lattice pixel; pixel (col, row) begins at easting 10 col, northing 10 row."""


def to_plane(geometry: BaseGeometry, epsg: int) -> BaseGeometry:
    """Return the areas of a CRS84 geometry in metres of a UTM zone, whole across 180 degrees.

    Parameters
    ----------
    geometry : shapely geometry
        Split at 180 degrees, near the zone; points and lines in it are left out.

    Returns
    -------
    shapely geometry
        Polygon or MultiPolygon, empty if there is no area.
    """
    parts = np.array(polygons(geometry), dtype=object)
    turns = turns_to_zone(shapely.bounds(parts), epsg)
    near = [translate(part, xoff=turn) for part, turn in zip(parts, turns, strict=True)]
    whole = near[0] if len(near) == 1 else shapely.union_all(near)
    return project(whole, CRS84, f"EPSG:{epsg}")


def from_plane(geometry: BaseGeometry, epsg: int) -> BaseGeometry:
    """Return the CRS84 area of one given in metres of a UTM zone, split at 180 degrees.

    Edges are not cut: between two corners 1 km apart the line moves by centimetres.
    """
    change = transformer(f"EPSG:{epsg}", CRS84)
    middle = zone_west(epsg) + 3

    def carry(points: NDArray[np.float64]) -> NDArray[np.float64]:
        lon, lat = change.transform(points[:, 0], points[:, 1])
        return np.column_stack([lon + 360 * np.round((middle - lon) / 360), lat])

    return to_crs84(shapely.transform(geometry, carry))


def turns_to_zone(bounds: NDArray[np.float64], epsg: int) -> NDArray[np.float64]:
    """Return the multiples of 360 degrees that bring areas to the zone's side of 180 degrees.

    Parameters
    ----------
    bounds : ndarray of float64, shape (n, 4)
        West, south, east, north of each area, CRS84, none across 180 degrees.

    Returns
    -------
    ndarray of float64, shape (n,)
        -360, 0 or 360, to add to the longitudes.
    """
    middle = zone_west(epsg) + 3
    turns = 360 * np.round((middle - (bounds[:, 0] + bounds[:, 2]) / 2) / 360)
    return np.asarray(turns, dtype=np.float64)
