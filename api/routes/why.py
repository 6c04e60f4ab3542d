"""Why there was no alert, and what an event rests on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.answers import CHART, ChartForm, chart, respond
from api.auth import Reader
from api.context import Context, InContext
from api.models_why import Day, ExplanationAnswer, Suppressed, WhyAnswer
from api.params import Limit, Since, Until, utc
from api.problems import declared
from api.routes.events import EventId
from api.routes.regions import RegionId
from api.routes.settlements import SettlementId
from api.watched import region_of, require_settlement
from hearthwatch.explanation.chart import as_png, as_svg
from hearthwatch.explanation.data import explanation_value
from hearthwatch.explanation.facts import Facts, gather
from hearthwatch.store.whole import labels_of
from hearthwatch.why.asked import ask, held_looks
from hearthwatch.why.shown import held_value, why_value
from hearthwatch.why.why import Around

LONGEST_DAYS = 366

router = APIRouter(tags=["why"])


@router.get("/settlements/{settlement}/why", response_model=WhyAnswer, responses=declared(404))
def read_why(
    settlement: SettlementId,
    who: Reader,
    here: InContext,
    date: Annotated[
        Day | None, Query(description="The day in question, UTC; today.", examples=["2019-01-31"])
    ] = None,
    days: Annotated[int, Query(ge=1, le=LONGEST_DAYS, description="Before and after it.")] = 10,
) -> Response:
    """Say why there was no alert at a settlement about a day, or which there was.

    One that was taken off the list is answered for as well.
    """
    require_settlement(here, who.organisation, settlement)
    day = date or datetime.now(UTC).date()
    found = ask(here.store, who.organisation, settlement, Around(day, days))
    return respond(why_value(found))


@router.get("/regions/{region}/suppressed", response_model=Suppressed, responses=declared(404))
def list_suppressed(
    region: RegionId,
    who: Reader,
    here: InContext,
    since: Since = None,
    until: Until = None,
    limit: Limit = 100,
) -> Response:
    """List the looks at a region's settlements at which a rule held evidence back, newest first."""
    known = region_of(here, who.organisation, region, removed=True)
    found = held_looks(here.store, [known], utc(since), utc(until), limit + 1)
    labels = labels_of(here.store, who.organisation, found)
    items = [held_value(row, labels) for row in found[:limit]]
    return respond({"items": items, "more": len(found) > limit})


@router.get(
    "/events/{event}/explanation", response_model=ExplanationAnswer, responses=declared(404)
)
def read_explanation(event: EventId, who: Reader, here: InContext) -> Response:
    """Say what an event rests on, in words and in numbers."""
    return respond(explanation_value(_facts(here, who.organisation, event)))


@router.get(
    "/events/{event}/chart.{form}",
    response_class=Response,
    responses={**CHART, **declared(404)},
)
def read_chart(event: EventId, form: ChartForm, who: Reader, here: InContext) -> Response:
    """Return the same as a chart: what was seen, what was expected, and what was left out."""
    facts = _facts(here, who.organisation, event)
    return chart(form, svg=lambda: as_svg(facts), png=lambda: as_png(facts))


def _facts(here: Context, organisation: str, event: str) -> Facts:
    return gather(here.store, here.archive(organisation), here.store.event(organisation, event))
