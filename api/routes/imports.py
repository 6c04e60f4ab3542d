"""Regions and settlements from files that people have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import Response

from api.answers import respond
from api.auth import Writer
from api.context import Context, InContext
from api.models_import import (
    FileFields,
    ImportAnswer,
    RegionsFields,
    SettlementsFields,
    fields_of,
)
from api.params import utc
from api.problems import Problem, declared
from api.uploads import NAMED, InUpload, body_schema
from hearthwatch.errors import RegionError
from hearthwatch.records import Kind, Region, Settlement
from hearthwatch.store.listing import list_settlements
from hearthwatch.store.whole import all_settlements
from hearthwatch.watchlist.areas import read_bbox
from hearthwatch.watchlist.kinds import watchable
from hearthwatch.watchlist.options import Options
from hearthwatch.watchlist.reading import NamedArea, Reading, Remark, read_file
from hearthwatch.watchlist.swapped import Points, centres_of
from hearthwatch.watchlist.taking import Taken, Terms, as_one, take_regions, take_settlements
from hearthwatch.words import counted

Fields = TypeVar("Fields", bound=FileFields)

router = APIRouter(tags=["regions"])


@router.post(
    "/imports/regions",
    response_model=ImportAnswer,
    status_code=201,
    responses=declared(403, 422, 507),
    openapi_extra=body_schema(fields_of(RegionsFields)),
)
def import_regions(who: Writer, here: InContext, sent: InUpload) -> Response:
    """Put the areas of a file on the watchlist: each feature by its own name, or all as one.

    Everything that is wrong with every feature is said at once, and then nothing is stored,
    unless `accept` is `valid`.
    """
    fields = _checked(RegionsFields, sent.fields)
    reading = _regions_read(fields, sent.path, here)
    terms = Terms(
        kind=_watchable(fields), purpose=fields.purpose, owner=fields.owner,
        expires=utc(fields.expires),
    )  # fmt: skip
    with here.store.transaction() as transaction:
        regions = here.store.regions(who.organisation)
        names = [region.name for region in regions]
        places = _places(here, who.organisation, regions)
        taken = take_regions(reading, who.organisation, terms, names, places)
        _require_accepted(taken, fields)
        for region in here.planning.admitted([region for region, _ in taken.made]):
            transaction.put_region(region)
    return _answer(taken, taken.made)


@router.post(
    "/imports/settlements",
    response_model=ImportAnswer,
    status_code=201,
    responses=declared(403, 422, 507),
    openapi_extra=body_schema(fields_of(SettlementsFields)),
)
def import_settlements(who: Writer, here: InContext, sent: InUpload) -> Response:
    """Add the places of a file; of one that is there already only a new P-code is taken.

    What is wrong is said as for regions.
    """
    fields = _checked(SettlementsFields, sent.fields)
    reading = _file_read(fields, sent.path, here, each=True)
    places = _places(here, who.organisation, here.store.regions(who.organisation))
    taken = take_settlements(reading, who.organisation, fields.source, places)
    _require_accepted(taken, fields)
    listed = list_settlements(here.store, who.organisation, [one for one, _ in taken.made])
    fresh = [(one, area) for one, area in taken.made if one.id in listed.fresh]
    return _answer(taken, fresh, listed.coded)


def _checked(model: type[Fields], sent: Mapping[str, str]) -> Fields:
    try:
        return model.model_validate(dict(sent))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        told = [{**one, "loc": ("body", *one["loc"])} for one in found]
        raise RequestValidationError(told) from None


def _regions_read(fields: RegionsFields, path: Path | None, here: Context) -> Reading:
    if fields.bbox is not None:
        if path is not None or fields.name is None:
            words = "Send a file, or bbox with a name."
            raise Problem(422, "invalid", words, faults=[("body.bbox", "needs a name and no file")])
        reading = _or_problem(lambda: _boxed(fields.bbox or "", here))
    else:
        reading = _file_read(fields, path, here, each=fields.name is None)
    name = fields.name
    return reading if name is None else _or_problem(lambda: as_one(reading, name, here.settings))


def _boxed(text: str, here: Context) -> Reading:
    return Reading("The box", (read_bbox(text, here.settings),))


def _file_read(fields: FileFields, path: Path | None, here: Context, *, each: bool) -> Reading:
    if path is None:
        raise Problem(422, "invalid", "Send a file.", faults=[("body.file", "is missing")])
    options = Options(
        each=each, radius_m=fields.radius_m, encoding=fields.encoding, crs=fields.crs,
        mend=fields.mend,
    )  # fmt: skip
    return _or_problem(lambda: read_file(path, here.settings, options, NAMED))


def _or_problem(read: Callable[[], Reading]) -> Reading:
    """Read, or say what is wrong with all of it."""
    try:
        return read()
    except RegionError as error:
        raise Problem(422, "region", error.message) from error


def _watchable(fields: RegionsFields) -> Kind:
    try:
        return watchable(fields.kind.value)
    except RegionError as error:
        faults = [("body.kind", "has no detector")]
        raise Problem(422, "region", error.message, faults=faults) from error


def _places(here: Context, organisation: str, regions: Iterable[Region]) -> Points:
    """Return where the organisation's places are, for what may be swapped."""
    shapes = [one.geometry for one in regions]
    shapes += [one.geometry for one in all_settlements(here.store, organisation)]
    return centres_of(shapes)


def _require_accepted(taken: Taken[Region] | Taken[Settlement], fields: FileFields) -> None:
    if not taken.faults or (fields.accept == "valid" and taken.made):
        return
    sound = len(taken.made)
    choice = f", or send accept=valid to store the {sound:,} that are sound" if sound else ""
    raise Problem(
        422,
        "region",
        f"The file cannot be used, {counted(len(taken.faults), 'thing')} in it must be put right, "
        f"and nothing was stored. Correct it and send it again{choice}.",
        faults=[_said(fault) for fault in taken.faults],
    )


def _answer(
    taken: Taken[Region] | Taken[Settlement],
    made: Sequence[tuple[Region | Settlement, NamedArea]],
    coded: int = 0,
) -> Response:
    value = {
        "taken": [_thing(one, area) for one, area in made],
        "there_already": len(taken.made) - len(made),
        "pcodes_taken_over": coded,
        "faults": [_fault(fault) for fault in taken.faults],
        "checks": [_fault(check) for check in taken.checks],
    }
    return respond(value, status=201)


def _thing(made: Region | Settlement, area: NamedArea) -> dict[str, Any]:
    return {
        "id": made.id,
        "name": made.name,
        "where": area.where,
        "area_km2": round(area.area_km2, 6),
        "repairs": list(area.repairs),
    }


def _said(remark: Remark) -> tuple[str, str]:
    return remark.where or "file", remark.words


def _fault(remark: Remark) -> dict[str, str]:
    where, words = _said(remark)
    return {"where": where, "problem": words}
