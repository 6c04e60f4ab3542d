"""The pixels of one archived master on the grid of a map tile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from imagery.radiometry import to_reflectance
from imagery.types import Layer
from tiles.blocks import content_of
from tiles.errors import IntegrityError
from tiles.kept import Kept
from tiles.overviews import half_of, seen_of
from tiles.warp import Picks, Places, corners_at, means, picked, pixels_at, places
from tiles.windows import StoredLayer, cut_layer

_WIDEST_WINDOW = 2
"""Farther out a tile is drawn of whole masters; their means are small, and kept."""
_KEPT_BYTES = 32 * 2**20
_kept = Kept(_KEPT_BYTES)


def laid_bands(
    layer: StoredLayer, tile: GeoBox, width: int, bands: Sequence[str]
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Give the reflectance of a master's bands on the grid of a tile.

    Parameters
    ----------
    width : int
        1 to show single pixels, else of how many across the mean is shown, a power of two.
    bands : sequence of str
        Those that it has not are left out.

    Yields
    ------
    tuple of str and ndarray of float32, shape of the tile
        A band, and its reflectance: NaN where nothing was observed and beyond the master. Each
        is the caller's own.

    Raises
    ------
    IntegrityError, StorageFailed
        As from :func:`tiles.windows.load_window`, and where no scale is stated.
    """
    if width > _WIDEST_WINDOW:
        yield from _laid_means(layer, tile, width, bands)
        return
    # One more pixel all around: what is averaged at the rim lies partly beyond it.
    cut = cut_layer(layer, tile.pad(1), bands)
    if cut is None:
        return
    at = places(cut.geobox, tile)
    if width > 1:
        found = {band: _means(cut, number, width) for number, band in enumerate(cut.bands)}
        yield from _laid(found, at, width)
        return
    picks = pixels_at(at, cut.dn.shape[1:])
    for number, band in enumerate(cut.bands):
        scale, offset = _scale(cut, number)
        shown = picked(cut.dn[number], picks)
        yield band, _only(to_reflectance(shown, scale, offset, cut.nodata[number]), picks)


def _laid_means(
    layer: StoredLayer, tile: GeoBox, width: int, bands: Sequence[str]
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    there = [band for band in layer.bands if band in bands]
    if there:
        yield from _laid(_shrunk(layer, there, width), places(layer.geobox, tile), width)


def _laid(
    found: Mapping[str, NDArray[np.float32]], at: Places, width: int
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Lay means of one grid on the places of a tile."""
    picks: Picks | None = None
    for band, one in found.items():
        picks = picks or corners_at(at, one.shape, width)
        yield band, _only(picked(one, picks), picks)


def _only(laid: NDArray[np.float32], picks: Picks) -> NDArray[np.float32]:
    """Take out what is beyond the master."""
    if not picks.inside.all():
        laid[~picks.inside] = np.nan
    return laid


def _shrunk(layer: StoredLayer, bands: Sequence[str], width: int) -> dict[str, NDArray[np.float32]]:
    """Return the means of a whole master; of the widths that a map shows, all are kept a while."""
    # All bands are read as soon as one of them is needed, so that their file is opened once.
    read = cache(lambda: half_of(layer, bands))

    def made(band: str) -> NDArray[np.float32]:
        half = read()
        return _means(half, half.bands.index(band), width // 2)

    content = content_of(layer.file)
    found = {band: _kept.get((content, band, width), partial(made, band)) for band in bands}
    return {band: one.astype(np.float32, copy=False) for band, one in found.items()}


def _means(layer: Layer, number: int, width: int) -> NDArray[np.float32]:
    """Return means of reflectance, which are those of the provider's numbers, scaled."""
    scale, offset = _scale(layer, number)
    dn = layer.dn[number]
    found = means(dn, width, seen_of(dn, layer.nodata[number]))
    return found * np.float32(scale) + np.float32(offset)


def _scale(layer: Layer, number: int) -> tuple[float, float]:
    scale, offset = layer.scale[number], layer.offset[number]
    if scale is None or offset is None:
        band = layer.bands[number]
        raise IntegrityError(f"{layer.scene_id}: no scale and offset is stated for {band}")
    return scale, offset
