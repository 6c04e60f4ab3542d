"""One square of the work grid: its id, its place, its outline.

Longitudes called *unrolled* run on past 180 degrees (to 190 or -190), so that a zone and its
neighbours lie side by side and areas need no cutting at the date line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.affinity import translate
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

from tiles.geodesy import CRS84, polygons, transformer

SIZE_M = 10_240
SOUTH_LIMIT, NORTH_LIMIT = -80.0, 84.0

_ID = re.compile(r"^(0[1-9]|[1-5][0-9]|60)([NS])_([0-9]{4})_([0-9]{4})$")
_EDGE_STEPS = 16
ZONES = 60


@dataclass(frozen=True, slots=True)
class Cell:
    """One square of the work grid.

    Attributes
    ----------
    id : str
        ``36N_0051_0143``: zone and hemisphere, column, row.
    epsg : int
        The zone's CRS: 326zz north, 327zz south of the equator.
    col, row : int
        Easting and northing of the south-west corner, in units of 10,240 m. South of the
        equator northings carry the false northing of 10,000,000 m.
    """

    id: str
    epsg: int
    col: int
    row: int

    def __post_init__(self) -> None:
        if self.id != _cell_id(self.epsg, self.col, self.row):
            raise ValueError(f"cell {self.id!r} is not EPSG:{self.epsg} {self.col} {self.row}")

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in metres of the zone."""
        west, south = self.col * SIZE_M, self.row * SIZE_M
        return float(west), float(south), float(west + SIZE_M), float(south + SIZE_M)

    def geobox(self, resolution: float = 10.0) -> GeoBox:
        """Return the cell's pixel grid, north up, from the north-west corner.

        Raises
        ------
        ValueError
            If `resolution` (metres) does not divide the cell into whole pixels.
        """
        count = SIZE_M / resolution
        if resolution <= 0 or count != int(count):
            raise ValueError(f"{resolution} m does not divide a cell of {SIZE_M} m")
        west, _, _, north = self.bounds
        transform = Affine(resolution, 0.0, west, 0.0, -resolution, north)
        return GeoBox((int(count), int(count)), transform, f"EPSG:{self.epsg}")

    @property
    def footprint(self) -> BaseGeometry:
        """The square in CRS84, edges followed every 640 m; in two parts across 180 degrees."""
        return to_crs84(unrolled_footprint(self))


def cell_from_id(cell_id: str) -> Cell:
    """Return the cell with this id.

    Raises
    ------
    ValueError
        If it is not an id of this grid.
    """
    match = _ID.match(cell_id)
    if match is None:
        raise ValueError(f"{cell_id!r} is not the id of a grid cell such as '36N_0051_0143'")
    zone, hemisphere, col, row = match.groups()
    epsg = (32600 if hemisphere == "N" else 32700) + int(zone)
    return Cell(cell_id, epsg, int(col), int(row))


def cell_of(epsg: int, col: int, row: int) -> Cell:
    """Return the cell of one zone at one column and row."""
    return Cell(_cell_id(epsg, col, row), epsg, col, row)


def _cell_id(epsg: int, col: int, row: int) -> str:
    return f"{epsg % 100:02d}{'N' if is_north(epsg) else 'S'}_{col:04d}_{row:04d}"


@lru_cache(maxsize=65536)
def is_regular(cell: Cell) -> bool:
    """Tell whether the cell's centre lies in its own zone and hemisphere and on the grid."""
    lon, lat = _centre(cell)
    return bool(
        zone_west(cell.epsg) <= lon < zone_west(cell.epsg) + 6
        and SOUTH_LIMIT <= lat <= NORTH_LIMIT
        and (lat >= 0) == is_north(cell.epsg)
    )


def unrolled_footprint(cell: Cell) -> Polygon:
    """Return the cell's outline in unrolled longitudes.

    Neighbouring cells share every vertex of a common edge, so no crack opens between them.
    """
    west, south, _, _ = cell.bounds
    step = np.arange(_EDGE_STEPS) * (SIZE_M / _EDGE_STEPS)
    low, high = np.zeros(_EDGE_STEPS), np.full(_EDGE_STEPS, float(SIZE_M))
    x = west + np.concatenate([step, high, SIZE_M - step, low])
    y = south + np.concatenate([low, step, high, SIZE_M - step])
    return Polygon(np.column_stack(_lonlat(cell.epsg, x, y)))


def to_crs84(unrolled: BaseGeometry) -> BaseGeometry:
    """Cut an unrolled area at 180 degrees and bring all parts into -180..180."""
    world = box(-180, -90, 180, 90)
    if unrolled.is_empty or world.contains(unrolled):
        return shapely.orient_polygons(unrolled)
    turned = [translate(unrolled, xoff=turn).intersection(world) for turn in (-360, 0, 360)]
    return shapely.orient_polygons(areal(shapely.union_all(turned)))


def areal(geometry: BaseGeometry) -> BaseGeometry:
    """Return the areas of a geometry without its points and lines."""
    pieces = polygons(geometry)
    return shapely.union_all(pieces) if len(pieces) > 1 else (pieces or [Polygon()])[0]


def epsg_at(lon: float, lat: float) -> int:
    """Return the EPSG code of the UTM zone a point lies in."""
    zone = min(int((lon + 180) // 6) + 1, ZONES)
    return (32600 if lat >= 0 else 32700) + zone


def is_north(epsg: int) -> bool:
    """Tell whether a zone's CRS is that of its northern half."""
    return epsg // 100 == 326


def zone_west(epsg: int) -> float:
    """Return the longitude of the zone's western border."""
    return (epsg % 100) * 6.0 - 186.0


def strip(epsg: int) -> Polygon:
    """Return the area of a zone's hemisphere that is on the grid."""
    low, high = (0.0, NORTH_LIMIT) if is_north(epsg) else (SOUTH_LIMIT, 0.0)
    return box(zone_west(epsg), low, zone_west(epsg) + 6, high)


def neighbours(epsg: int) -> tuple[int, int]:
    """Return the zones west and east of this one, in the same hemisphere."""
    base, zone = epsg - epsg % 100, epsg % 100
    return base + (zone - 2) % ZONES + 1, base + zone % ZONES + 1


def _centre(cell: Cell) -> tuple[float, float]:
    west, south, east, north = cell.bounds
    lon, lat = _lonlat(cell.epsg, np.array([(west + east) / 2]), np.array([(south + north) / 2]))
    return float(lon[0]), float(lat[0])


def _lonlat(
    epsg: int, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    lon, lat = transformer(f"EPSG:{epsg}", CRS84).transform(x, y)
    middle = zone_west(epsg) + 3
    return (np.asarray(lon) - middle + 180) % 360 - 180 + middle, np.asarray(lat)
