"""How people verify events: a queue, claims, and opinions that are blind to each other."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.answers import respond
from api.auth import Caller, Judge, Reader
from api.context import Context, InContext
from api.doors import Doors, InDoors
from api.models_review import (
    Agreements,
    AssessmentAnswer,
    Assessments,
    Claimed,
    NewAssessment,
    Queue,
)
from api.problems import declared
from api.routes.events import EventId
from hearthwatch.records import Claim
from hearthwatch.review.audits import Sampling
from hearthwatch.review.cases import cases_of, task_of
from hearthwatch.review.desk import Choose, Desk
from hearthwatch.review.pictures import pictures_of
from hearthwatch.review.queue import queue_of
from hearthwatch.review.seen import Seen
from hearthwatch.review.shown import (
    agreements,
    assessment_value,
    claim_value,
    readable,
    waiting_value,
)
from hearthwatch.store.whole import labels_of
from hearthwatch.values import geojson, moment, settlement_said

router = APIRouter(prefix="/reviews", tags=["verifying"])


@router.get("", response_model=Queue)
def list_reviews(
    who: Judge,
    here: InContext,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
) -> Response:
    """Return the events that whoever asks can verify, the most pressing first.

    By the level of the watch, the severity and how long it has waited. Of those that somebody else
    looks at it is told that, but not who it is; of opinions how many there are.
    """
    found = queue_of(here.store, who, sampling(here), datetime.now(UTC))
    listed = found[:limit]
    names = here.store.region_names(who.organisation)
    settlements = labels_of(here.store, who.organisation, [one.event for one in listed])
    items = [waiting_value(one, who.person, names, settlements) for one in listed]
    return respond({"items": items, "more": len(found) - len(listed)})


@router.get("/agreement", response_model=Agreements)
def read_agreement(who: Reader, here: InContext) -> Response:
    """Return how far people agree, over all watches and on each: Cohen's kappa with interval."""
    return respond(agreements(here.store, who.organisation))


@router.get("/{event}", response_model=Assessments, responses=declared(404))
def list_assessments(event: EventId, who: Reader, here: InContext, doors: InDoors) -> Response:
    """Return what people saw in the pictures of an event.

    One's own words, and those of others once one has had one's say, or nobody is to look any more.
    """
    found = here.store.event(who.organisation, event)
    said = here.store.assessments(who.organisation, event=found.id)
    current = task_of(found, cases_of(said), sampling(here))
    can = _desk(who, here, doors).task(found.id)
    now = datetime.now(UTC)
    claims = here.store.claims(who.organisation, event=found.id)
    claim = next((one for one in claims if one.ended is None and one.expires > now), None)
    return respond(
        {
            "items": [assessment_value(one) for one in readable(said, who.person, current)],
            "round": can.round.value if can else None,
            "claim": claim_value(claim, who.person) if claim else None,
        }
    )


@router.post("/{event}/claim", response_model=Claimed, responses=declared(404, 409, 507))
def claim_event(event: EventId, who: Judge, here: InContext, doors: InDoors) -> Response:
    """Take an event to look at for 30 minutes, or go on looking; only somebody signed in can.

    The answer has the pictures to look at, which are the same for everybody, and nothing that
    anybody said.
    """
    desk = _desk(who, here, doors)
    return respond(_claimed(here, desk, desk.claim(event)))


@router.delete("/{event}/claim", status_code=204, responses=declared(404, 507))
def give_back_event(event: EventId, who: Judge, here: InContext, doors: InDoors) -> Response:
    """Let others look at an event that one has taken."""
    _desk(who, here, doors).give_back(event)
    return Response(status_code=204)


@router.post(
    "/{event}/assessments",
    response_model=AssessmentAnswer,
    status_code=201,
    responses=declared(404, 409, 422, 507),
)
def assess_event(
    event: EventId, sent: NewAssessment, who: Judge, here: InContext, doors: InDoors
) -> Response:
    """Say what the pictures of an event show that one has taken; it is given back with that.

    When two people saw the same, the event is confirmed or rejected; where they differ it is
    disputed until others have looked. `bad_imagery` asks for other pictures.
    """
    reason = sent.reason.value if sent.reason else ""
    seen = Seen(sent.verdict, reason, sent.text, sent.pictures, sent.seconds)
    return respond(assessment_value(_desk(who, here, doors).assess(event, seen)), status=201)


@router.post("/{event}/undo", response_model=AssessmentAnswer, responses=declared(404, 409, 507))
def undo_assessment(event: EventId, who: Judge, here: InContext, doors: InDoors) -> Response:
    """Take one's last word back, within 10 minutes and before anybody else has looked."""
    return respond(assessment_value(_desk(who, here, doors).undo(event)))


def sampling(here: Context) -> Sampling:
    """Return what supervisors look at again."""
    return Sampling(here.settings.review_audit_share, here.settings.review_audit_seed)


def choose_for(here: Context, organisation: str) -> Choose:
    """Return what chooses the pictures that are shown of an organisation's events."""
    return partial(pictures_of, here.store, here.archive(organisation))


def _desk(who: Caller, here: Context, doors: Doors) -> Desk:
    choose = choose_for(here, who.organisation)
    return Desk(here.store, choose, who, sampling(here), doors.sign_in.clock)


def _claimed(here: Context, desk: Desk, claim: Claim) -> dict[str, Any]:
    event = here.store.event(claim.organisation, claim.event)
    task = desk.task(event.id)
    settlements = labels_of(here.store, claim.organisation, [event])
    return {
        "event": event.id,
        "kind": event.kind.value,
        "mode": event.mode.value,
        "region": event.region,
        **settlement_said(event.settlement, settlements),
        "last_unharmed": moment(event.last_unharmed),
        "first_changed": moment(event.first_changed),
        "area_ha": round(event.area_m2 / 10_000, 4),
        "geometry": geojson(event.geometry),
        "round": task.round.value if task else "first",
        "shown": dict(claim.shown),
        "claim": claim_value(claim, claim.person),
    }
