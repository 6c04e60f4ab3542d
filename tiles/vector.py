"""Outlines as Mapbox vector tiles, version 2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from tiles.ground import same_dimension
from tiles.mercator import TILE_PIXELS, check_tile, tile_bounds, to_tile

__all__ = ["EXTENT", "META", "check_tile", "encode_mvt", "tile_bounds"]

EXTENT = 4096
"""Units a side of a tile."""
BUFFER = 64
"""Units drawn beyond each edge, so that outlines do not end at it."""
META = "meta"
"""Name of the layer that says what the tile leaves out."""

_PIXEL = EXTENT / TILE_PIXELS
_TOLERANCE = 0.5
_CHORDS = 16
"""Straight lines in degrees are bent on the map; cut so fine they leave it by less than a unit."""

Feature = tuple[BaseGeometry, Mapping[str, Any]]
Shapes = NDArray[np.object_]


def encode_mvt(
    features: Iterable[Feature], z: int, x: int, y: int, *, layer: str, most: int = 5000
) -> bytes:
    """Encode the features that lie in a tile.

    Parameters
    ----------
    features : iterable of (shapely geometry, mapping)
        Geometry in CRS84, and properties: strings, numbers and booleans; others are left out.
    layer : str
        Name of the layer, 4,096 units a side, cut 64 units beyond the tile.
    most : int
        Features the tile holds at most: the first of those that lie in it.

    Returns
    -------
    bytes
        Empty where nothing lies in the tile. An area smaller than a pixel (16 units) is a square
        of one pixel. Where features were left out a second layer, ``meta``, holds one point with
        ``truncated`` (true), ``layer`` and ``most``.

    Raises
    ------
    ValueError
        If there is no such tile, or the layer is called ``meta``.
    """
    import mapbox_vector_tile

    check_tile(z, x, y)
    if layer == META:
        raise ValueError(f"a layer cannot be called {META!r}: that name says what is left out")
    shapes, properties, is_cut = _within(features, tile_bounds(z, x, y), most)
    drawn = [
        {"geometry": shape, "properties": dict(told)}
        for shape, told in zip(_drawn(shapes, z, x, y), properties, strict=True)
        if not shape.is_empty
    ]
    layers = [{"name": layer, "features": drawn}] if drawn else []
    if is_cut:
        layers.append({"name": META, "features": [_truncated(layer, most)]})
    if not layers:
        return b""
    options = {"extents": EXTENT, "y_coord_down": True}
    encoded: bytes = mapbox_vector_tile.encode(layers, default_options=options)
    return encoded


def _within(
    features: Iterable[Feature], bounds: tuple[float, float, float, float], most: int
) -> tuple[Shapes, list[Mapping[str, Any]], bool]:
    """Return what lies in the buffered tile, cut to it, and whether there was too much."""
    pairs = list(features)
    shapes = np.array([shape for shape, _ in pairs], dtype=object)
    west, south, east, north = bounds
    across, along = ((east - west) * BUFFER / EXTENT, (north - south) * BUFFER / EXTENT)
    frame = shapely.box(west - across, south - along, east + across, north + along)
    shapely.prepare(frame)
    found = np.flatnonzero(shapely.intersects(frame, shapes))
    kept = found[:most]
    # GEOS cuts chords into, and simplifies, one part only of an area that crosses itself.
    cut = shapely.make_valid(shapes[kept])
    beyond = ~shapely.contains_properly(frame, cut)
    cut[beyond] = [same_dimension(shapely.intersection(frame, one), one) for one in cut[beyond]]
    fine = shapely.segmentize(cut, (east - west) / _CHORDS)
    return fine, [pairs[number][1] for number in kept], len(found) > most


def _drawn(shapes: Shapes, z: int, x: int, y: int) -> Shapes:
    """Return shapes in whole units of the tile; no area is lost for being small."""
    if not len(shapes):
        return shapes
    placed = shapely.transform(
        shapely.force_2d(shapes), lambda points: to_tile(points, z, x, y, EXTENT)
    )
    whole = shapely.set_precision(shapely.simplify(placed, _TOLERANCE), 1.0)
    is_area = shapely.get_dimensions(placed) == 2
    is_tiny = is_area & ((_span(placed) < _PIXEL) | (shapely.area(whole) < 1.0))
    whole[is_tiny] = _squares(placed[is_tiny])
    pairs = zip(whole, placed, strict=True)
    return np.array([same_dimension(one, like) for one, like in pairs], dtype=object)


def _span(shapes: Shapes) -> NDArray[np.float64]:
    """Return the longer side of each shape's box."""
    west, south, east, north = shapely.bounds(shapes).T
    return np.asarray(np.maximum(east - west, north - south))


def _squares(shapes: Shapes) -> Shapes:
    """Return a square of one pixel over the middle of each shape."""
    middles = shapely.get_coordinates(shapely.centroid(shapes))
    corners = np.rint(middles - _PIXEL / 2)
    boxes = shapely.box(*corners.T, *(corners + _PIXEL).T)
    return np.asarray(boxes, dtype=object)


def _truncated(layer: str, most: int) -> dict[str, Any]:
    middle = shapely.Point(EXTENT // 2, EXTENT // 2)
    told = {"truncated": True, "layer": layer, "most": most}
    return {"geometry": middle, "properties": told}
