"""What the OpenAPI document says of who may ask: the scope each operation needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

from api.auth import scope_of

MEMBER = "x-scope"


def declare(app: FastAPI, document: Mapping[str, Any]) -> None:
    """Write `x-scope` into every operation that is not open to everybody.

    A scope by its name; ``known`` where anybody is let in who shows anything in force.
    """
    for route in iter_route_contexts(app.routes):
        for method in route.methods or ():
            item = document["paths"].get(route.path_format, {})
            operation = item.get(method.lower())
            if operation is not None and "security" in operation:
                operation[MEMBER] = _needed(route.dependant)


def _needed(dependant: Dependant) -> str:
    scopes = [scope_of(call) for call in _calls(dependant)]
    return next((scope.value for scope in scopes if scope is not None), "known")


def _calls(dependant: Dependant) -> Iterator[Any]:
    for below in dependant.dependencies:
        yield below.call
        yield from _calls(below)
