"""Measures on the ellipsoid, and geometries carried from one projection to another."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod, Transformer
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

CRS84 = "OGC:CRS84"

_WGS84 = Geod(ellps="WGS84")
# At 80 degrees of latitude a chord of this length leaves its true line by 0.15 m at most.
_STEP_DEGREES = 0.01
_NORTH_STEP_DEGREES = 1e-3


def area_m2(geometry: BaseGeometry) -> float:
    """Return the area of a CRS84 geometry on the WGS 84 ellipsoid.

    Parameters
    ----------
    geometry : shapely geometry
        Degrees, longitude first. Holes are taken off, parts added up; the sense in which rings
        run does not matter. Points and lines have no area.

    Returns
    -------
    float
        Square metres, edges taken as geodesics.

    Notes
    -----
    Karney, C. F. F. (2013), Algorithms for geodesics, J. Geodesy 87, 43-55.
    """
    return sum(_polygon_area(part) for part in polygons(geometry))


def equal_area(lon: float, lat: float) -> str:
    """Return the Lambert azimuthal equal-area projection round a point, metres."""
    return f"+proj=laea +lat_0={lat:.6f} +lon_0={lon:.6f} +datum=WGS84 +units=m +type=crs"


def polygons(geometry: BaseGeometry) -> list[Polygon]:
    """Return the non-empty polygons a geometry consists of; points and lines are left out."""
    if geometry.is_empty:
        return []
    if isinstance(geometry, Polygon):
        return [geometry]
    return [one for part in getattr(geometry, "geoms", ()) for one in polygons(part)]


def project(geometry: BaseGeometry, source: str, target: str) -> BaseGeometry:
    """Carry a geometry from one CRS to another, its edges first cut into short chords.

    Parameters
    ----------
    source, target : str
        Anything PROJ reads; axes in the order x, y (longitude, latitude).

    Returns
    -------
    shapely geometry
        In `target`. Edges straight in `source` are followed to 0.15 m or better where `source`
        counts in degrees; edges given in metres are taken as they are.
    """
    if geometry.is_empty:
        return geometry
    if _is_geographic(source):
        geometry = shapely.segmentize(geometry, _STEP_DEGREES)
    change = transformer(source, target)

    def carry(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(change.transform(points[:, 0], points[:, 1]))

    return shapely.transform(shapely.force_2d(geometry), carry)


@lru_cache(maxsize=256)
def transformer(source: str, target: str) -> Transformer:
    """Return the (cached) transformer between two CRS, axes in the order x, y."""
    return Transformer.from_crs(source, target, always_xy=True)


def ground_scale(crs: str, x: float, y: float, step: float) -> tuple[float, float]:
    """Return the metres on the ground per unit of `crs` along x and along y, at one point.

    Parameters
    ----------
    x, y : float
        The point, in units of `crs`.
    step : float
        Length, in units of `crs`, over which it is measured, the point in the middle.
    """
    half = step / 2
    xs = np.array([x - half, x + half, x, x])
    ys = np.array([y, y, y - half, y + half])
    lon, lat = transformer(crs, CRS84).transform(xs, ys)
    _, _, metres = _WGS84.inv(lon[[0, 2]], lat[[0, 2]], lon[[1, 3]], lat[[1, 3]])
    return float(metres[0] / step), float(metres[1] / step)


def north_bearing(crs: str, x: float, y: float) -> float:
    """Return where true north lies on a map in `crs`, at one point.

    Returns
    -------
    float
        Degrees clockwise from the map's y axis (up).
    """
    lon, lat = transformer(crs, CRS84).transform(x, y)
    step = -_NORTH_STEP_DEGREES if lat > 89 else _NORTH_STEP_DEGREES
    x1, y1 = transformer(CRS84, crs).transform(lon, lat + step)
    sign = math.copysign(1.0, step)
    return math.degrees(math.atan2(sign * (x1 - x), sign * (y1 - y)))


@lru_cache(maxsize=64)
def _is_geographic(crs: str) -> bool:
    return bool(CRS.from_user_input(crs).is_geographic)


def _polygon_area(polygon: Polygon) -> float:
    holes = sum(_ring_area(ring.coords) for ring in polygon.interiors)
    return _ring_area(polygon.exterior.coords) - holes


def _ring_area(coords: shapely.coords.CoordinateSequence) -> float:
    lon, lat = np.asarray(coords)[:, :2].T
    area, _ = _WGS84.polygon_area_perimeter(lon, lat)
    return abs(float(area))
