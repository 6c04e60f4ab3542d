"""OGC API - Features, Part 1: Core, over events, settlements and regions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answers import (
    GEOJSON,
    GeoJsonResponse,
    base_url,
    collection,
    event_feature,
    event_features,
    feature,
    next_links,
    respond,
    settlement_feature,
)
from api.auth import Caller, Reader
from api.context import Context, InContext
from api.ogc import (
    COLLECTIONS,
    CONFORMANCE,
    OPENAPI,
    AnyFeature,
    Collections,
    Conformance,
    FeatureCollectionAnswer,
    LandingPage,
    OgcCollection,
    collection_value,
    landing_page,
    period_of,
)
from api.openapi30 import openapi_30
from api.paging import cut
from api.params import After, BoxText, box_of
from api.problems import Problem, declared
from api.watched import region_of
from hearthwatch.records import EventFilter, EventState, Kind, Region
from hearthwatch.store.cursor import Paging
from hearthwatch.store.extent import Bounds, Box, boxes
from hearthwatch.values import moment, region_properties

DEFAULT, MOST = 1000, 10_000
MOST_MATCHED = 100_000

open_router = APIRouter(prefix="/ogc", tags=["OGC API - Features"])
router = APIRouter(prefix="/ogc", tags=["OGC API - Features"])


class Name(StrEnum):
    """The collections."""

    EVENTS = "events"
    SETTLEMENTS = "settlements"
    REGIONS = "regions"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What of a collection is asked for; of `where` each heeds what it has."""

    where: EventFilter
    limit: int
    after: str | None


@dataclass(frozen=True, slots=True)
class _Found:
    """One page; `matched` is None where nobody counted."""

    features: Sequence[dict[str, Any]]
    next: str | None
    matched: int | None


# OWSLib asks for it with a slash at its end.
@open_router.get("/", include_in_schema=False)
@open_router.get("", response_model=LandingPage)
def landing(request: Request, here: InContext) -> Response:
    """Return the landing page."""
    return respond(landing_page(f"{base_url(request, here)}/ogc"))


@open_router.get("/conformance", response_model=Conformance)
def conformance() -> Response:
    """Return the conformance classes built to."""
    return respond({"conformsTo": list(CONFORMANCE)})


@open_router.get("/api", response_class=Response, responses={200: {"content": {OPENAPI: {}}}})
def service_description(request: Request, here: InContext) -> Response:
    """Return this part of the service as OpenAPI 3.0."""
    state = request.app.state
    if not hasattr(state, "openapi_30"):
        # Once: anybody may ask for it, and rewriting takes long.
        state.openapi_30 = openapi_30(request.app.openapi(), "/ogc")
    servers = [{"url": f"{base_url(request, here)}/ogc"}]
    return respond({**state.openapi_30, "servers": servers}, media_type=OPENAPI)


@open_router.get("/collections", response_model=Collections)
def list_collections(request: Request, here: InContext) -> Response:
    """List the collections."""
    base = f"{base_url(request, here)}/ogc"
    links = [{"rel": "self", "href": f"{base}/collections", "type": "application/json"}]
    return respond(
        {"links": links, "collections": [collection_value(c, base) for c in COLLECTIONS]}
    )


@open_router.get("/collections/{name}", response_model=OgcCollection, responses=declared(404))
def read_collection(
    request: Request, name: Annotated[str, Path(max_length=200)], here: InContext
) -> Response:
    """Describe one collection."""
    base = f"{base_url(request, here)}/ogc"
    return respond(collection_value(_named(name).value, base))


@router.get(
    "/collections/{name}/items",
    response_model=FeatureCollectionAnswer,
    response_class=GeoJsonResponse,
    responses=declared(404),
)
def list_items(
    request: Request,
    name: Annotated[str, Path(max_length=200)],
    who: Reader,
    here: InContext,
    bbox: BoxText = None,
    datetime_: Annotated[
        str | None,
        Query(
            alias="datetime",
            max_length=100,
            description="Moment or period, as 2019-01-01T00:00:00Z/.. — of events, the look that "
            "first showed the change; the other collections have no time.",
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, description=f"Most features; {MOST:,} at most.")] = DEFAULT,
    kind: Annotated[Kind | None, Query(description="Of events and regions.")] = None,
    state: Annotated[list[EventState] | None, Query(description="Of events; repeatable.")] = None,
    region: Annotated[str | None, Query(max_length=200, description="Of events: id.")] = None,
    settlement: Annotated[
        str | None, Query(min_length=1, max_length=200, description="Of events: id.")
    ] = None,
    after: After = None,
) -> Response:
    """Return the features of one collection, in pages; follow `next`."""
    since, until = period_of(datetime_)
    where = EventFilter(
        region=region,
        kind=kind,
        states=tuple(state or ()),
        bbox=box_of(bbox),
        since=since,
        until=until,
        settlement=settlement,
    )
    found = _FINDERS[_named(name)](here, who, _Asked(where, min(limit, MOST), after))
    address = f"{base_url(request, here)}{request.url.path}"
    query = f"?{request.url.query}" if request.url.query else ""
    links = [
        {"rel": "self", "href": f"{address}{query}", "type": GEOJSON},
        {
            "rel": "collection",
            "href": address.removesuffix("/items"),
            "type": "application/json",
        },
    ]
    links += next_links(request, here, found.next)
    counted = {} if found.matched is None else {"numberMatched": found.matched}
    value = collection(
        found.features,
        links=links,
        timeStamp=moment(datetime.now(UTC)),
        numberReturned=len(found.features),
        **counted,
    )
    return respond(value, media_type=GEOJSON)


@router.get(
    "/collections/{name}/items/{feature_id}",
    response_model=AnyFeature,
    response_class=GeoJsonResponse,
    responses=declared(404),
)
def read_item(
    request: Request,
    name: Annotated[str, Path(max_length=200)],
    feature_id: Annotated[str, Path(max_length=200)],
    who: Reader,
    here: InContext,
) -> Response:
    """Return one feature."""
    value = _one(here, who, _named(name), feature_id)
    address = f"{base_url(request, here)}{request.url.path}"
    value["links"] = [
        {"rel": "self", "href": address, "type": GEOJSON},
        {
            "rel": "collection",
            "href": address.rsplit("/items/", 1)[0],
            "type": "application/json",
        },
    ]
    return respond(value, media_type=GEOJSON)


def _named(name: str) -> Name:
    try:
        return Name(name)
    except ValueError:
        raise Problem(404, "not_found", "There is no such collection.") from None


def _events(here: Context, who: Caller, asked: _Asked) -> _Found:
    page = here.store.events(who.organisation, asked.where, after=asked.after, limit=asked.limit)
    matched = here.store.count_events(who.organisation, asked.where, most=MOST_MATCHED)
    return _Found(event_features(here, who.organisation, page.items), page.next, matched)


def _settlements(here: Context, who: Caller, asked: _Asked) -> _Found:
    page = here.store.settlements(
        who.organisation, bbox=asked.where.bbox, after=asked.after, limit=asked.limit
    )
    features = [settlement_feature(one) for one in page.items]
    whole = asked.after is None and page.next is None
    return _Found(features, page.next, len(features) if whole else None)


def _regions(here: Context, who: Caller, asked: _Asked) -> _Found:
    """Return regions. There are few, so they are counted and cut here."""
    kind, bbox = asked.where.kind, asked.where.bbox
    inside = [
        region
        for region in here.store.regions(who.organisation)
        if kind in (None, region.kind) and (bbox is None or _meets(region, bbox))
    ]
    paging = Paging(f"regions {who.organisation} {kind} {bbox}", (str, str), asked.limit)
    page = cut(inside, lambda region: (region.name, region.id), paging, asked.after)
    return _Found([_region_feature(region) for region in page.items], page.next, len(inside))


def _meets(region: Region, bbox: Bounds) -> bool:
    own = Box(*region.geometry.bounds)
    return any(own.meets(part) for part in boxes(bbox))


def _region_feature(region: Region) -> dict[str, Any]:
    return feature(region, region_properties(region))


_FINDERS = {Name.EVENTS: _events, Name.SETTLEMENTS: _settlements, Name.REGIONS: _regions}


def _one(here: Context, who: Caller, name: Name, feature_id: str) -> dict[str, Any]:
    if name is Name.EVENTS:
        return event_feature(here, here.store.event(who.organisation, feature_id))
    if name is Name.SETTLEMENTS:
        return settlement_feature(here.store.settlement(who.organisation, feature_id))
    return _region_feature(region_of(here, who.organisation, feature_id))
