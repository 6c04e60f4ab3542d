"""The watchlist."""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from api.answers import (
    GEOJSON,
    JSON,
    GeoJsonResponse,
    blind_days,
    collection,
    feature,
    job_value,
    look_in_words,
    look_value,
    next_links,
    respond,
    settlements_in_words,
)
from api.auth import Reader, Writer
from api.context import Context, InContext
from api.models import (
    ArchivedLooks,
    Ledger,
    NewArea,
    NewRegion,
    RegionChange,
    RegionCollection,
    RegionFeature,
)
from api.params import After, Limit, OfSettlement, Since, Until, utc
from api.problems import Problem, declared, located, of_faulty
from api.totals import own_of, totals_value
from api.watched import region_of
from hearthwatch.budget.shown import shown_value
from hearthwatch.errors import RegionError
from hearthwatch.ledger_words import masters_of, was_pulled
from hearthwatch.passes.glance import Glance, glances, next_value
from hearthwatch.records import (
    EventFilter,
    Kind,
    LedgerRow,
    ObservationStatus,
    Region,
    WatchLevel,
)
from hearthwatch.store.whole import all_looks, labels_of
from hearthwatch.values import moment, region_properties
from hearthwatch.watchlist import NamedArea, join_areas, make_region, read_area
from hearthwatch.watchlist.kinds import watchable
from hearthwatch.watchlist.terms import HOURS, own_level, with_hours, with_level
from tiles.xyz import styles_of

MOST_COUNTED = 100_000
LEVEL_WORDS = frozenset({"level", "level_until", "level_reason"})
CLOSENESS = (*LEVEL_WORDS, HOURS)

MADE = {**declared(403, 409, 422, 507), 201: located("Address of the region.")}

RegionId = Annotated[str, Path(max_length=200, description="Id of a region.")]

router = APIRouter(prefix="/regions", tags=["regions"])


@router.get("", response_model=RegionCollection, response_class=GeoJsonResponse)
def list_regions(who: Reader, here: InContext) -> Response:
    """List the watchlist and how each watch stands, the worst first."""
    regions = here.store.regions(who.organisation)
    found = glances(here.settings, here.store, who.organisation, regions, datetime.now(UTC))
    features = (_listed(here, one) for one in found)
    return respond(collection(features), media_type=GEOJSON)


@router.post(
    "",
    response_model=RegionFeature,
    response_class=GeoJsonResponse,
    status_code=201,
    responses=MADE,
)
def add_region(sent: NewRegion, who: Writer, here: InContext) -> Response:
    """Put an area on the watchlist.

    Everything that is wrong with the outline is said at once; what was repaired is listed in
    `repairs`.
    """
    require_watchable(sent.properties.kind)
    area = area_sent(sent, here)
    region = make_region(
        area,
        sent.properties.name,
        who.organisation,
        kind=sent.properties.kind,
        purpose=sent.properties.purpose,
        owner=sent.properties.owner,
        expires=utc(sent.properties.expires),
    )
    # Asked once it is our turn to write: of two requests at a time one would not see the other.
    with here.store.transaction() as transaction:
        _require_free(here, region)
        (region,) = here.planning.admitted([region])
        transaction.put_region(region)
    value = whole_region(here, region)
    value["properties"]["repairs"] = list(area.repairs)
    where = {"Location": f"/regions/{region.id}"}
    return respond(value, status=201, media_type=GEOJSON, headers=where)


@router.get(
    "/{region}",
    response_model=RegionFeature,
    response_class=GeoJsonResponse,
    responses=declared(404),
)
def read_region(region: RegionId, who: Reader, here: InContext) -> Response:
    """Return one region and how its watch stands."""
    return respond(
        whole_region(here, region_of(here, who.organisation, region)), media_type=GEOJSON
    )


@router.patch(
    "/{region}",
    response_model=RegionFeature,
    response_class=GeoJsonResponse,
    responses=declared(403, 404, 409, 422, 507),
)
def change_region(region: RegionId, sent: RegionChange, who: Writer, here: InContext) -> Response:
    """Change name, purpose, owner, end or level of a watch; what is not sent stays.

    The outline cannot change: looks before and after would not be comparable. Remove the region
    and add another one.
    """
    changes = sent.model_dump(exclude_unset=True)
    if "expires" in changes:
        changes["expires"] = _later(utc(sent.expires))
    nothing = [name for name in ("name", "purpose", "owner") if changes.get(name, "") is None]
    if nothing:
        faults = [(f"body.{name}", "cannot be null") for name in nothing]
        raise Problem(422, "invalid", "Leave out what shall stay as it is.", faults=faults)
    closeness = {name: changes.pop(name) for name in CLOSENESS if name in changes}
    with here.store.transaction() as transaction:
        changed = dataclasses.replace(region_of(here, who.organisation, region), **changes)
        changed = _closer(changed, closeness)
        _require_free(here, changed)
        transaction.put_region(changed)
    return respond(whole_region(here, changed), media_type=GEOJSON)


@router.delete("/{region}", status_code=204, responses=declared(403, 404, 507))
def remove_region(region: RegionId, who: Writer, here: InContext) -> Response:
    """Stop watching a region. Its events and ledger stay readable."""
    with here.store.transaction() as transaction:
        known = region_of(here, who.organisation, region)
        transaction.put_region(dataclasses.replace(known, removed=datetime.now(UTC)))
    return Response(status_code=204)


@router.get("/{region}/ledger", response_model=Ledger, responses=declared(404))
def read_ledger(
    request: Request,
    region: RegionId,
    who: Reader,
    here: InContext,
    since: Since = None,
    until: Until = None,
    settlement: OfSettlement = None,
    limit: Limit = 1000,
    after: After = None,
) -> Response:
    """Tell what became of every look at a region, oldest first.

    Where settlements are followed there is one row for each settlement and look.
    """
    known = region_of(here, who.organisation, region, removed=True)
    page = here.store.ledger(
        who.organisation,
        known.id,
        since=utc(since),
        until=utc(until),
        settlement=settlement,
        after=after,
        limit=limit,
    )
    links = next_links(request, here, page.next, JSON)
    labels = labels_of(here.store, who.organisation, page.items)
    items = [look_value(row, labels) for row in page.items]
    return respond({"items": items, "next": page.next, "links": links})


@router.get("/{region}/looks", response_model=ArchivedLooks, responses=declared(404))
def list_looks(
    region: RegionId, who: Reader, here: InContext, settlement: OfSettlement = None
) -> Response:
    """List the archived acquisitions over a region, or over one settlement, oldest first."""
    known = region_of(here, who.organisation, region, removed=True)
    looks: defaultdict[str, list[LedgerRow]] = defaultdict(list)
    for row in all_looks(here.store, known, settlement=settlement):
        looks[row.acquisition].append(row)
    ordered = sorted(looks.values(), key=lambda rows: rows[0].sensed)
    found = (_archived(here, rows) for rows in ordered)
    return respond({"items": [value for value in found if value is not None]})


def whole_region(here: Context, region: Region) -> dict[str, Any]:
    """Return a region with how its watch stands, the longest blind gap included."""
    now = datetime.now(UTC)
    (found,) = glances(here.settings, here.store, region.organisation, (region,), now)
    value = _listed(here, found)
    own = own_of(found.looks, region.kind)
    seen = here.store.usable_looks(region.organisation, region.id, own)
    value["properties"]["status"]["longest_blind_days"] = blind_days(seen)
    made = here.store.backtests(region.organisation, region.id)
    value["properties"]["status"]["backtest"] = made[-1].outcome.value if made else None
    return value


def _listed(here: Context, found: Glance) -> dict[str, Any]:
    region = found.region
    runs = here.store.runs(region.organisation, region=region.id, newest=1)
    where = EventFilter(region=region.id)
    status = {
        **totals_value(found.looks, region.kind),
        "events": here.store.count_events(region.organisation, where, most=MOST_COUNTED),
        "job": job_value(runs[-1], datetime.now(UTC)) if runs else None,
        "imagery": shown_value(found.imagery),
        "next_look": next_value(found.next_look),
        "units_this_month": found.units,
        "rank": found.rank,
    }
    properties = {**region_properties(region), **_set(region), **found.terms}
    return feature(region, {**properties, "status": status})


def _set(region: Region) -> dict[str, Any]:
    return {"level_until": moment(region.level_until), "level_reason": region.level_reason}


def area_sent(sent: NewArea, here: Context) -> NamedArea:
    """Return the area that was sent; `Problem`, 422, says all that is wrong with it."""
    text = json.dumps(sent.model_dump(exclude={"properties"}, exclude_none=True))
    try:
        return join_areas(read_area(text, here.settings), here.settings)
    except RegionError as error:
        raise of_faulty(error, "region", "body.geometry") from error


def require_watchable(kind: Kind) -> None:
    """Refuse (`Problem`, 422) a kind for which no detector is installed."""
    try:
        watchable(kind.value)
    except RegionError as error:
        faults = [("body.properties.kind", "has no detector")]
        raise Problem(422, "region", error.message, faults=faults) from error


def _require_free(here: Context, region: Region) -> None:
    others = [one for one in here.store.regions(region.organisation) if one.id != region.id]
    if region.name.casefold() in {other.name.casefold() for other in others}:
        words = "A region of that name is watched already: choose another name."
        raise Problem(409, "name_taken", words, faults=[("body.properties.name", "is taken")])


def _closer(region: Region, sent: Mapping[str, Any]) -> Region:
    """Return a region at the level and cadence that were sent."""
    now, found = datetime.now(UTC), region
    try:
        if LEVEL_WORDS & sent.keys():
            level = sent.get("level") or own_level(region, now)
            raised = level is not WatchLevel.ROUTINE
            until = utc(sent.get("level_until", region.level_until if raised else None))
            reason = sent.get("level_reason", region.level_reason if raised else "") or ""
            found = with_level(found, level, until, reason, now)
        if HOURS in sent:
            found = with_hours(found, sent[HOURS])
    except RegionError as error:
        faults = [(f"body.{name}", "cannot be so") for name in sent]
        raise Problem(422, "region", error.message, faults=faults) from error
    return found


def _later(expires: datetime | None) -> datetime | None:
    if expires is not None and expires <= datetime.now(UTC):
        faults = [("body.expires", "lies in the past")]
        raise Problem(422, "region", "The watch would have ended already.", faults=faults)
    return expires


def _archived(here: Context, rows: Sequence[LedgerRow]) -> dict[str, Any] | None:
    """Return one acquisition by the row where most was seen; of settlements a changed one first."""
    row = max(rows, key=lambda one: (bool(one.settlement) and _changed(one), one.usable))
    own = here.archive(row.organisation).only(masters_of(rows))
    bands = own.bands(row.acquisition, row.cell) if was_pulled(row) else None
    if not bands:
        return None
    return {
        "acquisition": row.acquisition,
        "sensed": moment(row.sensed),
        "status": row.status.value,
        "cause": row.cause.value if row.cause else None,
        "usable": row.usable,
        "words": settlements_in_words(rows) if row.settlement else look_in_words(row),
        "styles": [style.value for style in styles_of(bands)],
    }


def _changed(row: LedgerRow) -> bool:
    return row.status is ObservationStatus.CHANGED
