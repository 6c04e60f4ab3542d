"""How much a request may hold, how long it may take to arrive, and what a body may be."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp as App
from starlette.types import Message, Receive, Scope, Send

from api import bodies, uploads
from api.auth import identify
from api.problems import Problem, answer, of_error
from hearthwatch.errors import HearthwatchError

MAX_BODY_BYTES = 10 * 1000 * 1000
LARGE_BYTES = 500 * 1000
BODY_SECONDS = 30.0
MAX_QUERY_BYTES = 8192
MAX_PATH_BYTES = 4096
MAX_FIELDS_BYTES = 32 * 1024
OPEN_BODIES = {"/session": 4096, "/answers": 16_384}
"""What is read of somebody who has not shown anything yet, by the address it is sent to."""
UNREAD = frozenset({"/confirmations", "/unsubscriptions"})
"""Their address says all: what is in the body of one click (RFC 8058) is not even read."""
FORMS = frozenset({"/answers"})
"""What people send them from a page, without a key: fields of a form, and no JSON."""
WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

_CLOSE = {"Connection": "close"}


class Limits:
    """ASGI middleware that refuses large queries, large bodies, slow ones and broken ones.

    Nothing of a body is read before its sender has shown a key. It is counted as it arrives,
    whatever its header says, and is here in full before the application sees it: at most `most`
    bytes of it are ever held. Bodies of methods that have none are not read at all. Large ones
    are taken in one after the other: reading JSON holds the interpreter, and everybody with it.

    Parameters
    ----------
    app : ASGI application
    most : int
        Bytes of a body.
    """

    def __init__(self, app: App, most: int = MAX_BODY_BYTES) -> None:
        self.app = app
        self.most = most
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            body = await self._body(scope, receive)
            if body is not None and len(body) > LARGE_BYTES:
                await self._in_turn(body, scope, receive, send)
            elif body is not None:
                await self._pass_on(body, scope, receive, send)
        except Problem as problem:
            await answer(problem)(scope, receive, send)
        except HearthwatchError as error:
            await answer(of_error(error))(scope, receive, send)

    async def _in_turn(self, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as turn:
            await turn.enter_async_context(self._turn)

            async def ending(message: Message) -> None:
                # A client may take long to read its answer: the next one need not wait for that.
                await turn.aclose()
                await send(message)

            await self._pass_on(body, scope, receive, ending)

    async def _pass_on(self, body: bytes, scope: Scope, receive: Receive, send: Send) -> None:
        if body and scope["path"] not in FORMS:
            await run_in_threadpool(bodies.require_sound, body)
        given = uploads.counted(scope, receive) if uploads.is_one(scope) else _replay(body, receive)
        await self.app(scope, given, send)

    async def _body(self, scope: Scope, receive: Receive) -> bytes | None:
        """Return the body, empty where there is to be none; None if the client has gone."""
        headers = Headers(scope=scope)
        _require_plain(scope, headers)
        _require_short("query", scope["query_string"], MAX_QUERY_BYTES)
        _require_short("path", scope.get("raw_path") or b"", MAX_PATH_BYTES)
        # The server counts only what it has not read yet.
        _require_short("header", b"".join(map(b"".join, headers.raw)), MAX_FIELDS_BYTES)
        if scope["method"] not in WITH_BODY or uploads.has_no_such(scope):
            return b""
        if scope["path"] in UNREAD:
            return b""
        most = OPEN_BODIES.get(scope["path"])
        if most is None:
            await run_in_threadpool(identify, Request(scope))
        if uploads.is_one(scope):
            # Read as it comes, by the route itself, and kept on disk where it is large.
            uploads.require(headers)
            return b""
        body = await self._arrived(headers, receive, most or self.most)
        if body and scope["path"] not in FORMS:
            bodies.require_json(headers.get("content-type", ""))
        return body

    async def _arrived(self, headers: Headers, receive: Receive, most: int) -> bytes | None:
        declared = headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > most:
            raise _too_large(most)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                return await _read(receive, most)
        except TimeoutError:
            raise Problem(
                408,
                "slow",
                f"The request did not arrive within {BODY_SECONDS:.0f} seconds. Send it again.",
                headers=_CLOSE,
            ) from None


async def _read(receive: Receive, most: int) -> bytes | None:
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            raise _too_large(most)
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def _too_large(most: int) -> Problem:
    # Not closed at once: what is still coming would reset the connection, and the sender
    # would never read why.
    return Problem(
        413,
        "too_large",
        f"The request is larger than {most:,} bytes. Keep only the outlines, or add the "
        "file with `hearthwatch region add`.",
    )


def _require_plain(scope: Scope, headers: Headers) -> None:
    """Refuse a body with two ends, for a proxy in front may believe the other one, and HTTP 9."""
    if "transfer-encoding" in headers and "content-length" in headers:
        words = "A request has a Content-Length or a Transfer-Encoding."
        raise Problem(400, "http", words, headers=_CLOSE)
    if scope["http_version"] not in ("1.0", "1.1"):
        raise Problem(400, "http", "Only HTTP/1.1 is spoken here.", headers=_CLOSE)


def _require_short(what: str, value: bytes, most: int) -> None:
    if len(value) > most:
        words = f"The {what} is longer than {most:,} bytes: shorten it."
        raise Problem(413, "too_large", words, headers=_CLOSE)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives the body once, then what comes on the connection."""
    given = False

    async def once() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return once
