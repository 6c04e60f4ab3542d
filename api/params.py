"""Parameters of requests that several routes share, and the refusal of unknown ones."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, get_args, get_origin

from fastapi import Query, Request
from fastapi.dependencies.models import Dependant

from api.models import Moment
from api.problems import Problem
from hearthwatch.records import EventFilter, EventState, Kind
from hearthwatch.store.extent import Bounds

MAX_PAGE = 1000
LONGEST_NAME = 30

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="Most items of one page.")]
After = Annotated[
    str | None, Query(max_length=2000, description="Cursor of the page before, to go on.")
]
BoxText = Annotated[
    str | None,
    Query(
        max_length=200,
        description="west,south,east,north in degrees; west > east crosses 180.",
        examples=["22.6,44.6,22.8,44.8"],
    ),
]

OfSettlement = Annotated[
    # Empty would mean the events and looks of no settlement, which nobody means by it.
    str | None, Query(min_length=1, max_length=200, description="Id of a settlement.")
]

_TIMES = ["2019-01-01T00:00:00Z"]
Since = Annotated[
    Moment | None, Query(description="Then or later; UTC if no zone is given.", examples=_TIMES)
]
Until = Annotated[
    Moment | None, Query(description="Then or before; UTC if no zone is given.", examples=_TIMES)
]


async def refuse_unknown(request: Request) -> None:
    """Refuse a query parameter that the route does not know: a misspelt filter would not filter.

    One that is declared in capital letters, as OGC's older services have them, goes in any case.
    One that takes a single value has one: all but the last would not filter either.

    Raises
    ------
    Problem
        400, naming it and those there are.
    """
    fields = {field.alias: field for field in _fields(request.scope["route"].dependant)}
    known = set(fields)
    strange = [n for n in request.query_params if n not in known and n.upper() not in known]
    if strange:
        there = ", ".join(sorted(known)) or "none"
        raise Problem(
            400,
            "parameter",
            f"This address takes these parameters: {there}.",
            faults=[(_named(name), "is not known here") for name in strange],
        )
    several = [
        name
        for name, field in fields.items()
        if len(set(request.query_params.getlist(name))) > 1 and not _takes_many(field)
    ]
    if several:
        raise Problem(
            400,
            "parameter",
            "A parameter that takes one value has several.",
            faults=[(_named(name), "has several values") for name in several],
        )


async def event_filter(
    bbox: BoxText = None,
    since: Since = None,
    until: Until = None,
    kind: Annotated[Kind | None, Query()] = None,
    state: Annotated[list[EventState] | None, Query(description="May be repeated.")] = None,
    region: Annotated[str | None, Query(max_length=200, description="Id of a region.")] = None,
    settlement: OfSettlement = None,
) -> EventFilter:
    """Return the store's filter for what was asked."""
    return EventFilter(
        region=region,
        kind=kind,
        states=tuple(state or ()),
        bbox=box_of(bbox),
        since=utc(since),
        until=utc(until),
        settlement=settlement,
    )


def box_of(text: str | None) -> Bounds | None:
    """Return the box of a parameter.

    Raises
    ------
    Problem
        400 for what is none. Of six numbers, the heights are passed over.
    """
    if text is None:
        return None
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        raise _no_box() from None
    if len(numbers) == 6:
        numbers = [*numbers[:2], *numbers[3:5]]
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise _no_box()
    west, south, east, north = numbers
    in_range = -180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90
    if not in_range:
        raise _no_box()
    return west, south, east, north


def utc(moment: datetime | None) -> datetime | None:
    """Return a moment in UTC, which one without a zone is taken to be in.

    Raises
    ------
    Problem
        400 for one beyond the calendar.
    """
    if moment is None:
        return None
    try:
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except (OverflowError, ValueError):
        raise Problem(400, "time", "The time lies beyond the calendar.") from None


def _named(name: str) -> str:
    """Return where a parameter is; of what is too long for a name, and may be a key, nothing."""
    return f"query.{name}" if len(name) <= LONGEST_NAME else "query"


def _fields(dependant: Dependant) -> Iterator[Any]:
    yield from dependant.query_params
    for below in dependant.dependencies:
        yield from _fields(below)


def _takes_many(field: Any) -> bool:
    annotation = field.field_info.annotation
    return any(get_origin(one) is list for one in (annotation, *get_args(annotation)))


def _no_box() -> Problem:
    return Problem(
        400,
        "box",
        "bbox is west,south,east,north in degrees, with south below north.",
        faults=[("query.bbox", "is no box")],
    )
