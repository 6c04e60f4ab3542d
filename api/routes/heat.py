"""Heat that satellites saw in a region: hints, what was held back, and where it tells nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import JSON, next_links, respond
from api.auth import Reader
from api.context import Context, InContext
from api.models_heat import RegionHeat
from api.paging import cut
from api.params import After, Limit, Since, Until, utc
from api.problems import declared
from api.routes.regions import RegionId
from api.watched import region_of
from hearthwatch.heat.elsewhere import heat_elsewhere
from hearthwatch.heat.ground import Ground, ground_of
from hearthwatch.heat.hearing import hearing
from hearthwatch.heat.listing import HeatSeen, heat_seen
from hearthwatch.heat.matching import Matched, matched
from hearthwatch.heat.values import NOTICE, SILENCE, elsewhere_value, hearing_value, seen_value
from hearthwatch.records import Mode, Region
from hearthwatch.store.codec import microseconds
from hearthwatch.store.cursor import Paging, Position
from hearthwatch.values import settlement_said

router = APIRouter(prefix="/regions", tags=["regions"])

LATELY = timedelta(days=60)
"""Back from which heat at no settlement is told of, where nobody says since when."""
PLACES = 100
"""Of those, listed."""


@router.get("/{region}/heat", response_model=RegionHeat, responses=declared(404))
def list_heat(
    request: Request,
    region: RegionId,
    who: Reader,
    here: InContext,
    since: Since = None,
    until: Until = None,
    limit: Limit = 100,
    after: After = None,
) -> Response:
    """List the heat that VIIRS and MODIS saw in a region, newest first, and what it came to.

    Heat is a hint and no look: that none is listed never means that nothing burned.
    """
    known, now = region_of(here, who.organisation, region, removed=True), datetime.now(UTC)
    begin, end = utc(since), utc(until)
    ground = ground_of(here.store, who.organisation, now)
    inside = _inside(ground, known)
    squares = _squares(here, known, ground, inside)
    found = [
        one
        for one in heat_seen(squares)
        if one.settlement in inside
        and (begin is None or one.sensed >= begin)
        and (end is None or one.sensed <= end)
    ]
    paging = Paging(f"heat {who.organisation} {known.id} {begin} {end}", (int, str, int), limit)
    page = cut(list(_placed(found)), lambda one: one[0], paging, after)
    labels = here.store.settlement_labels(who.organisation, sorted(inside))
    heard = [one for one in hearing(squares, now) if one.settlement in inside]
    value = {
        "items": [
            {**seen_value(one), **settlement_said(one.settlement, labels)} for _, one in page.items
        ],
        "settlements": [
            {**hearing_value(one), **settlement_said(one.settlement, labels)} for one in heard
        ],
        "elsewhere": _elsewhere(here, known, ground, begin or now - LATELY, end or now),
        "notice": NOTICE,
        "words": SILENCE,
        "next": page.next,
        "links": next_links(request, here, page.next, JSON),
    }
    return respond(value)


def _inside(ground: Ground, region: Region) -> frozenset[str]:
    """Return the settlements of a region; made pixels have no heat."""
    if region.mode is not Mode.ACTUAL:
        return frozenset()
    settlements = ground.settlements
    return frozenset(
        one.id for one in settlements if region.geometry.intersects(one.geometry.centroid)
    )


def _squares(
    here: Context, region: Region, ground: Ground, inside: frozenset[str]
) -> tuple[Matched, ...]:
    boxes = [one.geometry.bounds for one in ground.settlements if one.id in inside]
    found = matched(here.store, region.organisation, ground, (), boxes)
    return tuple(found) if boxes else ()


def _placed(found: Sequence[HeatSeen]) -> Iterator[tuple[Position, HeatSeen]]:
    """Yield heat with a position of its own: some pixels differ in nothing that is told."""
    count: Counter[tuple[int, str]] = Counter()
    for one in sorted(found, key=lambda each: (each.satellite, each.why, each.frp_mw or 0.0)):
        key = -microseconds(one.sensed), one.settlement
        count[key] += 1
        yield (*key, count[key]), one


def _elsewhere(
    here: Context, region: Region, ground: Ground, since: datetime, until: datetime
) -> dict[str, Any]:
    actual = region.mode is Mode.ACTUAL
    places = heat_elsewhere(here.store, region, ground.settlements, since, until) if actual else ()
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "pixels": sum(one.pixels for one in places),
        "places": [elsewhere_value(one) for one in places[:PLACES]],
        "more": max(len(places) - PLACES, 0),
    }
