"""Receivers on loopback, good and bad: real sockets, real certificates."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

Behave = Callable[["Received", socket.socket, threading.Event], None]
"""``behave(received, connection, closing)`` answers one request; the connection is then closed."""


@dataclass
class Received:
    """One request as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    server_name: str | None = None
    names: list[str] = field(default_factory=list)


class Receiver:
    """A server that answers each request in its own way; a context manager.

    Parameters
    ----------
    tls : ssl.SSLContext, optional
        Encrypts; without, it speaks in clear.
    host : str
        Loopback address to listen at.
    blurts : bool
        Whether it does what it does without hearing anything first, in clear.
    """

    def __init__(
        self,
        behave: Behave,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        blurts: bool = False,
    ) -> None:
        self.received: list[Received] = []
        self.connections = 0
        self._behave, self._tls, self._blurts = behave, tls, blurts
        self._closing = threading.Event()
        self._family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=self._family)
        self.host, self.port = host, self._listener.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._asked: str | None = None
        if tls is not None:
            tls.sni_callback = self._named

    def __enter__(self) -> Receiver:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        # Wakes the thread that accepts.
        with suppress(OSError), socket.socket(self._family) as last:
            last.connect((self.host, self.port))
        for thread in self._threads:
            thread.join(5.0)
        self._listener.close()

    def lookup(self, host: str, port: int) -> Sequence[tuple[Any, ...]]:
        """Answer that every name is this receiver."""
        return [found(self.host, self.port)]

    def _named(self, _: object, name: str | None, __: object) -> None:
        self._asked = name

    def _accept(self) -> None:
        while not self._closing.is_set():
            connection, _ = self._listener.accept()
            if self._closing.is_set():
                connection.close()
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        # A caller that gives up breaks the connection at any point.
        with suppress(OSError), connection:
            connection.settimeout(30.0)
            if self._blurts:
                self._behave(Received("", "", {}, b""), connection, self._closing)
                return
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self._hear(connection)

    def _hear(self, connection: socket.socket) -> None:
        with connection:
            request = read_request(connection)
            request.server_name = self._asked
            self.received.append(request)
            self._behave(request, connection, self._closing)


def found(host: str, port: int) -> tuple[Any, ...]:
    """Return an address as a look-up gives it."""
    if ":" in host:
        return (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (host, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))


def read_request(connection: socket.socket) -> Received:
    """Read one request, head and body."""
    held = b""
    while b"\r\n\r\n" not in held:
        held += _some(connection)
    head, _, body = held.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    names = [line.partition(":")[0].lower() for line in lines]
    headers = {
        name: line.partition(":")[2].strip() for name, line in zip(names, lines, strict=True)
    }
    while len(body) < int(headers.get("content-length", 0)):
        body += _some(connection)
    method, target, _ = first.split(" ")
    return Received(method, target, headers, body, names=names)


def _some(connection: socket.socket) -> bytes:
    piece = connection.recv(65536)
    if not piece:
        raise ConnectionResetError
    return piece


def answers(status: int, *headers: str, body: bytes = b"") -> Behave:
    """Return a behaviour that answers with a status, headers and a body."""
    head = "\r\n".join((f"HTTP/1.1 {status} Something", *headers, f"content-length: {len(body)}"))

    def behave(_: Received, connection: socket.socket, __: threading.Event) -> None:
        connection.sendall(f"{head}\r\n\r\n".encode() + body)

    return behave


def sends(raw: bytes) -> Behave:
    """Return a behaviour that sends bytes as they are."""

    def behave(_: Received, connection: socket.socket, __: threading.Event) -> None:
        connection.sendall(raw)

    return behave


def hangs(_: Received, connection: socket.socket, closing: threading.Event) -> None:
    """Say nothing and keep the connection open."""
    closing.wait(30.0)


def drips(text: bytes, every_s: float) -> Behave:
    """Return a behaviour that sends a byte now and then, over and over."""

    def behave(_: Received, connection: socket.socket, closing: threading.Event) -> None:
        position = 0
        while not closing.wait(every_s):
            connection.sendall(text[position % len(text) :][:1])
            position += 1

    return behave
