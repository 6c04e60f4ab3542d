"""Windows of remote rasters: the header first, then the blocks that are needed and no more."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

import numpy as np
import rasterio
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from rasterio.enums import Resampling
from rasterio.windows import Window

from imagery.errors import IntegrityError, Permanent, Transient
from imagery.net.types import Deadline, Request
from imagery.stacapi.pages import Sender
from imagery.stacapi.ranges import Meter, RangeFile, Span
from imagery.types import Source
from imagery.windows import BROKEN, GDAL_OPTIONS, read_window, wanted_window

MOST_WHOLE = 160_000_000
"""Bytes. JPEG 2000 cannot be read in parts to good purpose: a file is fetched whole up to here.
A band of 10 m of a whole tile has about 100 million."""
MOST_PARTS = 400_000_000
"""Bytes fetched of one file at most."""
OVERVIEW = 400
"""Rows and columns of the coarse picture of a whole scene."""
ATTEMPTS = 2
"""A file that is broken or changes while it is read is read once more from the start."""

_JPEG_2000 = (b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51")

Pixels = NDArray[np.generic]
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """One file of a catalogue.

    Attributes
    ----------
    shown : str
        Its address without query: what is put on record.
    name : str
        What it is called in errors: the last part of its address.
    address : callable
        Returns the request for it, signed where that is needed; given True, signed anew.
    sha256 : str or None
        Digest the catalogue states; checked whenever the whole file was fetched.
    """

    shown: str
    name: str
    address: Callable[[bool], Request]
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class WindowRead:
    """Pixels on the file's own grid, and what they were read from."""

    geobox: GeoBox
    dn: Pixels
    source: Source


def read_remote_window(
    sender: Sender, file: RemoteFile, geobox: GeoBox, deadline: Deadline, meter: Meter
) -> WindowRead | None:
    """Read the pixels of a file that cover `geobox`; None where it has none there.

    Raises
    ------
    IntegrityError
        If the file is broken, not the one listed, or changes while it is read.
    Permanent
        If it is too large to be read, or is not a GeoTIFF or JPEG 2000.
    Transient
        If there was no time left.
    ImageryError
        As the transport does.
    """

    def window(held: RangeFile, source: Any) -> WindowRead | None:
        wanted = wanted_window(source, geobox, file.name)
        if wanted is None:
            return None
        _fetch_blocks(held, source, wanted, file.name)
        found = read_window(source, geobox, file.name)
        return None if found is None else WindowRead(*found, _source(file, held))

    return _read(sender, file, deadline, meter, window)


def read_remote_overview(
    sender: Sender, file: RemoteFile, deadline: Deadline, meter: Meter
) -> Pixels:
    """Read a coarse picture of the whole file, shape (:data:`OVERVIEW`, :data:`OVERVIEW`) at most.

    Every pixel of it is one of the file's, or of its overviews. Same errors.
    """

    def overview(held: RangeFile, source: Any) -> Pixels:
        shape = tuple(min(OVERVIEW, side) for side in source.shape)
        dn: Pixels = source.read(1, out_shape=shape, resampling=Resampling.nearest)
        return dn

    return _read(sender, file, deadline, meter, overview)


def _read(
    sender: Sender,
    file: RemoteFile,
    deadline: Deadline,
    meter: Meter,
    reading: Callable[[RangeFile, Any], Found],
) -> Found:
    """Open the file and read, and once more from the start if it proves broken or changed."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            deadline.require(0.0, f"read {file.name}")
            held = RangeFile(sender, file.address, file.name, deadline, meter)
            with _opened(held, file.name) as source:
                found = reading(held, source)
            _require_listed(file, held)
            return found
        except IntegrityError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


@contextmanager
def _opened(held: RangeFile, name: str) -> Iterator[Any]:
    """Give the raster to GDAL, and turn what it throws into our errors."""
    driver = _driver(held, name)
    try:
        # A name of its own: rasterio keeps one opener per name for the whole process.
        with (
            rasterio.Env(**GDAL_OPTIONS),
            rasterio.open(f"{uuid4().hex}.tif", driver=driver, opener=held.opener) as source,
        ):
            yield source
    except BROKEN as error:
        if held.failure is not None:
            raise held.failure from None
        raise IntegrityError(f"{name} cannot be read: it is no whole {driver} file") from error
    except MemoryError as error:
        raise Transient(f"there is not memory enough to read {name}") from error
    if held.failure is not None:
        raise held.failure


def _driver(held: RangeFile, name: str) -> str:
    """Return the one format the file may be read as: others are lists of further addresses."""
    if not held.read(0, 12).startswith(_JPEG_2000):
        return "GTiff"
    if held.size > MOST_WHOLE:
        raise Permanent(
            f"{name} is JPEG 2000 of {held.size / 1e6:.0f} MB and would have to be fetched whole; "
            f"at most {MOST_WHOLE / 1e6:.0f} MB are: use a catalogue of Cloud-Optimised GeoTIFFs"
        )
    held.fetch([(0, held.size)])
    return "JP2OpenJPEG"


def _fetch_blocks(held: RangeFile, source: Any, window: Window, name: str) -> None:
    """Fetch the compressed blocks that the window touches, neighbours in one request."""
    if source.driver != "GTiff":
        return
    spans = list(_block_spans(source, window))
    if sum(after - first for first, after in spans) > MOST_PARTS:
        raise Permanent(f"{name} holds more bytes over the wanted ground than are fetched at once")
    held.fetch(spans)


def _block_spans(source: Any, window: Window) -> Iterator[Span]:
    high, wide = source.block_shapes[0]
    rows = range(window.row_off // high, -(-(window.row_off + window.height) // high))
    cols = range(window.col_off // wide, -(-(window.col_off + window.width) // wide))
    for row in rows:
        for col in cols:
            place = f"{col}_{row}"
            offset = source.get_tag_item(f"BLOCK_OFFSET_{place}", "TIFF", bidx=1)
            size = source.get_tag_item(f"BLOCK_SIZE_{place}", "TIFF", bidx=1)
            # A block without a place holds nothing but the nodata value.
            if offset and size:
                yield int(offset), int(offset) + int(size)


def _require_listed(file: RemoteFile, held: RangeFile) -> None:
    if file.sha256 is not None and held.whole and held.sha256 != file.sha256:
        raise IntegrityError(f"{file.name} is not the file its catalogue lists")


def _source(file: RemoteFile, held: RangeFile) -> Source:
    """Return what goes on record: with the parts and the ETag, anyone can fetch the same again."""
    parts = ",".join(f"{first}-{after - 1}" for first, after in held.spans)
    return Source(
        name=f"{file.shown}#bytes={parts}" + (f";etag={held.version}" if held.version else ""),
        sha256=held.sha256,
        bytes=held.received,
        request_sha256=hashlib.sha256(f"GET {file.shown}\nbytes={parts}".encode()).hexdigest(),
    )
