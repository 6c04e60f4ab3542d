"""Whether the service answers, who asks, and what it takes."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import Response

from api.answers import respond
from api.auth import Known, Reader
from api.context import Context, InContext
from api.limits import MAX_BODY_BYTES
from api.models import Health, LimitsAnswer, Readiness
from api.models_access import WhoAnswer
from api.problems import BUSY_SECONDS, Problem
from hearthwatch.errors import StoreError
from hearthwatch.layout import Layout
from hearthwatch.watchdogs.shown import has_died
from hearthwatch.watchlist.kinds import watchable_kinds

LEAST_FREE_BYTES = 100_000_000
"""Below it the log of acts may not be written, and without it nothing is shown."""

_log = logging.getLogger(__name__)

open_router = APIRouter(tags=["service"])
router = APIRouter(tags=["service"])


@open_router.get("/healthz", response_model=Health)
async def healthz() -> Response:
    """Tell that the process answers, even while every thread is at work."""
    return respond({"status": "ok"})


@open_router.get("/readyz", response_model=Readiness)
def readyz(here: InContext) -> Response:
    """Tell that store and archive can be read and that there is room on the disk.

    ``degraded`` where what looked for what is wrong died: then perhaps nothing takes looks or
    sends alerts either.
    """
    faults = list(_faults(here))
    if faults:
        # Which it is, is for the operator.
        _log.error("not ready: %s", ", ".join(faults))
        raise Problem(
            503, "not_ready", "Not ready to serve.", headers={"Retry-After": str(BUSY_SECONDS)}
        )
    # By the sign of life alone: whether anything is watched is nothing for strangers.
    is_degraded = has_died(here.store, datetime.now(UTC))
    return respond({"status": "degraded" if is_degraded else "ok"})


def _faults(here: Context) -> Iterator[str]:
    try:
        here.store.organisations()
    except StoreError as error:
        yield error.message
    folder = here.settings.data_dir
    there = next(path for path in (folder, *folder.parents) if path.exists())
    if shutil.disk_usage(there).free < LEAST_FREE_BYTES:
        yield "there is hardly any room left on the disk"
    layout = Layout(folder)
    # Nothing may be archived yet, and then there is no folder.
    if layout.archives.exists() and not _can_be_read(layout):
        yield "the archive cannot be read"


def _can_be_read(layout: Layout) -> bool:
    may = os.R_OK | os.X_OK
    if not os.access(layout.archives, may):
        return False
    return all(os.access(one, may) for one in layout.all_archives())


@router.get("/whoami", response_model=WhoAnswer)
def whoami(who: Known) -> Response:
    """Tell who asks, and what they may do."""
    return respond(
        {
            "organisation": who.organisation,
            "name": who.name,
            "key": who.key,
            "role": who.role.value,
            "person": who.person or None,
            "scopes": sorted(scope.value for scope in who.scopes),
        }
    )


@router.get("/limits", response_model=LimitsAnswer)
def limits(who: Reader, here: InContext) -> Response:
    """Tell how large a region may be, what can be watched for, and by what others can be told."""
    return respond(
        {
            "max_region_km2": here.settings.max_region_km2,
            "max_vertices": here.settings.max_vertices,
            "max_body_bytes": MAX_BODY_BYTES,
            "kinds": [kind.value for kind in watchable_kinds()],
            "channels": sorted(here.post.channels),
        }
    )
