"""Reading an answer's body: whole, decoded, and never more than was asked for."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Iterator

from imagery.net.failures import Failed, How

PIECE = 65536
ENCODINGS = ("", "identity", "gzip", "x-gzip")

_GZIP = 16 + zlib.MAX_WBITS


def read_whole(pieces: Iterable[bytes], encoding: str, most_bytes: int) -> bytes:
    """Return the body that `pieces` make, decoded.

    Raises
    ------
    Failed
        If it is longer than `most_bytes`, before or after decoding, or cannot be decoded.
    """
    encoding = encoding.strip().lower()
    if encoding not in ENCODINGS:
        raise Failed(How.CORRUPT, "the answer is packed in a way that was not asked for")
    packed = encoding.endswith("gzip")
    body = io.BytesIO()
    for piece in _unpacked(pieces, most_bytes) if packed else pieces:
        if body.tell() + len(piece) > most_bytes:
            raise too_large(most_bytes)
        body.write(piece)
    return body.getvalue()


def too_large(most_bytes: int) -> Failed:
    """Return the failure of an answer of more than `most_bytes`."""
    return Failed(How.LARGE, f"the answer is larger than the {most_bytes} bytes allowed")


def _unpacked(pieces: Iterable[bytes], most_bytes: int) -> Iterator[bytes]:
    """Decode gzip (RFC 1952), a bounded piece at a time: a small body can hold a huge one."""
    decoder = zlib.decompressobj(_GZIP)
    received, begun = 0, False
    try:
        for piece in pieces:
            received += len(piece)
            if received > most_bytes:
                raise too_large(most_bytes)
            while piece:
                if decoder.eof:  # several members may follow each other
                    decoder = zlib.decompressobj(_GZIP)
                begun = True
                yield decoder.decompress(piece, PIECE)
                piece = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
    except zlib.error:
        raise Failed(How.CORRUPT, "the answer's packing is damaged") from None
    if begun and not decoder.eof:
        raise Failed(How.CORRUPT, "the answer's packing ends too early")
