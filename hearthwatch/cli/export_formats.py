"""Events as GeoJSON, GeoPackage and CSV: the same columns in each, CRS84, seven decimals."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPolygon

from hearthwatch.records import Event
from hearthwatch.values import DECIMALS, event_properties, geojson, rounded
from tiles.geodesy import polygons

CRS = "OGC:CRS84"
LAYER = "events"
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class Names:
    """What people call the regions and settlements, by id."""

    regions: Mapping[str, str]
    settlements: Mapping[str, str]


def as_geojson(events: Sequence[Event], names: Names, notice: str) -> bytes:
    """Return a FeatureCollection (RFC 7946)."""
    document = {
        "type": "FeatureCollection",
        "notice": notice,
        "features": [
            {
                "type": "Feature",
                "id": event.id,
                "geometry": geojson(event.geometry),
                "properties": event_properties(event, names.regions, names.settlements),
            }
            for event in events
        ],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def as_geopackage(events: Sequence[Event], names: Names, notice: str) -> bytes:
    """Return a GeoPackage of one layer, `events`."""
    rows = [_row(event, names, notice) for event in events]
    wkb = [
        shapely.to_wkb(MultiPolygon(polygons(rounded(event.geometry))), flavor="iso")
        for event in events
    ]
    buffer = io.BytesIO()
    pyogrio.raw.write(
        buffer,
        np.array(wkb, dtype=object),
        [_column([row[name] for row in rows]) for name in COLUMNS],
        list(COLUMNS),
        layer=LAYER,
        driver="GPKG",
        geometry_type="MultiPolygon",
        crs=CRS,
        dataset_metadata={"notice": notice},
    )
    return buffer.getvalue()


def as_csv(events: Sequence[Event], names: Names, notice: str) -> bytes:
    """Return CSV in UTF-8 with a point inside each event and its outline as WKT."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([*COLUMNS, "longitude", "latitude", "wkt"])
    for event in events:
        row = _row(event, names, notice)
        spot = [round(c, DECIMALS) for c in event.geometry.representative_point().coords[0]]
        wkt = shapely.to_wkt(rounded(event.geometry), rounding_precision=DECIMALS)
        writer.writerow([*(harmless(row[name]) for name in COLUMNS), *spot, wkt])
    return out.getvalue().encode("utf-8")


COLUMNS = (
    "id", "version", "organisation", "region", "region_name", "settlement", "settlement_name",
    "kind", "mode", "state", "change", "merged_into", "last_unharmed", "first_changed",
    "first_detected", "last_detected", "area_m2", "area_ha", "looks", "observed", "evidence",
    "doubts", "detector", "detector_state", "cell", "notice",
)  # fmt: skip


def _row(event: Event, names: Names, notice: str) -> dict[str, Any]:
    """Return an event with its nested values as text, which tables need."""
    value = {
        "id": event.id,
        **event_properties(event, names.regions, names.settlements),
        "notice": notice,
    }
    value["evidence"] = json.dumps(value["evidence"], ensure_ascii=False)
    value["doubts"] = "; ".join(value["doubts"])
    return {name: "" if value[name] is None else value[name] for name in COLUMNS}


def _column(values: list[Any]) -> NDArray[Any]:
    kinds = {type(value) for value in values}
    return np.array(values, dtype=kinds.pop() if kinds in ({int}, {float}) else object)


def harmless(value: Any) -> Any:
    """Keep a spreadsheet from taking a name that begins with = for a formula."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value
