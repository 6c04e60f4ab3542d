"""Gives each request an id, which its log lines and its answer bear."""

from __future__ import annotations

import logging
import secrets
import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp as App
from starlette.types import Message, Receive, Scope, Send

from api.measured import template_of
from hearthwatch.operation.logs import request_id

FIELD = "X-Request-Id"

_log = logging.getLogger(__name__)


class Named:
    """ASGI middleware that names requests; an id that a caller sends is not believed."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        name, began, status = secrets.token_hex(8), time.perf_counter(), 500
        before = request_id.set(name)

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[FIELD] = name
            await send(message)

        try:
            await self.app(scope, receive, noted)
        finally:
            took = (time.perf_counter() - began) * 1e3
            # The template only: an address can hold an id.
            _log.info("%s %s %d %.0f ms", scope["method"], template_of(scope), status, took)
            request_id.reset(before)
