"""The ground of a query as a catalogue is told it: coarser than it is, and on one globe."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from shapely.affinity import translate
from shapely.geometry import Polygon, box, mapping
from shapely.geometry.base import BaseGeometry

from imagery.discretion import widened

MOST_VERTICES = 200
"""A shape with more corners than this is told as the box around it."""


def on_one_globe(area: BaseGeometry) -> BaseGeometry:
    """Return `area` (CRS84) with every longitude between -180 and 180, cut where it crosses.

    A part that runs past 180 degrees is taken to go on over the date line.
    """
    parts = [half for part in _polygons(area) for half in _turned(part)]
    whole: BaseGeometry = shapely.union_all(parts)
    return whole


def ground_of(grid: GeoBox) -> BaseGeometry:
    """Return the ground of a grid that has a CRS (CRS84), on one globe."""
    height, width = grid.shape
    rim = [(0, 0), (0, height / 2), (0, height), (width / 2, height), (width, height)]
    rim += [(width, height / 2), (width, 0), (width / 2, 0)]
    to_globe = Transformer.from_crs(str(grid.crs), "OGC:CRS84", always_xy=True)
    corners = np.array([to_globe.transform(*(grid.affine @ at)) for at in rim])
    if np.ptp(corners[:, 0]) > 180.0:
        corners[:, 0] += 360.0 * (corners[:, 0] < 0.0)
    return on_one_globe(Polygon(corners))


def filters(area: BaseGeometry) -> tuple[dict[str, Any], ...]:
    """Return what to put into a search so that it covers `area`: each is one search.

    Parameters
    ----------
    area : shapely geometry
        CRS84, on one globe.

    Returns
    -------
    tuple of dict
        ``bbox`` where that says it exactly, as every catalogue understands it, else
        ``intersects``. Always at least the area, in whole squares (:mod:`imagery.discretion`).
    """
    squares: BaseGeometry = shapely.union_all([_squared(part) for part in _polygons(area)])
    if shapely.get_num_coordinates(squares) > MOST_VERTICES:
        squares = shapely.union_all([_squared(half) for half in _hemispheres(squares)])
    parts = list(_polygons(squares))
    boxes = [part for part in parts if part.equals(shapely.envelope(part))]
    if len(boxes) == len(parts) <= 2:
        return tuple({"bbox": list(part.bounds)} for part in boxes)
    return ({"intersects": mapping(squares)},)


def _polygons(area: BaseGeometry) -> Iterator[BaseGeometry]:
    for part in getattr(area, "geoms", [area]):
        if hasattr(part, "geoms"):
            yield from _polygons(part)
        elif not part.is_empty:
            yield part


def _turned(part: BaseGeometry) -> Iterable[BaseGeometry]:
    west, _, east, _ = part.bounds
    if west >= -180.0 and east <= 180.0:
        return (part,)
    found = (
        translate(part.intersection(box(turn - 180.0, -90.0, turn + 180.0, 90.0)), -turn)
        for turn in (-360.0, 0.0, 360.0)
    )
    return tuple(half for half in found if not half.is_empty)


def _squared(part: BaseGeometry) -> BaseGeometry:
    """Return the box around `part`, its sides moved out to whole squares."""
    return box(*widened(part.bounds))


def _hemispheres(area: BaseGeometry) -> Iterator[BaseGeometry]:
    """Cut in two what is wide: one box around both sides of the date line is the whole globe."""
    west, _, east, _ = area.bounds
    cuts = ((-180.0, 0.0), (0.0, 180.0)) if east - west > 180.0 else ((-180.0, 180.0),)
    for low, high in cuts:
        half = area.intersection(box(low, -90.0, high, 90.0))
        if not half.is_empty:
            yield half
