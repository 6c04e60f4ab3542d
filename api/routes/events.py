"""What was found."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answers import GEOJSON, GeoJsonResponse, collection, next_links, respond
from api.audited import note_shown
from api.auth import Reader
from api.context import InContext
from api.event_features import event_features, whole_event
from api.models import Detections, EventCollection, EventVersions, Pair, Series
from api.models_events import WholeEvent
from api.params import After, Limit, event_filter
from api.pictures import chip_of, pair_value, series_value
from api.problems import declared
from hearthwatch.fusion.reading import detections_of
from hearthwatch.records import EventFilter
from hearthwatch.store.protocol_events import row_of
from hearthwatch.store.whole import labels_of
from hearthwatch.values import detection_value

EventId = Annotated[str, Path(max_length=200, description="Id of an event.")]

router = APIRouter(prefix="/events", tags=["events"])


@router.get("", response_model=EventCollection, response_class=GeoJsonResponse)
def list_events(
    request: Request,
    who: Reader,
    here: InContext,
    where: Annotated[EventFilter, Depends(event_filter)],
    limit: Limit = 100,
    after: After = None,
) -> Response:
    """List events, newest first change first.

    `since` and `until` bound the look that first showed the change; `bbox` selects events whose
    box meets it.
    """
    note_shown(request)
    page = here.store.event_rows(who.organisation, where, after=after, limit=limit)
    links = next_links(request, here, page.next)
    features = event_features(here, who.organisation, page.items)
    return respond(collection(features, next=page.next, links=links), media_type=GEOJSON)


@router.get(
    "/{event}", response_model=WholeEvent, response_class=GeoJsonResponse, responses=declared(404)
)
def read_event(event: EventId, who: Reader, here: InContext) -> Response:
    """Return one event as it is now, with its sources and what they have been measured to mean."""
    found = here.store.event(who.organisation, event)
    return respond(whole_event(here, found), media_type=GEOJSON)


@router.get("/{event}/versions", response_model=EventVersions, responses=declared(404))
def list_versions(event: EventId, who: Reader, here: InContext) -> Response:
    """Return all versions of one event, oldest first: nothing is overwritten."""
    versions = here.store.event_history(who.organisation, event)
    features = event_features(here, who.organisation, list(map(row_of, versions)))
    return respond({"items": features})


@router.get("/{event}/detections", response_model=Detections, responses=declared(404))
def list_detections(event: EventId, who: Reader, here: InContext) -> Response:
    """Return what was said of one event, look by look."""
    found = here.store.event(who.organisation, event)
    detections = detections_of(here.store, found)
    labels = labels_of(here.store, who.organisation, detections)
    return respond({"items": [detection_value(one, labels) for one in detections]})


@router.get("/{event}/series", response_model=Series, responses=declared(404))
def read_series(event: EventId, who: Reader, here: InContext) -> Response:
    """Return what was measured over the event's ground at every archived look, used or not."""
    return respond(series_value(here, here.store.event(who.organisation, event)))


@router.get("/{event}/pair", response_model=Pair, responses=declared(404))
def read_pair(event: EventId, who: Reader, here: InContext) -> Response:
    """Return the looks that show the ground best before and after the change."""
    return respond(pair_value(here, here.store.event(who.organisation, event)))


@router.get(
    "/{event}/chip.png",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}, **declared(404)},
)
def read_chip(
    event: EventId,
    who: Reader,
    here: InContext,
    colours: Annotated[Literal["true", "false"], Query()] = "true",
) -> Response:
    """Return before and after as a picture with dates, scale bar and north."""
    event_now = here.store.event(who.organisation, event)
    return Response(chip_of(here, event_now, colours), media_type="image/png")
