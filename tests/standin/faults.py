"""What can go wrong with an answer, for the fault plans of the stand-in.

Put them into ``server.faults[route]``: each request of that route takes the next one, and `ok`
lets a request pass. Faults of pixels are in :mod:`tests.standin.spoiling`.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from tests.standin.account import insufficient, too_many
from tests.standin.image import Image
from tests.standin.wire import Answer, Manner, Wire, head, plainly, service_error

__all__ = [
    "Fault", "bit_flipped", "close_delimited", "content_type", "corrupt_gzip", "cut", "cut_chunked",
    "dated", "edited", "empty", "first_byte_late", "gzip_bomb", "hang", "html", "not_found", "ok",
    "oversized", "quota_spent", "rate_limited", "redirect", "reset", "status", "trickle",
    "truncated", "unauthorised",
]  # fmt: skip

HTML = b"<html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong; a part that is None leaves that step as it is.

    Attributes
    ----------
    instead : Answer, optional
        Sent without looking at the request: it costs nothing.
    image : callable, optional
        Changes the pixels before they are written as a GeoTIFF.
    answer : callable, optional
        Changes the finished answer.
    manner : callable, optional
        Sends it in another way.
    """

    name: str
    instead: Answer | None = None
    image: Callable[[Image], Image] | None = None
    answer: Callable[[Answer], Answer] | None = None
    manner: Manner | None = None


ok = Fault("")
"""Nothing goes wrong."""


def status(code: int, body: bytes | str | dict[str, Any] = b"", **headers: str) -> Fault:
    """Answer with this status; underscores in header names stand for hyphens."""
    kind = "application/json" if isinstance(body, dict) else "text/plain"
    text = json.dumps(body) if isinstance(body, dict) else body
    data = text if isinstance(text, bytes) else text.encode()
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return Fault(f"status {code}", Answer(code, {"Content-Type": kind, **named}, data))


def rate_limited(retry_after: str | None = "700") -> Fault:
    """429 with this text in Retry-After: ``700`` (ms), a date, garbage; None leaves it out."""
    return Fault(f"429 Retry-After {retry_after}", too_many(retry_after))


def quota_spent() -> Fault:
    """403: the month's processing units are spent."""
    return Fault("quota spent", insufficient())


def unauthorised() -> Fault:
    """401, whatever the token."""
    answer = service_error(401, "COMMON_UNAUTHORIZED", "The token is not valid.")
    return Fault("status 401", answer)


def not_found() -> Fault:
    """404."""
    return status(404, "not found")


def redirect(to: str, code: int = 302) -> Fault:
    """Send the client elsewhere."""
    return status(code, b"", Location=to)


def hang(seconds: float = 150.0) -> Fault:
    """Take the request and say nothing, then close."""

    def send(wire: Wire, answer: Answer) -> None:
        wire.wait(seconds)
        wire.keep = False

    return Fault("hang", manner=send)


def first_byte_late(seconds: float) -> Fault:
    """Answer in full, after that time."""

    def send(wire: Wire, answer: Answer) -> None:
        if not wire.wait(seconds):
            plainly(wire, answer)

    return Fault("first byte late", manner=send)


def trickle(pause: float = 0.05, step: int = 1) -> Fault:
    """Send `step` bytes of the body, wait, send the next: no single read takes long."""

    def send(wire: Wire, answer: Answer) -> None:
        wire.send(head(answer))
        for place in range(0, len(answer.body), step):
            wire.send(answer.body[place : place + step])
            if wire.wait(pause):
                wire.keep = False
                return

    return Fault("trickle", manner=send)


def truncated(share: float = 0.5) -> Fault:
    """Cut the body; Content-Length states what is left, so that nothing shows it."""
    return _body("truncated", lambda body: body[: int(len(body) * share)])


def cut(share: float = 0.5) -> Fault:
    """Close after a part of the body that Content-Length states."""

    def send(wire: Wire, answer: Answer) -> None:
        wire.send(head(answer) + answer.body[: int(len(answer.body) * share)])
        wire.keep = False

    return Fault("cut", manner=send)


def cut_chunked(share: float = 0.5) -> Fault:
    """Send the body in chunks and close before the last."""

    def send(wire: Wire, answer: Answer) -> None:
        part = answer.body[: max(1, int(len(answer.body) * share))]
        begin = head(answer, "Content-Length", Transfer_Encoding="chunked")
        wire.send(begin + f"{len(part):x}\r\n".encode() + part + b"\r\n")
        wire.keep = False

    return Fault("cut chunked", manner=send)


def close_delimited(share: float = 1.0) -> Fault:
    """Answer as HTTP/1.0 does, without a length: the end of the connection ends the body."""

    def send(wire: Wire, answer: Answer) -> None:
        begin = head(answer, "Content-Length", version="1.0", Connection="close")
        wire.send(begin + answer.body[: int(len(answer.body) * share)])
        wire.keep = False

    return Fault("close delimited", manner=send)


def reset() -> Fault:
    """Reset the connection instead of answering."""
    return Fault("reset", manner=lambda wire, answer: wire.reset())


def empty() -> Fault:
    """200 with nothing in it."""
    return _body("empty", lambda body: b"")


def html() -> Fault:
    """200 with a web page that says so."""
    page = Answer(200, {"Content-Type": "text/html"}, HTML)
    return Fault("html", answer=lambda answer: replace(page, units=answer.units))


def content_type(kind: str = "application/octet-stream") -> Fault:
    """The right bytes under another name."""

    def change(answer: Answer) -> Answer:
        return replace(answer, headers={**answer.headers, "Content-Type": kind})

    return Fault("content type", answer=change)


def dated(at: datetime) -> Fault:
    """The right answer by a clock that says `at`, aware UTC."""
    said = format_datetime(at, usegmt=True)

    def change(answer: Answer) -> Answer:
        return replace(answer, headers={**answer.headers, "Date": said})

    return Fault("dated", answer=change)


def corrupt_gzip() -> Fault:
    """Say that the body is gzip, and send what no longer is."""

    def change(body: bytes) -> bytes:
        packed = bytearray(gzip.compress(body))
        packed[len(packed) // 2] ^= 0xFF
        return bytes(packed)

    return _packed("corrupt gzip", change)


def gzip_bomb(size: int = 300_000_000) -> Fault:
    """A small body that unpacks to `size` bytes."""
    block = 1_000_000
    parts = gzip.compress(bytes(block)) * (size // block)
    return _packed("gzip bomb", lambda body: parts)


def oversized(size: int = 250_000_000) -> Fault:
    """A body of `size` bytes, for as long as the client reads it."""

    def send(wire: Wire, answer: Answer) -> None:
        wire.send(head(answer, Content_Length=str(size)))
        block = bytes(65_536)
        for place in range(0, size, len(block)):
            wire.send(block[: size - place])

    return Fault("oversized", manner=send)


def bit_flipped(share: float = 0.5, bit: int = 3) -> Fault:
    """Flip one bit of the body at that share of its length."""

    def change(body: bytes) -> bytes:
        data = bytearray(body)
        if data:
            data[min(int(len(data) * share), len(data) - 1)] ^= 1 << bit
        return bytes(data)

    return _body("bit flipped", change)


def edited(change: Callable[[dict[str, Any]], object], name: str = "edited") -> Fault:
    """Let `change` alter the answer's JSON in place: a page without its context, say."""

    def alter(body: bytes) -> bytes:
        document = json.loads(body)
        change(document)
        return json.dumps(document).encode()

    return _body(name, alter)


def _body(name: str, change: Callable[[bytes], bytes]) -> Fault:
    return Fault(name, answer=lambda answer: replace(answer, body=change(answer.body)))


def _packed(name: str, change: Callable[[bytes], bytes]) -> Fault:
    def alter(answer: Answer) -> Answer:
        headers = {**answer.headers, "Content-Encoding": "gzip"}
        return replace(answer, headers=headers, body=change(answer.body))

    return Fault(name, answer=alter)
