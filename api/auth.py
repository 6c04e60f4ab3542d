"""Who asks: the key, the session or the pass in the request, and what it allows.

Any request without one in force gets the same 401, whatever was wrong with it.
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Query
from starlette.requests import Request

from api import audited
from api.context import of_app
from api.doors import FORM_FIELD, Doors, doors_of
from api.problems import Problem
from hearthwatch.access import standing
from hearthwatch.access.passes import PARAMETER
from hearthwatch.access.secrets import form_token, hash_of, is_right
from hearthwatch.access.standing import Caller
from hearthwatch.records import Scope

__all__ = [
    "Auditor", "Caller", "Exporter", "Judge", "Known", "Manager", "Passable", "Reader", "Released",
    "Releaser", "Writer", "allowed", "caller", "identify", "scope_of", "shown_in", "with_pass",
]  # fmt: skip

# Without Basic in it: a browser would ask for a password in a window of its own.
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="hearthwatch"'}
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def caller(request: Request) -> Caller:
    """Return who asks.

    Raises
    ------
    Problem
        401 without a key, session or pass in force; 403 for a change that a page of somebody
        else may have sent.
    """
    who = identify(request)
    audited.note_route(request)
    return who


def identify(request: Request) -> Caller:
    """Return who asks. It reads the store, so it belongs in a thread.

    Raises
    ------
    Problem
        As `caller`.
    """
    doors, now = doors_of(request.app), datetime.now(UTC)
    header = request.headers.get("authorization")
    if header is not None:
        who = standing.of_key(of_app(request.app).store, shown_in(header), now)
    elif PARAMETER in request.query_params:
        who = _with_pass(request, now)
    else:
        who = _signed_in(request, doors, now)
    if who is None:
        raise _unknown()
    if who.session:
        doors.uses.of_session(who.session, now)
    elif not who.used_pass:
        doors.uses.of_key(who.key, now)
    audited.note(request, who)
    return who


def _with_pass(request: Request, now: datetime) -> Caller | None:
    route = request.scope.get("route")
    takes = {field.alias for one in route.dependant.dependencies for field in one.query_params
             } if route else set()  # fmt: skip
    given = request.query_params.getlist(PARAMETER)
    if request.method != "GET" or PARAMETER not in takes or len(given) != 1:
        return None
    store, query = of_app(request.app).store, request.query_params.multi_items()
    return standing.of_pass(store, given[0], now, request.scope["path"], query)


def _signed_in(request: Request, doors: Doors, now: datetime) -> Caller | None:
    token = request.cookies.get(doors.cookie)
    if token is None or not doors.is_own(request):
        return None
    name = hash_of(token)
    store = of_app(request.app).store
    who = standing.of_session(store, name, now, doors.idle, doors.uses.seen(name))
    if who is not None and request.method not in _READING:
        # Compared by its hash: the time taken tells nothing of it.
        given = request.headers.get(FORM_FIELD, "")
        if not is_right(given, hash_of(form_token(token))):
            raise Problem(
                403,
                "form",
                f"A change by somebody signed in needs the field {FORM_FIELD} that GET /session "
                "tells, against requests of other pages.",
            )
    return who


def takes_pass(
    pass_: Annotated[
        str | None,
        Query(
            alias=PARAMETER,
            max_length=100,
            description="A pass made for this very address, where no header can be sent.",
        ),
    ] = None,
) -> None:
    """Let a route be opened with a pass too."""


Passable = Depends(takes_pass)
"""Goes among the dependencies of a route that a pass may open."""


def with_pass(request: Request, address: str) -> str:
    """Return an address that the pass of a request opens too; as it is where none was shown."""
    given = request.query_params.get(PARAMETER)
    if given is None or "authorization" in request.headers:
        return address
    return f"{address}{'&' if '?' in address else '?'}{PARAMETER}={quote(given, safe='')}"


_CHECKS: dict[Any, Scope] = {}


def allowed(scope: Scope) -> Callable[[Caller], Awaitable[Caller]]:
    """Return the dependency that lets those through who may do something.

    Raises
    ------
    Problem
        403 for those who may not.
    """

    # Async, so that it is not sent to a thread for a look into a set.
    async def check(who: Annotated[Caller, Depends(caller)]) -> Caller:
        if scope not in who.scopes:
            raise Problem(403, "scope", _WORDS[scope])
        return who

    _CHECKS[check] = scope
    return check


def scope_of(check: Any) -> Scope | None:
    """Return the scope that a dependency asks for; None if it asks for none."""
    return _CHECKS.get(check)


_WORDS = {
    Scope.RELEASED: "You may not read what was released to partners.",
    Scope.READ: "You may not read this organisation's records.",
    Scope.WATCH: "You may read but not change anything. Use another key.",
    Scope.JUDGE: "You may not say what an event is. Ask an analyst or a reviewer.",
    Scope.EXPORT: "You may not take out whole collections. Ask an analyst.",
    Scope.RELEASE: "You may not release anything to others. Ask an analyst or a reviewer.",
    Scope.AUDIT: "You may not read the log. Ask an administrator.",
    Scope.MANAGE: "You may not let people or keys in. Ask an administrator.",
}

Known = Annotated[Caller, Depends(caller)]
"""Whoever comes with something in force, whatever they may do."""
Released = Annotated[Caller, Depends(allowed(Scope.RELEASED))]
Reader = Annotated[Caller, Depends(allowed(Scope.READ))]
Writer = Annotated[Caller, Depends(allowed(Scope.WATCH))]
Judge = Annotated[Caller, Depends(allowed(Scope.JUDGE))]
Exporter = Annotated[Caller, Depends(allowed(Scope.EXPORT))]
Releaser = Annotated[Caller, Depends(allowed(Scope.RELEASE))]
Auditor = Annotated[Caller, Depends(allowed(Scope.AUDIT))]
Manager = Annotated[Caller, Depends(allowed(Scope.MANAGE))]


def shown_in(header: str) -> str:
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
    words = (
        "Sign in, or send a key in force: Authorization: Bearer hw_…; `hearthwatch key add` makes "
        "one."
    )
    return Problem(401, "key", words, headers=_CHALLENGE)
