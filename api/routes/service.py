"""Whether the service answers, who asks, and what it takes."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from api.answers import respond
from api.auth import Reader
from api.context import InContext
from api.limits import MAX_BODY_BYTES
from api.models import Health, LimitsAnswer, Who
from hearthwatch.watchlist.kinds import watchable_kinds

open_router = APIRouter(tags=["service"])
router = APIRouter(tags=["service"])


@open_router.get("/healthz", response_model=Health)
async def healthz() -> Response:
    """Tell that the process answers, even while every thread is at work."""
    return respond({"status": "ok"})


@open_router.get("/readyz", response_model=Health)
def readyz(here: InContext) -> Response:
    """Tell that the store can be read."""
    here.store.organisations()
    return respond({"status": "ok"})


@router.get("/whoami", response_model=Who)
def whoami(who: Reader) -> Response:
    """Tell whose key was sent."""
    return respond(
        {
            "organisation": who.organisation,
            "name": who.name,
            "key": who.key,
            "role": who.role.value,
        }
    )


@router.get("/limits", response_model=LimitsAnswer)
def limits(who: Reader, here: InContext) -> Response:
    """Tell how large a region may be, and what can be watched for."""
    return respond(
        {
            "max_region_km2": here.settings.max_region_km2,
            "max_vertices": here.settings.max_vertices,
            "max_body_bytes": MAX_BODY_BYTES,
            "kinds": [kind.value for kind in watchable_kinds()],
        }
    )
