"""The settlements that a watch follows, and how well each was seen."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import JSON, blind_days, next_links, respond
from api.auth import Reader
from api.context import InContext
from api.models import Followed
from api.paging import cut
from api.params import After, Limit
from api.problems import declared
from api.routes.regions import RegionId
from api.totals import own_of, totals_value
from api.watched import region_of
from hearthwatch.records import LedgerTotals
from hearthwatch.store.codec import microseconds
from hearthwatch.store.cursor import Paging, Position
from hearthwatch.values import settlement_said

router = APIRouter(prefix="/regions", tags=["regions"])


@router.get("/{region}/settlements", response_model=Followed, responses=declared(404))
def list_followed(
    request: Request,
    region: RegionId,
    who: Reader,
    here: InContext,
    limit: Limit = 1000,
    after: After = None,
) -> Response:
    """List the settlements that a region's ledger tells of, the one seen longest ago first.

    One that was never seen comes before all others. A watch over an area has none.
    """
    known = region_of(here, who.organisation, region, removed=True)
    totals = here.store.settlement_totals(who.organisation, known.id)
    paging = Paging(f"followed {who.organisation} {known.id}", (int, str), limit)
    own = {one: own_of(totals[one], known.kind) for one in totals if one}
    page = cut(list(own), lambda one: _position(totals[one][own[one]], one), paging, after)
    labels = here.store.settlement_labels(who.organisation, page.items)
    seen = {
        detector: here.store.usable_looks(who.organisation, known.id, detector)
        for detector in sorted({own[one] for one in page.items})
    }
    items = [
        {
            **settlement_said(one, labels),
            **totals_value(totals[one], known.kind),
            "longest_blind_days": blind_days({one: seen[own[one]].get(one, ())}),
        }
        for one in page.items
    ]
    links = next_links(request, here, page.next, JSON)
    return respond({"items": items, "next": page.next, "links": links})


def _position(total: LedgerTotals, settlement: str) -> Position:
    return microseconds(total.last_usable) if total.last_usable else 0, settlement
