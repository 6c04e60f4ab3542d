"""Map tiles: archived acquisitions by their id, and events as vectors.

No route takes a path or an address: an id is looked up in the caller's own ledger.
"""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answers import base_url, respond
from api.auth import Caller, Reader
from api.context import Context, InContext
from api.models import TileJson
from api.params import event_filter
from api.problems import Problem, declared
from api.visible import cells_of
from hearthwatch.records import Event, EventFilter
from hearthwatch.values import moment
from tiles.errors import NotArchived, StyleUnavailable
from tiles.vector import check_tile, encode_mvt, tile_bounds
from tiles.xyz import Style, extent_of, render, styles_of

MOST_EVENTS = 2000
"""A tile of so many takes half a second to write; the newest ones are drawn."""
MVT = "application/vnd.mapbox-vector-tile"
ATTRIBUTION = "Contains modified Copernicus Sentinel data"
LARGEST_ZOOM = 22

Acquisition = Annotated[str, Path(max_length=200, description="Id of an archived acquisition.")]
Zoom = Annotated[int, Path(ge=0, le=LARGEST_ZOOM)]
Place = Annotated[int, Path(ge=0)]
Before = Annotated[
    str | None,
    Query(max_length=200, description="Acquisition to compare with; needed by the style change."),
]

router = APIRouter(prefix="/tiles", tags=["tiles"])


@router.get(
    "/looks/{acquisition}/{style}/tilejson.json",
    response_model=TileJson,
    responses=declared(404),
)
def look_tilejson(
    request: Request,
    acquisition: Acquisition,
    style: Style,
    who: Reader,
    here: InContext,
    before: Before = None,
) -> Response:
    """Return the TileJSON of one acquisition in one style."""
    cells = _cells(here, who, acquisition, style, before)
    try:
        extent = extent_of(here.archive, cells, acquisition)
    except NotArchived:
        raise _no_look() from None
    if style not in styles_of(extent.bands):
        raise _no_look()
    address = f"{base_url(request, here)}/tiles/looks/{quote(acquisition, safe='')}/{style.value}"
    query = f"?before={quote(before, safe='')}" if before else ""
    return respond(
        {
            "tilejson": "3.0.0",
            "name": f"{acquisition}, {style.value.replace('_', ' ')}",
            "attribution": ATTRIBUTION,
            "scheme": "xyz",
            "tiles": [f"{address}/{{z}}/{{x}}/{{y}}.png{query}"],
            "tileSize": 256,
            "bounds": list(extent.bounds),
            "minzoom": extent.minzoom,
            "maxzoom": extent.maxzoom,
        }
    )


@router.get(
    "/looks/{acquisition}/{style}/{z}/{x}/{y}.{form}",
    response_class=Response,
    responses={200: {"content": {"image/png": {}, "image/webp": {}}}, **declared(404)},
)
def look_tile(
    acquisition: Acquisition,
    style: Style,
    z: Zoom,
    x: Place,
    y: Place,
    form: Literal["png", "webp"],
    who: Reader,
    here: InContext,
    before: Before = None,
) -> Response:
    """Return one tile (XYZ, 256 pixels); transparent where nothing was observed."""
    _require_tile(z, x, y)
    cells = _cells(here, who, acquisition, style, before)
    try:
        image = render(here.archive, cells, acquisition, style, z, x, y, before=before, form=form)
    except (NotArchived, StyleUnavailable):
        raise _no_look() from None
    return Response(image, media_type=f"image/{form}")


@router.get("/events/tilejson.json", response_model=TileJson)
def event_tilejson(request: Request, who: Reader, here: InContext) -> Response:
    """Return the TileJSON of the events."""
    address = f"{base_url(request, here)}/tiles/events"
    return respond(
        {
            "tilejson": "3.0.0",
            "name": "events",
            "scheme": "xyz",
            "tiles": [f"{address}/{{z}}/{{x}}/{{y}}.mvt"],
            "bounds": [-180.0, -85.05112878, 180.0, 85.05112878],
            "minzoom": 0,
            "maxzoom": 16,
            "vector_layers": [{"id": "events", "fields": _FIELDS}],
        }
    )


@router.get(
    "/events/{z}/{x}/{y}.mvt",
    response_class=Response,
    responses={200: {"content": {MVT: {}}}, **declared(404)},
)
def event_tile(
    z: Zoom,
    x: Place,
    y: Place,
    who: Reader,
    here: InContext,
    where: Annotated[EventFilter, Depends(event_filter)],
) -> Response:
    """Return one vector tile of events: layer `events`; a capped tile says `truncated`.

    `bbox` narrows nothing here: the tile is the box.
    """
    _require_tile(z, x, y)
    inside = dataclasses.replace(where, bbox=tile_bounds(z, x, y))
    # One more than fits, so that the encoder knows that something was left out.
    page = here.store.events(who.organisation, inside, limit=MOST_EVENTS + 1)
    features = ((event.geometry, _properties(event)) for event in page.items)
    tile = encode_mvt(features, z, x, y, layer="events", most=MOST_EVENTS)
    return Response(tile, media_type=MVT)


_FIELDS = {
    "id": "Id of the event",
    "kind": "What is watched for",
    "mode": "Whether it is about the world (actual), an exercise or a test",
    "state": "How it stands",
    "first_changed": "Look that first showed the change",
    "last_unharmed": "Last look that showed the ground unharmed",
    "area_ha": "Hectares",
    "settlement": "Id of the settlement, empty for a watch over an area",
}


def _properties(event: Event) -> dict[str, Any]:
    return {
        "id": event.id,
        "kind": event.kind.value,
        "mode": event.mode.value,
        "state": event.state.value,
        "first_changed": moment(event.first_changed),
        "last_unharmed": moment(event.last_unharmed) or "",
        "area_ha": round(event.area_m2 / 1e4, 4),
        "settlement": event.settlement,
    }


def _cells(
    here: Context, who: Caller, acquisition: str, style: Style, before: str | None
) -> tuple[str, ...]:
    """Return the cells the caller may see of all acquisitions a tile is made from."""
    if (style is Style.CHANGE) != (before is not None):
        words = "The style change needs `before`, and no other style takes it."
        raise Problem(400, "parameter", words, faults=[("query.before", "does not fit the style")])
    cells = cells_of(here, who.organisation, acquisition)
    if before is None:
        return cells
    common = set(cells) & set(cells_of(here, who.organisation, before))
    if not common:
        raise _no_look()
    return tuple(sorted(common))


def _require_tile(z: int, x: int, y: int) -> None:
    try:
        check_tile(z, x, y)
    except ValueError:
        raise Problem(404, "not_found", "There is no such tile at this zoom.") from None


def _no_look() -> Problem:
    return Problem(404, "not_found", "There is no such look, or not in this style.")
