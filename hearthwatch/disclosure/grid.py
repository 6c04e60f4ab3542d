"""The fixed grid of the whole earth that coarse places are squares of.

Bands of 1.2 degrees of latitude, each cut into columns at least 128 km wide, make the squares of
level 0; every square is four of the next level, down to about 1 km at level 7. Squares of
different levels therefore lie within each other or apart: no two of them can be laid over each
other to get a smaller place than the smaller of the two.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from tiles.geodesy import polygons

FINEST = 7
COARSEST_KM = 128
_BANDS = 150
_BAND_DEGREES = 180 / _BANDS
_EQUATOR_KM = 2 * math.pi * 6378.137
_PARTS = 2**FINEST


@dataclass(frozen=True, slots=True)
class Square:
    """One square of the grid.

    Attributes
    ----------
    level : int
        0 is the coarsest.
    row, column : int
        Counted from the south pole and from 180 degrees west.
    """

    level: int
    row: int
    column: int

    @property
    def km(self) -> int:
        """Least length of a side, but of the northern ones at the poles."""
        return COARSEST_KM >> self.level

    @property
    def is_polar(self) -> bool:
        """Whether it touches a pole; such a square is told whole, for its parts are slivers."""
        return self.row >> self.level in (0, _BANDS - 1)

    @property
    def box(self) -> Polygon:
        """Its outline, CRS84, with decimals that a reader can check."""
        high = _BAND_DEGREES / 2**self.level
        wide = 360 / (_columns(self.row >> self.level) * 2**self.level)
        south, west = self.row * high - 90, self.column * wide - 180
        edges = (west, south, west + wide, south + high)
        outline: Polygon = shapely.box(*(round(edge, 7) for edge in edges))
        return outline

    @property
    def middle(self) -> tuple[float, float]:
        """Longitude and latitude of its middle."""
        west, south, east, north = self.box.bounds
        return (west + east) / 2, (south + north) / 2

    def parts(self) -> tuple[Square, ...]:
        """Return the four squares of the next level that it is made of."""
        return tuple(
            Square(self.level + 1, 2 * self.row + up, 2 * self.column + right)
            for up in (0, 1)
            for right in (0, 1)
        )

    def within(self, level: int) -> Square:
        """Return the square of a coarser level that it lies in."""
        by = self.level - level
        return Square(level, self.row >> by, self.column >> by)


def square_at(lon: float, lat: float, level: int = FINEST) -> Square:
    """Return the square that a point lies in; on a line, that to the north or east of it."""
    row = min(math.floor((lat + 90) / _BAND_DEGREES * _PARTS), _BANDS * _PARTS - 1)
    around = _columns(row >> FINEST) * _PARTS
    column = math.floor((lon + 180) / 360 * around) % around
    # Always from the finest one up, so that rounding cannot put it into two that do not nest.
    return Square(FINEST, row, column).within(level)


def middle_of(geometry: BaseGeometry) -> tuple[float, float]:
    """Return longitude and latitude of the one point that stands for a place.

    Of several parts, the largest one's: a place cut at 180 degrees has its middle nowhere else.
    """
    largest = max(polygons(geometry), key=lambda one: one.area, default=geometry)
    point = largest.centroid
    return float(point.x), float(point.y)


def smallest_that_hides(
    point: tuple[float, float], finest: int, settlements: Iterable[tuple[float, float]], least: int
) -> Square:
    """Return the square in which a place is told.

    A square is divided only where every one of its four parts holds enough settlements. So which
    square is told follows from that square alone: that no smaller one was told says nothing about
    where in it the place lies.

    Parameters
    ----------
    point : tuple of float
        Longitude and latitude of the place.
    finest : int
        The level below which no place is told.
    settlements : iterable of (float, float)
        Where the known ones lie. Those in one square of the finest grid count as one, as they may
        be one listed twice.
    least : int
        How many each part must hold.
    """
    known = {square_at(*one) for one in settlements}
    square = square_at(*point, 0)
    while square.level < finest and not square.is_polar:
        parts = square.parts()
        below = parts[0].level
        held = [one.within(below) for one in known]
        if any(held.count(part) < least for part in parts):
            break
        square = square_at(*point, below)
    return square


def _columns(band: int) -> int:
    """Return how many squares of level 0 a band has: by its edge that is nearer to a pole."""
    edge = max(abs(band * _BAND_DEGREES - 90), abs((band + 1) * _BAND_DEGREES - 90))
    around = _EQUATOR_KM * math.cos(math.radians(min(edge, 90.0)))
    return max(1, math.floor(around / COARSEST_KM))
