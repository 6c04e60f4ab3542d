"""What is asked, what is answered, and how an answer goes over the wire."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.standin.faults import Fault
    from tests.standin.image import Image
    from tests.standin.log import Call

GEOTIFF = "image/tiff"
JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it was read; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    parts: Mapping[str, str]
    fault: Fault
    call: Call

    def json(self) -> dict[str, Any]:
        """Return the body as an object.

        Raises
        ------
        Refused
            If it is none.
        """
        try:
            document = json.loads(self.body)
        except ValueError as error:
            raise bad_payload(f"the body is no JSON: {error}") from error
        if not isinstance(document, dict):
            raise bad_payload("the body is no JSON object")
        return document

    def spoil(self, image: Image) -> Image:
        """Return the image as this request's fault, if it has one, makes it."""
        return image if self.fault.image is None else self.fault.image(image)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; `units` are charged if its status is 2xx."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    units: float = 0.0


class Refused(Exception):
    """The request gets this answer instead of what it asks for."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def as_json(
    document: object, status: int = 200, kind: str = JSON, units: float = 0.0, **headers: str
) -> Answer:
    """Return a document as an answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, {"Content-Type": kind, **named}, json.dumps(document).encode(), units)


def service_error(status: int, code: str, message: str, **headers: str) -> Answer:
    """Return an error in the shape of Sentinel Hub's."""
    reason = HTTPStatus(status).phrase
    error = {"status": status, "reason": reason, "message": message, "code": code}
    return as_json({"error": error}, status, JSON, 0.0, **headers)


def bad_payload(message: str) -> Refused:
    """Return the refusal of a request that is put wrongly."""
    return Refused(service_error(400, "COMMON_BAD_PAYLOAD", message))


class Wire:
    """The connection an answer goes out on."""

    def __init__(self, connection: socket.socket, closing: threading.Event) -> None:
        self._connection = connection
        self._closing = closing
        self.keep = True
        self.call: Call | None = None

    def send(self, data: bytes) -> None:
        """Write, and count."""
        if self.call is not None:
            # Counted first: a client that has its answer may look at the log at once.
            self.call.sent += len(data)
        self._connection.sendall(data)

    def wait(self, seconds: float) -> bool:
        """Wait; return True at once if the server is being closed or the client has gone."""
        waited = 0.0
        while waited < seconds:
            step = min(0.05, seconds - waited)
            if self._closing.wait(step) or self._gone():
                return True
            waited += step
        return False

    def reset(self) -> None:
        """Make the connection end with a reset."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.keep = False

    def _gone(self) -> bool:
        try:
            return self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True


Manner = Callable[[Wire, Answer], None]
"""A way of sending an answer."""


def head(answer: Answer, *drop: str, version: str = "1.1", **add: str) -> bytes:
    """Return status line and headers; `drop` leaves headers out, `add` sets others."""
    headers = {"Content-Length": str(len(answer.body)), **answer.headers}
    headers |= {name.replace("_", "-"): value for name, value in add.items()}
    lines = [f"HTTP/{version} {answer.status} {_phrase(answer.status)}"]
    lines += [f"{name}: {value}" for name, value in headers.items() if name not in drop]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def plainly(wire: Wire, answer: Answer) -> None:
    """Send head and body at once."""
    wire.send(head(answer) + answer.body)


def without_body(wire: Wire, answer: Answer) -> None:
    """Send what a HEAD request gets."""
    wire.send(head(answer))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
