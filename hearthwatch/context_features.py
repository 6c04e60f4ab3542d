"""What a layer of context holds, and what of it lies near a place.

Roads, reservoirs, mines and the like are drawn by others. They make no finding; they can explain
what changed on one of them, or let it be doubted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.strtree import STRtree

from hearthwatch.errors import CatalogueError
from hearthwatch.watchlist.geojson import judge_crs
from tiles.geodesy import CRS84, equal_area, polygons, project

TAGS = (
    "highway", "man_made", "industrial", "landuse", "power", "plant:source", "generator:source",
    "waterway", "water", "natural", "aeroway", "railway", "leisure", "tag",
)  # fmt: skip
"""Properties that say what a feature is, as OpenStreetMap names them; the first found is told."""

_METRES_PER_DEGREE = 111_000.0
_VECTOR = {b"SQLite format 3\0": ".gpkg", b"fgb\x03fgb": ".fgb"}
"""Endings of the files that GDAL reads, by what they begin with."""


@dataclass(frozen=True, slots=True)
class ContextFeature:
    """One road, reservoir or mine.

    Attributes
    ----------
    geometry : shapely geometry
        CRS84, valid, without heights.
    tag : str
        What the file says it is: ``highway=track``; empty where it says nothing.
    name : str
        What the file calls it, in its property ``name``.
    """

    geometry: BaseGeometry
    tag: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class ContextSet:
    """The features of one layer, with an index of where they lie."""

    features: tuple[ContextFeature, ...]
    tree: STRtree = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tree", STRtree([one.geometry for one in self.features]))


@dataclass(frozen=True, slots=True)
class Nearby:
    """Ground of one feature near a place.

    Attributes
    ----------
    area : shapely geometry
        Polygons in CRS84, cut to about the distance that was asked for.
    distance_m : float
        From the place, 0 where they meet.
    """

    area: BaseGeometry
    tag: str
    distance_m: float


def suffix_of(data: bytes) -> str:
    """Return the ending of a file's name that its content asks for; GDAL minds it."""
    return next((end for start, end in _VECTOR.items() if data.startswith(start)), ".geojson")


def read_features(data: bytes, path: Path) -> tuple[ContextFeature, ...]:
    """Read the features of a GeoJSON, GeoPackage or FlatGeobuf file.

    Parameters
    ----------
    data : bytes
        Its content, which tells the format.
    path : Path
        Where it lies: GDAL reads it from there.

    Raises
    ------
    CatalogueError
        If it is none of these, says not where it lies, or holds no geometry.
    """
    vector = data.startswith(tuple(_VECTOR))
    read = _vector_features(path) if vector else _geojson_features(data, path)
    found = tuple(one for one in read if not one.geometry.is_empty)
    if not found:
        raise CatalogueError(f"{path} holds no point, line or polygon: export it again.")
    bounds = shapely.total_bounds([one.geometry for one in found])
    if not (np.abs(bounds) <= (180.0, 90.0, 180.0, 90.0)).all():
        raise CatalogueError(f"{path} is not in longitude and latitude: reproject it to EPSG:4326.")
    return found


def near(
    features: ContextSet,
    place: BaseGeometry,
    within_m: float,
    radius_m: float,
) -> tuple[Nearby, ...]:
    """Return what of some features lies near a place, the nearest first.

    Parameters
    ----------
    place : shapely geometry
        CRS84; nothing within a degree of 180 degrees of longitude is looked for beyond it.
    within_m : float
        From the place's edge.
    radius_m : float
        Half the width of a line, and the radius of a point.
    """
    if place.is_empty:
        return ()
    centre = place.envelope.centroid
    metric = equal_area(centre.x, centre.y)
    core = project(place, CRS84, metric)
    window = _widened(place, within_m + radius_m)
    found = []
    for index in sorted(features.tree.query(window).tolist()):
        feature = features.features[index]
        part = shapely.intersection(feature.geometry, window)
        ground = _ground(project(part, CRS84, metric), radius_m)
        distance = float(shapely.distance(core, ground))
        # Of what only touches the window nothing is left, and its distance is no number.
        if distance <= within_m:
            area = project(ground, metric, CRS84)
            found.append(Nearby(area, feature.tag, round(distance, 1)))
    return tuple(sorted(found, key=lambda one: one.distance_m))


def _widened(place: BaseGeometry, metres: float) -> BaseGeometry:
    """Return a box in degrees round a place that leaves out nothing within `metres`."""
    west, south, east, north = place.bounds
    high = metres / _METRES_PER_DEGREE
    steep = max(math.cos(math.radians(min(max(abs(south), abs(north)) + high, 89.0))), 0.01)
    wide = high / steep
    return shapely.box(west - wide, south - high, east + wide, north + high)


def _ground(geometry: BaseGeometry, radius_m: float) -> BaseGeometry:
    """Return the polygons a geometry covers, its lines and points widened; metres."""
    covered = [
        one if shapely.get_dimensions(one) == 2 else one.buffer(radius_m)
        for one in _simple(geometry)
    ]
    whole = shapely.union_all(covered)
    return shapely.multipolygons(polygons(whole))


def _simple(geometry: BaseGeometry) -> Iterator[BaseGeometry]:
    members = getattr(geometry, "geoms", None)
    if members is None:
        yield geometry
    else:
        for part in members:
            yield from _simple(part)


def _geojson_features(data: bytes, path: Path) -> Iterator[ContextFeature]:
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise CatalogueError(
            f"{path} is neither GeoJSON nor GeoPackage nor FlatGeobuf: export it as one of these."
        ) from error
    if not isinstance(document, dict):
        raise CatalogueError(f"{path} is JSON but not GeoJSON: export it again.")
    faults, _ = judge_crs(document.get("crs"))
    if faults:
        raise CatalogueError(f"{path} cannot be used: {faults[0]}.")
    members = document.get("features") if document.get("type") == "FeatureCollection" else None
    for number, member in enumerate([document] if members is None else members, start=1):
        yield _geojson_feature(member, f"feature {number} of {path}")


def _geojson_feature(member: Any, where: str) -> ContextFeature:
    is_feature = isinstance(member, dict) and member.get("type") == "Feature"
    shape = member.get("geometry") if is_feature else member
    properties = member.get("properties") if is_feature else None
    if shape is None:
        return ContextFeature(shapely.Point())
    try:
        geometry = shapely.geometry.shape(shape)
    except (AttributeError, KeyError, TypeError, ValueError, shapely.errors.ShapelyError) as error:
        raise CatalogueError(f"{where} is no geometry: {error}. Export it again.") from error
    return _feature(geometry, properties if isinstance(properties, dict) else {})


def _vector_features(path: Path) -> Iterator[ContextFeature]:
    # GDAL is loaded only for files that need it.
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    from hearthwatch.watchlist.vector import known_crs

    try:
        layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
        read = [pyogrio.raw.read(path, layer=layer) for layer in layers]
    except (DataSourceError, DataLayerError) as error:
        raise CatalogueError(f"{path} cannot be read: {error}. Export it again.") from error
    for meta, _, geometries, columns in read:
        crs = known_crs(meta["crs"])
        if crs is None:
            raise CatalogueError(f"{path} does not say in which CRS it is: reproject it.")
        names = [str(name) for name in meta["fields"]]
        for row, wkb in enumerate(geometries):
            values = {name: column[row] for name, column in zip(names, columns, strict=True)}
            geometry = shapely.Point() if wkb is None else shapely.from_wkb(wkb)
            yield _feature(project(geometry, crs.to_wkt(), CRS84), values)


def _feature(geometry: BaseGeometry, properties: Mapping[str, Any]) -> ContextFeature:
    flat = shapely.force_2d(geometry)
    valid = flat if flat.is_valid else shapely.make_valid(flat)
    return ContextFeature(valid, _tag(properties), _name(properties))


def _name(properties: Mapping[str, Any]) -> str:
    named = (value for key, value in properties.items() if key.lower() == "name")
    return next((one for one in named if isinstance(one, str) and one.isprintable()), "")


def _tag(properties: Mapping[str, Any]) -> str:
    told = ((name, properties.get(name)) for name in TAGS)
    return next((f"{name}={value}" for name, value in told if isinstance(value, str) and value), "")
