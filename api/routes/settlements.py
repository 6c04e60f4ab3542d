"""Settlements: places inside which change is looked for."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import Response

from api.answers import (
    GEOJSON,
    GeoJsonResponse,
    collection,
    features_of,
    next_links,
    respond,
    settlement_feature,
)
from api.auth import Reader, Writer
from api.context import Context, InContext
from api.models import NewSettlements, SettlementCollection, SettlementFeature
from api.params import After, BoxText, Limit, box_of
from api.problems import declared, of_faulty
from hearthwatch.errors import RegionError
from hearthwatch.store.listing import keep_codes
from hearthwatch.values import settlement_properties
from hearthwatch.watchlist import NamedArea, make_settlement, read_area

SettlementId = Annotated[str, Path(max_length=200, description="Id of a settlement.")]

router = APIRouter(prefix="/settlements", tags=["settlements"])


@router.get("", response_model=SettlementCollection, response_class=GeoJsonResponse)
def list_settlements(
    request: Request,
    who: Reader,
    here: InContext,
    bbox: BoxText = None,
    limit: Limit = 1000,
    after: After = None,
) -> Response:
    """List settlements, by name; `bbox` selects those whose box meets it."""
    box = box_of(bbox)
    page = here.store.settlements(who.organisation, bbox=box, after=after, limit=limit)
    links = next_links(request, here, page.next)
    features = features_of(page.items, map(settlement_properties, page.items))
    return respond(collection(features, next=page.next, links=links), media_type=GEOJSON)


@router.post(
    "",
    response_model=SettlementCollection,
    response_class=GeoJsonResponse,
    status_code=201,
    responses=declared(403, 422, 507),
)
def add_settlements(sent: NewSettlements, who: Writer, here: InContext) -> Response:
    """Add settlements, all or none of them; one that is there already is there once.

    Everything that is wrong is said at once.
    """
    now = datetime.now(UTC)
    made = (make_settlement(a, who.organisation, sent.source, now) for a in _areas(sent, here))
    added = list({one.id: one for one in made}.values())
    with here.store.transaction() as transaction:
        added = keep_codes(here.store, who.organisation, added)
        transaction.put_settlements(added)
    value = collection((settlement_feature(one) for one in added), next=None, links=[])
    return respond(value, status=201, media_type=GEOJSON)


@router.get(
    "/{settlement}",
    response_model=SettlementFeature,
    response_class=GeoJsonResponse,
    responses=declared(404),
)
def read_settlement(settlement: SettlementId, who: Reader, here: InContext) -> Response:
    """Return one settlement."""
    found = here.store.settlement(who.organisation, settlement)
    return respond(settlement_feature(found), media_type=GEOJSON)


@router.delete("/{settlement}", status_code=204, responses=declared(403, 404, 507))
def remove_settlement(settlement: SettlementId, who: Writer, here: InContext) -> Response:
    """Take a settlement off the list; what was said of it stays readable."""
    with here.store.transaction() as transaction:
        found = here.store.settlement(who.organisation, settlement)
        transaction.put_settlements([dataclasses.replace(found, removed=datetime.now(UTC))])
    return Response(status_code=204)


def _areas(sent: NewSettlements, here: Context) -> list[NamedArea]:
    text = json.dumps(sent.model_dump(exclude={"source"}, exclude_none=True))
    try:
        return read_area(text, here.settings)
    except RegionError as error:
        raise of_faulty(error, "settlement", "body.features") from error
