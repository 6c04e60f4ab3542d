"""Outlines as Mapbox vector tiles, version 2."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from tiles.ground import same_dimension
from tiles.mercator import TILE_PIXELS, check_tile, tile_bounds, to_tile
from tiles.mvt import Layer, Shapes, to_bytes

__all__ = ["EXTENT", "META", "encode_mvt", "smallest_drawn"]

EXTENT = 4096
"""Units a side of a tile."""
BUFFER = 64
"""Units drawn beyond each edge, so that outlines do not end at it."""
META = "meta"
"""Name of the layer that says what the tile leaves out."""

_PIXEL = EXTENT / TILE_PIXELS
_TOLERANCE = 2.0
"""An eighth of a pixel; half as many points are left as by a quarter of that."""
_AREA = 2
_COLLECTION = 7
_CHORDS = 16
"""Straight lines in degrees are bent on the map; cut so fine they leave it by less than a unit."""

Bounds = tuple[float, float, float, float]
Mask = NDArray[np.bool_]


def encode_mvt(
    shapes: Shapes,
    columns: Mapping[str, Sequence[Any]],
    z: int,
    x: int,
    y: int,
    *,
    layer: str,
    most: int,
) -> bytes:
    """Encode the features that lie in a tile.

    Parameters
    ----------
    shapes : ndarray of shapely geometries
        In CRS84.
    columns : mapping of str to sequence
        Values of a property, one for each shape: strings, numbers, booleans, and None where a
        shape has it not.
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
    check_tile(z, x, y)
    if layer == META:
        raise ValueError(f"a layer cannot be called {META!r}: that name says what is left out")
    corners = shapely.bounds(shapes)
    meeting = np.flatnonzero(_meets(shapes, corners, tile_bounds(z, x, y)))
    first = meeting[:most]
    drawn, is_square = _drawn(shapes[first], corners[first], z, x, y)
    there = ~shapely.is_empty(drawn)
    chosen = first[there].tolist()
    layers = []
    if chosen:
        told = {name: [column[one] for one in chosen] for name, column in columns.items()}
        layers.append(Layer(layer, drawn[there], told, is_square[there], int(_PIXEL)))
    if len(meeting) > most:
        layers.append(_truncated(layer, most))
    return to_bytes(layers, EXTENT)


def smallest_drawn(z: int, y: int) -> float:
    """Return the degrees under which an area is a square of one pixel, wherever in a row of tiles.

    One that is smaller both ways is drawn alike from its box and from its outline.
    """
    _, south, _, north = tile_bounds(z, 0, y)
    frame = (north - south) * BUFFER / EXTENT
    farthest = min(90.0, max(abs(south), abs(north)) + frame)
    return 360.0 / (1 << z) / TILE_PIXELS * math.cos(math.radians(farthest))


def _frame(bounds: Bounds) -> BaseGeometry:
    """Return the box of a tile and of what is drawn beyond its edges."""
    west, south, east, north = bounds
    across, along = ((east - west) * BUFFER / EXTENT, (north - south) * BUFFER / EXTENT)
    frame = shapely.box(west - across, south - along, east + across, north + along)
    shapely.prepare(frame)
    return frame


def _meets(shapes: Shapes, corners: NDArray[np.float64], bounds: Bounds) -> Mask:
    """Return which shapes lie in a tile; most are told by their corners alone."""
    frame = _frame(bounds)
    west, south, east, north = frame.bounds
    after = corners >= (west, south, west, south)
    before = corners <= (east, north, east, north)
    meets = np.asarray((after & before).all(axis=1))
    meets[~meets] = shapely.intersects(frame, shapes[~meets])
    return meets


def _drawn(
    shapes: Shapes, corners: NDArray[np.float64], z: int, x: int, y: int
) -> tuple[Shapes, Mask]:
    """Return shapes in whole units of the tile, cut to it, and which are corners of squares.

    No area is lost for being small. Most outlines are small on most tiles: those are drawn from
    their corners alone.
    """
    drawn = np.empty(len(shapes), object)
    is_area = shapely.get_dimensions(shapes) == _AREA
    placed = to_tile(corners.reshape(-1, 2), z, x, y, EXTENT).reshape(-1, 4)
    is_square = is_area & (np.abs(placed[:, 2:] - placed[:, :2]).max(axis=1) < _PIXEL)
    drawn[is_square] = _squares((placed[is_square, :2] + placed[is_square, 2:]) / 2)
    is_large = ~is_square
    drawn[is_large], is_square[is_large] = _outlined(shapes[is_large], z, x, y)
    return drawn, is_square


def _outlined(shapes: Shapes, z: int, x: int, y: int) -> tuple[Shapes, Mask]:
    """Return outlines in whole units of the tile, cut to it, and which are corners of squares."""
    if not len(shapes):
        return shapes, np.zeros(0, bool)
    cut = _cut(shapes, tile_bounds(z, x, y))
    placed = shapely.transform(
        shapely.force_2d(cut), lambda points: to_tile(points, z, x, y, EXTENT)
    )
    whole = _whole(shapely.simplify(placed, _TOLERANCE, preserve_topology=False))
    is_area = shapely.get_dimensions(placed) == _AREA
    is_tiny = is_area & ((_span(placed) < _PIXEL) | (shapely.area(whole) < 1.0))
    middles = shapely.get_coordinates(shapely.centroid(placed[is_tiny]))
    whole[is_tiny] = _squares(middles)
    mixed = np.flatnonzero(shapely.get_type_id(whole) == _COLLECTION)
    whole[mixed] = [same_dimension(whole[one], placed[one]) for one in mixed]
    return whole, is_tiny


def _cut(shapes: Shapes, bounds: Bounds) -> Shapes:
    """Return shapes cut to the buffered tile, with chords short enough to be bent."""
    frame = _frame(bounds)
    # GEOS cuts chords into, and simplifies, one part only of an area that crosses itself.
    broken = ~shapely.is_valid(shapes)
    cut = shapes.copy()
    cut[broken] = shapely.make_valid(shapes[broken])
    beyond = ~shapely.contains_properly(frame, cut) | broken
    cut[beyond] = [same_dimension(shapely.intersection(frame, one), one) for one in cut[beyond]]
    longest = (bounds[2] - bounds[0]) / _CHORDS
    is_long = _span(cut) > longest
    cut[is_long] = shapely.segmentize(cut[is_long], longest)
    return cut


def _whole(shapes: Shapes) -> Shapes:
    """Return shapes in whole units, valid; laying them on a grid one by one takes ten times longer.

    Only where rounding makes an outline cross or touch itself is it laid out anew.
    """
    rounded = shapely.remove_repeated_points(shapely.transform(shapes, np.rint))
    crossed = ~shapely.is_valid(rounded)
    rounded[crossed] = shapely.set_precision(shapes[crossed], 1.0)
    return np.asarray(rounded)


def _span(shapes: Shapes) -> NDArray[np.float64]:
    """Return the longer side of each shape's box."""
    west, south, east, north = shapely.bounds(shapes).T
    return np.asarray(np.maximum(east - west, north - south))


def _squares(middles: NDArray[np.float64]) -> Shapes:
    """Return the corner of a square of one pixel over each point."""
    return np.asarray(shapely.points(np.rint(middles - _PIXEL / 2)), dtype=object)


def _truncated(layer: str, most: int) -> Layer:
    middle = np.array([shapely.Point(EXTENT // 2, EXTENT // 2)], dtype=object)
    return Layer(META, middle, {"truncated": [True], "layer": [layer], "most": [most]})
