"""Records as GeoJSON and JSON answers, written once for every route."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from urllib.parse import urlencode

import numpy as np
import orjson
import shapely
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.context import Context
from detectors.burn_seen import CORE_SHARE
from hearthwatch.ledger_words import longest_gap
from hearthwatch.records import (
    Label,
    LedgerRow,
    ObservationStatus,
    Region,
    Run,
    Settlement,
)
from hearthwatch.values import (
    DECIMALS,
    geojsons,
    ledger_value,
    moment,
    settlement_properties,
)
from hearthwatch.words import counted

GEOJSON = "application/geo+json"
JSON = "application/json"


class GeoJsonResponse(JSONResponse):
    """An answer that is GeoJSON: routes name it so that the OpenAPI document does."""

    media_type = GEOJSON


def respond(
    value: Any,
    *,
    status: int = 200,
    media_type: str = JSON,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return a value as a JSON answer; texts of JSON in it go as they are (`orjson.Fragment`)."""
    return Response(orjson.dumps(value), status, dict(headers or {}), media_type)


CHART: Mapping[int | str, dict[str, Any]] = {
    200: {"content": {"image/svg+xml": {}, "image/png": {}}}
}
"""What a route of charts declares of its answer."""
ChartForm = Literal["svg", "png"]


def chart(form: ChartForm, *, svg: Callable[[], str], png: Callable[[], bytes]) -> Response:
    """Return a chart in the form asked for; only that one is drawn."""
    if form == "png":
        return Response(png(), media_type="image/png")
    return Response(svg(), media_type="image/svg+xml")


def base_url(request: Request, here: Context) -> str:
    """Return the address under which callers reach the service, without a slash at its end."""
    return (here.settings.public_url or str(request.base_url)).rstrip("/")


def next_links(
    request: Request, here: Context, cursor: str | None, media_type: str = GEOJSON
) -> list[dict[str, str]]:
    """Return the link to the next page, or none: this request's address, every filter kept."""
    if cursor is None:
        return []
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "after"]
    query = urlencode([*kept, ("after", cursor)])
    href = f"{base_url(request, here)}{request.url.path}?{query}"
    return [{"rel": "next", "href": href, "type": media_type}]


def feature(record: Region | Settlement, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a record as a GeoJSON feature with its box."""
    return features_of([record], [properties])[0]


def features_of(
    records: Sequence[Region | Settlement], properties: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return records as `feature` does, their geometries all at once."""
    shapes = np.array([record.geometry for record in records], dtype=object)
    edges = np.round(shapely.bounds(shapes), DECIMALS).tolist()
    return [
        feature_of(record.id, box, geometry, told)
        for record, box, geometry, told in zip(
            records, edges, geojsons(shapes), properties, strict=True
        )
    ]


def feature_of(
    its_id: str, box: Sequence[float], geometry: Any, properties: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a feature of its parts; `geometry` may be JSON already (`orjson.Fragment`)."""
    return {
        "type": "Feature",
        "id": its_id,
        "bbox": box,
        "geometry": geometry,
        "properties": {"id": its_id, **properties},
    }


def collection(features: Iterable[dict[str, Any]], **members: Any) -> dict[str, Any]:
    """Return features as a collection."""
    return {"type": "FeatureCollection", "features": list(features), **members}


def settlement_feature(settlement: Settlement) -> dict[str, Any]:
    """Return a settlement."""
    return feature(settlement, settlement_properties(settlement))


def look_value(row: LedgerRow, settlements: Mapping[str, Label]) -> dict[str, Any]:
    """Return a ledger row, in numbers and in words; `settlements` gives their labels by id."""
    return {**ledger_value(row, settlements), "words": look_in_words(row)}


def look_in_words(row: LedgerRow) -> str:
    """Return what became of a look, as a person says it."""
    lost = {str(cause): float(share) for cause, share in row.detail.get("lost", {}).items()}
    worst = max(lost, key=lost.__getitem__, default="")
    if row.status is ObservationStatus.NOT_OBSERVABLE:
        said = f"{_COMMON.get(worst, worst) or _cause(row)} over {_lost(row, lost.get(worst))}"
    elif row.status in _PLAIN:
        place = "settlement" if row.settlement else "area"
        said = f"{_PLAIN[row.status]}, {row.usable:.0%} of the {place} seen"
    else:
        said = row.status.value.replace("_", " ")
    reason = row.detail.get("reason")
    return f"{said}: {reason}" if reason else said


def settlements_in_words(rows: Sequence[LedgerRow]) -> str:
    """Return what became of one look at several settlements."""
    if len(rows) == 1:
        return look_in_words(rows[0])
    statuses = Counter(row.status.value.replace("_", " ") for row in rows).most_common()
    listed = ", ".join(f"{count:,} {status}" for status, count in statuses)
    return f"{counted(len({row.settlement for row in rows}), 'settlement')}: {listed}"


def blind_days(seen: Mapping[str, Sequence[datetime]]) -> float | None:
    """Return the longest time between two usable looks at one place, in days.

    Parameters
    ----------
    seen : mapping of str to sequence of datetime
        As `Store.usable_looks` gives it.
    """
    _, gap = longest_gap(seen)
    return (gap[1] - gap[0]).total_seconds() / 86_400 if gap else None


def job_value(run: Run, now: datetime) -> dict[str, Any]:
    """Return a run as a job with its progress."""
    seconds = ((run.finished or now) - run.started).total_seconds()
    going = run.finished is None and run.done > 0 and seconds > 0
    rate = run.done / seconds if going else None
    return {
        "id": run.id,
        "region": run.region,
        "state": run.outcome.value,
        "started": moment(run.started),
        "finished": moment(run.finished),
        "until": moment(run.until),
        "done": run.done,
        "total": run.total,
        "sensed": moment(run.sensed),
        "rate": round(rate, 3) if rate else None,
        "seconds_left": round((run.total - run.done) / rate, 1) if rate else None,
        "detail": run.detail,
    }


def _cause(row: LedgerRow) -> str:
    cause = row.cause.value if row.cause else ""
    return _COMMON.get(cause, cause)


def _lost(row: LedgerRow, share: float | None) -> str:
    if row.settlement and row.usable >= CORE_SHARE:
        return "its surroundings"
    return f"{1.0 if share is None else share:.0%}"


_COMMON = {"nodata": "no data"}
_PLAIN = {ObservationStatus.UNCHANGED: "unchanged", ObservationStatus.CHANGED: "changed"}
