"""The listening socket, and who is being served."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.standin.wire import Wire

Respond = Callable[[str, str, Mapping[str, str], bytes, Wire], None]
"""``respond(method, target, headers, body, wire)`` answers one request over `wire`."""


class Listener(ThreadingHTTPServer):
    """Serves each connection in a thread of its own."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, address: tuple[str, int], respond: Respond, closing: threading.Event
    ) -> None:
        self.respond = respond
        self.closing = closing
        self._open: dict[socket.socket, threading.Thread] = {}
        self._guard = threading.Lock()
        super().__init__(address, _Connection)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open[request] = threading.current_thread()
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._guard:
                self._open.pop(request, None)

    def end_connections(self) -> None:
        """Close what clients keep open, and wait until nobody is served any more."""
        with self._guard:
            served = dict(self._open)
        for connection, thread in served.items():
            with suppress(OSError):  # It may have ended by itself.
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(5.0)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong in the stand-in, but not that a client went away."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Listener

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._respond
        raise AttributeError(name)

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {key.lower(): value for key, value in self.headers.items()}
        wire = Wire(self.connection, self.server.closing)
        self.server.respond(self.command, self.path, headers, body, wire)
        if not wire.keep or self.server.closing.is_set():
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing: the log is the stand-in's own."""
