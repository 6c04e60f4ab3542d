"""Who asks: the key in the request, and what it allows.

Any request without a key in force gets the same 401, whatever was wrong with it.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Security
from fastapi.security import HTTPBasic, HTTPBearer
from starlette.requests import Request

from api.context import of_app
from api.problems import Problem
from hearthwatch import keys
from hearthwatch.records import Role

_MAY_WRITE = frozenset({Role.ADMIN, Role.ANALYST})
# Without Basic in it: a browser would ask for a password in a window of its own.
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="hearthwatch"'}


class _Bearer(HTTPBearer):
    """For the OpenAPI document: the header is read by `identify`, for bodies too."""

    async def __call__(self, request: Request) -> None:  # type: ignore[override]
        return None


class _Basic(HTTPBasic):
    """The same, for programs that know nothing but passwords."""

    async def __call__(self, request: Request) -> None:  # type: ignore[override]
        return None


_bearer = _Bearer(scheme_name="bearer", description="A key: `hw_…`.")
_basic = _Basic(scheme_name="basic", description="Any user, and a key as the password.")


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a request is.

    Attributes
    ----------
    organisation : str
        The only one whose records the request may see.
    key, name : str
        Id of the key, and who uses it.
    """

    organisation: str
    key: str
    name: str
    role: Role


def caller(
    request: Request,
    bearer: Annotated[Any, Security(_bearer)],
    basic: Annotated[Any, Security(_basic)],
) -> Caller:
    """Return who asks.

    Raises
    ------
    Problem
        401 without a key in force.
    """
    return identify(request)


def identify(request: Request) -> Caller:
    """Return who asks. It reads the store, so it belongs in a thread.

    Raises
    ------
    Problem
        401 without a key in force.
    """
    parts = keys.take_apart(_given(request.headers.get("authorization", "")))
    if parts is None:
        raise _unknown()
    key = of_app(request.app).store.key(parts[0])
    if not keys.opens(key, parts[1], datetime.now(UTC)) or key is None:
        raise _unknown()
    return Caller(key.organisation, key.id, key.name, key.role)


def writer(who: Annotated[Caller, Depends(caller)]) -> Caller:
    """Return who asks, if the key allows changes.

    Raises
    ------
    Problem
        403 for a key that may only read.
    """
    if who.role not in _MAY_WRITE:
        raise Problem(403, "role", "This key may read but not change anything. Use another key.")
    return who


Reader = Annotated[Caller, Depends(caller)]
Writer = Annotated[Caller, Depends(writer)]


def _given(header: str) -> str:
    """Return the key in an `Authorization` field; what cannot be read counts as none."""
    scheme, _, given = header.partition(" ")
    if scheme.lower() == "bearer":
        return given
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(given, validate=True).decode("latin-1").partition(":")[2]
    except ValueError:
        return ""


def _unknown() -> Problem:
    words = "Send a key in force: Authorization: Bearer hw_…; `hearthwatch key add` makes one."
    return Problem(401, "key", words, headers=_CHALLENGE)
