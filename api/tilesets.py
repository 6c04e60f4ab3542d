"""Documents of OGC API - Tiles: tile matrix sets, tilesets, and their lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict

from api.answers import JSON
from api.looks import Map
from api.models import Link
from api.ogc import CRS84
from api.tiled import ATTRIBUTION, EVENT_ZOOM, EVENTS, MVT, SCHEME
from hearthwatch.values import moment
from tiles import matrixset
from tiles.matrixset import Limits
from tiles.mercator import WORLD
from tiles.styles import Style
from tiles.xyz import Extent

TILEJSON = "application/json"


class TileMatrixSets(BaseModel):
    """The tile matrix sets there are."""

    tileMatrixSets: list[dict[str, Any]]  # noqa: N815 (the standard's word)


class TileMatrixSet(BaseModel):
    """A tile matrix set."""

    model_config = ConfigDict(extra="allow")

    id: str
    crs: str
    tileMatrices: list[dict[str, Any]]  # noqa: N815


class TileSet(BaseModel):
    """What tiles there are, where, and at which zooms; in a list without the tiles' addresses."""

    model_config = ConfigDict(extra="allow")

    title: str
    dataType: Literal["map", "vector"]  # noqa: N815
    crs: str
    tileMatrixSetURI: str  # noqa: N815
    links: list[Link]


class TileSets(BaseModel):
    """Tilesets."""

    tilesets: list[TileSet]
    links: list[Link]


def schemes_value(base: str) -> dict[str, Any]:
    """Return the list of tile matrix sets; `base` is the address of the landing page."""
    address = f"{base}/tileMatrixSets/{matrixset.ID}"
    links = [link("self", address, JSON, matrixset.TITLE)]
    about = {"id": matrixset.ID, "title": matrixset.TITLE, "uri": matrixset.URI}
    return {"tileMatrixSets": [{**about, "crs": matrixset.CRS, "links": links}]}


def events_tileset(name: str, base: str, tiles: str) -> dict[str, Any]:
    """Return the vector tileset of a collection; the same for everybody, and of the whole world.

    Parameters
    ----------
    base : str
        Address of the landing page.
    tiles : str
        Address below which the service's tiles are.
    """
    query = "?kind=camp_change" if name == "camps" else ""
    item = f"{tiles}/{EVENTS}/{{tileMatrix}}/{{tileCol}}/{{tileRow}}.mvt{query}"
    own = f"{base}/collections/{name}/tiles/{matrixset.ID}"
    return {
        **_common(f"{name.capitalize()} as vector tiles", "vector"),
        "boundingBox": _box(WORLD),
        "tileMatrixSetLimits": _limits(matrixset.limits(WORLD, 0, EVENT_ZOOM)),
        "layers": [{"id": EVENTS, "dataType": "vector", "geometryDimension": 2}],
        "links": [
            *_links(base, own),
            {**link("item", item, MVT, "Tiles"), "templated": True},
            link("alternate", f"{tiles}/{EVENTS}/tilejson.json{query}", TILEJSON, "TileJSON"),
        ],
    }


def look_tileset(
    found: Map, style: Style, base: str, tiles: str, items: Mapping[str, str]
) -> dict[str, Any]:
    """Return the tileset of a look in one style.

    Parameters
    ----------
    base, tiles
        As for `events_tileset`.
    items : mapping of str to str
        Template of the tiles' addresses, by media type.
    """
    own = look_address(tiles, found.acquisition, style, found.before)
    alternate = look_address(tiles, found.acquisition, style, found.before, "/tilejson.json")
    return {
        **_common(title_of(found, style), "map"),
        "attribution": ATTRIBUTION,
        "boundingBox": _box(found.extent.bounds),
        "tileMatrixSetLimits": _limits(limits_of(found.extent)),
        "style": {"id": style.value, "title": style.words},
        "links": [
            *_links(base, own),
            *({**link("item", item, kind, "Tiles"), "templated": True}
              for kind, item in items.items()),
            link("alternate", alternate, TILEJSON, "TileJSON"),
        ],
    }  # fmt: skip


def in_list(tileset: Mapping[str, Any]) -> dict[str, Any]:
    """Return a tileset as a list tells of it: where to read more."""
    told = ("title", "dataType", "crs", "tileMatrixSetURI", "tileMatrixSetId", "style",
            "boundingBox")  # fmt: skip
    kept = [one for one in tileset["links"] if one["rel"] in ("self", SCHEME)]
    return {**{name: tileset[name] for name in told if name in tileset}, "links": kept}


def list_value(tilesets: Iterable[Mapping[str, Any]], own: str) -> dict[str, Any]:
    """Return a list of tilesets."""
    return {
        "tilesets": [in_list(one) for one in tilesets],
        "links": [link("self", own, JSON, "This list")],
    }


def look_address(
    tiles: str, acquisition: str, style: Style, before: str | None, more: str = ""
) -> str:
    """Return the address of a look in a style; `more` goes on with its path."""
    query = f"?before={quote(before, safe='')}" if before else ""
    return f"{tiles}/looks/{quote(acquisition, safe='')}/{style.value}{more}{query}"


def title_of(found: Map, style: Style | None = None) -> str:
    """Return what people call a map."""
    day = (moment(found.sensed) or "")[:10]
    since = f" since {(moment(found.since) or '')[:10]}" if found.since else ""
    words = f", {style.words}" if style else ""
    return f"{day}{since}, {found.acquisition}{words}"


def limits_of(extent: Extent) -> tuple[Limits, ...]:
    """Return the tiles that show something of an extent."""
    return matrixset.limits(extent.bounds, extent.minzoom, extent.maxzoom)


def link(rel: str, href: str, kind: str, title: str) -> dict[str, Any]:
    """Return a link."""
    return {"rel": rel, "href": href, "type": kind, "title": title}


def _common(title: str, data: str) -> dict[str, Any]:
    return {
        "title": title,
        "dataType": data,
        "crs": matrixset.CRS,
        "tileMatrixSetId": matrixset.ID,
        "tileMatrixSetURI": matrixset.URI,
    }


def _links(base: str, own: str) -> list[dict[str, Any]]:
    scheme = f"{base}/tileMatrixSets/{matrixset.ID}"
    return [link("self", own, JSON, "This tileset"), link(SCHEME, scheme, JSON, matrixset.TITLE)]


def _box(bounds: tuple[float, float, float, float]) -> dict[str, Any]:
    west, south, east, north = bounds
    return {"lowerLeft": [west, south], "upperRight": [east, north], "crs": CRS84}


def _limits(found: Iterable[Limits]) -> list[dict[str, Any]]:
    return [
        {
            "tileMatrix": str(one.zoom),
            "minTileRow": one.first_row,
            "maxTileRow": one.last_row,
            "minTileCol": one.first_col,
            "maxTileCol": one.last_col,
        }
        for one in found
    ]
