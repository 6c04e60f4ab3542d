"""The tiles of web maps: WebMercatorQuad, numbered z/x/y from the north-west corner."""

from __future__ import annotations

import math

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

MERCATOR = "EPSG:3857"
MOST_ZOOM = 24
TILE_PIXELS = 256
WORLD = (-180.0, -85.05112877980659, 180.0, 85.05112877980659)
"""West, south, east, north of all tiles, degrees CRS84."""

_EQUATOR_M = 2.0 * math.pi * 6_378_137.0


def check_tile(z: int, x: int, y: int) -> None:
    """Refuse a tile that is not on the map.

    Raises
    ------
    ValueError
        Outside zoom 0..24, or columns and rows 0..2**z - 1.
    """
    if not 0 <= z <= MOST_ZOOM:
        raise ValueError(f"zoom {z} is outside 0..{MOST_ZOOM}")
    if not (0 <= x < 1 << z and 0 <= y < 1 << z):
        raise ValueError(f"tile {z}/{x}/{y}: columns and rows of zoom {z} run 0..{(1 << z) - 1}")


def tile_bounds(z: int, x: int, y: int) -> tuple[float, float, float, float]:
    """Return west, south, east, north of a tile, degrees CRS84.

    Raises
    ------
    ValueError
        As for :func:`check_tile`.
    """
    check_tile(z, x, y)
    side = 360.0 / (1 << z)
    return x * side - 180.0, _latitude(z, y + 1), (x + 1) * side - 180.0, _latitude(z, y)


def tile_geobox(z: int, x: int, y: int, size: int = TILE_PIXELS) -> GeoBox:
    """Return the pixel grid of a tile of `size` by `size` pixels, in metres of EPSG:3857.

    Raises
    ------
    ValueError
        As for :func:`check_tile`.
    """
    check_tile(z, x, y)
    side = _EQUATOR_M / (1 << z)
    west, north = x * side - _EQUATOR_M / 2, _EQUATOR_M / 2 - y * side
    step = side / size
    return GeoBox((size, size), Affine(step, 0.0, west, 0.0, -step, north), MERCATOR)


def to_tile(lonlat: NDArray[np.float64], z: int, x: int, y: int, units: int) -> NDArray[np.float64]:
    """Carry points, shape (n, 2), degrees CRS84, into a tile of `units` by `units`, y down."""
    sine = np.sin(np.radians(lonlat[:, 1]))
    across = lonlat[:, 0] / 360.0 + 0.5
    down = 0.5 - np.arctanh(sine) / (2.0 * math.pi)
    count = 1 << z
    return np.column_stack([(across * count - x) * units, (down * count - y) * units])


def tile_over(lon: float, lat: float, z: int) -> tuple[int, int]:
    """Return column and row of the tile a place lies in; the nearest one to one off the map.

    Parameters
    ----------
    lon, lat : float
        Degrees CRS84.
    """
    _, south, _, north = WORLD
    point = np.array([[lon, min(max(lat, south), north)]])
    (across, down), most = to_tile(point, z, 0, 0, 1)[0], (1 << z) - 1
    return min(max(math.floor(across), 0), most), min(max(math.floor(down), 0), most)


def cell_size_m(z: int) -> float:
    """Return the side of a pixel of a tile of 256 pixels, metres of EPSG:3857."""
    return _EQUATOR_M / TILE_PIXELS / (1 << z)


def corner_m() -> tuple[float, float]:
    """Return the north-west corner of all tiles, metres of EPSG:3857."""
    return -_EQUATOR_M / 2, _EQUATOR_M / 2


def native_zoom(pixel_m: float, latitude: float) -> int:
    """Return the lowest zoom at which tiles of 256 pixels show every pixel of `pixel_m` metres."""
    widest = _EQUATOR_M * math.cos(math.radians(latitude)) / TILE_PIXELS
    return min(max(math.ceil(math.log2(widest / pixel_m)), 0), MOST_ZOOM)


def _latitude(z: int, row: int) -> float:
    return math.degrees(math.atan(math.sinh(math.pi * (1.0 - 2.0 * row / (1 << z)))))
