"""What the OpenAPI document says of who may ask: what they show, and the scope they need.

FastAPI's own declarations of security would be asked again at every request.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from api.auth import caller, scope_of
from api.doors import COOKIE, FORM_FIELD

MEMBER = "x-scope"
SCHEMES: Mapping[str, Mapping[str, str]] = {
    "bearer": {"type": "http", "description": "A key: `hw_…`.", "scheme": "bearer"},
    "basic": {
        "type": "http", "description": "Any user, and a key as the password.", "scheme": "basic",
    },
    "session": {
        "type": "apiKey",
        "description": "Of somebody signed in (POST /session), `__Host-hearthwatch` where callers "
        f"come over TLS. What changes anything must also have {FORM_FIELD}.",
        "in": "cookie",
        "name": COOKIE,
    },
}  # fmt: skip
"""What somebody may show, any one of them."""


def declare(app: FastAPI, document: dict[str, Any]) -> None:
    """Write `security` and `x-scope` into every operation that is not open to everybody.

    A scope by its name; ``known`` where anybody is let in who shows anything in force.
    """
    document["components"]["securitySchemes"] = dict(SCHEMES)
    for route in iter_route_contexts(app.routes):
        calls = list(_calls(route.dependant)) if route.methods else []
        for method in route.methods or ():
            item = document["paths"].get(route.path_format, {})
            operation = item.get(method.lower())
            if operation is not None and caller in calls:
                operation["security"] = [{name: []} for name in SCHEMES]
                operation[MEMBER] = _needed(calls)


def _needed(calls: Iterable[Any]) -> str:
    scopes = map(scope_of, calls)
    return next((scope.value for scope in scopes if scope is not None), "known")


def _calls(dependant: Dependant) -> Iterator[Any]:
    for below in dependant.dependencies:
        yield below.call
        yield from _calls(below)
