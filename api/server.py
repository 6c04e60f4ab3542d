"""The HTTP server: one process, closed to slow clients, quiet about what it serves."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from api.headers import RAW_FIELDS
from api.problems import Problem, answer
from hearthwatch.errors import ServerError

HEADER_SECONDS = 10.0
ANSWER_SECONDS = 120.0
EXPORT_SECONDS = 1800.0
"""Of a whole collection as a file, which takes long to make and may be large."""
LEFTOVER_SECONDS = 5.0
STOP_SECONDS = 20
"""For requests under way when the process is told to stop; then they are broken off."""
MAX_HEADER_BYTES = 32 * 1024
BACKLOG = 512
MOST_CONNECTIONS = 800
"""At once. Most systems give a process 1,024 files, and the store and the archive need some."""

SWITCH_SECONDS = 0.0005
"""How long a thread computes on while another one waits to.

SQLite's driver lets go of the interpreter at every row and has to wait for it again: at Python's
own 5 ms a hundred rows wait half a second for threads that compute. With 50 readers at once this
answered about twice as many.
"""

MOST_ARENAS = 2
"""Pools from which the C library gives memory; one for each thread keeps what each once needed."""

_ARENA_MAX = -8  # M_ARENA_MAX of malloc.h
_AT_ONCE = struct.pack("ii", 1, 0)


class PatientProtocol(H11Protocol):
    """HTTP/1.1 that gives a client a fixed time to send its header and to take its answer.

    uvicorn waits without end for either, so a few hundred idle connections would hold it up. What
    cannot be read as HTTP is answered like every other error.
    """

    _deadline: asyncio.TimerHandle | None = None
    _awaited: object = None

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the header of the first request."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            self._drop()
            return
        # uvicorn writes head and body apart: with Nagle's algorithm each answer would wait for
        # the acknowledgement of its head, 40 ms. asyncio turns it off only for sockets whose
        # protocol number is given, and those of create_server have none.
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._await("header", HEADER_SECONDS)

    def data_received(self, data: bytes) -> None:
        """Take bytes in, and wait for what must come next."""
        super().data_received(data)
        if not self.transport.is_closing():
            self._watch(arriving=True)

    def on_response_complete(self) -> None:
        """Wait for what is left; between requests uvicorn's own timer runs."""
        super().on_response_complete()
        self._watch(arriving=False)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._await(None, None)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP with a problem, and close."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            given = answer(Problem(400, "http", "This is no HTTP request that can be read."))
            fields = [*given.raw_headers, *RAW_FIELDS, (b"connection", b"close")]
            head = h11.Response(status_code=400, headers=fields, reason=b"Bad Request")
            for event in (head, h11.Data(data=bytes(given.body)), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event))
        self.transport.close()

    def _watch(self, *, arriving: bool) -> None:
        """Set the deadline of what must come next; one that runs for it already stays."""
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete:
            is_export = cycle.scope["path"].startswith("/exports/")
            self._await(cycle, EXPORT_SECONDS if is_export else ANSWER_SECONDS)
        elif self.conn.their_state is h11.SEND_BODY:
            # Answered before all of it was here: the rest is thrown away, but not for ever.
            self._await("leftover", LEFTOVER_SECONDS)
        elif arriving and self.conn.their_state is h11.IDLE:
            self._await("header", HEADER_SECONDS)
        elif not self.transport.get_write_buffer_size():
            self._await(None, None)
        # Else the answer is still on its way, and its own deadline runs on.

    def _await(self, what: object, seconds: float | None) -> None:
        if what is not None and what == self._awaited:
            return
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self._awaited = what
        if seconds is not None:
            self._deadline = self.loop.call_later(seconds, self._drop)

    def _drop(self) -> None:
        # Reset, not closed in order: else the kernel would keep what nobody takes for minutes.
        sock = self.transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self.transport.abort()


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens.

    Raises
    ------
    ServerError
        If the address cannot be had.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ServerError(
            f"{host}:{port} cannot be listened on: {error.strerror or error}. "
            "Name another one with --host and --port."
        ) from error


class _Server(uvicorn.Server):
    """A server that tells when it answers, and its application when it stops."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = on_start

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, and end what is under way."""
        app: Any = self.config.app
        app.state.stopping = True
        await super().shutdown(sockets=sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell."""
        await super().startup(sockets=sockets)
        self._on_start()


def is_stopping(app: Any) -> bool:
    """Tell whether the server of an application was told to stop: who waits is to be answered."""
    return bool(getattr(app.state, "stopping", False))


def made(app: FastAPI, on_start: Callable[[], None]) -> uvicorn.Server:
    """Return a server for an application.

    Parameters
    ----------
    on_start : callable
        Called once, when requests are answered.
    """
    config = uvicorn.Config(
        app,
        http=PatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        # A query can hold a box: what is asked for is not written down here.
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=STOP_SECONDS,
        h11_max_incomplete_event_size=MAX_HEADER_BYTES,
    )
    return _Server(config, on_start)


def run(app: FastAPI, listening: socket.socket, on_start: Callable[[], None]) -> None:
    """Serve until the process is told to stop (SIGINT or SIGTERM); what is under way ends first."""
    sys.setswitchinterval(SWITCH_SECONDS)
    _share_memory()
    _keep_for_good()
    made(app, on_start).run(sockets=[listening])


def _keep_for_good() -> None:
    """Let the interpreter look no more for what nobody needs among all that there is by now.

    What is made at the start lives as long as the process. To look through it takes 0.2 s each
    time, in which nobody is answered.
    """
    gc.collect()
    gc.freeze()


def _share_memory() -> None:
    """Let threads share what memory they free, where the C library is glibc."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).mallopt(_ARENA_MAX, MOST_ARENAS)
