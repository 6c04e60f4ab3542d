"""Shapes in units of a tile as the messages of Mapbox vector tiles, version 2.

The messages are those of ``mapbox_vector_tile``. Its own encoder goes through every point of every
shape in Python, 0.3 ms for an outline; here all shapes of a layer are taken apart at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

Shapes = NDArray[np.object_]
Ints = NDArray[np.int64]

_MOVE, _LINE, _CLOSE = 1, 2, 7
_POINT, _AREA = 0, 2


class Layer(NamedTuple):
    """One layer of a tile.

    Attributes
    ----------
    name : str
    shapes : ndarray of shapely geometries
        None empty, each of one dimension, in whole units of the tile, y down.
    columns : mapping of str to sequence
        Values of a property, one for each shape: strings, numbers, booleans, and None where a
        shape has it not.
    """

    name: str
    shapes: Shapes
    columns: Mapping[str, Sequence[Any]]


def to_bytes(layers: Iterable[Layer], extent: int) -> bytes:
    """Return a tile of `extent` units a side."""
    from mapbox_vector_tile.Mapbox import vector_tile_pb2

    tile = vector_tile_pb2.tile()
    for layer in layers:
        made = tile.layers.add(name=layer.name, version=2, extent=extent)
        _fill(made, layer)
    written: bytes = tile.SerializeToString()
    return written


def _fill(made: Any, layer: Layer) -> None:
    kinds = (shapely.get_dimensions(layer.shapes) + 1).tolist()
    values: dict[_Typed, int] = {}
    tags = _tags(layer.columns, values, len(kinds))
    add = made.features.add
    for kind, geometry, tagged in zip(kinds, commands(layer.shapes), tags, strict=True):
        add(type=kind, geometry=geometry, tags=tagged)
    made.keys.extend(layer.columns)
    add = made.values.add
    for form, value in values:
        add(**{_FIELDS[form]: value})


_Typed = tuple[type, Any]
"""A value with its type: True is no 1, and 1 no 1.0."""
_FIELDS = {bool: "bool_value", str: "string_value", int: "int_value", float: "double_value"}
_LEFT_OUT = -1


def _tags(
    columns: Mapping[str, Sequence[Any]], values: dict[_Typed, int], count: int
) -> list[list[int]]:
    """Return the tags of each feature: number of a key, number of its value, and so on.

    Parameters
    ----------
    values : dict
        Number of each value; filled.
    """
    table = np.empty((count, len(columns), 2), np.int64)
    for number, column in enumerate(columns.values()):
        table[:, number] = np.column_stack(
            [np.full(count, number), np.fromiter(_numbers(column, values), np.int64, count)]
        )
    if (table[..., 1] != _LEFT_OUT).all():
        return list(table.reshape(count, -1).tolist())
    return [row[row[:, 1] != _LEFT_OUT].ravel().tolist() for row in table]


def _numbers(column: Sequence[Any], values: dict[_Typed, int]) -> Iterator[int]:
    """Return the number of each value of a column; new ones get one."""
    for typed in dict.fromkeys(zip(map(type, column), column, strict=True)):
        if typed[1] is not None:
            values.setdefault(typed, len(values))
    get = values.get
    return (get(typed, _LEFT_OUT) for typed in zip(map(type, column), column, strict=True))


def commands(shapes: Shapes) -> list[list[int]]:
    """Return the commands that draw each shape.

    Parameters
    ----------
    shapes : ndarray of shapely geometries
        None empty, each of one dimension, in whole units. Rings may be wound either way.
    """
    drawn: list[list[int]] = [[]] * len(shapes)
    dimensions = shapely.get_dimensions(shapes)
    for dimension in np.unique(dimensions):
        chosen = np.flatnonzero(dimensions == dimension)
        words, ends = _joined(_taken_apart(shapes[chosen], int(dimension)), int(dimension))
        flat, starts = words.tolist(), [0, *ends[:-1].tolist()]
        for number, start, end in zip(chosen.tolist(), starts, ends.tolist(), strict=True):
            drawn[number] = flat[start:end]
    return drawn


class _Paths(NamedTuple):
    """Points, the path each is on, and the shape each path is of."""

    points: Ints
    path: NDArray[np.intp]
    owner: NDArray[np.intp]


def _taken_apart(shapes: Shapes, dimension: int) -> _Paths:
    if dimension == _POINT:
        points, path = shapely.get_coordinates(shapes, return_index=True)
        return _Paths(np.rint(points).astype(np.int64), path, np.arange(len(shapes)))
    if dimension == _AREA:
        # Wound so that an outer ring has a positive area where y goes down.
        shapes = shapely.orient_polygons(shapes)
    parts, owner = shapely.get_parts(shapes, return_index=True)
    if dimension == _AREA:
        parts, part = shapely.get_rings(parts, return_index=True)
        owner = owner[part]
    points, path = shapely.get_coordinates(parts, return_index=True)
    if dimension == _AREA:
        # A ring is closed by a command, not by coming back to its first point.
        is_last = np.append(path[1:] != path[:-1], True)
        points, path = points[~is_last], path[~is_last]
    return _Paths(np.rint(points).astype(np.int64), path, owner)


def _joined(paths: _Paths, dimension: int) -> tuple[Ints, Ints]:
    """Return the commands of all shapes, one after the other, and where those of each end."""
    counts = np.bincount(paths.path, minlength=len(paths.owner))
    # A path of points is one command; one of lines goes to its first point by a command of its own.
    extra = {_POINT: 1, _AREA: 3}.get(dimension, 2)
    sizes = 2 * counts + extra
    begins = np.cumsum(sizes) - sizes
    within = np.arange(len(paths.path)) - (np.cumsum(counts) - counts)[paths.path]
    words = np.empty(sizes.sum(), np.int64)
    at = begins[paths.path] + 1 + 2 * within + (0 if dimension == _POINT else within > 0)
    steps = _steps(paths)
    words[at], words[at + 1] = steps.T
    if dimension == _POINT:
        words[begins] = counts << 3 | _MOVE
    else:
        words[begins] = 1 << 3 | _MOVE
        words[begins + 3] = (counts - 1) << 3 | _LINE
    if dimension == _AREA:
        words[begins + sizes - 1] = 1 << 3 | _CLOSE
    ends = np.cumsum(np.bincount(paths.owner, weights=sizes)).astype(np.int64)
    return words, ends


def _steps(paths: _Paths) -> Ints:
    """Return how far each point is from the one before, from the corner at a shape's first."""
    steps = np.diff(paths.points, axis=0, prepend=0)
    owner = paths.owner[paths.path]
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    steps[first] = paths.points[first]
    zigzag: Ints = (steps << 1) ^ (steps >> 63)
    return zigzag
