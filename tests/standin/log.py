"""What the stand-in was asked and what it answered."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Call:
    """One request; `status`, `sent` and `units` are known once it is answered.

    Attributes
    ----------
    at : float
        Of the monotonic clock.
    route : str
        ``process``, ``catalog``, ``token``, ``files`` and so on; ``unknown`` for no route.
    headers : dict
        In lower case, without Authorization.
    bearer : str or None
        SHA-256 of the bearer token.
    body_sha256, document
        Of the body: its digest, and what its JSON says. Of a token request the document is None.
    fault : str
        Name of the fault it met; empty for none.
    """

    at: float
    method: str
    route: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    bearer: str | None
    body_sha256: str
    document: Any
    received: int
    fault: str = ""
    status: int | None = None
    sent: int = 0
    units: float = 0.0


@dataclass(slots=True)
class Log:
    """Every call, in the order of their coming."""

    _calls: list[Call] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(
        self,
        method: str,
        route: str,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        body: bytes,
    ) -> Call:
        """Begin the entry of one request."""
        token = headers.get("authorization", "").removeprefix("Bearer ")
        call = Call(
            at=time.monotonic(),
            method=method,
            route=route,
            path=path,
            # What signs an address opens its door, as a token does.
            query={key: value for key, value in query.items() if key != "sig"},
            headers={key: value for key, value in headers.items() if key != "authorization"},
            bearer=hashlib.sha256(token.encode()).hexdigest() if token else None,
            body_sha256=hashlib.sha256(body).hexdigest(),
            document=None if route == "token" else _document(body),
            received=len(body),
        )
        with self._lock:
            self._calls.append(call)
        return call

    def calls(self, route: str | None = None) -> list[Call]:
        """Return the calls of one route, or all of them."""
        with self._lock:
            return [call for call in self._calls if route in (None, call.route)]

    def clear(self) -> None:
        """Forget what was called."""
        with self._lock:
            self._calls.clear()


def _document(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
