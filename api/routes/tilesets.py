"""OGC API - Tiles: what tiles there are. The tiles themselves are at the addresses it tells."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from api.answers import base_url, respond
from api.auth import Passable, Reader, with_pass
from api.context import Context, InContext
from api.looks import Map, extent_in, maps_of, visible_look
from api.problems import Problem, declared
from api.tiled import DRAWN, Acquisition, Before
from api.tilesets import (
    TileMatrixSet,
    TileMatrixSets,
    TileSet,
    TileSets,
    events_tileset,
    list_value,
    look_address,
    look_tileset,
    schemes_value,
)
from api.watched import region_of
from tiles import matrixset
from tiles.styles import Style

open_router = APIRouter(prefix="/ogc", tags=["OGC API - Tiles"])
router = APIRouter(prefix="/tiles", tags=["OGC API - Tiles"])

Name = Annotated[str, Path(max_length=200, description=f"One of {', '.join(DRAWN)}.")]
RegionId = Annotated[str, Path(max_length=200, description="Id of a region.")]


@open_router.get("/tileMatrixSets", response_model=TileMatrixSets)
def list_matrix_sets(request: Request, here: InContext) -> Response:
    """List the tile matrix sets: there is one."""
    return respond(schemes_value(_ogc(request, here)))


@open_router.get(f"/tileMatrixSets/{matrixset.ID}", response_model=TileMatrixSet)
def read_matrix_set() -> Response:
    """Return the tile matrix set."""
    return respond(matrixset.document())


@open_router.get("/collections/{name}/tiles", response_model=TileSets, responses=declared(404))
def list_vector_tilesets(request: Request, name: Name, here: InContext) -> Response:
    """List the vector tilesets of a collection: there is one, the same for everybody."""
    tileset = _events(request, here, name)
    return respond(list_value([tileset], f"{_ogc(request, here)}/collections/{name}/tiles"))


@open_router.get(
    f"/collections/{{name}}/tiles/{matrixset.ID}",
    response_model=TileSet,
    responses=declared(404),
)
def read_vector_tileset(request: Request, name: Name, here: InContext) -> Response:
    """Describe the vector tiles of a collection; reading them needs a key or a pass."""
    return respond(_events(request, here, name))


@router.get("/regions/{region}", response_model=TileSets, responses=declared(404))
def list_look_tilesets(
    request: Request, region: RegionId, who: Reader, here: InContext
) -> Response:
    """List the maps of a region's looks, the newest first, in every style they can be had in.

    Each look is compared with the one before it; any other can be named in `before`.
    """
    base, tiles = _ogc(request, here), _tiles(request, here)
    maps = maps_of(here, region_of(here, who.organisation, region, removed=True))
    found = [look_tileset(one, style, base, tiles, {}) for one in maps for style in one.styles]
    return respond(list_value(found, f"{tiles}/regions/{region}"))


@router.get(
    "/looks/{acquisition}/{style}",
    response_model=TileSet,
    responses=declared(404),
    dependencies=[Passable],
)
def read_look_tileset(
    request: Request,
    acquisition: Acquisition,
    style: Style,
    who: Reader,
    here: InContext,
    before: Before = None,
) -> Response:
    """Describe the tiles of one acquisition in one style."""
    seen = visible_look(here, who, acquisition, style, before)
    extent = extent_in(here, seen, acquisition, style)
    tiles = _tiles(request, here)
    template = "/{tileMatrix}/{tileCol}/{tileRow}"
    items = {
        f"image/{form}": with_pass(
            request, look_address(tiles, acquisition, style, before, f"{template}.{form}")
        )
        for form in ("png", "webp")
    }
    rows = here.store.looks(who.organisation, acquisition)
    earlier = here.store.looks(who.organisation, before) if before else ()
    since = earlier[0].sensed if earlier else None
    found = Map(acquisition, before, rows[0].sensed, since, (style,), extent)
    value = look_tileset(found, style, _ogc(request, here), tiles, items)
    for one in value["links"]:
        if one["rel"] in ("self", "alternate"):
            one["href"] = with_pass(request, one["href"])
    return respond(value)


def _events(request: Request, here: Context, name: str) -> dict[str, object]:
    if name not in DRAWN:
        raise Problem(404, "not_found", "There are no tiles of such a collection.")
    return events_tileset(name, _ogc(request, here), _tiles(request, here))


def _ogc(request: Request, here: Context) -> str:
    return f"{base_url(request, here)}/ogc"


def _tiles(request: Request, here: Context) -> str:
    return f"{base_url(request, here)}/tiles"
