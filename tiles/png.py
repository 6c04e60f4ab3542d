"""PNG files of map tiles, made for speed.

Pillow tries five ways to filter every row before it packs it, which takes as long as the packing.
Here all rows are filtered alike, and what has few colours is written as numbers of colours: a
quarter of the bytes.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PALETTE, _COLOUR, _WITH_OPACITY = 3, 2, 6
_AS_IT_IS, _LESS_ROW_ABOVE = 0, 2
_OPAQUE = 255
_LEVEL, _WINDOW, _MEMORY = 1, 15, 9


def of_colours(picture: Bytes) -> bytes:
    """Return a picture as a PNG; without opacity where all of it is opaque.

    Parameters
    ----------
    picture : ndarray of uint8, shape (y, x, 4)
        Red, green, blue, opacity.
    """
    is_opaque = bool((picture[..., 3] == _OPAQUE).all())
    shown = picture[..., :3] if is_opaque else picture
    rows = np.ascontiguousarray(shown).reshape(len(picture), -1)
    # Next to each other, as the format's own differences are: modulo 256.
    rows = np.vstack([rows[:1], rows[1:] - rows[:-1]])
    kind = _COLOUR if is_opaque else _WITH_OPACITY
    return _file(picture.shape, kind, _packed(rows, _LESS_ROW_ABOVE))


def of_numbers(numbers: Bytes, palette: Bytes) -> bytes:
    """Return a picture of few colours as a PNG.

    Parameters
    ----------
    numbers : ndarray of uint8, shape (y, x)
        Which colour each pixel has.
    palette : ndarray of uint8, shape (256, 4)
        Red, green, blue and opacity of each colour.
    """
    colours = _chunk(b"PLTE", np.ascontiguousarray(palette[:, :3]).tobytes())
    opacity = _chunk(b"tRNS", np.ascontiguousarray(palette[:, 3]).tobytes())
    return _file(numbers.shape, _PALETTE, _packed(numbers, _AS_IT_IS), colours + opacity)


def _file(shape: tuple[int, ...], kind: int, packed: bytes, more: bytes = b"") -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", shape[1], shape[0], 8, kind, 0, 0, 0))
    return b"".join((_SIGNATURE, header, more, _chunk(b"IDAT", packed), _chunk(b"IEND", b"")))


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _packed(rows: Bytes, how: int) -> bytes:
    """Pack rows of bytes, each with the number of its filter before it."""
    told = np.empty((rows.shape[0], rows.shape[1] + 1), np.uint8)
    told[:, 0], told[:, 1:] = how, rows
    # Run lengths only: twice as fast as the same level's search, and here hardly larger.
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_RLE)
    return packer.compress(told.data) + packer.flush()
