"""Whole collections as files, and how QGIS is to draw them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi import Path as InPath
from starlette.responses import Response, StreamingResponse

from api.auth import Caller, Exporter, Known, Passable, Released
from api.bulk import Bulk
from api.context import Context, InContext
from api.doors import Doors, InDoors
from api.found import MOST_MATCHED
from api.ogc import COLLECTIONS, period_of
from api.params import BoxText, box_of
from api.problems import BUSY_SECONDS, Problem, declared
from api.queryables import FilterLanguage, FilterText, filter_of
from hearthwatch.access.passes import PARAMETER
from hearthwatch.errors import DiskFull
from hearthwatch.export.columns import RELEASED
from hearthwatch.export.styles import LOOKS, qml
from hearthwatch.export.workshop import workshop
from hearthwatch.export.writing import FORMS, fits
from hearthwatch.layout import Layout
from hearthwatch.records import EventFilter, EventState, Kind
from tiles.errors import StorageFull

AT_ONCE = 2
"""Exports that are being made at one time in a process: each works a processor for seconds."""
QML = "application/x-qgis-layer-settings"
_BLOCK = 1 << 18

router = APIRouter(tags=["exports"])

_turns = threading.BoundedSemaphore(AT_ONCE)
FormOfFile = Literal["geojson", "gpkg", "fgb", "parquet", "kml", "csv", "zip"]
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {form.media_type: {} for form in FORMS.values()},
        "headers": {"Content-Disposition": {"schema": {"type": "string"}}},
    }
}


@router.get(
    f"/exports/{RELEASED}.{{form}}",
    response_class=Response,
    responses={**_FILES, **declared(507)},
    dependencies=[Passable],
)
def export_released(form: FormOfFile, who: Released, here: InContext, doors: InDoors) -> Response:
    """Return what was released to partners as a file: the features of `/released`, no others."""
    return _answer(_bulk(RELEASED, who, here, doors, {}, EventFilter()), form)


@router.get(
    "/exports/{name}.{form}",
    response_class=Response,
    responses={**_FILES, **declared(404, 507)},
    dependencies=[Passable],
)
def export_collection(
    request: Request,
    name: Annotated[str, InPath(max_length=200, description=f"One of {', '.join(COLLECTIONS)}.")],
    form: FormOfFile,
    who: Exporter,
    here: InContext,
    doors: InDoors,
    bbox: BoxText = None,
    datetime_: Annotated[
        str | None,
        Query(alias="datetime", max_length=100, description="As of the collections."),
    ] = None,
    filter_: FilterText = None,
    language: FilterLanguage = "cql2-text",
    kind: Annotated[Kind | None, Query()] = None,
    state: Annotated[list[EventState] | None, Query(description="May be repeated.")] = None,
    region: Annotated[str | None, Query(max_length=200, description="Id of a region.")] = None,
    settlement: Annotated[
        str | None, Query(min_length=1, max_length=200, description="Id of a settlement.")
    ] = None,
) -> Response:
    """Return a collection of `/ogc` as a file, by the same filters; at most 100,000 features."""
    if name not in COLLECTIONS or not fits(name, form):
        raise Problem(404, "not_found", "There is no such collection, or not in this form.")
    since, until = period_of(datetime_)
    where = EventFilter(
        region=region,
        kind=kind,
        states=tuple(state or ()),
        bbox=box_of(bbox),
        since=since,
        until=until,
        settlement=settlement,
        filter=filter_of(name, filter_, language),
    )
    return _answer(_bulk(name, who, here, doors, _asked(request), where), form)


@router.get(
    "/styles/{name}.qml",
    response_class=Response,
    responses={200: {"content": {QML: {}}}, **declared(404)},
)
def read_style(
    name: Annotated[str, InPath(max_length=200, description=f"One of {', '.join(LOOKS)}.")],
    who: Known,
) -> Response:
    """Return how QGIS is to draw a collection, as a style file."""
    if name not in LOOKS:
        raise Problem(404, "not_found", "There is no such style.")
    headers = {"Content-Disposition": f'attachment; filename="{name}.qml"'}
    return Response(qml(name), media_type=QML, headers=headers)


def _bulk(
    name: str, who: Caller, here: Context, doors: Doors, query: dict[str, Any], where: EventFilter
) -> Bulk:
    return Bulk(here, who, name, query, doors.sign_in.clock, where, most=MOST_MATCHED)


def _answer(bulk: Bulk, form: str) -> Response:
    """Make the file and send it; of its name on the disk nothing is left when sending begins."""
    folder = Layout(bulk.here.settings.data_dir).exports
    try:
        with _turn(), workshop(folder) as inside:
            made, _ = bulk.write(form, inside)
            size = made.stat().st_size
            file = made.open("rb")
    except StorageFull:
        raise DiskFull("There is no room left for the file.") from None
    headers = {
        "Content-Length": str(size),
        "Content-Disposition": f'attachment; filename="hearthwatch-{bulk.name}.{form}"',
    }
    return StreamingResponse(_sent(file), media_type=FORMS[form].media_type, headers=headers)


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(blocking=False):
        raise Problem(
            503,
            "busy",
            "Other exports are being made. Try again shortly.",
            headers={"Retry-After": str(BUSY_SECONDS)},
        )
    try:
        yield
    finally:
        _turns.release()


def _sent(file: Any) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block


def _asked(request: Request) -> dict[str, Any]:
    """Return the parameters of a request that choose features; a pass is a secret."""
    asked: dict[str, Any] = {}
    for name in request.query_params:
        if name != PARAMETER:
            given = request.query_params.getlist(name)
            asked[name] = given[0] if len(given) == 1 else given
    return asked
