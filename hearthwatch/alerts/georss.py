"""Where, as GeoRSS Simple writes it: one point, line or polygon, latitude first, no holes.

Only that is read alike everywhere. Of GML's holes and parts common feed readers keep the last ring
alone, and GDAL takes a feed in which GML stands early for no feed at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree
from shapely import get_num_coordinates, unary_union
from shapely.geometry import LineString, Point, Polygon, shape
from shapely.geometry.base import BaseGeometry

from hearthwatch.alerts.cap_area import degrees
from hearthwatch.records import Precision

GEORSS = "http://www.georss.org/georss"
MOST_CORNERS = 400
"""Of one event; finer outlines are drawn more coarsely."""

_RADIUS_M: Mapping[str, str] = {
    Precision.EXACT: "20", Precision.VICINITY: "100", Precision.LOCALITY: "1000",
    Precision.ADMIN: "10000",
}  # fmt: skip
_FIRST_TOLERANCE = 1e-5


def add_where(entry: etree._Element, geometry: dict[str, Any] | None, precision: str) -> None:
    """Add to an entry where it is; nothing where that is not told.

    Parameters
    ----------
    geometry : dict or None
        GeoJSON, CRS84.
    precision : str
        One of `Precision`: how large the circle is that a point stands for.
    """
    if geometry is None:
        return
    found = _coarse(_as_one(shape(geometry)))
    if isinstance(found, Point) and not found.is_empty:
        _add(entry, "point", [(found.x, found.y)])
        if precision in _RADIUS_M:
            etree.SubElement(entry, f"{{{GEORSS}}}radius").text = _RADIUS_M[precision]
    elif isinstance(found, LineString) and not found.is_empty:
        _add(entry, "line", found.coords)
    elif isinstance(found, Polygon) and not found.is_empty:
        _add(entry, "polygon", found.exterior.coords)


def without_where(entry: etree._Element) -> None:
    """Take out of an entry where it is."""
    for one in entry.findall(f"{{{GEORSS}}}*"):
        entry.remove(one)


def _as_one(geometry: BaseGeometry) -> BaseGeometry:
    """Return one shape that covers all parts and holes.

    What is cut at 180 degrees would cover the whole way round: there it is the larger side.
    """
    parts = list(_parts(geometry))
    if len(parts) > 1:
        west, _, east, _ = geometry.bounds
        if east - west > 180.0:
            sides = [[p for p in parts if (p.centroid.x > 0) is right] for right in (True, False)]
            parts = max(sides, key=lambda some: sum(one.area for one in some))
        return parts[0] if len(parts) == 1 else unary_union(parts).convex_hull
    return parts[0] if parts else geometry


def _parts(geometry: BaseGeometry) -> Iterator[BaseGeometry]:
    if geometry.is_empty:
        return
    for part in getattr(geometry, "geoms", (geometry,)):
        if part is geometry:
            yield part
        else:
            yield from _parts(part)


def _coarse(geometry: BaseGeometry) -> BaseGeometry:
    whole = Polygon(geometry.exterior) if isinstance(geometry, Polygon) else geometry
    tolerance, coarse = _FIRST_TOLERANCE, whole
    while get_num_coordinates(coarse) > MOST_CORNERS:
        coarse, tolerance = whole.simplify(tolerance), tolerance * 2.0
    return coarse


def _add(entry: etree._Element, name: str, corners: Any) -> None:
    text = " ".join(f"{degrees(one[1])} {degrees(one[0])}" for one in corners)
    etree.SubElement(entry, f"{{{GEORSS}}}{name}").text = text
