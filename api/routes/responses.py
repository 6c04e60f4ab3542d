"""Who knows of an event, who acts, and what was written down about it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.answers import respond
from api.auth import Caller, Reader, Writer
from api.context import Context, InContext
from api.doors import Doors, InDoors
from api.models_network import (
    EffectAnswer,
    NewAnswer,
    NewEffect,
    NewNote,
    NoteAnswer,
    ResponseAnswer,
    Responses,
)
from api.problems import declared
from api.routes.events import EventId
from api.routes.responders import ResponderId
from hearthwatch.alerting.answers import Coordination, Said
from hearthwatch.alerting.network_shown import (
    effect_value,
    note_value,
    response_value,
    who_knows,
)
from hearthwatch.disclosure.shown import names_of
from hearthwatch.store.protocol import Store

router = APIRouter(prefix="/events", tags=["network"])

WRITTEN = declared(403, 404, 409, 422, 507)


@router.get("/{event}/responses", response_model=Responses, responses=declared(404))
def list_responses(event: EventId, who: Reader, here: InContext) -> Response:
    """Tell who was told when and by which way, who received it, acts or declined; and all notes."""
    told = who_knows(here.store, who.organisation, event)
    return respond({**told, "names": _names(here.store, who.organisation, told)})


@router.post("/{event}/responses/{responder}", response_model=ResponseAnswer, responses=WRITTEN)
def write_answer(
    event: EventId,
    responder: ResponderId,
    sent: NewAnswer,
    who: Writer,
    here: InContext,
    doors: InDoors,
) -> Response:
    """Write down what a responder said otherwise than by its link, on the telephone say."""
    said = Said(sent.answer, sent.words, sent.to or "", sent.contact or "")
    made = _coordination(who, here, doors).answer(event, responder, said)
    return respond(response_value(here.store, made))


@router.post("/{event}/notes", response_model=NoteAnswer, status_code=201, responses=WRITTEN)
def add_note(
    event: EventId, sent: NewNote, who: Writer, here: InContext, doors: InDoors
) -> Response:
    """Write a note about an event; nothing is ever changed of it."""
    made = _coordination(who, here, doors).note(event, sent.words)
    return respond(note_value(made), status=201)


@router.post("/{event}/effects", response_model=EffectAnswer, status_code=201, responses=WRITTEN)
def add_effect(
    event: EventId, sent: NewEffect, who: Writer, here: InContext, doors: InDoors
) -> Response:
    """Write down what followed after an event was told: something done, nothing, or harm."""
    made = _coordination(who, here, doors).effect(
        event, sent.effect, sent.date.isoformat(), sent.source, sent.words, sent.responder or ""
    )
    return respond(effect_value(made), status=201)


def _coordination(who: Caller, here: Context, doors: Doors) -> Coordination:
    return Coordination(here.store, who, doors.sign_in.clock())


def _names(store: Store, organisation: str, told: dict[str, Any]) -> dict[str, str]:
    """Return what those are called who wrote something down, and the responders that it is of."""
    steps = [step for one in told["items"] for step in one["steps"]]
    written = [one["by"] for one in (*told["notes"], *told["effects"], *steps)]
    named = {one["responder"] for one in (*told["items"], *told["effects"])}
    named |= {step["to"] for step in steps}
    known = store.responders(organisation, removed=True)
    responders = {one.id: one.name for one in known if one.id in named}
    return names_of(store, organisation, written) | responders
