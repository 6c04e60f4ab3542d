"""Alarms: what is wrong with the service, or with what it is fed by."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from api.answers import respond
from api.auth import Reader, Writer
from api.context import InContext
from api.doors import InDoors
from api.models_alerts import AlarmAnswer, AlarmList
from api.problems import declared
from hearthwatch.values import moment
from hearthwatch.watchdogs.answering import Alarms
from hearthwatch.watchdogs.shown import alarm_value, is_watching, standing, watched_at

router = APIRouter(prefix="/alarms", tags=["alerts"])

AlarmId = Annotated[str, Path(max_length=200)]
Past = Annotated[bool, Query(alias="all", description="Whether those that are over are there too.")]


@router.get("", response_model=AlarmList)
def list_alarms(who: Reader, here: InContext, doors: InDoors, past: Past = False) -> Response:
    """List the alarms of one's organisation and of the installation, the newest first.

    Those that are open; with `all` the last ones that are over too, 200 of each at most.
    """
    every = standing(here.store, who.organisation, open_only=not past)
    own = {one.id for one in here.store.receivers(who.organisation, removed=True)}
    return respond({
        "watching": is_watching(here.store, doors.sign_in.clock()),
        "watched": moment(watched_at(here.store)),
        "items": [alarm_value(one, who.organisation, own) for one in every],
    })  # fmt: skip


@router.post(
    "/{alarm}/acknowledge",
    response_model=AlarmAnswer,
    responses=declared(403, 404, 409, 507),
)
def acknowledge_alarm(alarm: AlarmId, who: Writer, here: InContext, doors: InDoors) -> Response:
    """Say that somebody sees to an alarm; it stays open until it is found no more."""
    alarms = Alarms(here.store, who, here.settings.organisation, doors.sign_in.clock())
    found = alarms.acknowledge(alarm)
    own = {one.id for one in here.store.receivers(who.organisation, removed=True)}
    return respond(alarm_value(found, who.organisation, own))
