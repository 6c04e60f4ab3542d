"""Signing in and out, and one's own sessions and password."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api import audited
from api.answers import respond
from api.auth import Caller, Known
from api.context import InContext
from api.doors import InDoors
from api.models_access import NewSession, PasswordChange, SessionAnswer, Sessions
from api.problems import Problem, declared
from hearthwatch.access.scopes import scopes_of
from hearthwatch.access.secrets import form_token
from hearthwatch.access.signin import SignedIn
from hearthwatch.access.standing import is_going_on
from hearthwatch.errors import NotFound
from hearthwatch.records import Person, Session
from hearthwatch.values import moment

REFUSAL_SECONDS = 1.0
"""When a refusal leaves, at the earliest: what was looked up and what was written is done by then,
so that how long it took does not tell what was wrong."""

open_router = APIRouter(tags=["access"])
router = APIRouter(tags=["access"])

SessionId = Annotated[str, Path(max_length=64)]


@open_router.post(
    "/session",
    response_model=SessionAnswer,
    status_code=201,
    responses=declared(401, 403, 422, 503, 507),
)
async def sign_in(request: Request, sent: NewSession, doors: InDoors) -> Response:
    """Sign in with a password; the answer sets a cookie.

    Whatever is wrong, the answer is the same and takes about the same time.
    """
    if not doors.is_own(request):
        raise Problem(403, "form", "Only this service's own page can sign somebody in.")
    begun = time.monotonic()
    address = request.client.host if request.client else ""
    signed = await run_in_threadpool(doors.sign_in.sign_in, sent.login, sent.password, address)
    await audited.note_sign_in(request, sent.login, signed.person if signed else None)
    if signed is None:
        await asyncio.sleep(max(0.0, begun + REFUSAL_SECONDS - time.monotonic()))
        raise _refused()
    return doors.let_in(_begun(signed, 201), signed)


@router.get("/session", response_model=SessionAnswer, responses=declared(404))
def this_session(request: Request, who: Known, here: InContext, doors: InDoors) -> Response:
    """Tell who is signed in, and what changes have to come with."""
    person, session = _own(who, here)
    form = form_token(request.cookies[doors.cookie])
    return respond(_value(person, session, form))


@router.delete("/session", status_code=204, responses=declared(404, 507))
def sign_out(who: Known, here: InContext, doors: InDoors) -> Response:
    """Sign out."""
    _end(here, who, who.session, doors)
    return doors.let_out(Response(status_code=204))


@router.get("/sessions", response_model=Sessions, responses=declared(404))
def list_sessions(who: Known, here: InContext, doors: InDoors) -> Response:
    """Return one's own sessions that are going on."""
    person, _ = _own(who, here)
    now = doors.sign_in.clock()
    mine = here.store.sessions(who.organisation, person.id)
    going_on = [one for one in mine if is_going_on(one, now, doors.idle)]
    return respond({"items": [_listed(one, who) for one in going_on]})


@router.delete("/sessions/{session}", status_code=204, responses=declared(404, 507))
def end_session(session: SessionId, who: Known, here: InContext, doors: InDoors) -> Response:
    """End one of one's own sessions."""
    _own(who, here)
    _end(here, who, session, doors)
    return Response(status_code=204)


@router.post("/password", response_model=SessionAnswer, responses=declared(404, 409, 422, 507))
def change_password(sent: PasswordChange, who: Known, here: InContext, doors: InDoors) -> Response:
    """Change one's own password; all other sessions end, and this one gets a new cookie."""
    person, _ = _own(who, here)
    signed = doors.sign_in.change_password(person, sent.old, sent.new)
    return doors.let_in(_begun(signed, 200), signed)


def _own(who: Caller, here: InContext) -> tuple[Person, Session]:
    """Return who is signed in; `NotFound` where a program comes with a key."""
    session = here.store.session(who.session) if who.session else None
    if session is None:
        raise NotFound("Nobody is signed in: a key has no session.")
    return here.store.person(who.organisation, who.person), session


def _end(here: InContext, who: Caller, session_id: str, doors: InDoors) -> None:
    with here.store.transaction() as transaction:
        found = here.store.session(session_id)
        if found is None or not who.person or found.person != who.person or found.ended:
            raise NotFound("There is no such session.")
        transaction.put_session(dataclasses.replace(found, ended=doors.sign_in.clock()))


def _begun(signed: SignedIn, status: int) -> Response:
    return respond(_value(signed.person, signed.session, signed.form), status=status)


def _value(person: Person, session: Session, form: str) -> dict[str, Any]:
    return {
        "organisation": person.organisation,
        "person": person.id,
        "login": person.login,
        "name": person.name,
        "role": person.role.value,
        "scopes": sorted(scope.value for scope in scopes_of(person.role)),
        "session": session.id,
        "created": moment(session.created),
        "expires": moment(session.expires),
        "form": form,
    }


def _listed(session: Session, who: Caller) -> dict[str, Any]:
    return {
        "id": session.id,
        "created": moment(session.created),
        "seen": moment(session.seen),
        "expires": moment(session.expires),
        "this": session.id == who.session,
    }


def _refused() -> Problem:
    return Problem(
        401,
        "sign_in",
        "That is not somebody who may sign in, or not their password, or it was wrong so often "
        "that you have to wait. Sign in as login@organisation; an administrator can help.",
        headers={"WWW-Authenticate": 'Bearer realm="hearthwatch"'},
    )
