"""The proof that an answer is the picture that was asked for, before a number of it is believed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import rasterio
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.crs import CRS
from rasterio.io import MemoryFile

from imagery.errors import IntegrityError, Transient
from imagery.hub.products import CLASSES
from imagery.windows import BROKEN, GDAL_OPTIONS

HIGHEST_DN = 20_000
"""Reflectance 1.9; only glint on a roof and the brightest cloud are above it."""
HIGHEST_CLASS = 11
HIGHEST_POWER = 10.0
"""Median of linear power; above it are amplitudes, below zero are decibels."""
FEW = 0.01
"""Share of seen pixels that may be odd in a sound picture."""
MANY = 1000
"""Pixels of one and the same number that no ground gives."""

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_LOSSLESS = {None, "deflate", "lzw", "packbits", "zstd", "lzma", "lerc", "lerc_deflate",
             "lerc_zstd"}  # fmt: skip
_LARGEST_BLOCK = 16_000_000
"""Pixels: a tile inside a file may be declared far larger than the picture."""
_SHIFT = 0.01
"""Part of a pixel by which a stated place may be off: digits of a coordinate are rounded."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The picture that was asked for.

    Attributes
    ----------
    bands : tuple of str
        In order; the data mask comes after them.
    """

    grid: GeoBox
    bands: tuple[str, ...]
    dtype: Literal["float32", "uint16"]


@dataclass(frozen=True, slots=True)
class Picture:
    """Pixels that passed.

    Attributes
    ----------
    dn : ndarray, shape (band, y, x)
        0, or NaN for float32, where nothing was seen; elsewhere as delivered.
    seen : ndarray of bool, shape (y, x)
    notes : tuple of str
        What is odd and not wrong.
    """

    dn: NDArray[Any]
    seen: NDArray[np.bool_]
    notes: tuple[str, ...]


def picture(body: bytes, wanted: Wanted) -> Picture:
    """Return the pixels of an answer.

    Raises
    ------
    IntegrityError
        If it is anything else than the picture that was asked for, saying what.
    Transient
        If there is not memory enough to open it.
    """
    planes = _planes(body, wanted)
    seen = _seen(planes[-1])
    dn = planes[:-1]
    notes = tuple(_judged(dn, seen, wanted))
    dn[:, ~seen] = np.nan if wanted.dtype == "float32" else 0
    return Picture(dn, seen, notes)


def _planes(body: bytes, wanted: Wanted) -> NDArray[Any]:
    if not body.startswith(_TIFF):
        raise IntegrityError(f"the answer is no GeoTIFF: {_kind(body)}")
    try:
        with (
            rasterio.Env(**GDAL_OPTIONS),
            MemoryFile(body) as memory,
            memory.open(driver="GTiff") as source,
        ):
            for fault in _faults(source, wanted):
                raise IntegrityError(f"the answer is not the picture asked for: {fault}")
            planes: NDArray[Any] = source.read()
            return planes
    except BROKEN as error:
        raise IntegrityError(f"the answer's GeoTIFF cannot be read: {error}") from error
    except MemoryError as error:
        raise Transient("there is not memory enough to open the answer") from error


def _faults(source: Any, wanted: Wanted) -> Iterator[str]:
    """Compare what the file says of itself with what was asked, before it is unpacked."""
    height, width = wanted.grid.shape
    if (source.height, source.width) != (height, width):
        yield f"{source.width} x {source.height} pixels instead of {width} x {height}"
    if source.count != len(wanted.bands) + 1:
        yield f"{source.count} bands instead of {len(wanted.bands)} and the data mask"
    if set(source.dtypes) != {wanted.dtype}:
        yield f"numbers are {', '.join(sorted(set(source.dtypes)))} instead of {wanted.dtype}"
    if source.crs is None or source.crs != CRS.from_user_input(str(wanted.grid.crs)):
        yield f"it lies in {source.crs or 'no projection'} instead of {wanted.grid.crs}"
    off = _shift(source.transform, wanted.grid)
    if not off <= _SHIFT:
        yield f"it lies {off:.2f} pixels off its place"
    compression = source.profile.get("compress")
    if compression not in _LOSSLESS:
        yield f"its numbers are packed by {compression}, which changes them"
    if any(rows * cols > _LARGEST_BLOCK for rows, cols in source.block_shapes):
        yield "its blocks are far larger than the picture"


def _shift(transform: Any, grid: GeoBox) -> float:
    """Return by how many pixels the corners lie off."""
    height, width = grid.shape
    back = ~grid.affine
    corners = ((0, 0), (width, 0), (0, height), (width, height))
    moved = np.array([back * (transform * corner) for corner in corners])
    return float(np.abs(moved - np.array(corners)).max())


def _seen(mask: NDArray[Any]) -> NDArray[np.bool_]:
    known = (mask == 0) | (mask == 1) | (mask == 255)
    if not known.all():
        raise IntegrityError("the answer has no data mask: its last band is something else")
    seen: NDArray[np.bool_] = mask != 0
    return seen


def _judged(dn: NDArray[Any], seen: NDArray[np.bool_], wanted: Wanted) -> Iterator[str]:
    """Yield what is odd of each band, in words; refuse what cannot be."""
    if not seen.any():
        return
    for band, values in zip(wanted.bands, dn, strict=True):
        numbers = values[seen]
        if band == CLASSES:
            yield from _judged_classes(numbers)
            continue
        if numbers.size > MANY and numbers.min() == numbers.max():
            raise IntegrityError(f"{band} is one number, {numbers[0]}, everywhere")
        judge = _judged_power if wanted.dtype == "float32" else _judged_dn
        yield from judge(band, numbers)


def _judged_dn(band: str, numbers: NDArray[Any]) -> Iterator[str]:
    bright = int((numbers > HIGHEST_DN).sum())
    if bright > FEW * numbers.size:
        raise IntegrityError(f"{band} is above {HIGHEST_DN} in {bright} of {numbers.size} pixels")
    if bright:
        yield f"{band}: {bright} pixels above {HIGHEST_DN}"
    empty = int((numbers == 0).sum())
    if empty:
        yield f"{band}: {empty} pixels are 0 though seen, and count as not seen"


def _judged_classes(numbers: NDArray[Any]) -> Iterator[str]:
    unknown = int((numbers > HIGHEST_CLASS).sum())
    if unknown > FEW * numbers.size:
        raise IntegrityError(f"{CLASSES} holds numbers that are no classes")
    if unknown:
        yield f"{CLASSES}: {unknown} pixels of an unknown class"


def _judged_power(band: str, numbers: NDArray[Any]) -> Iterator[str]:
    odd = int((~np.isfinite(numbers)).sum())
    if odd > FEW * numbers.size:
        raise IntegrityError(f"{band} is no number in {odd} of {numbers.size} seen pixels")
    finite = numbers[np.isfinite(numbers)]
    below = int((finite < 0.0).sum())
    if below > FEW * numbers.size or np.median(finite) > HIGHEST_POWER:
        raise IntegrityError(f"{band} is no linear power: {finite.min():.3g} to {finite.max():.3g}")
    empty = odd + int((finite <= 0.0).sum())
    if empty:
        yield f"{band}: {empty} pixels hold no power though seen, and count as not seen"


def _kind(body: bytes) -> str:
    start = body[:512].lstrip().lower()
    if not start:
        return "it is empty"
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "it is a page"
    if start.startswith((b"{", b"[")):
        return "it is JSON"
    if body[257:262] == b"ustar":
        return "it is an archive of several files"
    return "it is something else"
