"""Pixel state in one contiguous file per version, read through the page cache.

Layout, little-endian: magic (8 bytes), format version (u4), length of the directory (u4), length
of the file (u8), eight bytes of zero, SHA-256 of the 32 bytes before and the directory; the
directory (JSON); then the arrays, row by row, each at a multiple of 64 bytes, gaps filled with
zeros. The same content gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import math
import mmap
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from tiles.atomic import storage_errors, write_atomically
from tiles.errors import IntegrityError
from tiles.gridjson import geobox_from_json, geobox_to_json
from tiles.rows import canonical

MAGIC = b"HWSLAB\r\n"
VERSION = 1
ALIGN = 64

_PREAMBLE = struct.Struct("<8sIIQ8x")
_DIGEST = 32
_KINDS = "biufM"


def write_slab(
    path: Path, header: Mapping[str, Any], arrays: Mapping[str, NDArray[np.generic]]
) -> str:
    """Write a slab atomically and return the SHA-256 of the file.

    Parameters
    ----------
    header : mapping
        JSON values; one under ``"geobox"`` may be a GeoBox.
    arrays : mapping of str to ndarray
        Of any shape; booleans, integers, floats or datetimes.

    Raises
    ------
    StorageFull, StorageFailed
    TypeError, ValueError
        If the header is not JSON or an array is of another kind.
    """
    return write_atomically(path, b"".join(_pieces(header, arrays)), points="slab")


def read_slab(
    path: Path, sha256: str | None = None, mmap: bool = True
) -> tuple[dict[str, Any], dict[str, NDArray[np.generic]]]:
    """Read a slab.

    Parameters
    ----------
    sha256 : str, optional
        What :func:`write_slab` returned; the whole file is hashed and compared. Without it only
        the preamble and the directory are proved, not the arrays.
    mmap : bool
        Map the arrays instead of reading them.

    Returns
    -------
    header : dict
        As written, a grid again as a GeoBox.
    arrays : dict of str to ndarray
        Read-only, by name in alphabetical order.

    Raises
    ------
    IntegrityError
        Altered, cut, of an unknown version, or missing.
    StorageFailed
        If it cannot be read.
    """
    data = _open(path, mmap)
    if sha256 is not None and hashlib.sha256(data).hexdigest() != sha256:
        raise IntegrityError(f"{path}: its SHA-256 is not the recorded one")
    directory, start = _directory(path, data)
    header = directory["header"]
    if directory["has_geobox"]:
        header["geobox"] = geobox_from_json(header["geobox"])
    return header, {one["name"]: _view(data, start, one) for one in directory["arrays"]}


def _pieces(
    header: Mapping[str, Any], arrays: Mapping[str, NDArray[np.generic]]
) -> Iterator[bytes]:
    named = [(name, _plain(arrays[name])) for name in sorted(arrays)]
    directory, length = _plan(header, named)
    start = _aligned(_PREAMBLE.size + _DIGEST + len(directory))
    preamble = _PREAMBLE.pack(MAGIC, VERSION, len(directory), start + length)
    head = preamble + hashlib.sha256(preamble + directory).digest() + directory
    yield head
    yield bytes(start - len(head))
    for _, array in named:
        yield array.tobytes()
        yield bytes(_aligned(array.nbytes) - array.nbytes)


def _plain(array: NDArray[np.generic]) -> NDArray[np.generic]:
    if array.dtype.kind not in _KINDS:
        raise ValueError(f"a slab holds no {array.dtype} arrays")
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _plan(
    header: Mapping[str, Any], named: list[tuple[str, NDArray[np.generic]]]
) -> tuple[bytes, int]:
    """Return the directory and the length of the arrays that follow it."""
    value = dict(header)
    has_geobox = isinstance(value.get("geobox"), GeoBox)
    if has_geobox:
        value["geobox"] = geobox_to_json(value["geobox"])
    entries, offset = [], 0
    for name, array in named:
        entries.append(
            {"name": name, "dtype": array.dtype.str, "shape": array.shape, "offset": offset}
        )
        offset += _aligned(array.nbytes)
    directory = {"header": value, "has_geobox": has_geobox, "arrays": entries}
    return canonical(directory), offset


def _aligned(length: int) -> int:
    return -(-length // ALIGN) * ALIGN


def _open(path: Path, mapped: bool) -> bytes | mmap.mmap:
    try:
        with storage_errors(path, pass_absence=True), path.open("rb") as source:
            if not mapped or path.stat().st_size == 0:
                return source.read()
            return mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise IntegrityError(f"{path}: the slab is missing") from None


def _directory(path: Path, data: bytes | mmap.mmap) -> tuple[dict[str, Any], int]:
    """Return the directory and where the arrays begin."""
    if len(data) < _PREAMBLE.size + _DIGEST or data[: len(MAGIC)] != MAGIC:
        raise IntegrityError(f"{path}: not a slab, or cut")
    preamble = data[: _PREAMBLE.size]
    _, version, size, length = _PREAMBLE.unpack(preamble)
    if version != VERSION:
        raise IntegrityError(f"{path}: slab version {version}, this program reads {VERSION}")
    if length != len(data):
        raise IntegrityError(f"{path}: {len(data)} bytes long, written with {length}")
    begin = _PREAMBLE.size + _DIGEST
    text = data[begin : begin + size]
    if hashlib.sha256(preamble + text).digest() != data[_PREAMBLE.size : begin]:
        raise IntegrityError(f"{path}: its head is not as written")
    return json.loads(text), _aligned(begin + size)


def _view(data: bytes | mmap.mmap, start: int, entry: Mapping[str, Any]) -> NDArray[np.generic]:
    count = math.prod(entry["shape"])
    offset = start + entry["offset"] if count else 0
    flat = np.frombuffer(data, dtype=entry["dtype"], count=count, offset=offset)
    return flat.reshape(entry["shape"])
