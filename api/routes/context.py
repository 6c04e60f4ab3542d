"""What people observed round a watched place: it raises the level of its watch, and no more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from api.answers import respond
from api.auth import Caller, Reader, Writer
from api.context import Context, InContext
from api.models_context import NewObservation, ObservationAnswer, ObservationList
from api.params import utc
from api.problems import declared, located
from api.routes.regions import RegionId
from api.watched import region_of
from hearthwatch.context.book import Book, Told, one_of
from hearthwatch.context.shown import observation_value

router = APIRouter(prefix="/regions", tags=["regions"])

ObservationId = Annotated[str, Path(max_length=200)]


@router.get("/{region}/observations", response_model=ObservationList, responses=declared(404))
def list_observations(region: RegionId, who: Reader, here: InContext) -> Response:
    """List what people observed of a region's context, the newest first.

    Of what is withdrawn only the hash and the fact are there.
    """
    known = region_of(here, who.organisation, region, removed=True)
    found = here.store.observations(who.organisation, known.id)
    now = datetime.now(UTC)
    return respond({"items": [observation_value(one, now) for one in reversed(found)]})


@router.post(
    "/{region}/observations",
    response_model=ObservationAnswer,
    status_code=201,
    responses=declared(403, 404, 422, 507) | {201: located("The observation.")},
)
def add_observation(
    region: RegionId, sent: NewObservation, who: Writer, here: InContext
) -> Response:
    """Write down dangerous speech or a risk factor; it may raise the level, and alerts nobody."""
    book = _book(who, here)
    told = Told(
        observed=utc(sent.observed) or book.now,
        words=sent.words,
        source=sent.source,
        reliability=sent.reliability,
        credibility=sent.credibility,
        grades=sent.grades,
        factor=sent.factor,
    )
    made = book.add(region, told)
    where = {"Location": f"/regions/{made.region}/observations/{made.id}"}
    return respond(observation_value(made, book.now), status=201, headers=where)


@router.get(
    "/{region}/observations/{observation}",
    response_model=ObservationAnswer,
    responses=declared(404),
)
def read_observation(
    region: RegionId, observation: ObservationId, who: Reader, here: InContext
) -> Response:
    """Return one observation."""
    known = region_of(here, who.organisation, region, removed=True)
    found = one_of(here.store, known, observation)
    return respond(observation_value(found, datetime.now(UTC)))


@router.delete(
    "/{region}/observations/{observation}",
    status_code=204,
    responses=declared(403, 404, 409, 507),
)
def withdraw_observation(
    region: RegionId, observation: ObservationId, who: Writer, here: InContext
) -> Response:
    """Withdraw an observation: its content goes, its hash and the fact stay.

    Not while its region is under a legal hold.
    """
    _book(who, here).withdraw(region, observation)
    return Response(status_code=204)


def _book(who: Caller, here: Context) -> Book:
    return Book(here.store, who.organisation, who.key, datetime.now(UTC))
