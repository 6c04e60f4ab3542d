"""Receivers: who is told of events, by which channel, and how much."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api.answers import respond
from api.auth import Caller, Reader, Writer
from api.context import Context, InContext
from api.doors import Doors, InDoors
from api.models_alerts import (
    Confirmation,
    MessageAnswer,
    NewReceiver,
    OneReceiver,
    ReceiverAnswer,
    ReceiverChange,
    ReceiverList,
)
from api.problems import Problem, declared, located
from hearthwatch.alerting.owners import is_shut_out
from hearthwatch.alerting.receivers import TERMS, Receivers
from hearthwatch.alerting.shown import message_value, receiver_value
from hearthwatch.disclosure.shown import names_of
from hearthwatch.errors import NotFound
from hearthwatch.records import Receiver

router = APIRouter(prefix="/receivers", tags=["alerts"])

ReceiverId = Annotated[str, Path(max_length=200)]
Removed = Annotated[bool, Query(description="Whether those that were removed are listed too.")]
CHANGED = declared(403, 404, 409, 422, 507)
_MAY_BE_NULL = frozenset({"quiet_from", "quiet_until", "quiet_override"})


@router.get("", response_model=ReceiverList)
def list_receivers(
    who: Reader, here: InContext, doors: InDoors, removed: Removed = False
) -> Response:
    """List who is told of events, oldest first, without addresses."""
    every = here.store.receivers(who.organisation, removed=removed)
    owners, now = sorted({one.owner for one in every}), doors.sign_in.clock()
    names = names_of(here.store, who.organisation, owners)
    gone = [one for one in owners if is_shut_out(here.store, who.organisation, one, now)]
    items = [receiver_value(one) for one in every]
    return respond({"items": items, "names": names, "gone": gone})


@router.post(
    "",
    response_model=OneReceiver,
    status_code=201,
    responses=declared(403, 409, 422, 507) | {201: located("The receiver.")},
)
def add_receiver(sent: NewReceiver, who: Writer, here: InContext, doors: InDoors) -> Response:
    """Add a receiver and show its secret, this once. It is asked whether it wants to be told.

    Until it says so nothing else is sent to it. A feed is not asked.
    """
    terms = {name: getattr(sent, name) for name in TERMS}
    made, secret = _receivers(who, here, doors).add(sent.channel, sent.address, terms)
    where = {"Location": f"/receivers/{made.id}"}
    return respond(_with_secret(made, secret), status=201, headers=where)


@router.get("/{receiver}", response_model=ReceiverAnswer, responses=declared(404))
def read_receiver(receiver: ReceiverId, who: Reader, here: InContext) -> Response:
    """Return one receiver, without its address."""
    found = here.store.receiver(who.organisation, receiver)
    if found.removed is not None:
        raise NotFound(f"There is no receiver {receiver}.")
    return respond(receiver_value(found))


@router.patch("/{receiver}", response_model=OneReceiver, responses=CHANGED)
def change_receiver(
    receiver: ReceiverId, sent: ReceiverChange, who: Writer, here: InContext, doors: InDoors
) -> Response:
    """Change a receiver, or switch it off or on; what is not sent stays.

    Another address is asked anew, and gets a secret of its own, which is shown this once.
    """
    changes = sent.model_dump(exclude_unset=True)
    nothing = [one for one, value in changes.items() if value is None and one not in _MAY_BE_NULL]
    if nothing:
        faults = [(f"body.{name}", "cannot be null") for name in nothing]
        raise Problem(422, "invalid", "Leave out what shall stay as it is.", faults=faults)
    own = _receivers(who, here, doors)
    found, secret = here.store.receiver(who.organisation, receiver), ""
    if changes.keys() & {*TERMS, "address"}:
        address = changes.pop("address", None)
        terms = {name: value for name, value in changes.items() if name in TERMS}
        found, secret = own.change(receiver, terms, address)
    if sent.take_over:
        found = own.take_over(receiver)
    if sent.disabled is not None:
        reason = sent.disabled_reason or "Switched off by hand."
        found = own.disable(receiver, reason) if sent.disabled else own.enable(receiver)
    if found.removed is not None:
        raise NotFound(f"There is no receiver {receiver}.")
    return respond(_with_secret(found, secret))


@router.delete("/{receiver}", status_code=204, responses=declared(403, 404, 409, 507))
def remove_receiver(receiver: ReceiverId, who: Writer, here: InContext, doors: InDoors) -> Response:
    """Tell a receiver nothing more, for good; what it was told stays on record."""
    _receivers(who, here, doors).remove(receiver)
    return Response(status_code=204)


@router.post(
    "/{receiver}/rotate", response_model=OneReceiver, responses=declared(403, 404, 409, 507)
)
def rotate_receiver(receiver: ReceiverId, who: Writer, here: InContext, doors: InDoors) -> Response:
    """Give a receiver a new secret and show it, this once.

    For a day messages are signed with the one before too.
    """
    return respond(_with_secret(*_receivers(who, here, doors).rotate(receiver)))


@router.post("/{receiver}/confirm", response_model=ReceiverAnswer, responses=CHANGED)
def confirm_receiver(
    receiver: ReceiverId, sent: Confirmation, who: Writer, here: InContext, doors: InDoors
) -> Response:
    """Bring back the token that a receiver was sent: it wants to be told."""
    return respond(receiver_value(_receivers(who, here, doors).confirm(receiver, sent.token)))


@router.post(
    "/{receiver}/test",
    response_model=MessageAnswer,
    status_code=201,
    responses=CHANGED | {201: located("The message.")},
)
def test_receiver(receiver: ReceiverId, who: Writer, here: InContext, doors: InDoors) -> Response:
    """Send a message that is marked as a test, whatever the receiver is subscribed to."""
    made = _receivers(who, here, doors).test(receiver)
    return respond(message_value(made), status=201, headers={"Location": f"/messages/{made.id}"})


def _receivers(who: Caller, here: Context, doors: Doors) -> Receivers:
    return Receivers(here.store, here.post, who, doors.sign_in.clock())


def _with_secret(found: Receiver, secret: str) -> dict[str, Any]:
    return {**receiver_value(found), "secret": secret or None}
