"""Responders: organisations that are told of events and say what they do."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.answers import respond
from api.auth import Caller, Reader, Writer
from api.context import Context, InContext
from api.doors import Doors, InDoors
from api.models_network import NewResponder, ResponderAnswer, ResponderChange, ResponderList
from api.problems import Problem, declared, located
from api.routes.subscriptions import terms_of
from hearthwatch.alerting.network_shown import responder_value
from hearthwatch.alerting.responders import Responders
from hearthwatch.disclosure.shown import names_of

router = APIRouter(prefix="/responders", tags=["network"])

ResponderId = Annotated[str, Path(max_length=200)]
_MAY_BE_NULL = frozenset({"region", "geometry", "until"})


@router.get("", response_model=ResponderList)
def list_responders(who: Reader, here: InContext) -> Response:
    """List the response network, oldest first."""
    every = here.store.responders(who.organisation)
    names = names_of(here.store, who.organisation, [one.owner for one in every])
    called = {contact for one in every for contact in one.contacts}
    known = here.store.receivers(who.organisation) if called else ()
    names |= {one.id: one.name for one in known if one.id in called}
    return respond({"items": [responder_value(one) for one in every], "names": names})


@router.post(
    "",
    response_model=ResponderAnswer,
    status_code=201,
    responses=declared(403, 409, 422, 507) | {201: located("The responder.")},
)
def add_responder(sent: NewResponder, who: Writer, here: InContext, doors: InDoors) -> Response:
    """Add an organisation that is told of what it serves, from then on.

    Its contacts are receivers without subscriptions of their own; the first is told first.
    """
    given = sent.model_dump()
    if given["since"] is None:
        del given["since"]
    made = _responders(who, here, doors).add(_terms(given, here))
    where = {"Location": f"/responders/{made.id}"}
    return respond(responder_value(made), status=201, headers=where)


@router.get("/{responder}", response_model=ResponderAnswer, responses=declared(404))
def read_responder(
    responder: ResponderId, who: Reader, here: InContext, doors: InDoors
) -> Response:
    """Return one responder."""
    return respond(responder_value(_responders(who, here, doors).one(responder)))


@router.patch(
    "/{responder}", response_model=ResponderAnswer, responses=declared(403, 404, 409, 422, 507)
)
def change_responder(
    responder: ResponderId, sent: ResponderChange, who: Writer, here: InContext, doors: InDoors
) -> Response:
    """Change what it serves, what was agreed or who is called; what is not sent stays."""
    changes = sent.model_dump(exclude_unset=True)
    nothing = [one for one, value in changes.items() if value is None and one not in _MAY_BE_NULL]
    if nothing:
        faults = [(f"body.{name}", "cannot be null") for name in nothing]
        raise Problem(422, "invalid", "Leave out what shall stay as it is.", faults=faults)
    changed = _responders(who, here, doors).change(responder, _terms(changes, here))
    return respond(responder_value(changed))


@router.delete("/{responder}", status_code=204, responses=declared(403, 404, 409, 507))
def remove_responder(
    responder: ResponderId, who: Writer, here: InContext, doors: InDoors
) -> Response:
    """Tell a responder of nothing new, for good; what it was told and answered stays."""
    _responders(who, here, doors).remove(responder)
    return Response(status_code=204)


def _responders(who: Caller, here: Context, doors: Doors) -> Responders:
    return Responders(here.store, who, doors.sign_in.clock())


def _terms(sent: dict[str, object], here: Context) -> dict[str, object]:
    found = terms_of(sent, here)
    if "contacts" in found:
        found["contacts"] = tuple(found["contacts"])
    return found
