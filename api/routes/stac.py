"""STAC API 1.0: core, collections, features and item search, and the files of items."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answers import (
    GEOJSON,
    JSON,
    GeoJsonResponse,
    base_url,
    collection,
    next_links,
    respond,
)
from api.auth import Caller, Passable, Reader, with_pass
from api.context import Context, InContext
from api.ogc import OPENAPI, Conformance
from api.openapi30 import openapi_30
from api.params import BoxText
from api.problems import Problem, declared
from api.stac.asked import DEFAULT, MOST, from_body, from_query
from api.stac.catalogue import collection_value, collections_value, landing_page
from api.stac.files import file_answer
from api.stac.models import (
    CataloguePage,
    Item,
    ItemCollection,
    SearchBody,
    StacCollection,
    StacCollections,
)
from api.stac.scenes import scene_of
from api.stac.search import Catalogue, item_of, require_collection, search
from api.stac.words import COLLECTIONS, CONFORMANCE, EVIDENCE, GEOTIFF, MASKS, PNG
from hearthwatch.errors import NotFound
from hearthwatch.records import Page
from hearthwatch.values import moment
from tiles.errors import StyleUnavailable
from tiles.thumbnails import thumbnail

open_router = APIRouter(prefix="/stac", tags=["STAC API"])
router = APIRouter(prefix="/stac", tags=["STAC API"])

Collection = Annotated[str, Path(max_length=200, description=f"One of {', '.join(COLLECTIONS)}.")]
ItemId = Annotated[str, Path(max_length=1000)]
Limit = Annotated[
    int | None, Query(ge=1, description=f"Most items; {DEFAULT} by default, {MOST:,} at most.")
]
Period = Annotated[
    str | None,
    Query(
        alias="datetime",
        max_length=100,
        description="Moment or period, as 2019-01-01T00:00:00Z/.. — of scenes and masks the look, "
        "of evidence the look that first showed the change.",
    ),
]
After = Annotated[
    str | None, Query(max_length=4000, description="Cursor of the page before, to go on.")
]
Ids = Annotated[str | None, Query(max_length=8000, description="With commas.")]
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {JSON: {"schema": SearchBody.model_json_schema()}},
    }
}
_RANGES: dict[int | str, dict[str, Any]] = {
    200: {"content": {GEOTIFF: {}}},
    206: {"description": "The part that `Range` asks for", "content": {GEOTIFF: {}}},
    **declared(404, 416),
}


@open_router.get("/", include_in_schema=False)
@open_router.get("", response_model=CataloguePage)
def stac_landing(request: Request, here: InContext) -> Response:
    """Return the landing page."""
    return respond(landing_page(_base(request, here)))


@open_router.get("/conformance", response_model=Conformance)
def stac_conformance() -> Response:
    """Return the conformance classes built to."""
    return respond({"conformsTo": list(CONFORMANCE)})


@open_router.get("/api", response_class=Response, responses={200: {"content": {OPENAPI: {}}}})
def stac_description(request: Request, here: InContext) -> Response:
    """Return this part of the service as OpenAPI 3.0."""
    state = request.app.state
    if not hasattr(state, "stac_openapi_30"):
        # Once: anybody may ask for it, and rewriting takes long.
        state.stac_openapi_30 = openapi_30(request.app.openapi(), "/stac")
    servers = [{"url": _base(request, here)}]
    return respond({**state.stac_openapi_30, "servers": servers}, media_type=OPENAPI)


@open_router.get("/collections", response_model=StacCollections)
def stac_collections(request: Request, here: InContext) -> Response:
    """List the collections."""
    return respond(collections_value(_base(request, here)))


@open_router.get(
    "/collections/{collection}", response_model=StacCollection, responses=declared(404)
)
def stac_collection(request: Request, collection: Collection, here: InContext) -> Response:
    """Describe one collection."""
    return respond(collection_value(require_collection(collection), _base(request, here)))


@router.get(
    "/search",
    response_model=ItemCollection,
    response_class=GeoJsonResponse,
)
def search_items(
    request: Request,
    who: Reader,
    here: InContext,
    bbox: BoxText = None,
    intersects: Annotated[
        str | None, Query(max_length=8000, description="GeoJSON geometry; not with bbox.")
    ] = None,
    datetime_: Period = None,
    ids: Ids = None,
    collections: Annotated[str | None, Query(max_length=2000, description="With commas.")] = None,
    limit: Limit = None,
    after: After = None,
) -> Response:
    """Return the items of all collections that meet what is asked; follow `next`.

    Scenes come first, by sensor and the newest first, then masks, then evidence.
    """
    asked = from_query(
        collections=collections, ids=ids, bbox=bbox, intersects=intersects,
        datetime_=datetime_, limit=limit, after=after,
    )  # fmt: skip
    page = search(_catalogue(request, here, who), asked)
    return _answer(request, here, page, next_links(request, here, page.next))


async def _sent(request: Request) -> Any:
    try:
        return await request.json()
    except ValueError:
        raise Problem(
            400, "invalid", "The body is no JSON.", faults=[("body", "is no JSON")]
        ) from None


@router.post(
    "/search",
    response_model=ItemCollection,
    response_class=GeoJsonResponse,
    openapi_extra=_BODY,
)
def search_items_by_body(
    request: Request, who: Reader, here: InContext, sent: Annotated[Any, Depends(_sent)]
) -> Response:
    """Do the same with a body, which may hold a larger geometry. Nothing is changed."""
    page = search(_catalogue(request, here, who), from_body(sent))
    links = []
    if page.next is not None:
        href = f"{_base(request, here)}/search"
        links = [{"rel": "next", "href": href, "type": GEOJSON, "method": "POST", "merge": True,
                  "body": {"after": page.next}}]  # fmt: skip
    return _answer(request, here, page, links)


@router.get(
    "/collections/{collection}/items",
    response_model=ItemCollection,
    response_class=GeoJsonResponse,
    responses=declared(404),
)
def stac_items(
    request: Request,
    collection: Collection,
    who: Reader,
    here: InContext,
    bbox: BoxText = None,
    datetime_: Period = None,
    ids: Ids = None,
    collections: Annotated[
        str | None, Query(max_length=200, description="The collection, as some programs send it.")
    ] = None,
    limit: Limit = None,
    after: After = None,
) -> Response:
    """Return the items of one collection, the newest first; follow `next`."""
    name = require_collection(collection)
    if collections not in (None, name):
        words = "The address names one collection already: leave `collections` out."
        raise Problem(400, "parameter", words, faults=[("query.collections", "is another one")])
    asked = from_query(
        collections=name, ids=ids, bbox=bbox, datetime_=datetime_, limit=limit, after=after
    )
    page = search(_catalogue(request, here, who), asked)
    return _answer(request, here, page, next_links(request, here, page.next))


@router.get(
    "/collections/{collection}/items/{item}",
    response_model=Item,
    response_class=GeoJsonResponse,
    responses=declared(404),
    dependencies=[Passable],
)
def stac_item(
    request: Request, collection: Collection, item: ItemId, who: Reader, here: InContext
) -> Response:
    """Return one item."""
    value = item_of(_catalogue(request, here, who), require_collection(collection), item)
    return respond(value, media_type=GEOJSON)


@router.get(
    "/collections/{collection}/items/{item}/thumbnail.png",
    response_class=Response,
    responses={200: {"content": {PNG: {}}}, **declared(404)},
    dependencies=[Passable],
)
def stac_thumbnail(collection: Collection, item: ItemId, who: Reader, here: InContext) -> Response:
    """Return a scene's cell as a small picture, transparent where nothing was observed."""
    if require_collection(collection) in (EVIDENCE, MASKS):
        raise NotFound("There is no such picture.")
    scene = scene_of(here, who.organisation, collection, item)
    try:
        picture = thumbnail([one.layer for one in scene.files], scene.look.cell)
    except StyleUnavailable:
        raise NotFound("There is no such picture.") from None
    return Response(picture, media_type=PNG)


@router.get(
    "/collections/{collection}/items/{item}/{asset}.tif",
    response_class=Response,
    responses=_RANGES,
    dependencies=[Passable],
)
def stac_file(
    request: Request,
    collection: Collection,
    item: ItemId,
    asset: Annotated[str, Path(max_length=100, description="As the item's `href` has it.")],
    who: Reader,
    here: InContext,
) -> Response:
    """Return one archived file as it was stored, or the part of it that `Range` asks for."""
    if require_collection(collection) == EVIDENCE:
        raise NotFound("There is no such file.")
    scene = scene_of(here, who.organisation, collection, item)
    for one in scene.files:
        if one.name == asset:
            return file_answer(request, here.archive(who.organisation), one.master)
    raise NotFound("There is no such file.")


def _answer(
    request: Request, here: Context, page: Page[dict[str, Any]], links: list[dict[str, Any]]
) -> Response:
    query = f"?{request.url.query}" if request.url.query else ""
    address = f"{base_url(request, here)}{request.url.path}"
    usual = [
        {"rel": "self", "href": f"{address}{query}", "type": GEOJSON},
        {"rel": "root", "href": _base(request, here), "type": JSON},
    ]
    value = collection(
        page.items,
        links=[*usual, *links],
        timeStamp=moment(datetime.now(UTC)),
        numberReturned=len(page.items),
    )
    return respond(value, media_type=GEOJSON)


def _catalogue(request: Request, here: Context, who: Caller) -> Catalogue:
    return Catalogue(
        here,
        who.organisation,
        _base(request, here),
        base_url(request, here),
        lambda address: with_pass(request, address),
    )


def _base(request: Request, here: Context) -> str:
    return f"{base_url(request, here)}/stac"
