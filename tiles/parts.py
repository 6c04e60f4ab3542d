"""The pixels of a settlement: its core, and the sectors of the ring around it.

Worked out in the zone's plane on its absolute lattice, so that a settlement on a cell's edge has
the same pixels as one in the middle of a cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import shapely
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.features import rasterize
from shapely.geometry.base import BaseGeometry

from tiles.geodesy import polygons
from tiles.plane import PIXEL_M, to_plane, turns_to_zone

SECTORS = 16
"""Sectors of a ring, of 22.5 degrees each; the first begins at the north of the map's grid."""
RING_STEP = 3
"""The ring takes every third column and row: its medians need no more, and it costs a ninth."""
NEIGHBOUR_MARGIN_M = 60.0
"""By so much another settlement's core is widened before it is taken out of a ring: outlines
are drawn tight, and a burned fence must not look like change of the ground around it."""
PARTS = 1 + SECTORS

_CORE_BLOCK = 256  # pixels to a side; any multiple of RING_STEP will do for the ring's
_RING_BLOCK = 96
_METRES_PER_DEGREE = 109_000.0  # less than a degree of latitude ever has in a zone's plane

_Ints = NDArray[np.int64]
_Lattice = tuple[_Ints, _Ints]


@dataclass(frozen=True, slots=True)
class Reach:
    """How far round a settlement its parts reach, and on which lattice.

    Attributes
    ----------
    near_m : float
        By so much the core is widened to become part 0.
    inner_m, outer_m : float
        Distances from the core between which the ring lies.
    pixel_m : int
        Side of a pixel of the lattice, whole metres.
    """

    near_m: float = 0.0
    inner_m: float = 300.0
    outer_m: float = 1500.0
    pixel_m: int = PIXEL_M


USUAL = Reach()


class OnLattice(Protocol):
    """Pixels of a zone's lattice, by their absolute columns and rows."""

    @property
    def epsg(self) -> int:
        """The UTM zone."""
        ...

    @property
    def cols(self) -> NDArray[np.integer]:
        """Columns, eastwards."""
        ...

    @property
    def rows(self) -> NDArray[np.integer]:
        """Rows, northwards."""
        ...

    @property
    def pixel_m(self) -> int:
        """Side of a pixel, metres."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """The lattice pixels of one settlement, ordered by part, then row, then column.

    Attributes
    ----------
    epsg : int
        The UTM zone whose lattice it is.
    cols, rows : ndarray of int32, shape (n,)
        Absolute: the pixel's western edge is at easting `pixel_m` col, its southern edge at
        northing `pixel_m` row. Rows count upwards, as those of cells do. Read-only.
    part : ndarray of uint8, shape (n,)
        0 in the core, 1 to 16 in the ring's sectors, clockwise from the north of the map's grid
        as seen from the core's centroid. Read-only.
    pixel_m : int
        Side of a pixel, metres.
    """

    epsg: int
    cols: NDArray[np.int32]
    rows: NDArray[np.int32]
    part: NDArray[np.uint8]
    pixel_m: int = PIXEL_M

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """West, south, east, north of the pixels, in metres of the zone."""
        west, south = int(self.cols.min()), int(self.rows.min())
        east, north = int(self.cols.max()) + 1, int(self.rows.max()) + 1
        west, south, east, north = (edge * self.pixel_m for edge in (west, south, east, north))
        return west, south, east, north


def parts_of(
    core: BaseGeometry, others: Sequence[BaseGeometry], epsg: int, reach: Reach = USUAL
) -> Parts:
    """Return the pixels of a settlement's core and of its ring's sectors.

    Parameters
    ----------
    core : Polygon or MultiPolygon
        CRS84, valid, split at 180 degrees.
    others : sequence of Polygon or MultiPolygon
        Cores of other settlements, CRS84, without this one. Those out of reach change nothing.
    epsg : int
        The UTM zone of the settlement's home cell.
    reach : Reach
        The usual one: a core as it is, a ring from 300 to 1,500 m, pixels of 10 m.

    Returns
    -------
    Parts
        The core has at least one pixel: those whose centre lies in it or, if there is none,
        those it touches. Where it is widened, pixels whose centre is at most `near_m` from it
        belong to it as well. A ring pixel's centre is more than `inner_m` and at most `outer_m`
        from the core. Pixels of the ring, and those that the core is widened by, lie more than
        60 m from any other core, in metres of the plane; a sector may be empty.

    Raises
    ------
    ValueError
        If the core has no area.
    """
    home = to_plane(core, epsg)
    if home.is_empty or not home.area > 0:
        raise ValueError("a settlement's core is an area")
    shapely.prepare(home)
    near = _near(core, others, epsg, reach.outer_m)
    core_cols, core_rows = _core_pixels(home, reach.pixel_m)
    if reach.near_m > 0:
        core_cols, core_rows = _widened(home, near, core_cols, core_rows, reach)
    ring_cols, ring_rows = _ring_pixels(home, near, reach)
    sector = _sector(home, ring_cols, ring_rows, reach.pixel_m)
    part = np.concatenate([np.zeros(len(core_cols), np.uint8), sector])
    cols = np.concatenate([core_cols, ring_cols]).astype(np.int32)
    rows = np.concatenate([core_rows, ring_rows]).astype(np.int32)
    order = np.lexsort((cols, rows, part))
    found = Parts(epsg, cols[order], rows[order], part[order], reach.pixel_m)
    for array in (found.cols, found.rows, found.part):
        array.flags.writeable = False
    return found


def window_of(parts: Sequence[Parts]) -> GeoBox:
    """Return the smallest lattice window, north up, that holds all pixels of some settlements.

    Raises
    ------
    ValueError
        If there are no parts, or they lie in more than one zone or lattice.
    """
    if len({(one.epsg, one.pixel_m) for one in parts}) != 1:
        raise ValueError("a window is for parts of exactly one zone and lattice")
    pixel = parts[0].pixel_m
    bounds = np.array([one.bounds for one in parts])
    west, south = (int(edge) for edge in bounds[:, :2].min(axis=0))
    east, north = (int(edge) for edge in bounds[:, 2:].max(axis=0))
    shape = ((north - south) // pixel, (east - west) // pixel)
    return GeoBox(shape, Affine(pixel, 0, west, 0, -pixel, north), f"EPSG:{parts[0].epsg}")


def index_parts(parts: Sequence[Parts], geobox: GeoBox) -> tuple[_Ints, _Ints]:
    """Return where the parts' pixels are in arrays on a window of the lattice.

    Returns
    -------
    pixels : ndarray of int64, shape (n,)
        Indices into the window's pixels counted row by row. Those of place p and part k are
        ``pixels[starts[p * 17 + k] : starts[p * 17 + k + 1]]``, in the order of `Parts`
        whatever the window.
    starts : ndarray of int64, shape (17 * places + 1,)

    Raises
    ------
    ValueError
        If a pixel is outside the window, or the window is not of the parts' lattice.
    """
    pixels = window_index(parts, geobox)
    empty = np.zeros(0, np.int64)
    counts = [np.bincount(one.part, minlength=PARTS) for one in parts]
    return pixels, np.cumsum(np.concatenate([empty, [0], *counts]), dtype=np.int64)


def window_index(placed: Sequence[OnLattice], geobox: GeoBox) -> _Ints:
    """Return the flat indices that pixels of the lattice have in a window on it.

    Raises
    ------
    ValueError
        If a pixel is outside the window, or the window is not of the pixels' lattice.
    """
    pixel = placed[0].pixel_m if placed else PIXEL_M
    if any(one.pixel_m != pixel for one in placed):
        raise ValueError("pixels of different sizes are on no one lattice")
    left, top = _corner(geobox, pixel)
    code = None if geobox.crs is None else geobox.crs.epsg
    if any(one.epsg != code for one in placed):
        raise ValueError(f"a window in {geobox.crs} does not hold the pixels of another zone")
    empty = np.zeros(0, np.int64)
    cols = np.concatenate([empty, *(one.cols for one in placed)]) - left
    rows = top - np.concatenate([empty, *(one.rows for one in placed)])
    height, width = (int(size) for size in geobox.shape)
    if np.any((cols < 0) | (cols >= width) | (rows < 0) | (rows >= height)):
        raise ValueError("some pixels of the parts are outside the window")
    pixels: _Ints = rows * width + cols
    return pixels


def _corner(geobox: GeoBox, pixel: int) -> tuple[int, int]:
    """Return the lattice column and row of a window's north-west pixel."""
    transform = geobox.transform
    left, top = round(transform.c / pixel), round(transform.f / pixel)
    if transform != Affine(pixel, 0, left * pixel, 0, -pixel, top * pixel):
        raise ValueError(f"a window with the transform {tuple(transform)[:6]} is off the lattice")
    return left, top - 1


def _core_pixels(home: BaseGeometry, pixel: int) -> _Lattice:
    """Return the pixels with their centre in an area, or else those it touches."""
    blocks = list(zip(*_blocks(home, 0.0, _CORE_BLOCK, pixel), strict=True))
    areas = polygons(home)
    centred = [_burn(areas, col, row, pixel, False) for col, row in blocks]
    if any(len(cols) for cols, _ in centred):
        return _join(centred)
    return _join([_burn(areas, col, row, pixel, True) for col, row in blocks])


def _widened(
    home: BaseGeometry, others: Sequence[BaseGeometry], cols: _Ints, rows: _Ints, reach: Reach
) -> _Lattice:
    """Return a core's pixels and those near it, but for what is of other settlements."""
    blocks = zip(*_blocks(home, reach.near_m, _RING_BLOCK, reach.pixel_m), strict=True)
    near_cols, near_rows = _join([_stepped(col, row, 1) for col, row in blocks])
    kept = _within(home, near_cols, near_rows, reach.near_m, reach.pixel_m)
    for other in others:
        kept &= ~_within(other, near_cols, near_rows, NEIGHBOUR_MARGIN_M, reach.pixel_m)
    both = [np.concatenate([cols, near_cols[kept]]), np.concatenate([rows, near_rows[kept]])]
    found = np.unique(np.column_stack(both), axis=0)
    return found[:, 0], found[:, 1]


def _burn(areas: Sequence[BaseGeometry], col: int, row: int, pixel: int, touched: bool) -> _Lattice:
    """Return the pixels that areas have in the block beginning at one column and row."""
    above = row + _CORE_BLOCK
    burned = rasterize(
        areas,
        (_CORE_BLOCK, _CORE_BLOCK),
        transform=Affine(pixel, 0, int(col) * pixel, 0, -pixel, int(above) * pixel),
        dtype="uint8",
        all_touched=touched,
    )
    down, across = np.nonzero(burned)
    return col + across, above - 1 - down


def _ring_pixels(home: BaseGeometry, others: Sequence[BaseGeometry], reach: Reach) -> _Lattice:
    blocks = zip(*_blocks(home, reach.outer_m, _RING_BLOCK, reach.pixel_m), strict=True)
    cols, rows = _join([_stepped(col, row, RING_STEP) for col, row in blocks])
    kept = _within(home, cols, rows, reach.outer_m, reach.pixel_m)
    cols, rows = cols[kept], rows[kept]
    taken = _within(home, cols, rows, reach.inner_m, reach.pixel_m)
    for other in others:
        taken |= _within(other, cols, rows, NEIGHBOUR_MARGIN_M, reach.pixel_m)
    return cols[~taken], rows[~taken]


def _stepped(col: int, row: int, step: int) -> _Lattice:
    """Return pixels of a block: with steps of three the middle ones of squares of nine."""
    along = np.arange(step // 2, _RING_BLOCK, step)
    cols, rows = np.meshgrid(col + along, row + along)
    return cols.ravel(), rows.ravel()


def _blocks(area: BaseGeometry, reach: float, pixels: int, pixel: int) -> _Lattice:
    """Return the first columns and rows of the lattice's blocks within `reach` m of an area.

    Work by blocks is bounded by the area, not by the box around it: parts may lie far apart.
    """
    size = pixels * pixel
    west, south, east, north = area.bounds
    cols = np.arange(np.floor((west - reach) / size), np.floor((east + reach) / size) + 1)
    rows = np.arange(np.floor((south - reach) / size), np.floor((north + reach) / size) + 1)
    x, y = (axis.ravel() * size for axis in np.meshgrid(cols, rows))
    near = shapely.dwithin(area, shapely.box(x, y, x + size, y + size), reach)
    return (x[near] / pixel).astype(np.int64), (y[near] / pixel).astype(np.int64)


def _within(
    area: BaseGeometry, cols: _Ints, rows: _Ints, reach: float, pixel: int
) -> NDArray[np.bool_]:
    """Tell which pixels have their centre within `reach` metres of an area."""
    x, y = _centres(cols, rows, pixel)
    west, south, east, north = area.bounds
    across = np.maximum(np.maximum(west - x, x - east), 0)
    along = np.maximum(np.maximum(south - y, y - north), 0)
    # Most pixels are settled by the box around the area or by one point inside it.
    near = across**2 + along**2 <= reach**2
    inside = area.representative_point()
    unsure = np.flatnonzero(near & ((x - inside.x) ** 2 + (y - inside.y) ** 2 > reach**2))
    shapely.prepare(area)
    near[unsure] = shapely.dwithin(area, shapely.points(x[unsure], y[unsure]), reach)
    return np.asarray(near)


def _sector(home: BaseGeometry, cols: _Ints, rows: _Ints, pixel: int) -> NDArray[np.uint8]:
    x, y = _centres(cols, rows, pixel)
    azimuth = np.arctan2(x - home.centroid.x, y - home.centroid.y)
    turned = np.floor(azimuth / (2 * np.pi) * SECTORS).astype(np.int64) % SECTORS
    return (1 + turned).astype(np.uint8)


def _centres(
    cols: _Ints, rows: _Ints, pixel: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = (np.asarray((axis + 0.5) * pixel, np.float64) for axis in (cols, rows))
    return x, y


def _join(pieces: Sequence[_Lattice]) -> _Lattice:
    return np.concatenate([cols for cols, _ in pieces]), np.concatenate(
        [rows for _, rows in pieces]
    )


def _near(
    core: BaseGeometry, others: Sequence[BaseGeometry], epsg: int, outer_m: float
) -> tuple[BaseGeometry, ...]:
    """Return the polygons of other cores that can take ring pixels, in the plane of the zone."""
    everyone = np.array(list(others), dtype=object)
    parts = shapely.get_parts(everyone)
    west, south, east, north = _unrolled_bounds(parts, epsg).T
    home = _unrolled_bounds(shapely.get_parts(core), epsg)
    reach = (outer_m + NEIGHBOUR_MARGIN_M) / _METRES_PER_DEGREE
    low, high = home[:, 1].min() - reach, home[:, 3].max() + reach
    wide = reach / np.cos(np.radians(min(max(abs(low), abs(high)), 89.0)))
    near = (south <= high) & (north >= low)
    near &= (west <= home[:, 2].max() + wide) & (east >= home[:, 0].min() - wide)
    return tuple(to_plane(part, epsg) for part in parts[near])


def _unrolled_bounds(parts: NDArray[np.object_], epsg: int) -> NDArray[np.float64]:
    """Return west, south, east, north of areas, on the zone's side of 180 degrees."""
    bounds = shapely.bounds(parts)
    turns = turns_to_zone(bounds, epsg)
    return np.column_stack([bounds[:, 0] + turns, bounds[:, 1], bounds[:, 2] + turns, bounds[:, 3]])
