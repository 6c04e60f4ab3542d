"""A remote file of which only the parts that are needed are fetched."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from imagery.errors import ImageryError, IntegrityError, NotYet, Permanent
from imagery.net.types import Deadline, Reply, Request
from imagery.stacapi.pages import Sender

Span = tuple[int, int]
"""First byte and the byte after the last."""

HEAD = 65_536
"""Bytes fetched first: the header of nearly every Cloud-Optimised GeoTIFF."""
GAP = 131_072
"""Parts closer than this are fetched as one: a request costs more than so many bytes."""

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


@dataclass(slots=True)
class Meter:
    """What was sent and received for one read, through every attempt."""

    requests: int = 0
    bytes: int = 0


class RangeFile:
    """The parts of one file that were fetched so far.

    Parameters
    ----------
    address : callable
        Returns the request for the whole file; given True, with an address that is signed anew.
    name : str
        What it is called in errors.
    meter : Meter
        Told of every request.

    Attributes
    ----------
    size : int
        Of the whole file.
    received : int
        Bytes that came back.
    failure : ImageryError or None
        What went wrong while GDAL read, which cannot pass an error on.
    """

    def __init__(
        self,
        sender: Sender,
        address: Callable[[bool], Request],
        name: str,
        deadline: Deadline,
        meter: Meter,
    ) -> None:
        self._sender = sender
        self._meter = meter
        self._address = address
        self._name = name
        self._deadline = deadline
        self._parts: list[tuple[int, bytes]] = []
        self._digest = hashlib.sha256()
        self._spans: list[Span] = []
        self._version: str | None = None
        self.size = -1
        self.received = 0
        self.failure: ImageryError | None = None
        self.fetch([(0, HEAD)])

    @property
    def sha256(self) -> str:
        """Return the digest of all parts, one after the other in the order of :attr:`spans`."""
        return self._digest.hexdigest()

    @property
    def spans(self) -> tuple[Span, ...]:
        """Return what was fetched, in order."""
        return tuple(self._spans)

    @property
    def version(self) -> str:
        """Return the ETag, or whatever else the server marks a file's version by; may be empty."""
        return self._version or ""

    @property
    def whole(self) -> bool:
        """Return whether the whole file was fetched, in one piece."""
        return self._spans == [(0, self.size)]

    def fetch(self, spans: Iterable[Span]) -> None:
        """Fetch what is not there yet; neighbours together.

        Raises
        ------
        IntegrityError
            If the file is another one than it was, or the server sends other parts.
        ImageryError
            As the transport does.
        """
        for first, after in merged(span for span in spans if self._part(*span) is None):
            self._ask(first, after if self.size < 0 else min(after, self.size))

    def read(self, first: int, count: int) -> bytes:
        """Return `count` bytes from `first` on, fewer at the end of the file."""
        after = min(first + count, self.size)
        if first >= after:
            return b""
        found = self._part(first, after)
        if found is None:
            self.fetch([(first, max(after, first + HEAD))])
            found = self._part(first, after)
        if found is None:
            raise IntegrityError(f"{self._name} is not all there")
        return found

    def opener(self, *_: Any, **__: Any) -> io.RawIOBase:
        """Return a file object over these parts, as ``rasterio.open(..., opener=...)`` wants."""
        return _View(self)

    def _part(self, first: int, after: int) -> bytes | None:
        if self.size >= 0:
            after = min(after, self.size)
        for start, data in self._parts:
            if start <= first and after <= start + len(data):
                return data[first - start : after - start]
        return None

    def _ask(self, first: int, after: int) -> None:
        try:
            try:
                reply = self._send(first, after, anew=False)
            except Permanent as error:
                if error.status != 403 or not self._address(False).private_url:
                    raise
                # What opens a signed address may have ended before its time.
                reply = self._send(first, after, anew=True)
        except Permanent as error:
            raise self._meaning(error) from None
        self._take(reply, first)

    def _send(self, first: int, after: int, anew: bool) -> Reply:
        whole = self._address(anew)
        part = (("Range", f"bytes={first}-{after - 1}"), ("Accept-Encoding", "identity"))
        request = replace(whole, headers=(*whole.headers, *part))
        try:
            reply = self._sender.send(
                request, self._deadline, check=lambda reply: _check(reply, first, after)
            )
        except ImageryError as error:
            self._meter.requests += error.requests
            raise
        self._meter.requests += reply.requests
        self._meter.bytes += len(reply.body)
        self.received += len(reply.body)
        return reply

    def _meaning(self, error: Permanent) -> ImageryError:
        """Return what a refusal means for a file that a catalogue lists."""
        if error.status in (404, 410):
            return NotYet(f"{self._name} is listed but not there yet")
        if error.status == 401:
            return Permanent(f"{error}: its files want a login, and no credentials are given")
        if error.status == 416:
            return IntegrityError(f"{self._name} is empty or shorter than it was")
        return error

    def _take(self, reply: Reply, first: int) -> None:
        stated = _stated(reply)
        start, size = (0, len(reply.body)) if stated is None else (stated[0], stated[2])
        version = reply.headers.get("etag") or reply.headers.get("last-modified") or ""
        if self.size >= 0 and (size, version) != (self.size, self._version):
            raise IntegrityError(f"{self._name} changed while it was read")
        self.size, self._version = size, version
        self._parts.append((start, reply.body))
        self._spans.append((start, start + len(reply.body)))
        self._digest.update(reply.body)


class _View(io.RawIOBase):
    """A position in a RangeFile."""

    def __init__(self, file: RangeFile) -> None:
        super().__init__()
        self._file = file
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._file.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        # GDAL calls this from C, through which no exception passes: a short read ends its work,
        # and the reason is kept for whoever called GDAL.
        if self._file.failure is not None:
            return b""
        try:
            data = self._file.read(self._at, self._file.size if size < 0 else size)
        except ImageryError as error:
            self._file.failure = error
            return b""
        self._at += len(data)
        return data


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return the spans in order, those closer than :data:`GAP` joined."""
    found: list[Span] = []
    for first, after in sorted(spans):
        if found and first <= found[-1][1] + GAP:
            found[-1] = found[-1][0], max(after, found[-1][1])
        else:
            found.append((first, after))
    return found


def _check(reply: Reply, first: int, after: int) -> None:
    """Refuse an answer that is not the part asked for."""
    stated = _stated(reply)
    if reply.status == 200 and stated is None:
        return
    if reply.status != 206 or stated is None:
        raise IntegrityError("the server does not say which part of the file it sent")
    start, last, size = stated
    if (start, last) != (first, min(after, size) - 1) or len(reply.body) != last + 1 - start:
        raise IntegrityError("the server sent another part of the file than was asked for")


def _stated(reply: Reply) -> tuple[int, int, int] | None:
    found = _CONTENT_RANGE.fullmatch(reply.headers.get("content-range", "").strip())
    return None if found is None else (int(found[1]), int(found[2]), int(found[3]))
