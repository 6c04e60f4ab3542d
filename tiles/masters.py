"""One layer of a chip as a GeoTIFF, and back without loss.

The GeoTIFF holds the provider's numbers untouched and says by itself what they are: band names,
scale and offset, "no data" value, scene, time. What the format can say only nearly, its sidecar
says exactly (:mod:`tiles.sidecars`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.io import DatasetReader, DatasetWriter, MemoryFile

from imagery.types import Chip, Layer
from tiles.errors import IntegrityError
from tiles.gridjson import geobox_to_json
from tiles.rows import canonical, iso

TILE = 512

_KINDS = "iuf"


def grid_hash(layer: Layer) -> str:
    """Return 16 hex digits that name a layer: its scene, its bands and its pixel grid.

    Raises
    ------
    ValueError
        If its grid has no CRS.
    """
    named = [layer.scene_id, list(layer.bands), geobox_to_json(layer.geobox)]
    return hashlib.sha256(canonical(named)).hexdigest()[:16]


def content_hash(layer: Layer) -> str:
    """Return the SHA-256 of a layer's pixels and of what they mean.

    It does not depend on the file format, so it stays the same when a newer library packs the
    same pixels into other bytes.
    """
    pixels = _native(layer.dn)
    digest = hashlib.sha256(canonical(meaning(layer)))
    digest.update(pixels.astype(pixels.dtype.newbyteorder("<"), copy=False).data)
    return digest.hexdigest()


def encode(chip: Chip, layer: Layer, tags: Mapping[str, str] | None = None) -> bytes:
    """Return a layer as the bytes of a GeoTIFF, the same bytes for the same layer.

    Parameters
    ----------
    tags : mapping, optional
        What to say besides, in copies that are handed on.

    Raises
    ------
    ValueError
        If the pixels are of a kind no master is made of (complex numbers, objects).
    """
    pixels = _native(layer.dn)
    with MemoryFile() as memory:
        with memory.open(**profile(layer, pixels)) as target:
            target.write(pixels)
            _describe(target, chip, layer)
            target.update_tags(**(tags or {}))
        return bytes(memory.getbuffer())


def check_master(path: Path, layer: Layer) -> None:
    """Open a master and compare it with the layer it was made from, pixel by pixel.

    Raises
    ------
    IntegrityError
        If anything differs or the file cannot be read.
    """
    try:
        # Reading back is what storing adds to writing; a core that is idle takes a part of it.
        with rasterio.open(path, num_threads=2) as source:
            problems = _differences(source, layer)
    except RasterioError as error:
        raise IntegrityError(f"{path}: cannot be read as a GeoTIFF: {error}") from error
    if problems:
        raise IntegrityError(f"{path}: {', '.join(problems)} not as delivered")


def read_pixels(data: bytes, name: str) -> NDArray[np.generic]:
    """Return the pixels, shape (band, y, x), of a GeoTIFF given as bytes.

    Raises
    ------
    IntegrityError
        If they cannot be read; `name` says of which file.
    """
    try:
        with MemoryFile(data) as memory, memory.open() as source:
            return np.asarray(source.read())
    except RasterioError as error:
        raise IntegrityError(f"{name}: cannot be read as a GeoTIFF: {error}") from error


def _native(dn: NDArray[np.generic]) -> NDArray[np.generic]:
    if dn.dtype.kind not in _KINDS or dn.dtype.itemsize > 8 or dn.dtype == np.float16:
        raise ValueError(f"no master is made of {dn.dtype} pixels")
    return np.ascontiguousarray(dn, dtype=dn.dtype.newbyteorder("="))


def meaning(layer: Layer) -> dict[str, Any]:
    """Return what a layer's pixels mean and where they lie, as JSON."""
    return {
        "scene": layer.scene_id,
        "bands": list(layer.bands),
        "dtype": str(layer.dn.dtype.newbyteorder("=")),
        "units": "DN as delivered; physical value = DN * scale + offset where a scale is given",
        "scale": [_number(value) for value in layer.scale],
        "offset": [_number(value) for value in layer.offset],
        "nodata": [_number(value) for value in layer.nodata],
        "grid": geobox_to_json(layer.geobox),
    }


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def profile(layer: Layer, pixels: NDArray[np.generic]) -> dict[str, Any]:
    """Return how rasterio is to write the pixels of a layer, shape (band, y, x)."""
    count, height, width = pixels.shape
    tiled = max(height, width) > TILE
    blocks = {"blockxsize": TILE, "blockysize": TILE} if tiled else {"blockysize": height}
    return {
        "driver": "GTiff",
        "count": count,
        "height": height,
        "width": width,
        "dtype": str(pixels.dtype),
        "crs": str(layer.geobox.crs),
        "transform": layer.geobox.transform,
        "nodata": _common_nodata(layer),
        "tiled": tiled,
        **blocks,
        "interleave": "band",
        "compress": "ZSTD",
        "zstd_level": 9,
        "predictor": 3 if pixels.dtype.kind == "f" else 2,
        "bigtiff": "IF_SAFER",
        # Tiles are packed by a core that is idle, if one is, and written in order: the same bytes.
        "num_threads": 2,
    }


def _common_nodata(layer: Layer) -> float | int | None:
    """Return the one "no data" value of all bands; the format has room for no other."""
    values = set(layer.nodata)
    return values.pop() if len(values) == 1 else None


def _describe(target: DatasetWriter, chip: Chip, layer: Layer) -> None:
    target.descriptions = layer.bands
    target.scales = [1.0 if value is None else value for value in layer.scale]
    target.offsets = [0.0 if value is None else value for value in layer.offset]
    target.update_tags(
        ACQUISITION=chip.acquisition,
        SCENE=layer.scene_id,
        SENSOR=chip.sensor,
        SENSED=iso(chip.sensed),
    )
    for number, value in enumerate(layer.nodata, start=1):
        if value is not None:
            target.update_tags(number, NODATA=str(value))


def _differences(source: DatasetReader, layer: Layer) -> list[str]:
    pixels = _native(layer.dn)
    wrong = {
        "the band names are": source.descriptions != layer.bands,
        "the transform is": tuple(source.transform) != tuple(layer.geobox.transform),
        "the CRS is": not _same_crs(source, layer),
        "the pixel type is": set(source.dtypes) != {str(pixels.dtype)},
        "the pixels are": not _same_pixels(source.read(), pixels),
    }
    return [what for what, is_wrong in wrong.items() if is_wrong]


def _same_crs(source: DatasetReader, layer: Layer) -> bool:
    """Compare the CRS by its code.

    One without a code may come back in other words; the sidecar holds the exact ones.
    """
    code = layer.geobox.crs.epsg if layer.geobox.crs else None
    return source.crs is not None and (code is None or source.crs.to_epsg() == code)


def _same_pixels(one: NDArray[np.generic], other: NDArray[np.generic]) -> bool:
    """Compare bits, not numbers: NaN equals NaN, and -0.0 is not 0.0."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    bits = f"u{one.dtype.itemsize}"
    return bool(np.array_equal(one.view(bits), other.view(bits)))
