"""Known camps through all looks at them: area and its change, as numbers and as a chart."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from api.answers import CHART, ChartForm, chart, respond
from api.auth import Reader
from api.context import Context, InContext
from api.models_courses import CourseAnswer
from api.problems import Problem, declared
from api.routes.settlements import SettlementId
from api.watched import require_settlement
from hearthwatch.explanation.course import Course, course_value, gather_course
from hearthwatch.explanation.course_chart import course_png, course_svg
from hearthwatch.people import Density

router = APIRouter(tags=["why"])

People = Annotated[
    float | None,
    Query(description="People on a hectare; both ends or none. No density is built in."),
]


@router.get("/settlements/{settlement}/area", response_model=CourseAnswer, responses=declared(404))
def read_area(
    settlement: SettlementId,
    who: Reader,
    here: InContext,
    people_per_ha_low: People = None,
    people_per_ha_high: People = None,
) -> Response:
    """Say how large a known camp is and was, and what could not be seen of it.

    People are told only where a density is given, as a range with how it was come by.
    """
    density = _density(people_per_ha_low, people_per_ha_high)
    return respond(course_value(_course(here, who.organisation, settlement, density)))


@router.get(
    "/settlements/{settlement}/area.{form}",
    response_class=Response,
    responses={**CHART, **declared(404)},
)
def read_area_chart(
    settlement: SettlementId, form: ChartForm, who: Reader, here: InContext
) -> Response:
    """Return the same as a chart with title and description."""
    course = _course(here, who.organisation, settlement, None)
    return chart(form, svg=lambda: course_svg(course), png=lambda: course_png(course))


def _course(here: Context, organisation: str, settlement: str, density: Density | None) -> Course:
    """Return the course of a settlement, also of one that was taken off the list."""
    require_settlement(here, organisation, settlement)
    return gather_course(here.store, organisation, settlement, density)


def _density(low: float | None, high: float | None) -> Density | None:
    if low is None and high is None:
        return None
    try:
        return Density(float("nan") if low is None else low, float("nan") if high is None else high)
    except ValueError as error:
        raise Problem(400, "invalid", f"people_per_ha: {error}.") from error
