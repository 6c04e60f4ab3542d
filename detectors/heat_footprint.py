"""What ground a heat pixel may have come from, and whether that touches a settlement.

A pixel is as long along the scan and along the track as its provider says, and grows towards the
edge of the swath. Its fire may lie anywhere in it, so the pixel stands for the ellipse through the
corners of its rectangle. How it lies on the ground is not told; it follows from the orbit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

CORNERS = math.sqrt(2.0)
"""Semi-axes of the ellipse through a rectangle's corners, in halves of its sides."""
BEARING_ERROR_DEG = 15.0
"""By how much a scan may lie otherwise than under the satellite: towards the edge of the swath a
great circle turns against the meridians, most where those run together."""
BEARING_STEP_DEG = 5.0
FARTHEST_LATITUDE = 60.0
"""Beyond it the hour does not tell whether the satellite goes north or south."""
DAY_HOURS = (6.0, 18.0)
"""Local solar hours of the pass by day."""
EARTH_RATE = 7.2921e-5
"""Radians a second."""

# WGS 84.
_SEMI_MAJOR_M = 6_378_137.0
_SQUARED_ECCENTRICITY = 6.694379990141e-3

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Orbit:
    """A sun-synchronous orbit, nearly round.

    Attributes
    ----------
    inclination_deg : float
    minutes : float
        Of one revolution.
    north_by_day : bool
        Whether the satellite goes north on the sunlit side.
    """

    inclination_deg: float
    minutes: float
    north_by_day: bool


_AFTERNOON = Orbit(98.7, 101.5, True)
ORBITS: Mapping[str, Orbit] = {
    "Suomi NPP": _AFTERNOON,
    "NOAA-20": _AFTERNOON,
    "NOAA-21": _AFTERNOON,
    "Aqua": Orbit(98.2, 98.8, True),
    "Terra": Orbit(98.2, 98.8, False),
}
"""By the name of the satellite; of others it is not known how their pixels lie."""


@dataclass(frozen=True, slots=True)
class Footprints:
    """Heat pixels.

    Attributes
    ----------
    lon, lat : ndarray, shape (n,)
        Centres, degrees.
    scan_m, track_m : ndarray, shape (n,)
        Sides of each pixel along the scan and along the track, metres.
    bearing : ndarray, shape (n,)
        Direction of the scan, degrees clockwise from north, 0..180; NaN where it is not known.
    """

    lon: Array
    lat: Array
    scan_m: Array
    track_m: Array
    bearing: Array

    def reach_m(self) -> Array:
        """Return the radius of a circle that holds each ellipse however it lies, metres."""
        longest: Array = np.maximum(self.scan_m, self.track_m) * (CORNERS / 2.0)
        return longest


def scan_bearing(satellite: str, lon: float, lat: float, seconds: int) -> float:
    """Return the direction in which a satellite scans over a place.

    Parameters
    ----------
    lon, lat : float
        Degrees.
    seconds : int
        Since the epoch, UTC.

    Returns
    -------
    float
        Degrees clockwise from north, 0..180; NaN where it does not follow from the orbit.

    Notes
    -----
    Across the ground track of a round orbit over a turning sphere: D. A. Vallado, Fundamentals of
    Astrodynamics and Applications, the azimuth of an orbit by inclination and latitude, with the
    ground's own speed taken off.
    """
    orbit = ORBITS.get(satellite)
    if orbit is None or abs(lat) > FARTHEST_LATITUDE:
        return math.nan
    hour = (seconds % 86_400 / 3_600.0 + lon / 15.0) % 24.0
    by_day = DAY_HOURS[0] <= hour < DAY_HOURS[1]
    northward = by_day == orbit.north_by_day
    rate = 2.0 * math.pi / (orbit.minutes * 60.0)
    east = math.cos(math.radians(orbit.inclination_deg)) / math.cos(math.radians(lat))
    north = math.sqrt(1.0 - east * east)
    over_ground = east * rate - EARTH_RATE * math.cos(math.radians(lat))
    heading = math.degrees(math.atan2(over_ground, north * rate if northward else -north * rate))
    return (heading + 90.0) % 180.0


def ellipse_reach(one: Footprints, index: int, core: BaseGeometry) -> float:
    """Return how far out in a pixel's ellipse a settlement begins.

    Parameters
    ----------
    index : int
        Of the pixel.
    core : shapely geometry
        CRS84, within some 50 km of the pixel.

    Returns
    -------
    float
        0 where the pixel's centre is inside the core, 1 where the ellipse just touches it. Where
        the direction is known within some degrees only, or not at all, that of the ellipse which
        comes nearest.
    """
    plane = _local(core, float(one.lon[index]), float(one.lat[index]))
    half = np.array([one.scan_m[index], one.track_m[index]]) * (CORNERS / 2.0)
    if not math.isfinite(one.bearing[index]):
        return float(shapely.distance(plane, _CENTRE)) / float(half.max())
    bearings = one.bearing[index] + np.arange(
        -BEARING_ERROR_DEG, BEARING_ERROR_DEG + BEARING_STEP_DEG / 2.0, BEARING_STEP_DEG
    )
    return min(_reach_along(plane, bearing, half) for bearing in bearings)


def touching(pixels: Footprints, cores: Sequence[BaseGeometry]) -> tuple[tuple[int, int], ...]:
    """Return which pixels may have come from which settlements.

    Parameters
    ----------
    cores : sequence of shapely geometry
        CRS84.

    Returns
    -------
    tuple of (int, int)
        Pixel and core, by index, in order.
    """
    if not cores or not pixels.lon.size:
        return ()
    east, north = _degrees(pixels)
    around = shapely.box(
        pixels.lon - east, pixels.lat - north, pixels.lon + east, pixels.lat + north
    )
    near = shapely.STRtree(list(cores)).query(around).T
    pairs = sorted((int(pixel), int(core)) for pixel, core in near)
    return tuple(
        (pixel, core) for pixel, core in pairs if ellipse_reach(pixels, pixel, cores[core]) <= 1.0
    )


def distance_m(lon: float, lat: float, lons: Array, lats: Array) -> Array:
    """Return distances from a place to others within some 50 km, metres."""
    east, north = metres_per_degree(lat)
    found: Array = np.hypot((lons - lon) * east, (lats - lat) * north)
    return found


def metres_per_degree(lat: float) -> tuple[float, float]:
    """Return the length of a degree of longitude and of latitude on WGS 84, metres."""
    sine = math.sin(math.radians(lat))
    across = _SEMI_MAJOR_M / math.sqrt(1.0 - _SQUARED_ECCENTRICITY * sine * sine)
    along = across * (1.0 - _SQUARED_ECCENTRICITY) / (1.0 - _SQUARED_ECCENTRICITY * sine * sine)
    degree = math.pi / 180.0
    return across * math.cos(math.radians(lat)) * degree, along * degree


_CENTRE = shapely.Point(0.0, 0.0)


def _local(core: BaseGeometry, lon: float, lat: float) -> BaseGeometry:
    """Return a core in metres east and north of a pixel's centre."""
    scale = np.array(metres_per_degree(lat))
    return shapely.transform(core, lambda points: (points - (lon, lat)) * scale)


def _reach_along(plane: BaseGeometry, bearing: float, half: Array) -> float:
    """Return the distance to a core where the ellipse is made the unit circle."""
    turn = math.radians(bearing)
    # Rows are the unit vectors along the scan and along the track.
    axes = np.array([[math.sin(turn), math.cos(turn)], [math.cos(turn), -math.sin(turn)]])
    unit = axes / half[:, None]
    return float(shapely.distance(shapely.transform(plane, lambda p: p @ unit.T), _CENTRE))


def _degrees(pixels: Footprints) -> tuple[Array, Array]:
    reach = pixels.reach_m()
    scales = np.array([metres_per_degree(lat) for lat in pixels.lat])
    return reach / scales[:, 0], reach / scales[:, 1]
