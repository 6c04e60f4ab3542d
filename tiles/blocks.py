"""Pixels of archived masters, block by block, the blocks read last kept in memory.

Neighbouring map tiles are drawn of the same blocks, and unpacking a block is most of the work.
Masters never change; one that was changed all the same has another time, size or number, and is
read anew. What is kept is shown to nobody by itself: who may see a master is asked each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.windows import Window

from tiles.atomic import storage_errors
from tiles.errors import IntegrityError
from tiles.kept import Kept
from tiles.masters import TILE

MOST_BYTES = 96 * 2**20
"""Kept by one process: a look's cell of four bands has 8 MiB."""

# Whatever the machine's environment says, a read is the same read.
_GDAL = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}
_kept = Kept(MOST_BYTES)


class Content(NamedTuple):
    """A file by what would tell that it was changed."""

    file: Path
    number: int
    size: int
    changed: int


def content_of(file: Path) -> Content:
    """Return what names the present content of a file.

    Raises
    ------
    IntegrityError
        If there is no such file.
    StorageFailed
    """
    try:
        with storage_errors(file, pass_absence=True):
            state = file.stat()
    except FileNotFoundError:
        raise IntegrityError(f"{file.name}: is listed and missing") from None
    return Content(file, state.st_ino, state.st_size, state.st_mtime_ns)


def read_pixels(
    file: Path, shape: tuple[int, int, int], wanted: Sequence[int], window: Window
) -> NDArray[np.generic]:
    """Return some pixels of a master.

    Parameters
    ----------
    shape : tuple of int
        Bands, rows and columns that the file has to have.
    wanted : sequence of int
        Numbers of bands, from 0; not empty.
    window : Window
        Within the file, whole pixels, not empty.

    Returns
    -------
    ndarray, shape (band, y, x)

    Raises
    ------
    IntegrityError
        If the file is missing, cut, no GeoTIFF, or of another shape.
    StorageFailed
    """
    top, left, height, width = (
        int(one) for one in (window.row_off, window.col_off, window.height, window.width)
    )
    content = content_of(file)
    rows = range(top // TILE, (top + height - 1) // TILE + 1)
    cols = range(left // TILE, (left + width - 1) // TILE + 1)
    with _opened(content, shape) as blocks:
        found = {place: [blocks.one(band, *place) for band in wanted]
                 for place in product(rows, cols)}  # fmt: skip
    first = found[rows[0], cols[0]][0]
    pixels = np.empty((len(wanted), height, width), first.dtype)
    for (row, col), bands in found.items():
        down, across = _meet(top, height, row), _meet(left, width, col)
        for number, block in enumerate(bands):
            pixels[number, down.there, across.there] = block[down.here, across.here]
    return pixels


class _Meeting(NamedTuple):
    """The same pixels, counted in a window and in a block."""

    there: slice
    here: slice


def _meet(first: int, count: int, block: int) -> _Meeting:
    begin, end = max(first, block * TILE), min(first + count, (block + 1) * TILE)
    start = block * TILE
    return _Meeting(slice(begin - first, end - first), slice(begin - start, end - start))


class _Blocks:
    """Blocks of one file, which is opened for the first one that is not kept."""

    def __init__(self, content: Content, shape: tuple[int, int, int]) -> None:
        self._content = content
        self._shape = shape
        self.source: Any = None

    def one(self, band: int, row: int, col: int) -> NDArray[np.generic]:
        """Return one block of one band; at the far edges it is smaller."""
        return _kept.get((self._content, band, row, col), lambda: self._read(band, row, col))

    def _read(self, band: int, row: int, col: int) -> NDArray[np.generic]:
        if self.source is None:
            self.source = rasterio.open(self._content.file, driver="GTiff")
            if (self.source.count, *self.source.shape) != self._shape:
                name = self._content.file.name
                raise IntegrityError(f"{name}: is not of the shape its sidecar says")
        _, height, width = self._shape
        top, left = row * TILE, col * TILE
        window = Window(left, top, min(TILE, width - left), min(TILE, height - top))
        return np.asarray(self.source.read(band + 1, window=window))


@contextmanager
def _opened(content: Content, shape: tuple[int, int, int]) -> Iterator[_Blocks]:
    blocks = _Blocks(content, shape)
    try:
        with rasterio.Env(**_GDAL):
            yield blocks
    except RasterioError as error:
        name = content.file.name
        raise IntegrityError(f"{name}: cannot be read as a GeoTIFF: {error}") from error
    finally:
        if blocks.source is not None:
            blocks.source.close()
