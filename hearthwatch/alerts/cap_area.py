"""Where, as CAP 1.2 writes it: latitude first, rings closed, no holes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shapely import unary_union
from shapely.geometry import Point, Polygon, box, shape
from shapely.geometry.base import BaseGeometry

from hearthwatch.records import Precision

MOST_VERTICES = 1000
"""Of all rings of one event together; finer ones are drawn more coarsely."""

_RADIUS_KM: Mapping[str, float] = {
    Precision.EXACT: 0.02,
    Precision.VICINITY: 0.1,
    Precision.LOCALITY: 1.0,
    Precision.ADMIN: 10.0,
}
_COARSEST_KM = 10.0
_LINE_DEGREES = 1e-4
_FIRST_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Drawn:
    """What stands in ``polygon`` and ``circle``, in order."""

    polygons: tuple[str, ...] = ()
    circles: tuple[str, ...] = ()


def drawn(geometry: dict[str, Any] | None, precision: str) -> Drawn:
    """Return a geometry as CAP draws it.

    A hole cannot be said and is covered. A point becomes a circle as large as it is inexact.

    Parameters
    ----------
    geometry : dict or None
        GeoJSON, CRS84.
    precision : str
        One of `Precision`; anything else counts as the coarsest.
    """
    if geometry is None:
        return Drawn()
    parts = list(_parts(shape(geometry)))
    radius = _RADIUS_KM.get(precision, _COARSEST_KM)
    polygons = [
        part if isinstance(part, Polygon) else part.buffer(_LINE_DEGREES)
        for part in parts
        if not isinstance(part, Point)
    ]
    points = [part for part in parts if isinstance(part, Point)]
    return Drawn(
        tuple(_ring(one) for one in _coarse(polygons)),
        tuple(f"{_pair(one.x, one.y)} {radius:g}" for one in points[:MOST_VERTICES]),
    )


def _parts(geometry: BaseGeometry) -> Iterator[BaseGeometry]:
    if geometry.is_empty:
        return
    for part in getattr(geometry, "geoms", (geometry,)):
        if part is geometry:
            yield part
        else:
            yield from _parts(part)


def _coarse(polygons: list[Polygon]) -> list[Polygon]:
    """Return the polygons without holes, with no more vertices than a message may hold."""
    whole = [Polygon(one.exterior) for one in polygons]
    tolerance = _FIRST_TOLERANCE
    coarse = whole
    while sum(len(one.exterior.coords) for one in coarse) > MOST_VERTICES:
        if tolerance > 1.0:
            # So many parts that nothing less will do: one box round all of them.
            return [box(*unary_union(whole).bounds)]
        simple = [one.simplify(tolerance) for one in whole]
        coarse = [one for one in simple if isinstance(one, Polygon)]
        tolerance *= 2.0
    return coarse


def _ring(polygon: Polygon) -> str:
    return " ".join(_pair(*one[:2]) for one in polygon.exterior.coords)


def _pair(longitude: float, latitude: float) -> str:
    return f"{degrees(latitude)},{degrees(longitude)}"


def degrees(value: float) -> str:
    """Return degrees with seven decimals at most."""
    text = f"{value:.7f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
