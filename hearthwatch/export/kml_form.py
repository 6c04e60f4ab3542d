"""KML 2.2: names, words and times for people, and every column as typed data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.sax.saxutils import XMLGenerator
from xml.sax.xmlreader import AttributesImpl

from shapely.geometry import MultiPolygon, Polygon

from hearthwatch.export.columns import Form
from hearthwatch.export.provenance import Provenance
from hearthwatch.export.spool import Feature, Spool
from hearthwatch.export.styles import LOOKS
from hearthwatch.export.table import cell_text, geometries_of, in_batches
from hearthwatch.records import Mode
from hearthwatch.values import DECIMALS
from hearthwatch.words import marked

_TYPES: Mapping[Form, str] = {Form.WHOLE: "int", Form.NUMBER: "double", Form.TRUTH: "bool"}
_TOLD = ("observed", "words", "unseen", "sure")
"""Columns that say something in words."""
_NO_CHARACTER = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SCHEMA = "columns"


def write(spool: Spool, provenance: Provenance, target: Path) -> None:
    """Write a document; the provenance is its description."""
    with target.open("xb") as file:
        out = _Writer(XMLGenerator(file, "UTF-8", short_empty_elements=True))
        out.xml.startDocument()
        with (
            out.element("kml", xmlns="http://www.opengis.net/kml/2.2"),
            out.element("Document", id=spool.name),
        ):
            out.text("name", spool.name)
            out.text("description", provenance.words())
            _write_styles(out, spool)
            _write_schema(out, spool)
            for some in in_batches(spool):
                for one, place in zip(some, geometries_of(some), strict=True):
                    _write_placemark(out, spool, one, place)
        out.xml.endDocument()


class _Writer:
    """Writes elements; what is no character in XML becomes the sign for that, U+FFFD."""

    def __init__(self, xml: XMLGenerator) -> None:
        self.xml = xml

    @contextmanager
    def element(self, tag: str, **attributes: str) -> Iterator[None]:
        self.xml.startElement(tag, AttributesImpl(attributes))
        yield
        self.xml.endElement(tag)

    def text(self, tag: str, value: Any, **attributes: str) -> None:
        with self.element(tag, **attributes):
            self.xml.characters(_NO_CHARACTER.sub("\ufffd", str(value)))


def _write_styles(out: _Writer, spool: Spool) -> None:
    look = LOOKS.get(spool.name)
    for name, colour in look.colours() if look else ():
        with out.element("Style", id=_style_id(name)):
            with out.element("LineStyle"):
                out.text("color", _abgr(colour, 255))
                out.text("width", 2)
            with out.element("PolyStyle"):
                out.text("color", _abgr(colour, 60))


def _write_schema(out: _Writer, spool: Spool) -> None:
    with out.element("Schema", name=spool.name, id=_SCHEMA):
        for name, form in spool.shape.columns.items():
            with out.element("SimpleField", type=_TYPES.get(form, "string"), name=name):
                pass


def _write_placemark(out: _Writer, spool: Spool, one: Feature, place: MultiPolygon | None) -> None:
    properties = one["properties"]
    with out.element("Placemark"):
        out.text("name", _name(spool, properties))
        out.text("description", _description(properties))
        if properties.get(spool.shape.time):
            with out.element("TimeStamp"):
                out.text("when", properties[spool.shape.time])
        look = LOOKS.get(spool.name)
        if look:
            out.text("styleUrl", f"#{_style_id(look.of(properties))}")
        with out.element("ExtendedData"), out.element("SchemaData", schemaUrl=f"#{_SCHEMA}"):
            for name, form in spool.shape.columns.items():
                value = cell_text(form, properties.get(name))
                if value is not None:
                    told = int(value) if form is Form.TRUTH else value
                    out.text("SimpleData", told, name=name)
        if place is not None:
            with out.element("MultiGeometry"):
                for part in place.geoms:
                    _write_polygon(out, part)


def _write_polygon(out: _Writer, polygon: Polygon) -> None:
    with out.element("Polygon"):
        for tag, rings in (
            ("outerBoundaryIs", [polygon.exterior]), ("innerBoundaryIs", polygon.interiors)
        ):  # fmt: skip
            for ring in rings:
                corners = (f"{x:.{DECIMALS}f},{y:.{DECIMALS}f}" for x, y, *_ in ring.coords)
                with out.element(tag), out.element("LinearRing"):
                    out.text("coordinates", " ".join(corners))


def _name(spool: Spool, properties: Mapping[str, Any]) -> str:
    label = properties.get(spool.shape.label)
    what = " ".join(str(properties[one]) for one in ("state", "kind") if properties.get(one))
    words = ", ".join(one for one in (what.replace("_", " "), label) if one)
    return marked(Mode(properties.get("mode") or Mode.ACTUAL), words or properties["id"])


def _description(properties: Mapping[str, Any]) -> str:
    lines = [str(properties[one]) for one in _TOLD if properties.get(one)]
    lines += [f"Doubt: {one}" for one in properties.get("doubts") or ()]
    return "\n".join(lines)


def _style_id(name: str) -> str:
    return f"look-{name or 'other'}"


def _abgr(colour: str, alpha: int) -> str:
    """Return a colour as KML has it; `colour` is ``#rrggbb``."""
    return f"{alpha:02x}{colour[5:7]}{colour[3:5]}{colour[1:3]}"
