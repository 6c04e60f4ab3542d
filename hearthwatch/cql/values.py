"""Values of CQL2: times and places as they are written in a filter."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import shapely
from shapely.errors import GEOSException
from shapely.geometry import LineString, Point, box, shape
from shapely.geometry.base import BaseGeometry

EVER = (-(2**63), 2**63 - 1)
"""Microseconds before and after all times: open ends of an interval."""
MOST_POINTS = 600

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DAY = re.compile(r"^\d{4}-\d{2}-\d{2}$", re.ASCII)
_MOMENT = re.compile(
    r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})?$", re.ASCII | re.I
)
_TYPES = frozenset({
    "Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon",
})  # fmt: skip
_RANGE = "reaches beyond 180 degrees of longitude or 90 of latitude"


class ValueFault(Exception):
    """A value cannot be used; its words say why, and fit behind the place where it stands."""


def check_text_value(text: str) -> None:
    """Refuse (`ValueFault`) a text that no database has: JSON can spell one in escapes."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise ValueFault("holds a character that no text here has")


def span_of(text: object) -> tuple[int, int]:
    """Return the first and the last microsecond of a day, or a moment twice.

    Parameters
    ----------
    text : object
        ``2024-05-01``, or ``2024-05-01T12:00:00Z``; without a zone it is in UTC.

    Raises
    ------
    ValueFault
        It is neither.
    """
    if isinstance(text, str) and _DAY.match(text):
        first = _parsed(text)
        return first, first + (timedelta(days=1) // _MICROSECOND) - 1
    if isinstance(text, str) and _MOMENT.match(text):
        moment = _parsed(text.upper())
        return moment, moment
    raise ValueFault("is no day as 2024-05-01 and no time as 2024-05-01T12:00:00Z")


def place_of(value: Mapping[str, Any]) -> BaseGeometry:
    """Return the geometry of a GeoJSON geometry or a bbox, two-dimensional and valid.

    Raises
    ------
    ValueFault
        It is none, or not valid.
    """
    if "bbox" in value:
        return _box(value["bbox"])
    if value.get("type") == "GeometryCollection":
        members = value.get("geometries")
        if not isinstance(members, list) or not all(isinstance(one, Mapping) for one in members):
            raise ValueFault("is no collection of geometries")
        return _checked(shapely.GeometryCollection([_simple(one) for one in members]))
    return _checked(_simple(value))


def _simple(value: Mapping[str, Any]) -> BaseGeometry:
    if value.get("type") not in _TYPES:
        raise ValueFault("is no geometry that can be used here")
    try:
        return shapely.force_2d(shape(dict(value)))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, GEOSException):
        raise ValueFault("has positions that make no such geometry") from None


def _checked(found: BaseGeometry) -> BaseGeometry:
    if found.is_empty:
        raise ValueFault("is an empty geometry")
    if len(shapely.get_coordinates(found)) > MOST_POINTS:
        raise ValueFault(f"has more than {MOST_POINTS} positions")
    _check_range(*found.bounds)
    if not shapely.is_valid(found):
        why = shapely.is_valid_reason(found).partition("[")[0].strip().lower()
        raise ValueFault(f"is not a valid geometry ({why})")
    return found


def _box(edges: Any) -> BaseGeometry:
    is_list = isinstance(edges, list) and len(edges) in (4, 6)
    if not is_list or not all(type(edge) in (int, float) for edge in edges):
        raise ValueFault("is no box of west, south, east and north")
    # Of six numbers, the heights are passed over.
    west, south, east, north = edges if len(edges) == 4 else (*edges[:2], *edges[3:5])
    _check_range(west, south, east, north)
    if south > north:
        raise ValueFault("has its south above its north")
    if west <= east:
        return _drawn(west, south, east, north)
    # Over 180 degrees. Where one half is no more than that line, the other has it too.
    halves = [_drawn(west, south, 180, north), _drawn(-180, south, east, north)]
    most = max(shapely.get_dimensions(halves))
    return shapely.union_all([one for one in halves if shapely.get_dimensions(one) == most])


def _drawn(west: float, south: float, east: float, north: float) -> BaseGeometry:
    """Return a box; one without width or height as a line or a point, for no area is valid then."""
    if west < east and south < north:
        return box(west, south, east, north)
    if west == east and south == north:
        return Point(west, south)
    return LineString([(west, south), (east, north)])


def _check_range(west: float, south: float, east: float, north: float) -> None:
    if not all(map(math.isfinite, (west, south, east, north))):
        raise ValueFault("has numbers that are not finite")
    if not (all(-180 <= one <= 180 for one in (west, east))
            and all(-90 <= one <= 90 for one in (south, north))):  # fmt: skip
        raise ValueFault(_RANGE)


def _parsed(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        return (moment.replace(tzinfo=moment.tzinfo or UTC) - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError):
        raise ValueFault("is no day or time of the calendar") from None
