"""WMTS 1.0 over the looks of one region, by keys and values and by addresses."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answers import base_url
from api.audited import note_piece
from api.auth import Caller, Passable, Reader, with_pass
from api.context import Context, InContext
from api.looks import maps_of, require_tile, tile_answer, visible_look
from api.problems import Problem, declared
from api.tiled import LARGEST_ZOOM, Acquisition, Before, PictureForm, Place, Zoom
from api.watched import region_of
from api.wmts import XML, Addresses, TileAsked, asked_tile, capabilities, folded
from hearthwatch.records import Region
from tiles.styles import Style

router = APIRouter(prefix="/tiles/regions/{region}/wmts", tags=["WMTS"], dependencies=[Passable])

RegionId = Annotated[str, Path(max_length=200, description="Id of a region.")]
_Word = Annotated[str | None, Query(max_length=400)]
_PICTURES: dict[str, object] = {"image/png": {}, "image/webp": {}}


def takes_words(
    service: Annotated[_Word, Query(alias="SERVICE", description="`WMTS`.")] = None,
    request_: Annotated[
        _Word, Query(alias="REQUEST", description="`GetCapabilities` or `GetTile`.")
    ] = None,
    version: Annotated[_Word, Query(alias="VERSION")] = None,
    layer: Annotated[_Word, Query(alias="LAYER")] = None,
    style: Annotated[_Word, Query(alias="STYLE")] = None,
    form: Annotated[_Word, Query(alias="FORMAT")] = None,
    matrix_set: Annotated[_Word, Query(alias="TILEMATRIXSET")] = None,
    matrix: Annotated[_Word, Query(alias="TILEMATRIX")] = None,
    row: Annotated[_Word, Query(alias="TILEROW")] = None,
    col: Annotated[_Word, Query(alias="TILECOL")] = None,
) -> None:
    """Declare the parameters; their names go in any case, so they are read by hand."""


@router.get(
    "",
    response_class=Response,
    responses={200: {"content": {XML: {}, **_PICTURES}}, **declared(404)},
    dependencies=[Depends(takes_words)],
)
def wmts(request: Request, region: RegionId, who: Reader, here: InContext) -> Response:
    """Answer GetCapabilities and GetTile, as keys and values; the former where none is named."""
    given = folded(request.query_params)
    wanted = given.get("REQUEST", "GetCapabilities").lower()
    if given.get("SERVICE", "WMTS").upper() != "WMTS":
        raise _refused("SERVICE", "is not WMTS")
    known = region_of(here, who.organisation, region, removed=True)
    if wanted == "getcapabilities":
        return _capabilities(request, here, known)
    if wanted != "gettile":
        raise _refused("REQUEST", "is neither GetCapabilities nor GetTile")
    asked = asked_tile(given)
    earlier = {"before": asked.before} if asked.before else {}
    note_piece(request, {"acquisition": asked.acquisition, **earlier})
    return _tile(here, who, known, asked)


@router.get(
    "/1.0.0/WMTSCapabilities.xml",
    response_class=Response,
    responses={200: {"content": {XML: {}}}, **declared(404)},
)
def wmts_capabilities(request: Request, region: RegionId, who: Reader, here: InContext) -> Response:
    """Return the capabilities."""
    return _capabilities(request, here, region_of(here, who.organisation, region, removed=True))


@router.get(
    "/1.0.0/{acquisition}/{style}/{z}/{y}/{x}.{form}",
    response_class=Response,
    responses={200: {"content": _PICTURES}, **declared(404)},
)
def wmts_tile(
    region: RegionId,
    acquisition: Acquisition,
    style: Style,
    z: Zoom,
    y: Place,
    x: Place,
    form: PictureForm,
    who: Reader,
    here: InContext,
    before: Before = None,
) -> Response:
    """Return one tile of a look, in the cells in which the region saw it."""
    known = region_of(here, who.organisation, region, removed=True)
    return _tile(here, who, known, TileAsked(acquisition, before, style, (z, x, y), form))


def _capabilities(request: Request, here: Context, region: Region) -> Response:
    own = f"{base_url(request, here)}/tiles/regions/{quote(region.id, safe='')}/wmts"
    kvp = with_pass(request, own)
    _, _, shown = kvp.partition("?")
    at = Addresses(
        kvp=f"{kvp}{'&' if shown else '?'}",
        capabilities=with_pass(request, f"{own}/1.0.0/WMTSCapabilities.xml"),
        tiles=f"{own}/1.0.0",
        more=f"&{shown}" if shown else "",
    )
    return Response(capabilities(region.name, maps_of(here, region), at), media_type=XML)


def _tile(here: Context, who: Caller, region: Region, asked: TileAsked) -> Response:
    z, x, y = asked.place
    if z > LARGEST_ZOOM:
        raise Problem(404, "not_found", "There is no such tile at this zoom.")
    require_tile(z, x, y)
    acquisition, before, style = asked.acquisition, asked.before, asked.style
    seen = visible_look(here, who, acquisition, style, before, region.id)
    return tile_answer(here, seen, acquisition, style, asked.place, asked.form, before)


def _refused(name: str, words: str) -> Problem:
    text = "The request is none of WMTS 1.0: SERVICE=WMTS&REQUEST=GetCapabilities or GetTile."
    return Problem(400, "parameter", text, faults=[(f"query.{name}", words)])
