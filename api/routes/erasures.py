"""Erasing content, and legal holds that keep it: what takes two people."""

from __future__ import annotations

from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.answers import respond
from api.auth import Caller, Manager, Releaser
from api.context import Context, InContext
from api.doors import Doors, InDoors
from api.models_erasing import (
    ErasureAnswer,
    ErasureList,
    HoldAnswer,
    HoldList,
    Lifting,
    NewErasure,
    NewHold,
)
from api.problems import declared, located
from hearthwatch.disclosure.erasing import Erasures, every_erasure, one_erasure
from hearthwatch.disclosure.holds import Holds, asked_to_lift, every_hold
from hearthwatch.disclosure.shown import erasure_value, hold_value, names_of
from hearthwatch.layout import Layout
from hearthwatch.operation import erasing
from hearthwatch.records import Proposal, Subject

router = APIRouter(tags=["erasing"])

ErasureId = Annotated[str, Path(max_length=200)]
HoldId = Annotated[str, Path(max_length=200)]


@router.get("/erasures", response_model=ErasureList)
def list_erasures(who: Releaser, here: InContext) -> Response:
    """Return all erasures that were ever asked for, oldest first."""
    found = every_erasure(here.store, who.organisation)
    asked = [(one.asked_by, one.decided_by) for one in found]
    names = names_of(here.store, who.organisation, chain.from_iterable(asked))
    return respond({"items": [erasure_value(one) for one in found], "names": names})


@router.post(
    "/erasures",
    response_model=ErasureAnswer,
    status_code=201,
    responses=declared(404, 409, 422, 507) | {201: located("The erasure.")},
)
def ask_erasure(sent: NewErasure, who: Releaser, here: InContext, doors: InDoors) -> Response:
    """Ask that all there is of something be erased. An administrator, another person, agrees."""
    made = _erasures(who, here, doors).ask(Subject(sent.what), sent.id, sent.reason)
    headers = {"Location": f"/erasures/{made.id}"}
    return respond(erasure_value(made), status=201, headers=headers)


@router.get("/erasures/{erasure}", response_model=ErasureAnswer, responses=declared(404))
def get_erasure(erasure: ErasureId, who: Releaser, here: InContext) -> Response:
    """Return one erasure, with the hash of what was erased."""
    return respond(erasure_value(one_erasure(here.store, who.organisation, erasure)))


@router.post(
    "/erasures/{erasure}/agree", response_model=ErasureAnswer, responses=declared(404, 409, 507)
)
def agree_erasure(erasure: ErasureId, who: Manager, here: InContext, doors: InDoors) -> Response:
    """Agree to an erasure that another person asked for, and erase. Nothing brings it back."""
    layout = Layout(here.settings.data_dir)
    return respond(erasure_value(erasing.agree(_erasures(who, here, doors), layout, erasure)))


@router.post(
    "/erasures/{erasure}/refuse", response_model=ErasureAnswer, responses=declared(404, 409, 507)
)
def refuse_erasure(erasure: ErasureId, who: Releaser, here: InContext, doors: InDoors) -> Response:
    """Refuse an erasure, or take back what one asked for oneself. One person is enough."""
    return respond(erasure_value(_erasures(who, here, doors).refuse(erasure)))


@router.get("/holds", response_model=HoldList)
def list_holds(who: Releaser, here: InContext) -> Response:
    """Return all legal holds, lifted ones included, oldest first."""
    found = every_hold(here.store, who.organisation)
    items = [_hold(here, one) for one in found]
    asked = [(one["set_by"], one["lifted_by"], one["lifting_asked_by"]) for one in items]
    names = names_of(here.store, who.organisation, chain.from_iterable(asked))
    return respond({"items": items, "names": names})


@router.post(
    "/holds",
    response_model=HoldAnswer,
    status_code=201,
    responses=declared(404, 409, 422, 507) | {201: located("All holds.")},
)
def put_hold(sent: NewHold, who: Releaser, here: InContext, doors: InDoors) -> Response:
    """Set a legal hold. It is in force at once: what is under it is not erased."""
    made = _holds(who, here, doors).put(sent.what, sent.id, sent.reason)
    return respond(_hold(here, made), status=201, headers={"Location": "/holds"})


@router.post(
    "/holds/{hold}/lift", response_model=HoldAnswer, responses=declared(404, 409, 422, 507)
)
def lift_hold(
    hold: HoldId, sent: Lifting, who: Manager, here: InContext, doors: InDoors
) -> Response:
    """Ask that a hold be lifted; the second administrator to do so lifts it."""
    return respond(_hold(here, _holds(who, here, doors).lift(hold, sent.reason)))


@router.post("/holds/{hold}/keep", response_model=HoldAnswer, responses=declared(404, 409, 507))
def keep_hold(hold: HoldId, who: Releaser, here: InContext, doors: InDoors) -> Response:
    """Keep a hold that somebody asked to lift. One person is enough."""
    return respond(_hold(here, _holds(who, here, doors).keep(hold)))


def _erasures(who: Caller, here: Context, doors: Doors) -> Erasures:
    return Erasures(here.store, who, doors.sign_in.clock)


def _holds(who: Caller, here: Context, doors: Doors) -> Holds:
    return Holds(here.store, who, doors.sign_in.clock)


def _hold(here: Context, found: Proposal) -> dict[str, Any]:
    lifting = asked_to_lift(here.store, found) if found.ended is None else None
    return hold_value(found, lifting)
