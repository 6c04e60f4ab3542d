"""Placebos: outlines of settlements laid on ground where nobody lives.

What looks like change in them is the scene's fault or the weather's, never the work of people
in a settlement. Where they lie follows from the ground and the settlements alone: nothing is
drawn at random, and the order in which settlements are named does not matter.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from tiles.cell import is_north
from tiles.plane import PIXEL_M, from_plane, to_plane

CLEARANCE_M = 100.0
"""Metres between a placebo and any settlement's core."""
SPACINGS_M = (50, 100, 200, 400, 800)
"""Steps, so that one settlement more in the list does not move every placebo."""

_BATCH = 128
_MOST_SHAPES = 32


@dataclass(frozen=True, slots=True)
class Placebo:
    """An outline on settlement-free ground.

    Attributes
    ----------
    id : str
        ``placebo:36N:<col>:<row>``: the zone and the lattice pixel of 10 m (see
        :class:`tiles.parts.Parts`) the outline's centroid lies in. It says nothing of the cell.
    geometry : Polygon or MultiPolygon
        CRS84, split at 180 degrees.
    """

    id: str
    geometry: BaseGeometry


@dataclass(frozen=True, slots=True)
class _Shape:
    name: bytes
    outline: BaseGeometry

    @property
    def pixel(self) -> tuple[int, int]:
        """Lattice column and row of the centroid."""
        centre = self.outline.centroid
        return math.floor(centre.x / PIXEL_M), math.floor(centre.y / PIXEL_M)


def lay_placebos(
    allowed: BaseGeometry, cores: Sequence[BaseGeometry], epsg: int, count: int = 24
) -> tuple[Placebo, ...]:
    """Return placebos on the ground allowed, at most `count`.

    Parameters
    ----------
    allowed : shapely geometry
        CRS84 ground of about a cell, without what must not be measured: a placebo lies wholly
        in it.
    cores : sequence of Polygon or MultiPolygon
        Settlements of that ground and around it, CRS84. A placebo has the outline of one of
        them that is not larger than their median, moved by whole pixels, and stays 100 m away
        from all of them.
    epsg : int
        The UTM zone of the cell.

    Returns
    -------
    tuple of Placebo
        Ordered by id, disjoint from each other. Fewer than `count`, or none, where there is no
        room, and none without any core.

    Notes
    -----
    The ground has one site for each square of an absolute lattice, placed in it by a hash of
    the square. Sites take their turn in the order of another such hash; one that is not itself
    free, or whose outline has no room or meets one laid before, is passed over. The lattice is
    finer than the outlines are wide, because a coarse one leaves gaps that would hold more:
    discs laid down in random order come to cover 0.547 of a plane (Feder, J. (1980), Random
    sequential adsorption, J. Theor. Biol. 87, 237-254).
    """
    ground = to_plane(allowed, epsg)
    outlines = {_name(core): to_plane(core, epsg) for core in cores}
    if ground.is_empty or not outlines:
        return ()
    homes = shapely.union_all(list(outlines.values()))
    shapely.prepare(ground)
    shapely.prepare(homes)
    sites = _sites(ground, homes, _spacing(outlines), _zone(epsg))
    laid: dict[str, BaseGeometry] = {}
    for (col, row), outline in _free(sites, _shapes(outlines), ground, homes):
        if len(laid) >= count:
            break
        if not shapely.intersects(list(laid.values()), outline).any():
            laid[f"placebo:{_zone(epsg)}:{col}:{row}"] = outline
    return tuple(Placebo(key, from_plane(laid[key], epsg)) for key in sorted(laid))


def _sites(ground: BaseGeometry, homes: BaseGeometry, spacing: int, zone: str) -> NDArray[np.int64]:
    """Return the lattice pixels on free ground where outlines are tried, in their turn.

    Returns
    -------
    ndarray of int64, shape (n, 2)
        Column and row.
    """
    west, south, east, north = (math.floor(edge / spacing) for edge in ground.bounds)
    cols, rows = (
        axis.ravel() for axis in np.meshgrid(np.arange(west, east + 1), np.arange(south, north + 1))
    )
    words = (f"{zone}:{spacing}:{col}:{row}" for col, row in zip(cols, rows, strict=True))
    drawn = np.fromiter((_hash(one.encode()) for one in words), np.uint64, len(cols))
    pixels = spacing // PIXEL_M
    cols = cols * pixels + (drawn % np.uint64(pixels)).astype(np.int64)
    rows = rows * pixels + (drawn // np.uint64(pixels) % np.uint64(pixels)).astype(np.int64)
    order = np.lexsort((rows, cols, drawn >> np.uint64(32)))
    sites = np.column_stack([cols, rows])[order]
    x, y = ((sites + 0.5) * PIXEL_M).T
    free = shapely.intersects_xy(ground, x, y)
    free[free] = ~shapely.dwithin(homes, shapely.points(x[free], y[free]), CLEARANCE_M)
    return np.asarray(sites[free])


def _free(
    sites: NDArray[np.int64],
    shapes: Sequence[_Shape],
    ground: BaseGeometry,
    homes: BaseGeometry,
) -> Iterator[tuple[NDArray[np.int64], BaseGeometry]]:
    """Yield the sites where an outline has room, with the outline; a batch is tested at once."""
    for start in range(0, len(sites), _BATCH):
        batch = sites[start : start + _BATCH]
        outlines = _placed(batch, shapes)
        free = shapely.covers(ground, outlines) & ~shapely.dwithin(homes, outlines, CLEARANCE_M)
        yield from zip(batch[free], outlines[free], strict=True)


def _placed(sites: NDArray[np.int64], shapes: Sequence[_Shape]) -> NDArray[np.object_]:
    """Return the outline that falls to each site, moved there by whole pixels.

    Each shape bids with a hash, so that a new one changes only the sites it wins.
    """
    chosen = []
    for col, row in sites:
        here = f"{col}:{row}:".encode()
        chosen.append(max(shapes, key=lambda one: (_hash(here + one.name), one.name)))
    outlines = np.array([one.outline for one in chosen], dtype=object)
    shifts = (sites - np.array([one.pixel for one in chosen])) * PIXEL_M
    each = np.repeat(shifts, shapely.get_num_coordinates(outlines), axis=0)
    return np.asarray(shapely.transform(outlines, lambda points: points + each))


def _shapes(outlines: dict[bytes, BaseGeometry]) -> list[_Shape]:
    """Return the outlines to lay: of those not above the median area, a few chosen by name."""
    median = np.median([outline.area for outline in outlines.values()])
    fitting = sorted(name for name, outline in outlines.items() if outline.area <= median)
    return [_Shape(name, outlines[name]) for name in fitting[:_MOST_SHAPES]]


def _spacing(outlines: dict[bytes, BaseGeometry]) -> int:
    """Return the widest step that is not wider than the radius of a disc of the median area."""
    median = float(np.median([outline.area for outline in outlines.values()]))
    radius = math.sqrt(median / math.pi)
    return max((step for step in SPACINGS_M if step <= radius), default=SPACINGS_M[0])


def _name(core: BaseGeometry) -> bytes:
    """Return a name that follows from where a core lies, wherever its outline is begun."""
    return hashlib.blake2b(shapely.to_wkb(shapely.normalize(core)), digest_size=16).digest()


def _hash(words: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(words, digest_size=8).digest(), "big")


def _zone(epsg: int) -> str:
    return f"{epsg % 100:02d}{'N' if is_north(epsg) else 'S'}"
