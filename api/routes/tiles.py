"""Map tiles: archived acquisitions by their id, and events as vectors.

No route takes a path or an address: an id is looked up in the caller's own ledger.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

import numpy as np
import shapely
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from api.answers import base_url, respond
from api.auth import Passable, Reader, with_pass
from api.context import InContext
from api.looks import extent_in, require_tile, tile_answer, visible_look
from api.models import TileJson
from api.params import event_filter
from api.problems import declared
from api.tiled import (
    ATTRIBUTION,
    EVENT_ZOOM,
    EVENTS,
    MVT,
    Acquisition,
    Before,
    PictureForm,
    Place,
    Zoom,
)
from api.tilesets import look_address
from hearthwatch.access.passes import PARAMETER
from hearthwatch.records import EventFilter
from hearthwatch.store.extent import Box
from hearthwatch.store.protocol_events import Outline
from tiles.mercator import WORLD, tile_bounds
from tiles.mvt import Shapes
from tiles.vector import encode_mvt, smallest_drawn
from tiles.xyz import Style

MOST_EVENTS = 1000
"""On one tile; of more the newest are drawn, and the tile says so."""

router = APIRouter(prefix="/tiles", tags=["tiles"], dependencies=[Passable])


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
    seen = visible_look(here, who, acquisition, style, before)
    extent = extent_in(here, seen, acquisition, style)
    tiles = f"{base_url(request, here)}/tiles"
    address = look_address(tiles, acquisition, style, before, "/{z}/{x}/{y}.png")
    return respond(
        {
            "tilejson": "3.0.0",
            "name": f"{acquisition}, {style.value.replace('_', ' ')}",
            "attribution": ATTRIBUTION,
            "scheme": "xyz",
            "tiles": [with_pass(request, address)],
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
    form: PictureForm,
    who: Reader,
    here: InContext,
    before: Before = None,
) -> Response:
    """Return one tile (XYZ, 256 pixels); transparent where nothing was observed."""
    require_tile(z, x, y)
    seen = visible_look(here, who, acquisition, style, before)
    return tile_answer(here, seen, acquisition, style, (z, x, y), form, before)


@router.get("/events/tilejson.json", response_model=TileJson)
def event_tilejson(
    request: Request,
    who: Reader,
    here: InContext,
    where: Annotated[EventFilter, Depends(event_filter)],
) -> Response:
    """Return the TileJSON of the events, or of those that pass the filters of the request.

    Its bounds are the world's, wherever there are events.
    """
    address = f"{base_url(request, here)}/tiles/events"
    kept = [one for one in request.query_params.multi_items() if one[0] != PARAMETER]
    query = f"?{urlencode(kept)}" if kept else ""
    return respond(
        {
            "tilejson": "3.0.0",
            "name": "events",
            "scheme": "xyz",
            "tiles": [with_pass(request, f"{address}/{{z}}/{{x}}/{{y}}.mvt{query}")],
            "bounds": list(WORLD),
            "minzoom": 0,
            "maxzoom": EVENT_ZOOM,
            "vector_layers": [{"id": EVENTS, "fields": _FIELDS}],
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
    require_tile(z, x, y)
    inside = dataclasses.replace(where, bbox=tile_bounds(z, x, y))
    # One more than fits, so that the encoder knows that something was left out.
    found = here.store.outlines(
        who.organisation, inside, limit=MOST_EVENTS + 1, finest=smallest_drawn(z, y)
    )
    shapes = _shapes(found)
    tile = encode_mvt(shapes, _columns(found), z, x, y, layer=EVENTS, most=MOST_EVENTS)
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


def _shapes(found: Sequence[Outline]) -> Shapes:
    """Return the shapes of events; boxes of those of which that is enough."""
    boxes = np.array([one[-len(Box._fields) :] for one in found]).reshape(-1, len(Box._fields))
    shapes: Shapes = np.asarray(shapely.box(*boxes.T), dtype=object)
    known = [number for number, one in enumerate(found) if one.geometry is not None]
    shapes[known] = shapely.from_wkb([found[number].geometry for number in known])
    return shapes


def _columns(found: Sequence[Outline]) -> dict[str, Sequence[Any]]:
    """Return the properties of events, each as one column."""
    if not found:
        return {}
    columns: dict[str, Sequence[Any]] = dict(
        zip(Outline._fields, zip(*found, strict=True), strict=True)
    )
    areas = np.asarray(columns["area_m2"]) / 1e4
    return {
        **{name: columns[name] for name in ("id", "kind", "mode", "state")},
        "first_changed": _moments(columns["first_changed"]),
        "last_unharmed": _moments(columns["last_unharmed"]),
        "area_ha": areas.round(4).tolist(),
        "settlement": columns["settlement"],
    }


def _moments(column: Sequence[int | None]) -> list[str]:
    """Return times in words, as `hearthwatch.values.moment` has them; numpy writes all at once."""
    known = [one for one in set(column) if one is not None]
    times = np.array(known, "datetime64[us]")
    whole = times.astype("datetime64[s]")
    written = np.datetime_as_string(whole, timezone="UTC").astype("U27")
    has_more = whole != times
    written[has_more] = np.datetime_as_string(times[has_more], timezone="UTC")
    words: dict[int | None, str] = dict(zip(known, written.tolist(), strict=True))
    words[None] = ""
    return list(map(words.__getitem__, column))
