"""Subscriptions: of which events receivers are told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api.answers import respond
from api.auth import Caller, Reader, Writer
from api.context import Context, InContext
from api.doors import Doors, InDoors
from api.models_alerts import (
    NewSubscription,
    SubscriptionAnswer,
    SubscriptionChange,
    SubscriptionList,
)
from api.problems import Problem, declared, located, of_faulty
from hearthwatch.alerting.shown import subscription_value
from hearthwatch.alerting.subscriptions import TERMS, Subscriptions
from hearthwatch.errors import RegionError
from hearthwatch.watchlist import join_areas, of_any_size, read_area

router = APIRouter(prefix="/subscriptions", tags=["alerts"])

SubscriptionId = Annotated[str, Path(max_length=200)]
OfReceiver = Annotated[
    str | None, Query(min_length=1, max_length=200, description="Id of a receiver.")
]
_MAY_BE_NULL = frozenset({"region", "geometry"})


@router.get("", response_model=SubscriptionList)
def list_subscriptions(who: Reader, here: InContext, receiver: OfReceiver = None) -> Response:
    """List the subscriptions of all receivers, or of one, oldest first."""
    every = here.store.subscriptions(who.organisation, receiver=receiver)
    return respond({"items": [subscription_value(one) for one in every]})


@router.post(
    "",
    response_model=SubscriptionAnswer,
    status_code=201,
    responses=declared(403, 404, 409, 422, 507) | {201: located("The subscription.")},
)
def add_subscription(
    sent: NewSubscription, who: Writer, here: InContext, doors: InDoors
) -> Response:
    """Let a receiver be told of more: of what is found or changes from then on."""
    given = sent.model_dump(include=set(TERMS))
    made = _subscriptions(who, here, doors).add(sent.receiver, terms_of(given, here))
    where = {"Location": f"/subscriptions/{made.id}"}
    return respond(subscription_value(made), status=201, headers=where)


@router.get("/{subscription}", response_model=SubscriptionAnswer, responses=declared(404))
def read_subscription(
    subscription: SubscriptionId, who: Reader, here: InContext, doors: InDoors
) -> Response:
    """Return one subscription."""
    return respond(subscription_value(_subscriptions(who, here, doors).one(subscription)))


@router.patch(
    "/{subscription}",
    response_model=SubscriptionAnswer,
    responses=declared(403, 404, 409, 422, 507),
)
def change_subscription(
    subscription: SubscriptionId,
    sent: SubscriptionChange,
    who: Writer,
    here: InContext,
    doors: InDoors,
) -> Response:
    """Change or pause a subscription; what was told before is followed up in any case."""
    changes = sent.model_dump(exclude_unset=True)
    nothing = [one for one, value in changes.items() if value is None and one not in _MAY_BE_NULL]
    if nothing:
        faults = [(f"body.{name}", "cannot be null") for name in nothing]
        raise Problem(422, "invalid", "Leave out what shall stay as it is.", faults=faults)
    paused = changes.pop("paused", None)
    own = _subscriptions(who, here, doors)
    return respond(
        subscription_value(own.change(subscription, terms_of(changes, here), paused=paused))
    )


@router.delete("/{subscription}", status_code=204, responses=declared(403, 404, 409, 507))
def remove_subscription(
    subscription: SubscriptionId, who: Writer, here: InContext, doors: InDoors
) -> Response:
    """Let nothing new be told because of a subscription, for good."""
    _subscriptions(who, here, doors).remove(subscription)
    return Response(status_code=204)


def _subscriptions(who: Caller, here: Context, doors: Doors) -> Subscriptions:
    return Subscriptions(here.store, who, doors.sign_in.clock())


def terms_of(sent: Mapping[str, Any], here: Context) -> dict[str, Any]:
    """Return what was sent as records have it; `Problem`, 422, for an area that is none."""
    found = dict(sent)
    if "region" in found:
        found["region"] = found["region"] or ""
    for name in found.keys() & {"kinds", "modes"}:
        found[name] = tuple(one.value for one in found[name])
    if found.get("geometry") is not None:
        feature = {"type": "Feature", "properties": {}, "geometry": found["geometry"]}
        try:
            settings = of_any_size(here.settings)
            areas = read_area(json.dumps(feature), settings)
            found["geometry"] = join_areas(areas, settings).geometry
        except RegionError as error:
            raise of_faulty(error, "area", "body.geometry") from error
    return found
