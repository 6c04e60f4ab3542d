"""Records as JSON values: one shape for every command."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from hearthwatch.records import Detection, Event, LedgerRow, Region, Settlement

DECIMALS = 7
"""Of a degree: one centimetre."""
NO_NAMES: Mapping[str, str] = MappingProxyType({})
"""For those who know the names of no settlements."""


def moment(value: datetime | None) -> str | None:
    """Return a time as RFC 3339 in UTC."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None


def rounded(geometry: BaseGeometry) -> BaseGeometry:
    """Return a geometry with seven decimals, areas wound as GeoJSON wants them."""

    def to_decimals(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.round(points, DECIMALS)

    return shapely.orient_polygons(shapely.transform(geometry, to_decimals))


def geojson(geometry: BaseGeometry) -> dict[str, Any]:
    """Return a geometry as GeoJSON, CRS84."""
    return dict(mapping(rounded(geometry)))


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
        "mode": settlement.mode.value,
        "area_ha": round(settlement.area_m2 / 10_000, 4),
        "source": settlement.source,
        "created": moment(settlement.created),
    }


def event_value(
    event: Event, names: Mapping[str, str], settlements: Mapping[str, str] = NO_NAMES
) -> dict[str, Any]:
    """Return an event for programs; for the names see `event_properties`."""
    return {
        "id": event.id,
        **event_properties(event, names, settlements),
        "geometry": geojson(event.geometry),
    }


def event_properties(
    event: Event, names: Mapping[str, str], settlements: Mapping[str, str] = NO_NAMES
) -> dict[str, Any]:
    """Return all of an event but its id and geometry.

    Parameters
    ----------
    names, settlements : mapping of str to str
        The regions' and the settlements' names, by id.
    """
    return {
        "version": event.version,
        "organisation": event.organisation,
        "region": event.region,
        "region_name": names.get(event.region, ""),
        **settlement_said(event.settlement, settlements),
        "kind": event.kind.value,
        "mode": event.mode.value,
        "state": event.state.value,
        "change": event.change or None,
        "merged_into": event.merged_into or None,
        "last_unharmed": moment(event.last_unharmed),
        "first_changed": moment(event.first_changed),
        "first_detected": moment(event.first_detected),
        "last_detected": moment(event.last_detected),
        "area_m2": round(event.area_m2, 1),
        "area_ha": round(event.area_m2 / 10_000, 4),
        "looks": event.looks,
        "observed": event.observed,
        "evidence": dict(event.evidence),
        "doubts": list(event.doubts),
        "detector": event.detector,
        "detector_state": event.detector_state,
        "cell": event.cell,
    }


def detection_value(detection: Detection, settlements: Mapping[str, str]) -> dict[str, Any]:
    """Return a detection for programs; `settlements` gives their names by id."""
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


def ledger_value(row: LedgerRow, settlements: Mapping[str, str]) -> dict[str, Any]:
    """Return a ledger row for programs; `settlements` gives their names by id."""
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


def settlement_said(settlement: str, names: Mapping[str, str]) -> dict[str, str | None]:
    """Return which settlement a record is about, null for an area, and its name if it is known."""
    return {"settlement": settlement or None, "settlement_name": names.get(settlement)}
