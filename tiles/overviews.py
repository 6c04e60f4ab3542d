"""Masters at half their resolution, for maps drawn from afar.

Unpacking a whole master for a tile that shows a quarter of its pixels takes longer than a person
waits for a tile. So the bands that maps are drawn of are kept once more, at half the resolution,
in `.overviews` in the archive's folder: beside what is evidence and never part of it. A file is
named after the SHA-256 of its master. It can be made again from it at any time, with the same
pixels; no hash of evidence covers it, no backup holds it, and it goes when its master goes.
"""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.errors import RasterioError
from rasterio.io import MemoryFile

from imagery.types import Chip, Layer
from tiles.archive import Archive, MasterRef
from tiles.atomic import storage_errors, sweep, write_atomically
from tiles.blocks import content_of
from tiles.errors import IntegrityError, TilesError
from tiles.masters import TILE, profile
from tiles.styles import DRAWN
from tiles.verify import OVERVIEWS, overview_path
from tiles.warp import halves
from tiles.windows import StoredLayer, cut_layer

_log = logging.getLogger(__name__)
_LEVEL = 1
"""Of ZSTD: packed in a tenth of the time of a master, and a twentieth larger."""


def half_of(layer: StoredLayer, bands: Collection[str]) -> Layer:
    """Return some bands of a whole master at half its resolution.

    Read where they are kept, in one file; else made of the master, and kept if that is worth it.

    Parameters
    ----------
    bands : collection of str
        Not empty; each is one of the layer's. They come in the layer's order.

    Raises
    ------
    IntegrityError, StorageFailed
        If the master is missing, cut or cannot be read.
    """
    kept = _kept(layer)
    is_kept = set(bands) <= set(kept.bands)
    if is_kept and content_of(layer.file).size == layer.bytes:
        with suppress(TilesError):
            found = cut_layer(kept, kept.geobox, [*bands])
            if found is not None:
                return found
    whole = cut_layer(layer, layer.geobox, kept.bands if is_kept else [*bands])
    if whole is None:
        raise IntegrityError(f"{layer.scene_id}: {', '.join(bands)} are listed and missing")
    half = _halved(whole)
    if is_kept:
        _keep(layer.root, layer.sha256, layer.file, half)
    return _only(half, bands)


def keep_overviews(archive: Archive, chip: Chip, masters: Sequence[MasterRef]) -> None:
    """Keep what maps need of a chip that was just archived; never fails.

    Parameters
    ----------
    masters : sequence of MasterRef
        Of its layers, in their order.
    """
    for layer, master in zip(chip.layers, masters, strict=True):
        drawn = _worth(layer.bands, layer.geobox)
        if drawn and not (archive.root / overview_path(master.sha256)).exists():
            file = archive.root / master.path
            _keep(archive.root, master.sha256, file, _halved(_only(layer, drawn)))


def sweep_overviews(root: Path) -> None:
    """Remove what killed processes left half-written among the overviews of an archive.

    Raises
    ------
    StorageFailed
    """
    for folder in (root / OVERVIEWS).glob("*"):
        sweep(folder)


def _kept(layer: StoredLayer) -> StoredLayer:
    """Return what is, or would be, kept of a master, as if it were one itself."""
    bands = _worth(layer.bands, layer.geobox)
    numbers = [layer.bands.index(band) for band in bands]
    return dataclasses.replace(
        layer,
        file=layer.root / overview_path(layer.sha256),
        bands=bands,
        geobox=_half_grid(layer.geobox),
        scale=tuple(layer.scale[one] for one in numbers),
        offset=tuple(layer.offset[one] for one in numbers),
        nodata=tuple(layer.nodata[one] for one in numbers),
    )


def _worth(bands: Sequence[str], geobox: GeoBox) -> tuple[str, ...]:
    """Return the bands that maps are drawn of; none of a master that is one block anyway."""
    if max(geobox.shape) <= TILE:
        return ()
    return tuple(band for band in bands if band in DRAWN)


def _only(layer: Layer, bands: Collection[str]) -> Layer:
    numbers = [number for number, band in enumerate(layer.bands) if band in bands]
    return dataclasses.replace(
        layer,
        bands=tuple(layer.bands[one] for one in numbers),
        dn=layer.dn[numbers],
        scale=tuple(layer.scale[one] for one in numbers),
        offset=tuple(layer.offset[one] for one in numbers),
        nodata=tuple(layer.nodata[one] for one in numbers),
    )


def _halved(layer: Layer) -> Layer:
    bands = zip(layer.dn, layer.nodata, strict=True)
    dn = np.stack([_half_band(values, nodata) for values, nodata in bands])
    return dataclasses.replace(layer, geobox=_half_grid(layer.geobox), dn=dn)


def _half_band(values: NDArray[np.generic], nodata: int | None) -> NDArray[np.generic]:
    """Return means of four numbers, rounded to whole ones if they are whole."""
    found = halves(values, seen_of(values, nodata))
    if values.dtype.kind == "f":
        return found.astype(values.dtype)
    is_nothing = np.isnan(found)
    whole = np.rint(np.where(is_nothing, 0 if nodata is None else nodata, found))
    return whole.astype(values.dtype)


def seen_of(values: NDArray[np.generic], nodata: int | None) -> NDArray[np.bool_] | None:
    """Return which numbers tell of an observation; None if all do."""
    seen = np.isfinite(values) if values.dtype.kind == "f" else None
    if nodata is not None:
        told = np.asarray(values != nodata)
        seen = told if seen is None else seen & told
    return None if seen is None or seen.all() else seen


def _half_grid(geobox: GeoBox) -> GeoBox:
    height, width = ((size + 1) // 2 for size in geobox.shape)
    return GeoBox((height, width), geobox.affine * Affine.scale(2), geobox.crs)


def _keep(root: Path, sha256: str, master: Path, half: Layer) -> None:
    file = root / overview_path(sha256)
    try:
        write_atomically(file, _encoded(half), points="overview")
        # A master goes before its overview does: one that went meanwhile must leave none behind.
        if not master.exists():
            with storage_errors(file):
                file.unlink(missing_ok=True)
    except (TilesError, RasterioError) as error:
        # A folder that cannot be written to makes maps slower, and nothing else.
        _log.info("no overview of %s is kept: %s", master.name, error)


def _encoded(layer: Layer) -> bytes:
    told: dict[str, Any] = profile(layer, layer.dn)
    with MemoryFile() as memory:
        with memory.open(**(told | {"zstd_level": _LEVEL})) as target:
            target.write(layer.dn)
        return bytes(memory.getbuffer())
