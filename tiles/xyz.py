"""Map tiles of archived acquisitions: WebMercatorQuad, z/x/y, as PNG or WebP.

These are pictures to look at. The pixels they are made of are not verified (see
:mod:`tiles.windows`), and farther out than the masters' own zoom they are averaged.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from PIL import Image

from tiles import png
from tiles.archive import Archive
from tiles.cell import cell_from_id
from tiles.errors import NotArchived, StyleUnavailable
from tiles.geodesy import CRS84, project, transformer
from tiles.laying import laid_bands
from tiles.mercator import MERCATOR, TILE_PIXELS, native_zoom, tile_geobox
from tiles.styles import (
    RAMPS,
    Planes,
    Style,
    bands_for,
    bands_wanted,
    composite,
    normalised_difference,
    palette,
    ramped,
    styles_of,
)
from tiles.warp import knots_of, pixels_at, places
from tiles.windows import StoredLayer, stored_layers

__all__ = ["Extent", "Form", "Style", "extent_of", "render", "styles_of"]

Form = Literal["png", "webp"]

_MOST_PIXELS = 1024
_ZOOMS_BELOW = 5
"""At five zooms below its own a cell is still some fifty pixels wide; farther out it is a dot."""
_DEGREE_M = 111_320.0
_CELLS_KEPT = 1024
_WEBP = {"quality": 85, "method": 0}


@dataclass(frozen=True, slots=True)
class Extent:
    """Where tiles of an acquisition show something.

    Attributes
    ----------
    bounds : tuple of float
        West, south, east, north, degrees CRS84.
    minzoom, maxzoom : int
        `maxzoom` is the lowest zoom at which no pixel is lost.
    bands : tuple of str
        Those that every cell has, sorted; for :func:`styles_of`.
    """

    bounds: tuple[float, float, float, float]
    minzoom: int
    maxzoom: int
    bands: tuple[str, ...]


def render(
    archive: Archive,
    cells: Sequence[str],
    acquisition: str,
    style: Style,
    z: int,
    x: int,
    y: int,
    *,
    before: str | None = None,
    form: Form = "png",
    size: int = TILE_PIXELS,
) -> bytes:
    """Draw one tile of an archived acquisition; thread-safe.

    Parameters
    ----------
    cells : sequence of str
        Ids of the cells that may be shown; nothing is read or drawn beyond their squares. Give
        the same ones for every tile, as the bands a style is drawn from are chosen by them.
    before : str, optional
        Earlier acquisition, for styles that compare and ignored otherwise.
    size : int
        Side of the picture, pixels, 1..1024.

    Returns
    -------
    bytes
        A PNG or (lossy) WebP with red, green, blue and opacity, transparent where nothing was
        observed and outside the cells. Where a tile's pixels are finer than the source's, each
        shows one pixel as delivered (nearest neighbour); else the mean of those it covers
        (of a power of two of them a side, and only where half of them were observed).

    Raises
    ------
    NotArchived
        If no cell has a complete chip of an acquisition.
    StyleUnavailable
        If the bands do not suffice, or `before` is missing for a change.
    IntegrityError, StorageFailed
        If a file is missing, cut or cannot be read. Altered pixels are not noticed.
    ValueError
        If there is no such tile, cell, form or size.
    """
    if form not in get_args(Form):
        raise ValueError(f"{form!r} is not a form of tile; there are {', '.join(get_args(Form))}")
    if not 1 <= size <= _MOST_PIXELS:
        raise ValueError(f"a tile has 1..{_MOST_PIXELS} pixels a side, not {size}")
    tile = tile_geobox(z, x, y, size)
    looks = [acquisition]
    if style.compares:
        if before is None:
            raise StyleUnavailable("a change needs an earlier look to compare with")
        looks = [before, acquisition]
    bands = _bands(archive, cells, looks, style)
    zoom = z + math.log2(size / TILE_PIXELS)
    views = [_view(archive, cells, look, tile, zoom, bands) for look in looks]
    return _picture(style, views, bands, form)


def extent_of(archive: Archive, cells: Sequence[str], acquisition: str) -> Extent:
    """Return where tiles of an acquisition show something, for a TileJSON.

    Parameters
    ----------
    cells : sequence of str
        Ids of the cells that may be shown. One that crosses longitude 180 reaches from -180 to
        180.

    Raises
    ------
    NotArchived
        If none of them has a complete chip of it.
    IntegrityError, StorageFailed
        If a sidecar is missing or not as stored.
    ValueError
        If one is not the id of a cell.
    """
    stored = _stored(archive, cells, acquisition)
    boxes = np.array(
        [_bounds(cell, layer.geobox) for cell, layers in stored.items() for layer in layers]
    )
    west, south = boxes[:, :2].min(axis=0)
    east, north = boxes[:, 2:].max(axis=0)
    most = max(_own_zoom(cell, one.geobox) for cell, layers in stored.items() for one in layers)
    return Extent(
        bounds=(float(west), float(south), float(east), float(north)),
        minzoom=max(most - _ZOOMS_BELOW, 0),
        maxzoom=most,
        bands=tuple(sorted(_common_bands(stored))),
    )


def _stored(
    archive: Archive, cells: Sequence[str], acquisition: str
) -> dict[str, tuple[StoredLayer, ...]]:
    found = {cell: stored_layers(archive, acquisition, cell) for cell in cells}
    stored = {cell: layers for cell, layers in found.items() if layers}
    if not stored:
        raise NotArchived(f"{acquisition} is not archived for any of these cells")
    return stored


def _common_bands(stored: dict[str, tuple[StoredLayer, ...]]) -> frozenset[str]:
    sets = ({band for layer in layers for band in layer.bands} for layers in stored.values())
    return frozenset.intersection(*map(frozenset, sets))


def _bands(
    archive: Archive, cells: Sequence[str], looks: Sequence[str], style: Style
) -> tuple[str, ...]:
    """Return the bands that a style is drawn from, the same in all cells and looks."""
    offered = [_common_bands(_stored(archive, cells, look)) for look in looks]
    bands = bands_for(style, frozenset.intersection(*offered))
    if not bands:
        raise StyleUnavailable(f"{style} needs the bands {bands_wanted(style)}")
    return bands


def _view(
    archive: Archive,
    cells: Sequence[str],
    acquisition: str,
    tile: GeoBox,
    zoom: float,
    bands: Sequence[str],
) -> Planes:
    """Return the reflectance of an acquisition on the tile's grid, NaN outside the cells."""
    planes: dict[str, NDArray[np.float32]] = {}
    for cell in cells:
        inside = _inside(cell, tile) if _may_meet(cell, tile) else None
        if inside is None or not inside.any():
            continue
        outside = None if inside.all() else ~inside
        for layer in stored_layers(archive, acquisition, cell):
            width = _mean_width(cell, layer.geobox, zoom)
            for band, laid in laid_bands(layer, tile, width, bands):
                if outside is not None:
                    laid[outside] = np.nan
                _add(planes, band, laid)
    for band in set(bands) - set(planes):
        planes[band] = np.full(tile.shape, np.nan, np.float32)
    return planes


def _add(planes: dict[str, NDArray[np.float32]], band: str, laid: NDArray[np.float32]) -> None:
    """Show what is not there yet."""
    if band in planes:
        np.copyto(planes[band], laid, where=np.isnan(planes[band]))
    else:
        planes[band] = laid


def _mean_width(cell_id: str, geobox: GeoBox, zoom: float) -> int:
    """Return how many source pixels, a power of two, a pixel of the tile covers across."""
    return 1 << max(math.ceil(_own_zoom(cell_id, geobox) - zoom), 0)


def _picture(style: Style, views: Sequence[Planes], bands: tuple[str, ...], form: Form) -> bytes:
    if style not in RAMPS:
        picture = composite(style, views[-1], bands)
        return png.of_colours(picture) if form == "png" else _webp(picture)
    indices = [normalised_difference(view, bands) for view in views]
    numbers = ramped(style, indices[0] - indices[1] if style.compares else indices[0])
    if form == "png":
        return png.of_numbers(numbers, palette(style))
    return _webp(palette(style).take(numbers, axis=0))


def _webp(picture: NDArray[np.uint8]) -> bytes:
    memory = BytesIO()
    Image.fromarray(picture).save(memory, "webp", **_WEBP)
    return memory.getvalue()


def _inside(cell_id: str, tile: GeoBox) -> NDArray[np.bool_]:
    """Return which pixels of the tile have their centre in the cell's square."""
    square = cell_from_id(cell_id).geobox()
    if all((one >= 0).all() and (one < square.width).all() for one in knots_of(square, tile)):
        return np.ones(tile.shape, np.bool_)
    return pixels_at(places(square, tile), (square.height, square.width)).inside


def _may_meet(cell_id: str, tile: GeoBox) -> bool:
    """Tell cells that are far from the tile without measuring."""
    west, south, east, north = _mercator_bounds(cell_id)
    box = tile.boundingbox
    return bool(west < box.right and east > box.left and south < box.top and north > box.bottom)


@lru_cache(maxsize=_CELLS_KEPT)
def _mercator_bounds(cell_id: str) -> tuple[float, float, float, float]:
    bounds: tuple[float, float, float, float] = project(
        cell_from_id(cell_id).footprint, CRS84, MERCATOR
    ).bounds
    return bounds


@lru_cache(maxsize=_CELLS_KEPT)
def _latitude(cell_id: str) -> float:
    return float(cell_from_id(cell_id).footprint.centroid.y)


def _own_zoom(cell_id: str, geobox: GeoBox) -> int:
    """Return the zoom of a grid's pixels; by the cell's latitude, so that all its tiles agree."""
    step = abs(float(geobox.affine.a))
    is_projected = geobox.crs is None or geobox.crs.projected
    return native_zoom(step if is_projected else step * _DEGREE_M, _latitude(cell_id))


def _bounds(cell_id: str, geobox: GeoBox) -> tuple[float, float, float, float]:
    """Return the bounds of what a master shows of its cell."""
    cell = cell_from_id(cell_id).footprint.bounds
    move = transformer(str(geobox.crs), CRS84)
    west, south, east, north = move.transform_bounds(*geobox.boundingbox)
    # Across 180 degrees the box of a master starts in the east, and the cell's spans the world.
    if west > east:
        west, east = -180.0, 180.0
    return max(west, cell[0]), max(south, cell[1]), min(east, cell[2]), min(north, cell[3])
