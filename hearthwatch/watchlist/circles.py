"""Points with a radius, as areas."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pyproj

from hearthwatch.watchlist.options import Options
from hearthwatch.watchlist.raw import RawFeature, Ring

SMALLEST_RADIUS_M, LARGEST_RADIUS_M = 10.0, 20_000.0
CORNERS = 32
"""Of a circle drawn round a point; its area is 0.6 % less than the circle's."""

_GEOD = pyproj.Geod(ellps="WGS84")


def circled(feature: RawFeature, options: Options) -> RawFeature:
    """Return a feature with a circle round each of its points, unless it has areas.

    Points without a radius are a fault of what is to be a place of its own; beside an area they
    are passed over.
    """
    if feature.polygons or not feature.points:
        return feature
    radius = options.radius_m if feature.radius_m is None else feature.radius_m
    if radius is None and not options.each:
        return feature
    fault = _fault_of_radius(radius)
    if fault or radius is None:
        return dataclasses.replace(feature, faults=(*feature.faults, fault))
    return dataclasses.replace(
        feature,
        polygons=[[_circle(lon, lat, radius)] for lon, lat in feature.points],
        ignored=tuple(kind for kind in feature.ignored if "Point" not in kind),
    )


def _fault_of_radius(radius: float | None) -> str:
    if radius is None:
        return "is a point without a radius: give radius_m for each, or --radius for all"
    if not SMALLEST_RADIUS_M <= radius <= LARGEST_RADIUS_M:
        return (
            f"has a radius of {radius:g} m; it must be from {SMALLEST_RADIUS_M:g} to "
            f"{LARGEST_RADIUS_M:g} m"
        )
    return ""


def _circle(lon: float, lat: float, radius_m: float) -> Ring:
    """Return the corners of a circle on the ellipsoid, anticlockwise and closed."""
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 360 and abs(lat) <= 90):
        # Judged, and explained, as the corners of a polygon would be.
        return np.array([[lon, lat]] * 4)
    bearings = -np.linspace(0.0, 360.0, CORNERS, endpoint=False)
    starts = np.full(CORNERS, lon), np.full(CORNERS, lat)
    x, y, _ = _GEOD.fwd(*starts, bearings, np.full(CORNERS, radius_m))
    # The circle stays whole where it crosses 180 degrees: it is split later.
    x = lon + (np.asarray(x) - lon + 180.0) % 360.0 - 180.0
    ring = np.column_stack([x, np.asarray(y)])
    return np.vstack([ring, ring[:1]])
