"""Receivers of webhooks that take, refuse and lie at random, and keep what came."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.support.receiving import Received, drips

MOST_REFUSED = 6
"""Times in a row that one message is refused: with more of them some would be given up."""


@dataclass(frozen=True)
class Arrival:
    """A message as it came: whether it was told then that it was taken, and what it said."""

    receiver: str
    message: str
    fate: str
    body: str
    told: tuple[tuple[str, int], ...]


@dataclass
class Hook:
    """How one receiver behaves; give it to `tests.support.receiving.Receiver`.

    Attributes
    ----------
    secret : str
        What its messages must be signed with.
    ended : callable
        ``ended(message)`` tells whether a receipt of a message is stored.
    faults : list of str
        What it found that must not be.
    """

    name: str
    lot: Random
    ended: Callable[[str], bool]
    secret: str = ""
    arrivals: list[Arrival] = field(default_factory=list)
    fates: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    _refused: Counter[str] = field(default_factory=Counter)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def __call__(
        self, request: Received, connection: socket.socket, closing: threading.Event
    ) -> None:
        with self._turn:
            fate = self._heard(request)
        with suppress(OSError):
            _ANSWERS[fate](connection, closing)

    def _heard(self, request: Received) -> str:
        message = request.headers["webhook-id"]
        if request.target != "/hook":
            self.faults.append(f"a redirect was followed to {request.target}")
        if not self._is_signed(request):
            self.faults.append(f"{message} is not signed by its sender")
        if self.ended(message):
            self.faults.append(f"{message} came after its receipt was stored")
        fate = self._fate(message)
        self.fates[fate] += 1
        told = json.loads(request.body)["data"]["events"]
        self.arrivals.append(
            Arrival(
                self.name, message, fate, hashlib.sha256(request.body).hexdigest(),
                tuple((one["event"], one["sequence"]) for one in told),
            )
        )  # fmt: skip
        return fate

    def _fate(self, message: str) -> str:
        fate = self.lot.choice(TAKEN) if self.lot.random() < 0.6 else self.lot.choice(REFUSED)
        if fate in REFUSED:
            self._refused[message] += 1
            if self._refused[message] > MOST_REFUSED:
                return TAKEN[0]
        return fate

    def _is_signed(self, request: Received) -> bool:
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        head = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}."
        right = hmac.new(key, head.encode() + request.body, hashlib.sha256).digest()
        return request.headers["webhook-signature"] == f"v1,{base64.b64encode(right).decode()}"


def _says(text: str) -> Any:
    return lambda connection, closing: connection.sendall(text.encode())


def _hangs(connection: socket.socket, closing: threading.Event) -> None:
    closing.wait(20.0)


def _hangs_up(connection: socket.socket, closing: threading.Event) -> None:
    """Close without a word."""


def _resets(connection: socket.socket, closing: threading.Event) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _drips_head(connection: socket.socket, closing: threading.Event) -> None:
    drips(b"HTTP/1.1 200 OK\r\nx: y", 0.2)(_NOTHING, connection, closing)


def _drips_body(connection: socket.socket, closing: threading.Event) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    drips(b"words", 0.2)(_NOTHING, connection, closing)


_NOTHING = Received("", "", {}, b"")
_ANSWERS: dict[str, Callable[[socket.socket, threading.Event], None]] = {
    "200": _says("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"),
    "204": _says("HTTP/1.1 204 No Content\r\n\r\n"),
    "200, its body breaks off": _says("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nshort"),
    "200, its body drips": _drips_body,
    "500": _says("HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n"),
    "429": _says("HTTP/1.1 429 Slow\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n"),
    "404": _says("HTTP/1.1 404 No\r\ncontent-length: 0\r\n\r\n"),
    "a redirect": _says("HTTP/1.1 307 There\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"),
    "no answer": _hangs,
    "closed without a word": _hangs_up,
    "reset": _resets,
    "a head that drips": _drips_head,
    "no HTTP": _says("SSH-2.0-Nothing\r\n"),
    "half a head": _says("HTTP/1.1 20"),
}
TAKEN = ("200", "200", "200", "204", "204", "200, its body breaks off", "200, its body drips")
REFUSED = tuple(one for one in _ANSWERS if one not in TAKEN)
"""What it answers though it has the message: it comes again, under the same id."""
