"""Errors as RFC 9457 problems: one shape everywhere, and never a secret or a place in them."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match, Mount
from starlette.types import ASGIApp as App
from starlette.types import Message, Receive, Scope, Send

from hearthwatch import errors
from hearthwatch.store.patience import TookTooLong

MEDIA_TYPE = "application/problem+json"
MOST_FAULTS = 100
"""Listed in one problem: a small request must not draw a large answer."""
BUSY_SECONDS = 5
"""When to come back where another process writes."""
SELDOM_SECONDS = 60.0
"""Between two lines of the log that say the same of the store."""

_log = logging.getLogger(__name__)
_told: dict[str, float] = {}
"""When what keeps the store from answering was last logged; its words are few."""

_STATUS: Mapping[type[errors.HearthwatchError], int] = {
    errors.NotFound: 404,
    errors.RegionError: 422,
    errors.BudgetError: 422,
    errors.EventError: 409,
    errors.AccessBusy: 503,
    errors.AuditError: 503,
    errors.AccessError: 409,
    errors.AlertConflict: 409,
    errors.AlertError: 422,
    errors.ReleaseError: 409,
    errors.QuestionError: 400,
    errors.StoreLocked: 503,
    errors.DiskFull: 507,
}
_TITLES = {
    400: "The request cannot be understood",
    401: "A key is needed",
    403: "The key does not allow this",
    404: "There is nothing here",
    405: "The method is not known here",
    406: "There is no such form of it",
    408: "The request took too long",
    409: "It cannot be done now",
    413: "The request is too large",
    415: "The content is of a kind that is not read",
    416: "There is no such part of it",
    422: "The content cannot be used",
    429: "Too much was asked",
    500: "Something went wrong here",
    503: "Busy",
    507: "There is no room left",
}


class Fault(BaseModel):
    """One thing that is wrong."""

    where: str = Field(description="Which part of the request, as `body.properties.name`.")
    problem: str


class ProblemDocument(BaseModel):
    """RFC 9457 problem."""

    type: str = Field(description="`urn:hearthwatch:problem:` and a short stable name.")
    title: str
    status: int
    detail: str = Field(description="What happened and what to do about it.")
    errors: list[Fault] | None = None


class Problem(Exception):
    """An answer that is an error.

    Parameters
    ----------
    status : int
        HTTP status.
    code : str
        Short stable name, for programs.
    detail : str
        What happened and what to do.
    faults : sequence of (str, str)
        Where and what, each.
    headers : mapping
        Further header fields.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        faults: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.faults = faults
        self.headers = dict(headers or {})


def document(problem: Problem) -> dict[str, Any]:
    """Return a problem as JSON values."""
    found: dict[str, Any] = {
        "type": f"urn:hearthwatch:problem:{problem.code}",
        "title": _TITLES.get(problem.status, "It was not done"),
        "status": problem.status,
        "detail": problem.detail,
    }
    if problem.faults:
        listed = problem.faults[:MOST_FAULTS]
        found["errors"] = [{"where": where, "problem": words} for where, words in listed]
    return found


def answer(problem: Problem) -> Response:
    """Return a problem as a response."""
    body = json.dumps(document(problem), ensure_ascii=False).encode()
    return Response(body, problem.status, problem.headers, MEDIA_TYPE)


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI of the problems a route may answer with."""
    return {status: _declared(status) for status in sorted(statuses)}


def located(words: str) -> dict[str, Any]:
    """Return the OpenAPI of an answer that says where what was made is."""
    return {"headers": {"Location": {"description": words, "schema": {"type": "string"}}}}


def _declared(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/ProblemDocument"}
    found: dict[str, Any] = {
        "description": _TITLES[status],
        "content": {MEDIA_TYPE: {"schema": schema}},
    }
    field = {401: "WWW-Authenticate", 429: "Retry-After", 503: "Retry-After"}.get(status)
    if field:
        found["headers"] = {field: {"schema": {"type": "string"}, "required": True}}
    return found


def of_error(error: errors.HearthwatchError) -> Problem:
    """Return the problem that one of the service's own errors is."""
    status = next((s for kind, s in _STATUS.items() if isinstance(error, kind)), 500)
    if status == 500:
        # What is in such a message is for the operator: it may name files.
        _log.error("%s: %s", error.code, error.message)
        return _defect()
    headers = {"Retry-After": str(BUSY_SECONDS)} if status == 503 else {}
    if isinstance(error, TookTooLong):
        detail = error.message
    elif isinstance(error, errors.StoreLocked):
        _tell_seldom(error.message)
        detail = (
            "The records are being written by another process, or their database is away. "
            "Try again shortly."
        )
    elif status == 404:
        # The same words for all, without the id: what is somebody else's looks like nothing.
        return _of_http(HTTPException(404))
    elif status == 507:
        detail = "There is no room left where the records are kept. Nothing was changed."
    else:
        detail = error.message
    return Problem(status, error.code, detail, headers=headers)


def _tell_seldom(words: str) -> None:
    """Log what every request meets while it lasts, once in a while."""
    now = time.monotonic()
    if now - _told.get(words, -math.inf) >= SELDOM_SECONDS:
        _told[words] = now
        _log.warning("the records cannot be had: %s", words)


def of_faulty(error: errors.RegionError, code: str, where: str) -> Problem:
    """Return the problem that outlines which cannot be used are, with every fault they have.

    Parameters
    ----------
    where : str
        Which part of the request they came in.
    """
    head, *listed = error.message.split("\n  - ")
    return Problem(422, code, head, faults=[(where, words) for words in listed])


def install(app: FastAPI) -> None:
    """Let every error of an application leave as a problem."""

    @app.exception_handler(Problem)
    def _(request: Request, error: Problem) -> Response:
        return answer(error)

    @app.exception_handler(errors.HearthwatchError)
    def _(request: Request, error: errors.HearthwatchError) -> Response:
        return answer(of_error(error))

    @app.exception_handler(RequestValidationError)
    def _(request: Request, error: RequestValidationError) -> Response:
        return answer(_of_validation(error))

    @app.exception_handler(HTTPException)
    def _(request: Request, error: HTTPException) -> Response:
        problem = _of_http(error)
        if problem.status == 405:
            problem.headers["Allow"] = ", ".join(methods_of(request.app, request.scope))
        return answer(problem)


class Defects:
    """ASGI middleware that answers what nobody expected with a problem, and logs it."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception:
            # Without the path: an address can hold an id.
            _log.exception("a request could not be answered")
            if begun:
                raise
            await answer(_defect())(scope, receive, send)


def methods_of(app: FastAPI, scope: Scope) -> list[str]:
    """Return the methods that the address of a request takes, for the field Allow.

    Starlette names those of the first route that fits alone; one address may have several.
    """
    routes = app.router.routes
    # Within a mounted part the scope is that part's.
    scope = {**scope, "root_path": scope.get("app_root_path", scope.get("root_path", ""))}
    if any(isinstance(r, Mount) and r.matches(dict(scope))[0] is Match.FULL for r in routes):
        return ["GET", "HEAD"]
    taken = [
        method
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
        if any(r.matches({**scope, "method": method})[0] is Match.FULL for r in routes)
    ]
    return ["GET", "HEAD", *taken[1:]] if taken[:1] == ["GET"] else taken


def _of_validation(error: RequestValidationError) -> Problem:
    """Say what is wrong where; what was sent is not repeated."""
    found = error.errors()
    faults = [(".".join(str(part) for part in one["loc"]), str(one["msg"])) for one in found]
    in_body = any(one["loc"][0] == "body" for one in found)
    broken = any(one["type"] == "json_invalid" for one in found)
    status = 422 if in_body and not broken else 400
    return Problem(
        status,
        "invalid",
        f"{len(faults)} things in the request cannot be used; correct them and send it again."
        if len(faults) > 1
        else "One thing in the request cannot be used; correct it and send it again.",
        faults=faults,
    )


def _of_http(error: HTTPException) -> Problem:
    code = {404: "not_found", 405: "method", 401: "key", 400: "invalid"}.get(
        error.status_code, "refused"
    )
    detail = {
        404: "There is nothing at this address, or nothing that you may see.",
        405: "This address does not take that method.",
        401: "Send a key: Authorization: Bearer hw_…",
    }.get(error.status_code, str(error.detail))
    return Problem(error.status_code, code, detail, headers=dict(error.headers or {}))


def _defect() -> Problem:
    return Problem(500, "unexpected", "It was not your fault. The operator's log says more.")
