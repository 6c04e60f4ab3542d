"""Passes: what opens one address to a program that cannot send a header."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.answers import respond
from api.auth import Caller, Known
from api.context import InContext
from api.doors import InDoors
from api.models_access import MadePass, NewPass, PassAnswer, Passes
from api.problems import declared, located
from hearthwatch.access import people
from hearthwatch.access.passes import checked_resource, new_pass
from hearthwatch.errors import NotFound
from hearthwatch.records import Pass, Scope
from hearthwatch.values import moment

router = APIRouter(prefix="/passes", tags=["access"])

PassId = Annotated[str, Path(max_length=200)]


@router.get("", response_model=Passes)
def list_passes(who: Known, here: InContext) -> Response:
    """Return the passes one made oneself, or all, if one lets people in."""
    every = here.store.passes(who.organisation)
    return respond({"items": [_value(one) for one in every if _may_see(who, one)]})


@router.post(
    "",
    response_model=MadePass,
    status_code=201,
    responses=declared(409, 422, 507) | {201: located("The pass, without its secret.")},
)
def add_pass(sent: NewPass, who: Known, here: InContext, doors: InDoors) -> Response:
    """Make a pass for one address and show it once.

    It opens GET of that alone, no longer than its maker may see it.
    """
    resource, scope = checked_resource(sent.resource)
    people.require_no_more(who, {scope})
    now = doors.sign_in.clock()
    expires = now + timedelta(days=sent.days)
    made, shown = new_pass(who.organisation, resource, who.key, now, expires)
    with here.store.transaction() as transaction:
        transaction.put_pass(made)
    value = {**_value(made), "pass": shown}
    return respond(value, status=201, headers={"Location": f"/passes/{made.id}"})


@router.get("/{pass_id}", response_model=PassAnswer, responses=declared(404))
def get_pass(pass_id: PassId, who: Known, here: InContext) -> Response:
    """Return one pass without its secret."""
    return respond(_value(_own(here, who, pass_id)))


@router.delete("/{pass_id}", status_code=204, responses=declared(404, 507))
def revoke_pass(pass_id: PassId, who: Known, here: InContext, doors: InDoors) -> Response:
    """Let a pass open nothing from now on."""
    with here.store.transaction() as transaction:
        found = _own(here, who, pass_id)
        gone = dataclasses.replace(found, revoked=found.revoked or doors.sign_in.clock())
        transaction.put_pass(gone)
    return Response(status_code=204)


def _own(here: InContext, who: Caller, pass_id: str) -> Pass:
    found = here.store.find_pass(pass_id)
    if found is None or found.organisation != who.organisation or not _may_see(who, found):
        raise NotFound(f"There is no pass {pass_id}.")
    return found


def _may_see(who: Caller, found: Pass) -> bool:
    return found.made_by == who.key or Scope.MANAGE in who.scopes


def _value(found: Pass) -> dict[str, Any]:
    return {
        "id": found.id,
        "resource": found.resource,
        "made_by": found.made_by,
        "created": moment(found.created),
        "expires": moment(found.expires),
        "revoked": moment(found.revoked),
    }
