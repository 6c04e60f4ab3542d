"""The pixels of one archived master on the grid of a map tile."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from imagery.radiometry import to_reflectance
from imagery.types import Layer
from tiles.blocks import content_of
from tiles.errors import IntegrityError
from tiles.kept import Kept
from tiles.warp import lay, lay_means, means, places
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
        A band, and its reflectance: NaN where nothing was observed and beyond the master.

    Raises
    ------
    IntegrityError, StorageFailed
        As from :func:`tiles.windows.load_window`, and where no scale is stated.
    """
    if width > _WIDEST_WINDOW:
        at = places(layer.geobox, tile)
        for band in set(bands) & set(layer.bands):
            yield band, lay_means(_shrunk(layer, band, width), at, width)
        return
    # One more pixel all around: what is averaged at the rim lies partly beyond it.
    cut = cut_layer(layer, tile.pad(1), bands)
    if cut is not None:
        at = places(cut.geobox, tile)
        for number, band in enumerate(cut.bands):
            yield band, lay(_reflectance(cut, number), at, width)


def _shrunk(layer: StoredLayer, band: str, width: int) -> NDArray[np.float32]:
    """Return the means of a whole master; of the widths that a map shows, all are kept a while."""

    def made() -> NDArray[np.float32]:
        whole = cut_layer(layer, layer.geobox, [band])
        if whole is None:
            raise IntegrityError(f"{layer.scene_id}: {band} is listed and missing")
        return means(_reflectance(whole, 0), width)

    found = _kept.get((content_of(layer.file), band, width), made)
    return found.astype(np.float32, copy=False)


def _reflectance(layer: Layer, number: int) -> NDArray[np.float32]:
    scale, offset = layer.scale[number], layer.offset[number]
    if scale is None or offset is None:
        band = layer.bands[number]
        raise IntegrityError(f"{layer.scene_id}: no scale and offset is stated for {band}")
    return to_reflectance(layer.dn[number], scale, offset, layer.nodata[number])
