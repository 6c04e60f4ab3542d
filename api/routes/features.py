"""OGC API - Features, Part 1: Core, and Part 3: Filtering with CQL2."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answers import GEOJSON, JSON, GeoJsonResponse, base_url, collection, next_links, respond
from api.auth import Reader
from api.context import Context, InContext
from api.found import Asked, one_of, page_of
from api.ogc import (
    COLLECTIONS,
    CONFORMANCE,
    CRS84,
    OPENAPI,
    SCHEMA_JSON,
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
from api.params import After, BoxText, box_of
from api.problems import Problem, declared
from api.queryables import (
    AnswerCrs,
    BoxCrs,
    FilterCrs,
    FilterLanguage,
    FilterText,
    filter_of,
    queryables_value,
    require_crs84,
)
from api.schemas import schema_value
from hearthwatch.records import EventFilter, EventState, Kind
from hearthwatch.values import moment

DEFAULT, MOST = 1000, 10_000

open_router = APIRouter(prefix="/ogc", tags=["OGC API - Features"])
router = APIRouter(prefix="/ogc", tags=["OGC API - Features"])

Name = Annotated[str, Path(max_length=200, description=f"One of {', '.join(COLLECTIONS)}.")]
_IN_CRS84 = {"Content-Crs": f"<{CRS84}>"}
_AS_SCHEMA: dict[int | str, dict[str, Any]] = {
    200: {"content": {SCHEMA_JSON: {"schema": {"type": "object"}}}}
}


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
def read_collection(request: Request, name: Name, here: InContext) -> Response:
    """Describe one collection."""
    return respond(collection_value(_known(name), f"{base_url(request, here)}/ogc"))


@open_router.get(
    "/collections/{name}/queryables",
    response_class=Response,
    responses={**_AS_SCHEMA, **declared(404)},
)
def read_queryables(request: Request, name: Name, here: InContext) -> Response:
    """Return the properties that a filter of a collection may name, as JSON Schema."""
    title, _ = COLLECTIONS[_known(name)]
    value = queryables_value(name, title, _address(request, here))
    return respond(value, media_type=SCHEMA_JSON)


@open_router.get(
    "/collections/{name}/schema",
    response_class=Response,
    responses={**_AS_SCHEMA, **declared(404)},
)
def read_schema(request: Request, name: Name, here: InContext) -> Response:
    """Return the properties that the features of a collection have, as JSON Schema."""
    title, _ = COLLECTIONS[_known(name)]
    value = schema_value(name, title, _address(request, here))
    return respond(value, media_type=SCHEMA_JSON)


@router.get(
    "/collections/{name}/items",
    response_model=FeatureCollectionAnswer,
    response_class=GeoJsonResponse,
    responses=declared(404),
)
def list_items(
    request: Request,
    name: Name,
    who: Reader,
    here: InContext,
    bbox: BoxText = None,
    datetime_: Annotated[
        str | None,
        Query(
            alias="datetime",
            max_length=100,
            description="Moment or period, as 2019-01-01T00:00:00Z/.. — of events and camps the "
            "look that first showed the change, of detections and the ledger the look; the other "
            "collections have no time.",
        ),
    ] = None,
    limit: Annotated[int, Query(ge=1, description=f"Most features; {MOST:,} at most.")] = DEFAULT,
    filter_: FilterText = None,
    language: FilterLanguage = "cql2-text",
    filter_crs: FilterCrs = None,
    bbox_crs: BoxCrs = None,
    crs: AnswerCrs = None,
    kind: Annotated[Kind | None, Query(description="Of all but settlements.")] = None,
    state: Annotated[
        list[EventState] | None, Query(description="Of events and camps; repeatable.")
    ] = None,
    region: Annotated[
        str | None,
        Query(max_length=200, description="Id; of events, camps, detections and the ledger."),
    ] = None,
    settlement: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=200,
            description="Id; of events, camps, detections and the ledger.",
        ),
    ] = None,
    after: After = None,
) -> Response:
    """Return the features of one collection, in pages; follow `next`.

    The first page says in `numberMatched` how many there are in all, up to 100,000; not where
    counting them takes longer than 3 s.
    """
    require_crs84(filter_crs=filter_crs, bbox_crs=bbox_crs, crs=crs)
    since, until = period_of(datetime_)
    where = EventFilter(
        region=region,
        kind=kind,
        states=tuple(state or ()),
        bbox=box_of(bbox),
        since=since,
        until=until,
        settlement=settlement,
        filter=filter_of(_known(name), filter_, language),
    )
    found = page_of(here, who, name, Asked(where, min(limit, MOST), after))
    address = _address(request, here)
    query = f"?{request.url.query}" if request.url.query else ""
    links = [
        {"rel": "self", "href": f"{address}{query}", "type": GEOJSON},
        {"rel": "collection", "href": address.removesuffix("/items"), "type": JSON},
        *next_links(request, here, found.next),
    ]
    counted = {} if found.matched is None else {"numberMatched": found.matched}
    value = collection(
        found.features,
        links=links,
        timeStamp=moment(datetime.now(UTC)),
        numberReturned=len(found.features),
        **counted,
    )
    return respond(value, media_type=GEOJSON, headers=_IN_CRS84)


@router.get(
    "/collections/{name}/items/{feature_id}",
    response_model=AnyFeature,
    response_class=GeoJsonResponse,
    responses=declared(404),
)
def read_item(
    request: Request,
    name: Name,
    feature_id: Annotated[str, Path(max_length=1000)],
    who: Reader,
    here: InContext,
    crs: AnswerCrs = None,
) -> Response:
    """Return one feature."""
    require_crs84(crs=crs)
    value = one_of(here, who, _known(name), feature_id)
    address = _address(request, here)
    value["links"] = [
        {"rel": "self", "href": address, "type": GEOJSON},
        {"rel": "collection", "href": address.rsplit("/items/", 1)[0], "type": JSON},
    ]
    return respond(value, media_type=GEOJSON, headers=_IN_CRS84)


def _known(name: str) -> str:
    if name not in COLLECTIONS:
        raise Problem(404, "not_found", "There is no such collection.")
    return name


def _address(request: Request, here: Context) -> str:
    return f"{base_url(request, here)}{request.url.path}"
