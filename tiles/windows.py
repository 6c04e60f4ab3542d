"""Parts of archived masters, for pictures and curves: only the pixels over the ground wanted.

The archive proves every master before it is used as evidence (:meth:`tiles.archive.Archive.load`),
which takes the whole file. Nothing here does: the sidecars are compared with the manifest, the
pixels are not.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import numpy as np
from affine import Affine
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.windows import Window

from imagery.types import Chip, Layer, Provenance
from tiles.archive import Archive, MasterRef
from tiles.atomic import storage_errors
from tiles.blocks import read_pixels
from tiles.errors import IntegrityError
from tiles.geodesy import transformer
from tiles.gridjson import geobox_from_json
from tiles.sidecars import provenance_from, read_sidecar

_MARGIN_PX = 2
"""Read beyond the ground wanted, so that a view on another grid has no rim."""
_EDGE_POINTS = 21
_KEPT = 4096
"""Sidecars kept in memory, at most: a few kilobytes each."""


@dataclass(frozen=True, slots=True)
class StoredLayer:
    """One master without its pixels: what its sidecar says.

    Attributes
    ----------
    root : Path
        Folder of the archive.
    file : Path
        The GeoTIFF.
    sha256, bytes
        Its digest and size, as in :class:`tiles.archive.MasterRef`.
    bands, scale, offset, nodata
        As in :class:`imagery.types.Layer`.
    geobox : GeoBox
        Grid of the whole master.
    """

    root: Path
    file: Path
    sha256: str
    bytes: int
    sensor: str
    sensed: datetime
    scene_id: str
    bands: tuple[str, ...]
    geobox: GeoBox
    scale: tuple[float | None, ...]
    offset: tuple[float | None, ...]
    nodata: tuple[int | None, ...]
    provenance: Provenance
    notes: tuple[str, ...]


def stored_layers(archive: Archive, acquisition: str, cell_id: str) -> tuple[StoredLayer, ...]:
    """Return what is archived of one acquisition and cell; empty where nothing is complete.

    Raises
    ------
    IntegrityError
        If the manifest is broken or a sidecar is missing or not as stored.
    StorageFailed
    """
    return tuple(stored_layer(archive, master) for master in archive.masters(acquisition, cell_id))


def stored_layer(archive: Archive, master: MasterRef) -> StoredLayer:
    """Return what the sidecar of one master says, superseded or not; errors as `stored_layers`."""
    return _stored(archive.root, master)


def load_window(
    archive: Archive, acquisition: str, cell_id: str, geobox: GeoBox, bands: Sequence[str]
) -> Chip | None:
    """Return what is archived of some bands over `geobox`; the pixels are not verified.

    Parameters
    ----------
    geobox : GeoBox
        In any projection.
    bands : sequence of str
        Those that no master has are left out.

    Returns
    -------
    Chip or None
        None where no complete chip is archived. Layers lie on the masters' own grids, cut to what
        covers `geobox`; masters that do not reach it are left out.

    Raises
    ------
    IntegrityError
        If a file is missing, cut or no GeoTIFF, or a sidecar is not as stored.
    StorageFailed
    """
    stored = stored_layers(archive, acquisition, cell_id)
    if not stored:
        return None
    cut = (cut_layer(layer, geobox, bands) for layer in stored)
    return Chip(
        acquisition=acquisition,
        sensor=stored[0].sensor,
        sensed=stored[0].sensed,
        layers=tuple(layer for layer in cut if layer is not None),
        provenance=stored[0].provenance,
        notes=stored[0].notes,
    )


@lru_cache(maxsize=_KEPT)
def _stored(root: Path, master: MasterRef) -> StoredLayer:
    """Read a sidecar once: the digest names the content, so what is kept cannot grow old."""
    name = master.path.removesuffix(".tif") + ".json"
    try:
        with storage_errors(root / name, pass_absence=True):
            data = (root / name).read_bytes()
    except FileNotFoundError:
        raise IntegrityError(f"{name}: is listed and missing") from None
    if hashlib.sha256(data).hexdigest() != master.sidecar_sha256:
        raise IntegrityError(f"{name}: its SHA-256 is not the listed one")
    value = read_sidecar(data, name)
    said = value["layer"]
    return StoredLayer(
        root=root,
        file=root / master.path,
        sha256=master.sha256,
        bytes=master.bytes,
        sensor=value["sensor"],
        sensed=datetime.fromisoformat(value["sensed"]),
        scene_id=said["scene"],
        bands=tuple(said["bands"]),
        geobox=geobox_from_json(said["grid"]),
        scale=tuple(said["scale"]),
        offset=tuple(said["offset"]),
        nodata=tuple(said["nodata"]),
        provenance=provenance_from([value]),
        notes=tuple(value["notes"]),
    )


def cut_layer(layer: StoredLayer, geobox: GeoBox, bands: Sequence[str]) -> Layer | None:
    """Return the pixels of one master over `geobox`; None where it has none, or none of the bands.

    Errors as `load_window`.
    """
    wanted = [number for number, band in enumerate(layer.bands) if band in bands]
    window = _covering(layer.geobox, geobox) if wanted else None
    if window is None:
        return None
    dn = _read(layer, wanted, window)
    shift = Affine.translation(window.col_off, window.row_off)
    return Layer(
        scene_id=layer.scene_id,
        bands=tuple(layer.bands[number] for number in wanted),
        geobox=GeoBox(dn.shape[1:], layer.geobox.affine * shift, layer.geobox.crs),
        dn=dn,
        scale=tuple(layer.scale[number] for number in wanted),
        offset=tuple(layer.offset[number] for number in wanted),
        nodata=tuple(layer.nodata[number] for number in wanted),
    )


def _read(layer: StoredLayer, wanted: Sequence[int], window: Window) -> NDArray[np.generic]:
    return read_pixels(layer.file, (len(layer.bands), *layer.geobox.shape), wanted, window)


def _covering(source: GeoBox, target: GeoBox) -> Window | None:
    """Return the source pixels that cover `target`, None where there are none."""
    move = transformer(str(target.crs), str(source.crs))
    box = target.boundingbox
    west, south, east, north = move.transform_bounds(
        box.left, box.bottom, box.right, box.top, densify_pts=_EDGE_POINTS
    )
    corners = [~source.affine * corner for corner in ((west, north), (east, south))]
    if not all(math.isfinite(value) for corner in corners for value in corner):
        return None
    cols, rows = (sorted(pair) for pair in zip(*corners, strict=True))
    first_col, last_col = _span(cols[0], cols[1], source.width)
    first_row, last_row = _span(rows[0], rows[1], source.height)
    if first_col >= last_col or first_row >= last_row:
        return None
    return Window(first_col, first_row, last_col - first_col, last_row - first_row)


def _span(low: float, high: float, limit: int) -> tuple[int, int]:
    return max(math.floor(low) - _MARGIN_PX, 0), min(math.ceil(high) + _MARGIN_PX, limit)
