"""Layers of context on the pixels of a site, for detectors that take them into account.

A layer is drawn once for each site and version, and the pixels are kept beside it: a look reads a
few kilobytes and no map. What a look was judged with is named in its row of the ledger, and one
that is scored again later is judged with the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import box

from detectors.known_ground import KnownGround
from hearthwatch.context_layers import LayerKind, LayerVersion, layers_near, versions
from hearthwatch.errors import CatalogueError, DigestMismatch
from hearthwatch.pipeline.tasks import Laid, Site
from hearthwatch.records import LedgerRow
from imagery.types import GeoBox
from tiles.atomic import sweep
from tiles.errors import IntegrityError
from tiles.geodesy import CRS84, project
from tiles.grid import rasterise
from tiles.gridjson import geobox_to_json
from tiles.slabs import read_slab, write_slab

TOLD = "layers"
"""In what the ledger says of a look: the layers that it was judged with."""
DRAWN = 1
"""Of the rules by which layers are drawn; a change of them is another drawing."""
_DRAWN, _BITS = "drawn", "covered"


def layers_in_force(
    folder: Path, sites: Sequence[Site]
) -> tuple[tuple[LayerVersion, ...], tuple[str, ...]]:
    """Return the listed layers that can be used over some sites, and why others cannot.

    A layer that is broken must not stop a watch: it takes no part, and the run says so.
    """
    sweep(folder / _DRAWN)
    try:
        # An area of administration covers all of the ground and explains none of it.
        listed = [one for one in versions(folder) if one.kind != LayerKind.ADMIN]
    except CatalogueError as error:
        return (), (f"no layer took part: {error.message}",)
    good, faults = [], []
    for layer in listed:
        try:
            for site in sites:
                laid_over(folder, [layer], site.window)
            good.append(layer)
        except (DigestMismatch, CatalogueError) as error:
            faults.append(f"{layer.words}, took no part: {error.message}")
    return tuple(good), tuple(faults)


def laid_over(folder: Path, layers: Iterable[LayerVersion], window: GeoBox) -> tuple[Laid, ...]:
    """Return those of some layers that cover anything of a grid, drawn on it.

    Raises
    ------
    DigestMismatch
        If one is to be drawn whose file is missing or not the one that was taken in.
    """
    found = (_laid(folder, layer, window) for layer in layers)
    return tuple(one for one in found if one is not None)


def layers_told(rows: Sequence[LedgerRow]) -> tuple[LayerVersion, ...]:
    """Return the layers that a look was judged with, of its rows in the ledger."""
    said: Mapping[str, Any] = rows[0].detail.get("said", {}) if rows else {}
    return tuple(LayerVersion.from_value(one) for one in said.get(TOLD, ()))


@lru_cache(maxsize=32)
def known_ground(laid: Laid) -> KnownGround:
    """Read what a layer covers, once per process.

    Raises
    ------
    tiles.errors.IntegrityError
        If it is not what was drawn.
    """
    header, arrays = read_slab(laid.path, laid.sha256, mmap=False)
    covered = _unpacked(arrays, tuple(header["shape"]))
    covered.setflags(write=False)
    layer = laid.layer
    return KnownGround(layer.kind, layer.words, layer.as_value(), covered)


def _laid(folder: Path, layer: LayerVersion, window: GeoBox) -> Laid | None:
    path = folder / _DRAWN / f"{layer.id}-{_key(layer, window)}.slab"
    kept = _kept(path)
    if kept is None:
        _draw(folder, layer, window, path)
        kept = _kept(path)
    assert kept is not None, "what was just drawn can be read"
    sha256, is_empty = kept
    return None if is_empty else Laid(layer, path, sha256)


def _key(layer: LayerVersion, window: GeoBox) -> str:
    said = [DRAWN, layer.sha256, layer.radius_m, geobox_to_json(window)]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:16]


def _kept(path: Path) -> tuple[str, bool] | None:
    """Return the digest of a drawing and whether it shows nothing; None where it is not whole."""
    try:
        header, arrays = read_slab(path, mmap=False)
    except IntegrityError:
        return None
    if hashlib.sha256(arrays[_BITS].tobytes()).hexdigest() != header["bits"]:
        return None
    return hashlib.sha256(path.read_bytes()).hexdigest(), not arrays[_BITS].size


def _draw(folder: Path, layer: LayerVersion, window: GeoBox, path: Path) -> None:
    place = project(box(*window.boundingbox), str(window.crs), CRS84)
    found = layers_near(folder, [layer], place, 0.0)
    ground = shapely.geometrycollections([one.near.area for one in found])
    covered = rasterise(ground, window)
    bits = np.packbits(covered) if covered.any() else np.zeros(0, np.uint8)
    header = {"shape": list(covered.shape), "bits": hashlib.sha256(bits.tobytes()).hexdigest()}
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_slab(path, header, {_BITS: bits})


def _unpacked(
    arrays: Mapping[str, NDArray[np.generic]], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    rows, columns = shape
    bits = np.asarray(arrays[_BITS], np.uint8)
    return np.unpackbits(bits, count=rows * columns).reshape(shape).astype(bool)
