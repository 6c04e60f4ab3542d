"""Settlements from files: polygons as they are, points as circles."""

from __future__ import annotations

import dataclasses
import math
import uuid
from datetime import datetime
from pathlib import Path

import numpy as np
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

from hearthwatch.errors import RegionError
from hearthwatch.records import Mode, Settlement
from hearthwatch.settings import Settings
from hearthwatch.watchlist.areas import NamedArea, areas_of, bytes_of, read_raw
from hearthwatch.watchlist.raw import RawFeature, RawFile, Ring
from hearthwatch.watchlist.table import parse_table
from tiles.geodesy import polygons

SMALLEST_RADIUS_M, LARGEST_RADIUS_M = 10.0, 20_000.0
CORNERS = 32
"""Of a circle drawn round a point; its area is 0.6 % less than the circle's."""
SQUARE_METRES = 1e6
DOUBT = "; doubt: "
"""Between where a settlement was taken from and what is doubtful about its outline."""
_OUT_OF_ROUND = 0.02

_GEOD = pyproj.Geod(ellps="WGS84")
_CSV = frozenset({".csv", ".txt"})


def read_settlements(
    source: Path, settings: Settings, *, radius_m: float | None = None, encoding: str = "utf-8"
) -> list[NamedArea]:
    """Read the settlements of a file.

    Parameters
    ----------
    source : Path
        GeoJSON, GeoPackage, FlatGeobuf, KML, shapefile (also zipped), or a CSV table with
        longitude and latitude.
    radius_m : float or None
        Radius of the core round a point that names none itself (``radius_m``), metres.
    encoding : str
        Of a CSV table.

    Raises
    ------
    RegionError
        Listing everything that is wrong with it at once.
    """
    is_table = source.suffix.lower() in _CSV
    raw = _read_table(source, encoding) if is_table else read_raw(source)
    circled = tuple(_circled(feature, radius_m) for feature in raw.features)
    return areas_of(dataclasses.replace(raw, features=circled), str(source), settings)


def make_settlement(
    area: NamedArea, organisation: str, source: str, now: datetime, mode: Mode = Mode.ACTUAL
) -> Settlement:
    """Make a settlement of an area.

    Its id follows from whose it is, its name and its outline: a file that is imported again
    adds nothing twice.
    """
    name = area.name or ""
    identity = f"{organisation}\n{mode}\n{name}\n{area.geometry.wkb_hex}"
    return Settlement(
        id=str(uuid.uuid5(uuid.NAMESPACE_OID, identity)),
        organisation=organisation,
        mode=mode,
        name=name,
        geometry=area.geometry,
        area_m2=area.area_km2 * SQUARE_METRES,
        source=f"{source}{DOUBT}{area.doubt}" if area.doubt else source,
        created=now,
    )


def doubt_of(settlement: Settlement) -> str:
    """Return what is doubtful about a settlement's outline; empty where nothing was said."""
    return settlement.source.partition(DOUBT)[2]


def is_circle(core: BaseGeometry) -> bool:
    """Tell whether an outline is the circle that was put round a point."""
    parts = polygons(core)
    if len(parts) != 1 or shapely.get_num_coordinates(parts[0]) != CORNERS + 1:
        return False
    # Degrees of longitude are shorter: the box that holds a circle is made a square first.
    corners = shapely.get_coordinates(parts[0])
    low, high = corners.min(axis=0), corners.max(axis=0)
    away = np.hypot(*((2.0 * corners - low - high) / (high - low)).T)
    return bool(np.all(np.abs(away - 1.0) < _OUT_OF_ROUND))


def _read_table(source: Path, encoding: str) -> RawFile:
    try:
        text = bytes_of(source).decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        raise RegionError(
            f"{source} is not in {encoding}: name its encoding, as --encoding latin-1."
        ) from error
    return parse_table(text.removeprefix("\ufeff"), str(source))


def _circled(feature: RawFeature, radius_m: float | None) -> RawFeature:
    """Return a feature with a circle round each of its points, unless it has areas."""
    if feature.polygons or not feature.points:
        return feature
    radius = radius_m if feature.radius_m is None else feature.radius_m
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
