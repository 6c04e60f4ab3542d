"""A server on loopback that answers byte for byte as it is told, however wrong that is.

``FaultyServer(handler)`` takes a function from what was asked to what is answered, or a mapping of
paths to scripts: lists whose answers are given one after the other, the last one for ever. Every
request is kept, with its time.
"""

from __future__ import annotations

import gzip
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it came."""

    at: float
    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back, and what goes wrong with it.

    Attributes
    ----------
    length : int or None
        Content-Length to claim instead of the true one.
    sent : int or None
        Bytes of the body after which the connection ends.
    pause, before_body : float
        Seconds before the first byte, and between headers and body.
    trickle : float
        Seconds between single bytes of the body; `trickle_head` the same of the headers.
    reset : bool
        End with a reset (RST) instead of a close.
    chunked, close_delimited : bool
        Send in chunks; or as HTTP/1.0, where only the close tells the end.
    raw : bytes or None
        Sent as it is, in place of all the rest.
    """

    status: int = 200
    body: bytes = b"ok"
    headers: tuple[tuple[str, str], ...] = ()
    length: int | None = None
    sent: int | None = None
    pause: float = 0.0
    before_body: float = 0.0
    trickle: float = 0.0
    trickle_head: float = 0.0
    reset: bool = False
    chunked: bool = False
    close_delimited: bool = False
    raw: bytes | None = None

    def and_(self, **changes: object) -> Answer:
        return replace(self, **changes)  # type: ignore[arg-type]


def hangs(seconds: float = 150.0) -> Answer:
    return Answer(pause=seconds)


def drops() -> Answer:
    """Return an answer that is a closed connection."""
    return Answer(raw=b"")


def too_many(retry_after: str | None) -> Answer:
    headers = () if retry_after is None else (("Retry-After", retry_after),)
    return Answer(429, b'{"error":{"message":"slow down"}}', headers)


def redirect(to: str, status: int = 302) -> Answer:
    return Answer(status, b"", (("Location", to),))


def gzipped(body: bytes) -> Answer:
    return Answer(200, gzip.compress(body), (("Content-Encoding", "gzip"),))


Handler = Callable[[Asked], Answer]
Script = Mapping[str, Answer | Sequence[Answer]]


def scripted(script: Script) -> Handler:
    """Return a handler that gives each path its answers in turn, the last one for ever."""
    given: dict[str, int] = {}
    lock = threading.Lock()

    def handle(asked: Asked) -> Answer:
        answers = script.get(asked.path)
        if answers is None:
            return Answer(404, b"there is nothing here")
        if isinstance(answers, Answer):
            return answers
        with lock:
            turn = given.get(asked.path, 0)
            given[asked.path] = turn + 1
        return answers[min(turn, len(answers) - 1)]

    return handle


@dataclass(slots=True)
class FaultyServer:
    """Serves while open; `url` is its origin and `log` what it was asked."""

    handler: Handler | Script
    tls: ssl.SSLContext | None = None
    log: list[Asked] = field(default_factory=list)
    connections: int = 0
    _listener: socket.socket = field(init=False)
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _open: set[socket.socket] = field(default_factory=set)

    def __post_init__(self) -> None:
        if not callable(self.handler):
            self.handler = scripted(self.handler)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def asked(self, path: str) -> list[Asked]:
        with self._lock:
            return [each for each in self.log if each.path == path]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        # A listener that is only closed goes on accepting in the thread that waits for it.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for sock in self._open:
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with suppress(OSError, ValueError), sock:
            if self.tls is not None:
                sock = self.tls.wrap_socket(sock, server_side=True)
            with sock, sock.makefile("rb") as incoming:
                with self._lock:
                    self._open.add(sock)
                try:
                    while not self._stop.is_set() and self._one(sock, incoming):
                        pass
                finally:
                    with self._lock:
                        self._open.discard(sock)

    def _one(self, sock: socket.socket, incoming: object) -> bool:
        """Answer one request; say whether the connection goes on."""
        asked = _read(incoming)
        if asked is None:
            return False
        with self._lock:
            self.log.append(asked)
        assert callable(self.handler)
        answer = self.handler(asked)
        self._stop.wait(answer.pause)
        return _write(sock, answer, self._stop)


def _read(incoming: object) -> Asked | None:
    line = incoming.readline().decode("latin-1").split()  # type: ignore[attr-defined]
    if len(line) < 3:
        return None
    headers: dict[str, str] = {}
    while (text := incoming.readline().decode("latin-1").strip()) != "":  # type: ignore[attr-defined]
        name, _, value = text.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = incoming.read(int(headers.get("content-length", 0)))  # type: ignore[attr-defined]
    return Asked(time.monotonic(), line[0], line[1], headers, body)


def _write(sock: socket.socket, answer: Answer, stop: threading.Event) -> bool:
    if answer.raw is not None:
        sock.sendall(answer.raw)
        return False
    _send(sock, _head(answer), answer.trickle_head, stop)
    stop.wait(answer.before_body)
    body = answer.body
    if answer.chunked:
        body = b"".join(b"%x\r\n%b\r\n" % (len(p), p) for p in _pieces(body)) + b"0\r\n\r\n"
    cut = answer.sent is not None
    _send(sock, body[: answer.sent] if cut else body, answer.trickle, stop)
    if answer.reset:
        # Closing with nothing to linger for sends RST.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return not (cut or answer.close_delimited or answer.reset or answer.length is not None)


def _head(answer: Answer) -> bytes:
    version = "1.0" if answer.close_delimited else "1.1"
    lines = [f"HTTP/{version} {answer.status} So"]
    lines += [f"{name}: {value}" for name, value in answer.headers]
    if answer.chunked:
        lines.append("Transfer-Encoding: chunked")
    elif not answer.close_delimited:
        lines.append(
            f"Content-Length: {len(answer.body) if answer.length is None else answer.length}"
        )
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _pieces(body: bytes) -> list[bytes]:
    return [body[start : start + 1000] for start in range(0, len(body), 1000)]


def _send(sock: socket.socket, data: bytes, trickle: float, stop: threading.Event) -> None:
    if trickle <= 0.0:
        sock.sendall(data)
        return
    for byte in data:
        if stop.wait(trickle):
            return
        sock.sendall(bytes([byte]))
