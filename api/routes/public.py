"""What was released to the public: for anybody, where the operator turned it on."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.answers import GEOJSON, GeoJsonResponse, collection, next_links, respond
from api.context import InContext
from api.doors import InDoors
from api.models_release import Told
from api.params import After, Limit
from api.problems import declared
from hearthwatch.disclosure.telling import feature_of, heard, page_of, position, refresh
from hearthwatch.records import Audience

open_router = APIRouter(prefix="/public", tags=["public"])

# The same for everybody; a withdrawal is to be seen soon.
_KEPT = {"Cache-Control": "public, max-age=300"}


@open_router.get(
    "/events", response_model=Told, response_class=GeoJsonResponse, responses=declared(507)
)
def list_public(
    request: Request,
    here: InContext,
    doors: InDoors,
    limit: Limit = 1000,
    after: After = None,
) -> Response:
    """Return what was released to the public, of all organisations, coarse and late.

    `next` is always there: asked with it later, only what came, changed or was taken back since.
    """
    clock = doors.sign_in.clock
    # Every event is of a region, removed or not.
    organisations = here.store.organisations(removed=True)
    for one in organisations:
        refresh(here.store, one, Audience.PUBLIC, clock)
    now = clock()
    every = [each for one in organisations for each in heard(here.store, one, Audience.PUBLIC, now)]
    page = page_of(sorted(every, key=position), "public events", after, limit)
    links = next_links(request, here, page.next)
    told = collection(map(feature_of, page.items), next=page.next, links=links)
    return respond(told, media_type=GEOJSON, headers=_KEPT)
