"""The properties of each collection that a filter may name, and the filters of requests."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Literal

from fastapi import Query

from api.ogc import CRS84
from api.problems import Problem
from hearthwatch.cql.faults import FilterError
from hearthwatch.cql.reading import read_json, read_text
from hearthwatch.cql.tree import All, Compare, Constant, Field, Filter, Form, Sign
from hearthwatch.records import EventState, Kind, Mode, NotObservable, ObservationStatus

SCHEMA = "https://json-schema.org/draft/2020-12/schema"

FilterText = Annotated[
    str | None,
    Query(
        alias="filter",
        max_length=10_000,
        description="CQL2; of what may be asked for tells `/collections/{name}/queryables`.",
        examples=["kind = 'burned' AND area_m2 > 10000"],
    ),
]
FilterLanguage = Annotated[
    Literal["cql2-text", "cql2-json"], Query(alias="filter-lang", description="Of `filter`.")
]
FilterCrs = Annotated[
    str | None,
    Query(alias="filter-crs", max_length=200, description=f"Of `filter`: {CRS84} only."),
]
BoxCrs = Annotated[
    str | None, Query(alias="bbox-crs", max_length=200, description=f"Of `bbox`: {CRS84} only.")
]
AnswerCrs = Annotated[
    str | None, Query(alias="crs", max_length=200, description=f"Of the answer: {CRS84} only.")
]


def _text(name: str, title: str, words: type[StrEnum] | None = None, *, hollow: bool = False
          ) -> Field:  # fmt: skip
    listed = tuple(word.value for word in words) if words else ()
    return Field(name, Form.TEXT, title, listed, hollow)


def _number(name: str, title: str) -> Field:
    return Field(name, Form.NUMBER, title)


def _moment(name: str, title: str) -> Field:
    return Field(name, Form.MOMENT, title)


_GEOMETRY = Field("geometry", Form.PLACE, "Where it is")
_ID = _text("id", "Id")
_MODE = _text("mode", "Whether it is about the world, an exercise or a test", Mode)
_KIND = _text("kind", "What is watched for", Kind)
_REGION = _text("region", "Id of the region")
_SETTLEMENT = _text("settlement", "Id of the settlement; null for a watch over an area",
                    hollow=True)  # fmt: skip
_CELL = _text("cell", "Cell of the work grid")
_DETECTOR = _text("detector", "Detector")
_AREA = _number("area_m2", "Area, square metres")
_LOOK = (
    _text("acquisition", "Id of the acquisition"), _moment("sensed", "When it was sensed"),
)  # fmt: skip
_CHANGED = (
    _moment("last_unharmed", "Last look that showed no change"),
    _moment("first_changed", "First look that showed the change"),
)
_CAMP = (
    _ID, _GEOMETRY, _MODE, _REGION, _SETTLEMENT, _CELL, _DETECTOR, _AREA, *_CHANGED,
    _text("state", "How it stands", EventState),
    _text("change", "What became of the site; null where that is not told", hollow=True),
    _moment("first_detected", "First look that spoke of it"),
    _moment("last_detected", "Last look that spoke of it"),
    _number("looks", "Looks that spoke of it"),
    _number("version", "Version"),
)  # fmt: skip

_FIELDS: Mapping[str, tuple[Field, ...]] = {
    "events": (*_CAMP, _KIND),
    "camps": _CAMP,
    "detections": (
        _ID, _GEOMETRY, _MODE, _KIND, _REGION, _SETTLEMENT, _CELL, _DETECTOR, _AREA, *_LOOK,
        *_CHANGED, _text("event", "Id of the event"),
        _text("detector_state", "What the detector said"), _number("looks", "Looks so far"),
    ),
    "settlements": (
        _ID, _GEOMETRY, _MODE, _text("name", "Name"), _text("source", "Where from"),
        _text("pcode", "P-code; null where none is known", hollow=True),
        _moment("created", "Since when it is on the list"),
    ),
    "regions": (
        _ID, _GEOMETRY, _MODE, _KIND, _text("name", "Name"), _text("purpose", "Why"),
        _text("owner", "Who answers for it"), _number("area_km2", "Area, square kilometres"),
        _moment("created", "Since when it is watched"), _moment("expires", "End of the watch"),
    ),
    "ledger": (
        _MODE, _KIND, _REGION, _SETTLEMENT, _CELL, _DETECTOR, *_LOOK,
        _text("status", "What became of the look", ObservationStatus),
        _text("cause", "Why it could not be used; null where it could", NotObservable),
        _number("usable", "Share of the place that was seen, 0..1"),
    ),
}  # fmt: skip
FIELDS: Mapping[str, Mapping[str, Field]] = MappingProxyType(
    {name: {field.name: field for field in fields} for name, fields in _FIELDS.items()}
)


def require_crs84(**given: str | None) -> None:
    """Refuse coordinates of another kind; the parameters by name, with ``_`` for ``-``.

    Raises
    ------
    Problem
        400, naming them.
    """
    wrong = [name.replace("_", "-") for name, crs in given.items() if crs not in (None, CRS84)]
    if wrong:
        faults = [(f"query.{name}", "is not known here") for name in wrong]
        raise Problem(400, "crs", f"Coordinates are in {CRS84} only.", faults=faults)


def filter_of(name: str, text: str | None, language: str) -> Filter | None:
    """Return the filter of a request for a collection.

    Raises
    ------
    Problem
        400 with everything that is wrong with it, and where.
    """
    if text is None:
        return None
    try:
        read = read_json if language == "cql2-json" else read_text
        return read(text, FIELDS[name])
    except FilterError as error:
        faults = [(_placed("query.filter", at), words) for at, words in error.faults]
        raise Problem(400, "filter", f"The filter is no {language} that can be used here.",
                      faults=faults) from None  # fmt: skip


def narrowed(found: Filter | None, name: str, **texts: str | None) -> Filter | None:
    """Return a filter that asks besides that some properties have these values; None is any."""
    wanted = {one: value for one, value in texts.items() if value is not None}
    if not wanted:
        return found
    fields = FIELDS[name]
    parts = [Compare(Sign.EQUAL, fields[one], Constant(value)) for one, value in wanted.items()]
    told = sorted(wanted.items())
    root = All((*parts, found.root)) if found else All(tuple(parts))
    return Filter(root, f"{told}{found.text if found else ''}")


def queryables_value(name: str, title: str, address: str) -> dict[str, Any]:
    """Return what may be asked for of a collection, as JSON Schema."""
    return {
        "$schema": SCHEMA,
        "$id": address,
        "type": "object",
        "title": title,
        "properties": {field.name: _schema(field) for field in FIELDS[name].values()},
        "additionalProperties": False,
    }


def _schema(field: Field) -> dict[str, Any]:
    shape: dict[str, Any] = {
        Form.TEXT: {"type": "string"},
        Form.NUMBER: {"type": "number"},
        Form.MOMENT: {"type": "string", "format": "date-time"},
        Form.PLACE: {"format": "geometry-any", "x-ogc-role": "primary-geometry"},
    }[field.form]
    words = {"enum": list(field.words)} if field.words else {}
    return {"title": field.title, **shape, **words}


def _placed(where: str, at: str) -> str:
    if not at:
        return where
    return f"{where}{at}" if at.startswith(".") else f"{where} {at}"
