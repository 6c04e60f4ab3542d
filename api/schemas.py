"""JSON Schema of the features of each OGC collection, from the models of the answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, Field

from api.models import (
    DetectionAnswer,
    EventProperties,
    LookAnswer,
    RegionProperties,
    SettlementProperties,
)
from api.queryables import SCHEMA
from hearthwatch.records import Kind


class CurvePoint(BaseModel):
    """An area at one look, with its interval of 95 %."""

    day: str
    ha: float
    low: float
    high: float


class CampProperties(EventProperties):
    """An event of the kind camp_change, with its area look by look."""

    curve: list[CurvePoint] = Field(description="Oldest first; empty where none is known.")


class DetectionProperties(DetectionAnswer):
    """A detection, and what it belongs to."""

    event: str
    region: str
    cell: str
    kind: Kind


class LedgerProperties(LookAnswer):
    """A look, and what it belongs to."""

    id: str
    region: str
    kind: Kind


_MODELS: Mapping[str, type[BaseModel]] = {
    "events": EventProperties, "camps": CampProperties, "detections": DetectionProperties,
    "settlements": SettlementProperties, "regions": RegionProperties, "ledger": LedgerProperties,
}  # fmt: skip
_PLACE = {"title": "Where it is", "format": "geometry-any", "x-ogc-role": "primary-geometry"}


def schema_value(name: str, title: str, address: str) -> dict[str, Any]:
    """Return the schema of a collection's features: their properties, and their geometry."""
    made = _MODELS[name].model_json_schema()
    properties = {key: one for key, one in made["properties"].items() if key != "geometry"}
    required = [key for key in made.get("required", ()) if key != "geometry"]
    # Looks have no place.
    geometry = {} if name == "ledger" else {"geometry": _PLACE}
    return {
        **made,
        "$schema": SCHEMA,
        "$id": address,
        "title": title,
        "properties": {**properties, **geometry},
        "required": required,
    }
