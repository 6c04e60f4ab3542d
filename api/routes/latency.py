"""How long it takes from a look to who is told, and to their answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.answers import respond
from api.auth import Reader
from api.context import InContext
from api.models_latency import LatencyAnswer, RegionLatencyAnswer
from api.problems import declared
from api.routes.regions import RegionId
from api.watched import region_of
from hearthwatch.latency.measured import DAYS, MOST_DAYS, measured
from hearthwatch.latency.shown import measured_value, region_value

router = APIRouter(tags=["alerts"])

Days = Annotated[int, Query(ge=1, le=MOST_DAYS, description="Alerts made in so many last days.")]


@router.get("/latency", response_model=LatencyAnswer)
def read_latency(who: Reader, here: InContext, days: Days = DAYS) -> Response:
    """Tell how long alerts take over all watches, and by region and sensor.

    What has not arrived yet counts with how long it goes on: a time is then a lower bound.
    """
    found = measured(here.store, who.organisation, datetime.now(UTC), days)
    return respond(measured_value(found, here.store.region_names(who.organisation)))


@router.get(
    "/regions/{region}/latency", response_model=RegionLatencyAnswer, responses=declared(404)
)
def read_region_latency(
    region: RegionId, who: Reader, here: InContext, days: Days = DAYS
) -> Response:
    """Tell how long alerts of one region take, by sensor too."""
    known = region_of(here, who.organisation, region)
    found = measured(here.store, who.organisation, datetime.now(UTC), days, known.id)
    return respond(region_value(found))
