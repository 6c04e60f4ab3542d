"""GeoJSON as it is found in the wild, read without trusting any of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hearthwatch.errors import RegionError
from hearthwatch.watchlist.columns import doubt_in, key_in, name_in, radius_in, told_in
from hearthwatch.watchlist.pcodes import coded_in
from hearthwatch.watchlist.raw import RawFeature, RawFile, Ring

_CRS84 = frozenset(
    {"OGC:CRS84", "URN:OGC:DEF:CRS:OGC::CRS84", "URN:OGC:DEF:CRS:OGC:1.3:CRS84", "CRS84"}
)
DEEPEST = 16
"""Collections in each other that are gone into."""
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
"""Escapes that are characters in pairs only."""
_WGS84 = frozenset({"EPSG:4326", "URN:OGC:DEF:CRS:EPSG::4326"})


def parse_geojson(text: str, source: str) -> RawFile:
    """Take GeoJSON apart.

    Raises
    ------
    RegionError
        If it is not JSON at all, or not GeoJSON.
    """
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        words = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise RegionError(
            f"{source} is not readable as GeoJSON: {words}. Export it again."
        ) from error
    if _HALF.search(text) and not _is_writable(document):
        raise RegionError(
            f"{source} holds half a surrogate pair in a text, as \\ud800, which is no character: "
            "correct the text and export it again."
        )
    if not isinstance(document, dict) or "type" not in document:
        raise RegionError(
            f"{source} is JSON but not GeoJSON: it has no type. Export it as GeoJSON."
        )
    faults, repairs = judge_crs(document.get("crs"))
    features = tuple(
        _feature(item, f"feature {number}")
        for number, item in enumerate(_features(document), start=1)
    )
    return RawFile(features, degrees=not faults, repairs=repairs, faults=faults)


def _is_writable(document: Any) -> bool:
    """Tell whether all text can be stored and told: an escape may stand for half a character."""
    try:
        json.dumps(document, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _features(document: dict[str, Any]) -> Iterator[Any]:
    if document["type"] == "FeatureCollection":
        members = document.get("features")
        yield from members if isinstance(members, list) else ()
    else:
        yield document


def judge_crs(crs: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return (faults, repairs) for the old ``crs`` member, which RFC 7946 took out."""
    if crs is None:
        return (), ()
    properties = crs.get("properties") if isinstance(crs, dict) else None
    named = properties if isinstance(properties, dict) else {}
    name = str(named.get("name", "something unnamed"))
    if name.upper() in _CRS84:
        return (), ()
    if name.upper() in _WGS84:
        return (), (f"its crs member {name} was read as longitude first, latitude second",)
    return (
        f"its crs member says {name}, but GeoJSON is longitude and latitude: "
        "reproject it to EPSG:4326 and export it again",
    ), ()


@dataclass(slots=True)
class _Gathered:
    """What is met on the way through one feature."""

    polygons: list[list[Ring]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    points: list[tuple[float, float]] = field(default_factory=list)
    flattened: bool = False


def _feature(item: Any, where: str) -> RawFeature:
    found = _Gathered()
    properties: dict[str, Any] = {}
    if not isinstance(item, dict):
        found.faults.append("is not a GeoJSON object: take it out")
    elif item.get("type") == "Feature":
        given = item.get("properties")
        properties = given if isinstance(given, dict) else {}
        _geometry(item.get("geometry"), found)
    else:
        _geometry(item, found)
    return RawFeature(
        where=where,
        name=name_in(properties),
        polygons=found.polygons,
        ignored=tuple(dict.fromkeys(found.ignored)),
        repairs=("heights were dropped",) if found.flattened else (),
        faults=tuple(found.faults),
        points=found.points,
        radius_m=radius_in(properties),
        doubt=doubt_in(properties),
        key=key_in(properties, item.get("id") if isinstance(item, dict) else None),
        told=told_in(properties),
        coded=coded_in(properties),
    )


def _geometry(value: Any, found: _Gathered, depth: int = 0) -> None:
    """Put a geometry's polygons, and what is not one, into `found`."""
    if depth > DEEPEST:
        found.faults.append(f"has collections nested more than {DEEPEST} deep: draw it as Polygons")
    elif value is None:
        found.ignored.append("empty geometry")
    else:
        _shape(value, found, depth)


def _shape(value: Any, found: _Gathered, depth: int) -> None:
    kind = value.get("type") if isinstance(value, dict) else None
    if kind == "GeometryCollection":
        members = value.get("geometries")
        for member in members if isinstance(members, list) else ():
            _geometry(member, found, depth + 1)
    elif kind in ("Polygon", "MultiPolygon"):
        coordinates = value.get("coordinates")
        _polygons([coordinates] if kind == "Polygon" else coordinates, found)
    elif kind in ("Point", "MultiPoint", "LineString", "MultiLineString"):
        found.ignored.append(str(kind))
        places = value.get("coordinates")
        places = [places] if kind == "Point" else places if kind == "MultiPoint" else ()
        for place in places if isinstance(places, list) else ():
            _point(place, found)
    else:
        said = f"{kind!r}"[:40]
        found.faults.append(f"has a geometry of the unknown type {said}: draw it as a Polygon")


def _point(place: Any, found: _Gathered) -> None:
    if not _is_position(place):
        found.faults.append("has a point that is not two numbers, longitude and latitude")
        return
    try:
        found.points.append((float(place[0]), float(place[1])))
    except OverflowError:
        found.faults.append("has a number too large to be a coordinate: correct it")


def _polygons(coordinates: Any, found: _Gathered) -> None:
    if not isinstance(coordinates, list):
        found.faults.append("has no list of coordinates: export it again")
        return
    for rings in coordinates:
        if not rings:
            found.ignored.append("empty polygon")
        elif not isinstance(rings, list):
            found.faults.append("has a polygon that is no list of rings: export it again")
        else:
            read = [_ring(ring, number, found) for number, ring in enumerate(rings, start=1)]
            if all(ring is not None for ring in read):
                found.polygons.append([ring for ring in read if ring is not None])


def _ring(corners: Any, number: int, found: _Gathered) -> Ring | None:
    if not isinstance(corners, list):
        found.faults.append(f"ring {number} is no list of positions: export it again")
        return None
    for place, corner in enumerate(corners, start=1):
        if not _is_position(corner):
            found.faults.append(
                f"position {place} of ring {number} is not two numbers, longitude and latitude: "
                "correct it"
            )
            return None
        found.flattened |= len(corner) > 2
    try:
        return np.array([corner[:2] for corner in corners], np.float64).reshape(-1, 2)
    except OverflowError:
        found.faults.append(f"ring {number} has a number too large to be a coordinate: correct it")
        return None


def _is_position(corner: Any) -> bool:
    return (
        isinstance(corner, list)
        and len(corner) >= 2
        and all(isinstance(n, int | float) and not isinstance(n, bool) for n in corner[:2])
    )
