"""WMTS 1.0: the capabilities of a region's maps as XML, and requests as clients write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree.ElementTree import Element, SubElement, tostring

from starlette.datastructures import QueryParams

from api.looks import Map
from api.problems import Problem
from api.tiled import LARGEST_ZOOM, PictureForm
from api.tilesets import limits_of, title_of
from tiles import matrixset
from tiles.mercator import TILE_PIXELS, corner_m
from tiles.styles import Style

XML = "application/xml"
SINCE = "~"
"""Between a look and the earlier one that it is compared with, in the name of a layer."""
FORMATS: Mapping[str, PictureForm] = {"image/png": "png", "image/webp": "webp"}

_SPACES = {
    "xmlns": "http://www.opengis.net/wmts/1.0",
    "xmlns:ows": "http://www.opengis.net/ows/1.1",
    "xmlns:xlink": "http://www.w3.org/1999/xlink",
    "version": "1.0.0",
}
_HREF = "xlink:href"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a region's WMTS is, with the pass in it that it was asked with, if any.

    Attributes
    ----------
    kvp : str
        Ends so that parameters can be put behind it.
    capabilities : str
    tiles : str
        What stands before the name of a look.
    more : str
        What goes behind a tile's address, beginning with ``&``; or empty.
    """

    kvp: str
    capabilities: str
    tiles: str
    more: str


@dataclass(frozen=True, slots=True)
class TileAsked:
    """One tile, as a request names it."""

    acquisition: str
    before: str | None
    style: Style
    place: tuple[int, int, int]
    form: PictureForm


def layer_of(found: Map) -> str:
    """Return the name of a map's layer."""
    return f"{found.acquisition}{SINCE}{found.before}" if found.before else found.acquisition


def capabilities(title: str, maps: Sequence[Map], at: Addresses) -> bytes:
    """Return the capabilities document.

    Parameters
    ----------
    title : str
        Of the service.
    maps : sequence of Map
        A layer each.
    """
    root = Element("Capabilities", _SPACES)
    about = SubElement(root, "ows:ServiceIdentification")
    _text(about, "ows:Title", title)
    _text(about, "ows:ServiceType", "OGC WMTS")
    _text(about, "ows:ServiceTypeVersion", "1.0.0")
    operations = SubElement(root, "ows:OperationsMetadata")
    for name in ("GetCapabilities", "GetTile"):
        _operation(operations, name, at.kvp)
    contents = SubElement(root, "Contents")
    for one in maps:
        _layer(contents, one, at)
    _matrix_set(contents)
    SubElement(root, "ServiceMetadataURL", {_HREF: at.capabilities})
    written: bytes = tostring(root, "utf-8", xml_declaration=True)
    return written


def folded(query: QueryParams) -> dict[str, str]:
    """Return the parameters of a request by their names in capital letters.

    Raises
    ------
    Problem
        400 where one is given twice.
    """
    found: dict[str, str] = {}
    twice = set()
    for name, value in query.multi_items():
        if name.upper() in found:
            twice.add(name.upper())
        found[name.upper()] = value
    if twice:
        faults = [(f"query.{name}", "is given twice") for name in sorted(twice)]
        raise Problem(400, "parameter", "Each parameter is given once.", faults=faults)
    return found


def asked_tile(given: dict[str, str]) -> TileAsked:
    """Return which tile a GetTile names.

    Parameters
    ----------
    given : dict
        From `folded`.

    Raises
    ------
    Problem
        400 with everything that is wrong with it.
    """
    faults = [(f"query.{name}", words) for name, words in _faults(given)]
    if faults:
        words = "The tile cannot be told from the request; the capabilities say what there is."
        raise Problem(400, "parameter", words, faults=faults)
    acquisition, _, before = given["LAYER"].partition(SINCE)
    z, y, x = (int(given[name]) for name in _NUMBERS)
    form = FORMATS[given["FORMAT"]]
    return TileAsked(acquisition, before or None, Style(given["STYLE"]), (z, x, y), form)


_NUMBERS = ("TILEMATRIX", "TILEROW", "TILECOL")


def _faults(given: dict[str, str]) -> list[tuple[str, str]]:
    needed = ("LAYER", "STYLE", "FORMAT", "TILEMATRIXSET", *_NUMBERS)
    found = [(name, "is missing") for name in needed if not given.get(name)]
    missing = {name for name, _ in found}
    listed = {
        "STYLE": [style.value for style in Style],
        "FORMAT": list(FORMATS),
        "TILEMATRIXSET": [matrixset.ID],
        "VERSION": ["1.0.0"],
    }
    for name, words in listed.items():
        if name not in missing and given.get(name, words[0]) not in words:
            found.append((name, f"is none of {', '.join(words)}"))
    for name in set(_NUMBERS) - missing:
        text = given[name]
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(1 << LARGEST_ZOOM))):
            found.append((name, "is no number of a tile"))
    return sorted(found)


def _layer(contents: Element, found: Map, at: Addresses) -> None:
    layer = SubElement(contents, "Layer")
    _text(layer, "ows:Title", title_of(found))
    west, south, east, north = found.extent.bounds
    box = SubElement(layer, "ows:WGS84BoundingBox")
    _text(box, "ows:LowerCorner", f"{west!r} {south!r}")
    _text(box, "ows:UpperCorner", f"{east!r} {north!r}")
    _text(layer, "ows:Identifier", layer_of(found))
    for number, style in enumerate(found.styles):
        made = SubElement(layer, "Style", {"isDefault": "false" if number else "true"})
        _text(made, "ows:Title", style.words)
        _text(made, "ows:Identifier", style.value)
    for form in FORMATS:
        _text(layer, "Format", form)
    _linked(layer, found)
    query = f"?before={quote(found.before, safe='')}{at.more}" if found.before else _first(at.more)
    where = f"{at.tiles}/{quote(found.acquisition, safe='')}/{{Style}}/{{TileMatrix}}/{{TileRow}}"
    for form, ending in FORMATS.items():
        template = f"{where}/{{TileCol}}.{ending}{query}"
        told = {"format": form, "resourceType": "tile", "template": template}
        SubElement(layer, "ResourceURL", told)


def _first(more: str) -> str:
    """Return what goes on with a query as the beginning of one."""
    return f"?{more.removeprefix('&')}" if more else ""


def _linked(layer: Element, found: Map) -> None:
    """Say at which zooms, and where, a layer has tiles."""
    made = SubElement(layer, "TileMatrixSetLink")
    _text(made, "TileMatrixSet", matrixset.ID)
    every = SubElement(made, "TileMatrixSetLimits")
    for one in limits_of(found.extent):
        some = SubElement(every, "TileMatrixLimits")
        _text(some, "TileMatrix", str(one.zoom))
        _text(some, "MinTileRow", str(one.first_row))
        _text(some, "MaxTileRow", str(one.last_row))
        _text(some, "MinTileCol", str(one.first_col))
        _text(some, "MaxTileCol", str(one.last_col))


def _operation(operations: Element, name: str, address: str) -> None:
    operation = SubElement(operations, "ows:Operation", {"name": name})
    http = SubElement(SubElement(operation, "ows:DCP"), "ows:HTTP")
    get = SubElement(http, "ows:Get", {_HREF: address})
    values = SubElement(
        SubElement(get, "ows:Constraint", {"name": "GetEncoding"}), "ows:AllowedValues"
    )
    _text(values, "ows:Value", "KVP")


def _matrix_set(contents: Element) -> None:
    made = SubElement(contents, "TileMatrixSet")
    _text(made, "ows:Title", matrixset.TITLE)
    _text(made, "ows:Identifier", matrixset.ID)
    _text(made, "ows:SupportedCRS", "urn:ogc:def:crs:EPSG::3857")
    _text(made, "WellKnownScaleSet", "urn:ogc:def:wkss:OGC:1.0:GoogleMapsCompatible")
    west, north = corner_m()
    for one in matrixset.matrices()[: LARGEST_ZOOM + 1]:
        matrix = SubElement(made, "TileMatrix")
        _text(matrix, "ows:Identifier", str(one.zoom))
        _text(matrix, "ScaleDenominator", repr(one.scale))
        _text(matrix, "TopLeftCorner", f"{west!r} {north!r}")
        _text(matrix, "TileWidth", str(TILE_PIXELS))
        _text(matrix, "TileHeight", str(TILE_PIXELS))
        _text(matrix, "MatrixWidth", str(one.count))
        _text(matrix, "MatrixHeight", str(one.count))


def _text(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
