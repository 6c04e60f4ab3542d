"""How much each caller may ask: a bucket of tokens for what they show and for where they are.

In the memory of this process and bounded: with several processes each counts for itself. What is
shown is counted before it is known whether it opens anything, so that a refusal tells nothing.
"""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from starlette.datastructures import Headers
from starlette.types import ASGIApp as App
from starlette.types import Receive, Scope, Send

from api.problems import Problem, answer

BURST_SECONDS = 20.0
"""A map on a screen asks for much at once, and then for nothing."""
OF_AN_ADDRESS = 5
"""Times what one caller may ask: behind one address may be a whole office."""
MOST_CALLERS = 20_000


class Buckets:
    """Buckets of tokens by name; those not used for longest are forgotten first.

    Parameters
    ----------
    rate : float
        Tokens that come in a second.
    most : int
        Buckets that are remembered. A forgotten one counts as full.
    clock : callable
        Seconds, never going back.
    """

    def __init__(
        self,
        rate: float,
        most: int = MOST_CALLERS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rate = rate
        self._size = max(rate * BURST_SECONDS, 1.0)
        self._most = most
        self._clock = clock
        self._held: OrderedDict[bytes, tuple[float, float]] = OrderedDict()
        self._guard = threading.Lock()

    def take(self, name: bytes) -> float:
        """Take a token; return 0, or after how many seconds there is one."""
        with self._guard:
            now = self._clock()
            held, since = self._held.get(name, (self._size, now))
            held = min(self._size, held + (now - since) * self._rate)
            wait = 0.0 if held >= 1 else (1 - held) / self._rate
            self._held[name] = (held if wait else held - 1, now)
            self._held.move_to_end(name)
            while len(self._held) > self._most:
                self._held.popitem(last=False)
            return wait

    def __len__(self) -> int:
        return len(self._held)


class Rates:
    """ASGI middleware that answers 429 to who asks too much.

    Parameters
    ----------
    per_second : float
        Of one key, pass or session; 0 for no limit at all.
    """

    def __init__(self, app: App, per_second: float) -> None:
        self.app = app
        self._shown = Buckets(per_second) if per_second else None
        self._addresses = Buckets(per_second * OF_AN_ADDRESS) if per_second else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        wait = self._wait(scope) if scope["type"] == "http" else 0.0
        if wait:
            await answer(_too_many(wait))(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _wait(self, scope: Scope) -> float:
        if self._shown is None or self._addresses is None:
            return 0.0
        wait = self._addresses.take(_address(scope))
        shown = _shown(scope)
        return wait or (self._shown.take(shown) if shown else 0.0)


def _too_many(wait: float) -> Problem:
    seconds = max(math.ceil(wait), 1)
    return Problem(
        429,
        "too_many",
        "Too much was asked in too short a time. Wait as long as Retry-After says.",
        headers={"Retry-After": str(seconds)},
    )


def _address(scope: Scope) -> bytes:
    host = str((scope.get("client") or ("",))[0])
    try:
        found = ip_address(host)
    except ValueError:
        return hashlib.sha256(host.encode()).digest()
    # Whoever has one address of the sixth version has as many as they like.
    return found.packed[:8] if isinstance(found, IPv6Address) else found.packed


def _shown(scope: Scope) -> bytes:
    """Return a digest of what somebody shows; empty for nothing."""
    headers = Headers(scope=scope)
    shown = headers.get("authorization") or headers.get("cookie") or ""
    if not shown:
        found = [part for part in scope["query_string"].split(b"&") if part.startswith(b"pass=")]
        shown = b"&".join(found).decode("latin-1")
    return hashlib.sha256(shown.encode()).digest() if shown else b""
