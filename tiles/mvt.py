"""Shapes in units of a tile as the messages of Mapbox vector tiles, version 2.

The messages are written here, byte by byte as a library of Protocol Buffers writes them: one that
is given every feature and every value by itself takes longer than all else that a tile needs. All
shapes of a layer are taken apart at once, and all whole numbers of a layer written at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

Shapes = NDArray[np.object_]
Ints = NDArray[np.int64]

_MOVE, _LINE, _CLOSE = 1, 2, 7
_POINT, _AREA = 0, 2
_SQUARE = 3
"""In place of a dimension: an area that is told by one corner."""


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
    squares : ndarray of bool, or None
        Which of the shapes are points that stand for a square: its corner of the lowest numbers.
        Thousands of squares are written sooner than GEOS makes them.
    side : int
        Of those squares, in units.
    """

    name: str
    shapes: Shapes
    columns: Mapping[str, Sequence[Any]]
    squares: NDArray[np.bool_] | None = None
    side: int = 0


def to_bytes(layers: Iterable[Layer], extent: int) -> bytes:
    """Return a tile of `extent` units a side."""
    return b"".join(_field(_LAYERS, _layer(one, extent)) for one in layers)


def _layer(layer: Layer, extent: int) -> bytes:
    values = _Values()
    tags = _tags(layer.columns, values, len(layer.shapes))
    dimensions = shapely.get_dimensions(layer.shapes).astype(np.int64)
    if layer.squares is not None:
        dimensions[layer.squares] = _SQUARE
    kinds = np.minimum(dimensions, _AREA) + 1
    return b"".join(
        (
            _field(_NAME, layer.name.encode()),
            _features(tags, kinds, _commands(layer.shapes, dimensions, layer.side)),
            *(_field(_KEYS, name.encode()) for name in layer.columns),
            *(_written(*one) for one in values.told),
            _varints(np.array([_EXTENT, extent, _VERSION, 2])),
        )
    )


# Numbers of the fields of messages, each with the form of what follows.
_LAYERS, _NAME, _FEATURES, _KEYS, _VALUES, _EXTENT, _VERSION = 0x1A, 0x0A, 0x12, 0x1A, 0x22, 40, 120
_TAGS, _TYPE, _GEOMETRY = 0x12, 0x18, 0x22
_TEXT, _DOUBLE, _WHOLE, _TRUTH = 0x0A, 0x19, 0x20, 0x38


class _Runs(NamedTuple):
    """Whole numbers from 0 on, in runs: one for each feature."""

    numbers: Ints
    counts: Ints

    def sizes(self) -> Ints:
        """Return how many bytes each run takes."""
        past = np.concatenate([[0], np.cumsum(_sizes(self.numbers))])
        return np.asarray(np.diff(past[np.concatenate([[0], np.cumsum(self.counts)])]))

    def places(self, begins: Ints) -> Ints:
        """Return where each number goes, if the runs begin at some places."""
        firsts = np.cumsum(self.counts) - self.counts
        return np.asarray(np.arange(len(self.numbers)) + np.repeat(begins - firsts, self.counts))


def _features(tags: _Runs, kinds: Ints, drawn: _Runs) -> bytes:
    """Return the messages of features: all that is in them is whole numbers, written at once."""
    of_tags, of_shape = tags.sizes(), drawn.sizes()
    # A feature without properties has no list of them.
    told = np.where(of_tags > 0, 2, 0)
    before = np.where(of_tags > 0, 1 + _sizes(of_tags), 0) + of_tags
    whole = before + 2 + 1 + _sizes(of_shape) + of_shape
    lengths = 2 + told + tags.counts + 4 + drawn.counts
    at = np.cumsum(lengths) - lengths
    numbers = np.empty(lengths.sum(), np.int64)
    numbers[at], numbers[at + 1] = _FEATURES, whole
    has = told > 0
    numbers[at[has] + 2], numbers[at[has] + 3] = _TAGS, of_tags[has]
    numbers[tags.places(at + 2 + told)] = tags.numbers
    at = at + 2 + told + tags.counts
    numbers[at], numbers[at + 1] = _TYPE, kinds
    numbers[at + 2], numbers[at + 3] = _GEOMETRY, of_shape
    numbers[drawn.places(at + 4)] = drawn.numbers
    return _varints(numbers)


def _written(form: type, values: Sequence[Any]) -> bytes:
    """Return the messages of values of one type."""
    if form is float:
        table = np.empty((len(values), 11), np.uint8)
        table[:, :3] = _VALUES, 9, _DOUBLE
        table[:, 3:] = np.array(values, "<f8").view(np.uint8).reshape(-1, 8)
        return table.tobytes()
    if form is str:
        texts = [one.encode() for one in values]
        heads = {size: _head(size) for size in set(map(len, texts))}
        return b"".join([part for one in texts for part in (heads[len(one)], one)])
    number = bytes((_TRUTH if form is bool else _WHOLE,))
    # A negative one is written as the format has it: by its complement in 64 bits.
    return b"".join(
        _field(_VALUES, number + _varint(int(one) & 0xFFFF_FFFF_FFFF_FFFF)) for one in values
    )


def _head(size: int) -> bytes:
    """Return what stands before a text in a value."""
    own = bytes((_TEXT,)) + _varint(size)
    return bytes((_VALUES,)) + _varint(len(own) + size) + own


def _field(number: int, content: bytes) -> bytes:
    return b"".join((bytes((number,)), _varint(len(content)), content))


def _varint(number: int) -> bytes:
    told = bytearray()
    while number >= 0x80:
        told.append(number & 0x7F | 0x80)
        number >>= 7
    told.append(number)
    return bytes(told)


def _varints(numbers: Ints) -> bytes:
    """Return whole numbers from 0 to 2**35, written one after the other."""
    sizes = _sizes(numbers)
    past = np.cumsum(sizes)
    written = np.empty(sizes.sum(), np.uint8)
    at, rest, more = past - sizes, numbers, sizes
    while len(rest):
        written[at] = rest & 0x7F | (more > 1) << 7
        goes_on = more > 1
        at, rest, more = at[goes_on] + 1, rest[goes_on] >> 7, more[goes_on] - 1
    return written.tobytes()


def _sizes(numbers: Ints) -> Ints:
    """Return how many bytes each number takes."""
    sizes = np.ones(len(numbers), np.int64)
    for bits in range(7, 35, 7):
        sizes += numbers >= 1 << bits
    return sizes


class _Values:
    """The values of a layer, each told once: True is no 1, and 1 no 1.0.

    Attributes
    ----------
    told : list of (type, list)
        In the order of their numbers, which count from 0.
    """

    def __init__(self) -> None:
        self.told: list[tuple[type, list[Any]]] = []
        self._numbers: defaultdict[type, dict[Any, int]] = defaultdict(dict)
        self._count = 0

    def numbers(self, column: Sequence[Any]) -> list[int]:
        """Return the number of each value of a column; new ones get one."""
        forms = set(map(type, column))
        if len(forms) > 1 or type(None) in forms:
            return [_LEFT_OUT if one is None else self.numbers([one])[0] for one in column]
        (form,) = forms
        known = self._numbers[form]
        new = [one for one in dict.fromkeys(column) if one not in known]
        known.update(zip(new, range(self._count, self._count + len(new)), strict=True))
        self.told.append((form, new))
        self._count += len(new)
        return list(map(known.__getitem__, column))


_LEFT_OUT = -1


def _tags(columns: Mapping[str, Sequence[Any]], values: _Values, count: int) -> _Runs:
    """Return the tags of each feature: number of a key, number of its value, and so on."""
    table = np.empty((count, len(columns), 2), np.int64)
    for number, column in enumerate(columns.values()):
        table[:, number, 0] = number
        table[:, number, 1] = values.numbers(column)
    told = table[..., 1] != _LEFT_OUT
    return _Runs(table[told].ravel(), 2 * told.sum(axis=1))


def _commands(shapes: Shapes, dimensions: Ints, side: int) -> _Runs:
    """Return the commands that draw each shape; rings may be wound either way."""
    order, drawn = [], []
    for dimension in np.unique(dimensions).tolist():
        order.append(np.flatnonzero(dimensions == dimension))
        chosen = shapes[order[-1]]
        if dimension == _SQUARE:
            drawn.append(_squares(chosen, side))
        else:
            drawn.append(_joined(_taken_apart(chosen, dimension), dimension))
    if len(drawn) == 1:
        return drawn[0]
    # Areas after lines after points; each goes back to its place.
    chosen = np.concatenate(order)
    counts = np.empty(len(shapes), np.int64)
    counts[chosen] = np.concatenate([one.counts for one in drawn])
    begins = np.cumsum(counts) - counts
    numbers = np.empty(counts.sum(), np.int64)
    for one, its in zip(order, drawn, strict=True):
        numbers[its.places(begins[one])] = its.numbers
    return _Runs(numbers, counts)


def _squares(corners: Shapes, side: int) -> _Runs:
    """Return the commands of squares, wound as an outer ring is."""
    there, back = side << 1, (-side << 1) ^ -1
    words = np.empty((len(corners), 11), np.int64)
    words[:] = 1 << 3 | _MOVE, 0, 0, 3 << 3 | _LINE, 0, there, back, 0, 0, back, 1 << 3 | _CLOSE
    firsts = np.rint(shapely.get_coordinates(corners)).astype(np.int64) + np.array([side, 0])
    words[:, 1:3] = _zigzag(firsts)
    return _Runs(words.ravel(), np.full(len(corners), 11))


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


def _joined(paths: _Paths, dimension: int) -> _Runs:
    """Return the commands of all shapes."""
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
    return _Runs(words, np.bincount(paths.owner, weights=sizes).astype(np.int64))


def _steps(paths: _Paths) -> Ints:
    """Return how far each point is from the one before, from the corner at a shape's first."""
    steps = np.diff(paths.points, axis=0, prepend=0)
    owner = paths.owner[paths.path]
    first = np.flatnonzero(np.diff(owner, prepend=-1))
    steps[first] = paths.points[first]
    return _zigzag(steps)


def _zigzag(numbers: Ints) -> Ints:
    """Return whole numbers from 0 on in place of ones of either sign."""
    return np.asarray((numbers << 1) ^ (numbers >> 63))
