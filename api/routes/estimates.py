"""What a watch would take and give, tried on the past, and confirmed."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import Response

from api.answers import GEOJSON, GeoJsonResponse, respond
from api.auth import Reader, Writer
from api.context import InContext
from api.models import RegionFeature
from api.models_estimates import BacktestAnswer, EstimateAnswer, EstimateAsked, NewBacktest
from api.params import utc
from api.problems import Problem, declared, located
from api.routes.regions import RegionId, area_sent, require_watchable, whole_region
from api.watched import region_of
from hearthwatch.passes.estimates import estimate_value
from hearthwatch.values import backtest_value
from hearthwatch.watchlist.waiting import confirmed, is_waiting

MADE = {**declared(403, 404, 422, 507), 202: located("Address of the backtest.")}

router = APIRouter(prefix="/regions", tags=["regions"])


@router.post("/estimate", response_model=EstimateAnswer, responses=declared(403, 422))
def estimate_region(sent: EstimateAsked, who: Writer, here: InContext) -> Response:
    """Tell what watching an area would take, and how soon it would see anything.

    Nothing is stored, and nothing is asked of a provider over a network: it goes by what is
    remembered of the looks there, and says so.
    """
    require_watchable(sent.properties.kind)
    area = area_sent(sent, here).geometry
    properties = sent.properties
    found = here.planning.estimate(
        who.organisation, properties.kind, area, properties.backfill_months
    )
    return respond(estimate_value(found))


@router.post("/{region}/backtest", response_model=BacktestAnswer, status_code=202, responses=MADE)
def ask_for_backtest(region: RegionId, sent: NewBacktest, who: Writer, here: InContext) -> Response:
    """Ask what a watch would have told in the last months. Nobody is alerted.

    A process with `hearthwatch up` takes it on. A region of which one waits or is under way gets
    no second one: that one is returned.
    """
    known = region_of(here, who.organisation, region)
    until = utc(sent.until) or datetime.now(UTC)
    wanted = here.planning.backtest(known, until, sent.months, sent.learned_months, sent.units)
    # Asked once it is our turn to write: of two requests at a time one would not see the other.
    with here.store.transaction() as transaction:
        made = here.store.backtests(who.organisation, known.id)
        going = next((one for one in made if one.finished is None), None)
        if going is None:
            transaction.put_backtest(wanted)
    where = {"Location": f"/regions/{known.id}/backtest"}
    return respond(backtest_value(going or wanted), status=202, headers=where)


@router.get("/{region}/backtest", response_model=BacktestAnswer, responses=declared(404))
def read_backtest(region: RegionId, who: Reader, here: InContext) -> Response:
    """Return the newest backtest of a region, with its report once it is over."""
    known = region_of(here, who.organisation, region, removed=True)
    made = here.store.backtests(who.organisation, known.id)
    if not made:
        raise Problem(404, "not_found", "There is no backtest of this region.")
    return respond(backtest_value(made[-1]))


@router.post(
    "/{region}/confirm",
    response_model=RegionFeature,
    response_class=GeoJsonResponse,
    responses=declared(403, 404, 409, 507),
)
def confirm_region(region: RegionId, who: Writer, here: InContext) -> Response:
    """Begin a watch that waits because it goes beyond a limit of the settings."""
    with here.store.transaction() as transaction:
        known = region_of(here, who.organisation, region)
        if not is_waiting(known):
            words = "The region waits for no confirmation: it is watched already."
            raise Problem(409, "confirmed", words)
        begun = confirmed(known)
        transaction.put_region(begun)
    return respond(whole_region(here, begun), media_type=GEOJSON)
