"""Messages: what was sent to whom, every attempt, and sending again."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from api.answers import JSON, next_links, respond
from api.auth import Reader, Writer
from api.context import InContext
from api.doors import InDoors
from api.models_alerts import AlertList, MessageAnswer, MessageList, OneMessage
from api.params import After, Limit
from api.problems import declared
from api.routes.subscriptions import OfReceiver
from hearthwatch.alerting.messages import Messages, told_of
from hearthwatch.alerting.shown import attempt_value, message_value
from hearthwatch.records import MessageState

router = APIRouter(tags=["alerts"])

MessageId = Annotated[str, Path(max_length=200)]
OfEvent = Annotated[str, Query(min_length=1, max_length=200, description="Id of an event.")]


@router.get("/messages", response_model=MessageList)
def list_messages(
    request: Request,
    who: Reader,
    here: InContext,
    receiver: OfReceiver = None,
    state: Annotated[MessageState | None, Query()] = None,
    limit: Limit = 100,
    after: After = None,
) -> Response:
    """List messages and how they stand, newest first."""
    page = here.store.messages(
        who.organisation, receiver=receiver, state=state, after=after, limit=limit
    )
    links = next_links(request, here, page.next, JSON)
    items = [message_value(one) for one in page.items]
    return respond({"items": items, "next": page.next, "links": links})


@router.get("/messages/{message}", response_model=OneMessage, responses=declared(404))
def read_message(message: MessageId, who: Reader, here: InContext) -> Response:
    """Return how one message stands, with every attempt at delivering it."""
    found = here.store.message(who.organisation, message)
    tried = here.store.attempts(who.organisation, found.id)
    return respond({**message_value(found), "tried": [attempt_value(one) for one in tried]})


@router.post(
    "/messages/{message}/again",
    response_model=MessageAnswer,
    responses=declared(403, 404, 409, 507),
)
def send_again(message: MessageId, who: Writer, here: InContext, doors: InDoors) -> Response:
    """Send a message again that was given up, or at once one that waits for its next attempt."""
    made = Messages(here.store, who, doors.sign_in.clock()).again(message)
    return respond(message_value(made))


@router.get("/alerts", response_model=AlertList, responses=declared(404))
def list_alerts(who: Reader, here: InContext, event: OfEvent) -> Response:
    """Tell who was told what of an event, in which message, and what became of it."""
    return respond({"items": told_of(here.store, who.organisation, event)})
