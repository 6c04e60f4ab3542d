"""Header fields of every answer: private, unsniffable, and closed to other hosts."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp as App
from starlette.types import Message, Receive, Scope, Send

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; worker-src 'self' blob:; "
    "child-src 'self' blob:; connect-src 'self'; style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
PRIVATE = "private, no-store"

_FIELDS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

RAW_FIELDS = tuple(
    (name.lower().encode(), value.encode())
    for name, value in {**_FIELDS, "Cache-Control": PRIVATE}.items()
)
"""The same, for an answer that no application gives."""


class Headers:
    """ASGI middleware that sets them; a route may allow its answer to be kept."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""

        async def with_fields(message: Message) -> None:
            if message["type"] == "http.response.start":
                fields = MutableHeaders(scope=message)
                for name, value in _FIELDS.items():
                    fields[name] = value
                fields.setdefault("Cache-Control", PRIVATE)
            await send(message)

        await self.app(scope, receive, with_fields)


class Heads:
    """ASGI middleware that lets HEAD be asked wherever GET is; the server sends no body for it."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            # A copy: the server goes by its own when it leaves the body out.
            scope = {**scope, "method": "GET"}
        await self.app(scope, receive, send)
