"""Records as JSON values: one shape for every command."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from pydantic import TypeAdapter
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from hearthwatch.records import (
    Backtest,
    Detection,
    Event,
    EventRow,
    Label,
    LedgerRow,
    Region,
    Settlement,
)

_JSON: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])

DECIMALS = 7
"""Of a degree: one centimetre."""
NO_LABELS: Mapping[str, Label] = MappingProxyType({})
"""For those who know the names of no settlements."""


def moment(value: datetime | None) -> str | None:
    """Return a time as RFC 3339 in UTC."""
    if value is None:
        return None
    # Nearly every time is in UTC already.
    in_utc = value if value.tzinfo is UTC else value.astimezone(UTC)
    return f"{in_utc.isoformat().removesuffix('+00:00')}Z"


def rounded(geometry: Any) -> Any:
    """Return a geometry, or each of an array, with seven decimals, areas wound for GeoJSON."""

    def to_decimals(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.round(points, DECIMALS)

    return shapely.orient_polygons(shapely.transform(geometry, to_decimals))


def geojson(geometry: BaseGeometry) -> dict[str, Any]:
    """Return a geometry as GeoJSON, CRS84."""
    return dict(mapping(rounded(geometry)))


def geojson_texts(geometries: NDArray[np.object_]) -> list[str]:
    """Return many geometries as texts of what `geojson` gives, in less time."""
    if np.count_nonzero(shapely.has_z(geometries)):
        # Heights are not in what GEOS writes.
        return [json.dumps(geojson(shape)) for shape in geometries]
    return list(shapely.to_geojson(rounded(geometries)))


def geojsons(geometries: NDArray[np.object_]) -> list[dict[str, Any]]:
    """Return many geometries as `geojson` does, in less time."""
    return [_JSON.validate_json(one) for one in geojson_texts(geometries)]


def region_value(region: Region) -> dict[str, Any]:
    """Return a region for programs."""
    return {
        "id": region.id,
        **region_properties(region),
        "organisation": region.organisation,
        "bbox": [round(edge, DECIMALS) for edge in region.geometry.bounds],
        "geometry": geojson(region.geometry),
        "removed": moment(region.removed),
    }


def region_properties(region: Region) -> dict[str, Any]:
    """Return all of a region that is told but its id and geometry."""
    return {
        "name": region.name,
        "kind": region.kind.value,
        "mode": region.mode.value,
        "purpose": region.purpose,
        "owner": region.owner,
        "created": moment(region.created),
        "expires": moment(region.expires),
        "area_km2": round(region.area_km2, 6),
    }


def backtest_value(made: Backtest) -> dict[str, Any]:
    """Return a backtest for programs; its report is null until it is over."""
    return {
        "id": made.id,
        "region": made.region,
        "state": made.outcome.value,
        "asked": moment(made.asked),
        "started": moment(made.started),
        "finished": moment(made.finished),
        "until": moment(made.until),
        "months": made.months,
        "learned_months": made.learned_months,
        "most_units": made.most_units,
        "done": made.done,
        "total": made.total,
        "detail": made.detail,
        "report": dict(made.report) or None,
    }


def settlement_value(settlement: Settlement) -> dict[str, Any]:
    """Return a settlement for programs."""
    return {
        "id": settlement.id,
        **settlement_properties(settlement),
        "organisation": settlement.organisation,
        "geometry": geojson(settlement.geometry),
        "removed": moment(settlement.removed),
    }


def settlement_properties(settlement: Settlement) -> dict[str, Any]:
    """Return all of a settlement that is told but its id and geometry."""
    return {
        "name": settlement.name,
        "pcode": settlement.pcode or None,
        "mode": settlement.mode.value,
        "area_ha": round(settlement.area_m2 / 10_000, 4),
        "source": settlement.source,
        "created": moment(settlement.created),
    }


def event_value(
    event: Event, names: Mapping[str, str], settlements: Mapping[str, Label] = NO_LABELS
) -> dict[str, Any]:
    """Return an event for programs; for the names see `event_properties`."""
    return {
        "id": event.id,
        **event_properties(event, names, settlements),
        "geometry": geojson(event.geometry),
    }


class Forms(NamedTuple):
    """How what JSON has no form for is told.

    Attributes
    ----------
    moment, mapping, texts : callable
        Of a time, the evidence and the doubts, as the event has them.
    """

    moment: Callable[[Any], str | None]
    mapping: Callable[[Any], Any]
    texts: Callable[[Any], Any]


_OF_RECORD = Forms(moment, dict, list)


def event_properties(
    event: Event | EventRow,
    names: Mapping[str, str],
    settlements: Mapping[str, Label] = NO_LABELS,
    forms: Forms = _OF_RECORD,
) -> dict[str, Any]:
    """Return all of an event but its id and geometry.

    Parameters
    ----------
    event : Event or EventRow
        For one in plain values `forms` has to tell what becomes of them.
    names : mapping of str to str
        The regions' names, by id.
    settlements : mapping of str to Label
        The settlements' names and P-codes, by id.
    """
    time = forms.moment
    return {
        "version": event.version,
        "organisation": event.organisation,
        "region": event.region,
        "region_name": names.get(event.region, ""),
        **settlement_said(event.settlement, settlements),
        "kind": str(event.kind),
        "mode": str(event.mode),
        "state": str(event.state),
        "change": event.change or None,
        "merged_into": event.merged_into or None,
        "last_unharmed": time(event.last_unharmed),
        "first_changed": time(event.first_changed),
        "first_detected": time(event.first_detected),
        "last_detected": time(event.last_detected),
        "area_m2": round(event.area_m2, 1),
        "area_ha": round(event.area_m2 / 10_000, 4),
        "looks": event.looks,
        "observed": event.observed,
        "evidence": forms.mapping(event.evidence),
        "doubts": forms.texts(event.doubts),
        "detector": event.detector,
        "detector_state": event.detector_state,
        "cell": event.cell,
    }


def detection_value(detection: Detection, settlements: Mapping[str, Label]) -> dict[str, Any]:
    """Return a detection for programs; `settlements` gives their labels by id."""
    return {
        "id": detection.id,
        "mode": detection.mode.value,
        **settlement_said(detection.settlement, settlements),
        "acquisition": detection.acquisition,
        "sensed": moment(detection.sensed),
        "detector": detection.detector,
        "detector_version": detection.detector_version,
        "detector_state": detection.detector_state,
        "area_m2": round(detection.area_m2, 1),
        "last_unharmed": moment(detection.last_unharmed),
        "first_changed": moment(detection.first_changed),
        "looks": detection.looks,
        "evidence": dict(detection.evidence),
        "doubts": list(detection.doubts),
        "digest": detection.digest,
        "geometry": geojson(detection.geometry),
    }


def ledger_value(row: LedgerRow, settlements: Mapping[str, Label]) -> dict[str, Any]:
    """Return a ledger row for programs; `settlements` gives their labels by id."""
    return {
        "sensed": moment(row.sensed),
        "mode": row.mode.value,
        "cell": row.cell,
        **settlement_said(row.settlement, settlements),
        "acquisition": row.acquisition,
        "detector": row.detector,
        "status": row.status.value,
        "cause": row.cause.value if row.cause else None,
        "usable": row.usable,
        "detail": dict(row.detail),
    }


def settlement_said(settlement: str, labels: Mapping[str, Label]) -> dict[str, str | None]:
    """Return which settlement a record is about, and its name and P-code; null what is not known.

    Of an area all three are null.
    """
    label = labels.get(settlement)
    return {
        "settlement": settlement or None,
        "settlement_name": (label.name or None) if label else None,
        "settlement_pcode": (label.pcode or None) if label else None,
    }


def called(settlement: str, labels: Mapping[str, Label]) -> str:
    """Return how people call a settlement: by its name, else its P-code, else its id."""
    label = labels.get(settlement, Label())
    return label.name or label.pcode or settlement
