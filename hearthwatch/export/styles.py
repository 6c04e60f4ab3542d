"""How a collection is drawn, and that as a style file (QML) for QGIS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree as ET

_GREY = "#59626c"
_OF_STATES: Mapping[str, tuple[str, str]] = {
    "candidate": ("#9a6a00", "circle"), "provisional": ("#c2500a", "circle"),
    "corroborated": ("#b3202c", "diamond"), "confirmed": ("#7d1145", "square"),
    "disputed": ("#6a45a8", "triangle"), "rejected": (_GREY, "cross2"),
    "retracted": (_GREY, "cross2"), "closed": ("#1f6385", "square"),
}  # fmt: skip
_HOLLOW = frozenset({"candidate", "closed", "WATCH", "Unlikely", "Unknown"})


@dataclass(frozen=True, slots=True)
class Look:
    """How the features of a collection are told apart.

    Attributes
    ----------
    by : str
        The column that decides; empty where all look the same.
    symbols : mapping of str to (str, str)
        Colour (``#rrggbb``) and marker by value, as the page has them.
    label : str
        The column that names a feature.
    filled : bool
        Whether the ground is tinted.
    """

    by: str = ""
    symbols: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    other: tuple[str, str] = (_GREY, "circle")
    label: str = "name"
    filled: bool = True

    def colours(self) -> Iterator[tuple[str, str]]:
        """Yield every value with its colour, and last, under an empty one, that of all others."""
        yield from ((value, colour) for value, (colour, _) in self.symbols.items())
        yield "", self.other[0]

    def of(self, properties: Mapping[str, Any]) -> str:
        """Return the value that a feature is drawn by; empty for all others."""
        found = str(properties.get(self.by, ""))
        return found if found in self.symbols else ""


_EVENTS = Look("state", _OF_STATES, label="settlement_name")
LOOKS: Mapping[str, Look] = MappingProxyType(
    {
        "events": _EVENTS,
        "camps": _EVENTS,
        "detections": Look(
            "detector_state",
            {
                "WATCH": ("#9a6a00", "circle"), "PROBABLE": ("#c2500a", "circle"),
                "ESTABLISHED": ("#b3202c", "diamond"),
            },
            label="settlement_name",
        ),
        "settlements": Look(other=("#0b4f8a", "circle")),
        "regions": Look(other=("#1d4f63", ""), filled=False),
        "released": Look(
            "sure",
            {
                "Observed": ("#7d1145", "square"), "Likely": ("#b3202c", "diamond"),
                "Possible": ("#c2500a", "circle"), "Unlikely": (_GREY, "cross2"),
                "Unknown": (_GREY, "circle"),
            },
            label="place",
        ),
    }
)  # fmt: skip
"""By collection; the ledger has no place and is not drawn."""


def qml(name: str) -> bytes:
    """Return the style file of a collection for QGIS 3.

    Raises
    ------
    KeyError
        The collection is not drawn.
    """
    look = LOOKS[name]
    root = ET.Element("qgis", version="3.22.0", styleCategories="Symbology|Labeling")
    _add_renderer(root, look)
    _add_labels(root, look)
    head = b"<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return head + bytes(ET.tostring(root, encoding="utf-8")) + b"\n"


def _add_renderer(root: ET.Element, look: Look) -> None:
    numbers = count()
    drawn = [*look.symbols.items(), ("", look.other)]
    kind = "categorizedSymbol" if look.by else "singleSymbol"
    renderer = ET.SubElement(root, "renderer-v2", type=kind, symbollevels="0", enableorderby="0")
    if look.by:
        renderer.set("attr", look.by)
        categories = ET.SubElement(renderer, "categories")
    symbols = ET.SubElement(renderer, "symbols")
    for (value, (colour, marker)), number in zip(drawn, map(str, numbers), strict=False):
        if look.by:
            ET.SubElement(
                categories, "category", render="true", symbol=number, value=value,
                label=value or "other",
            )  # fmt: skip
        filled = look.filled and value not in _HOLLOW
        _add_area(symbols, number, colour, marker, filled=filled)


def _add_area(symbols: ET.Element, name: str, colour: str, marker: str, *, filled: bool) -> None:
    """Add an outline and, so that a village shows on the map of a country, a marker inside."""
    area = ET.SubElement(symbols, "symbol", type="fill", name=name, alpha="1", clip_to_extent="1")
    _add_layer(
        area, "SimpleFill", color=_rgba(colour, 50), style="solid" if filled else "no",
        outline_color=_rgba(colour, 255), outline_style="solid", outline_width="0.5",
        outline_width_unit="MM",
    )  # fmt: skip
    if not marker:
        return
    centre = _add_layer(area, "CentroidFill", point_on_surface="1", point_on_all_parts="0")
    point = ET.SubElement(centre, "symbol", type="marker", name=f"@{name}@1", alpha="1",
                          clip_to_extent="1")  # fmt: skip
    _add_layer(
        point, "SimpleMarker", name=marker, size="2.6", size_unit="MM",
        color=_rgba(colour if filled else "#ffffff", 255), outline_color=_rgba(colour, 255),
        outline_style="solid", outline_width="0.5", outline_width_unit="MM",
    )  # fmt: skip


def _add_layer(symbol: ET.Element, kind: str, **properties: str) -> ET.Element:
    layer = ET.SubElement(symbol, "layer", {"class": kind, "enabled": "1", "pass": "0"})
    layer.set("locked", "0")
    for name, value in properties.items():
        ET.SubElement(layer, "prop", k=name, v=value)
    return layer


def _add_labels(root: ET.Element, look: Look) -> None:
    """Name features, with EXERCISE or TEST before whatever is not about the world."""
    marking = "CASE WHEN \"mode\" <> 'actual' THEN upper(\"mode\") || ' ' ELSE '' END"
    said = f"{marking} || coalesce(\"{look.label}\", '')"
    settings = ET.SubElement(ET.SubElement(root, "labeling", type="simple"), "settings")
    settings.set("calloutType", "simple")
    text = ET.SubElement(settings, "text-style", fieldName=said, isExpression="1", fontSize="9",
                         fontSizeUnit="Point", textColor="32,32,32,255")  # fmt: skip
    ET.SubElement(text, "text-buffer", bufferDraw="1", bufferSize="0.8", bufferSizeUnits="MM",
                  bufferColor="255,255,255,255", bufferOpacity="1")  # fmt: skip
    ET.SubElement(settings, "placement", placement="0", dist="2", distUnits="MM")
    # A label that does not fit would be left out, and EXERCISE with it.
    ET.SubElement(settings, "rendering", displayAll="1", obstacle="0")


def _rgba(colour: str, alpha: int) -> str:
    return ",".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5)) + f",{alpha}"
