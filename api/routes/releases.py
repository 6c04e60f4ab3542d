"""Releases to others, which take two people, and what was released to partners."""

from __future__ import annotations

from itertools import chain
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.answers import GEOJSON, GeoJsonResponse, collection, next_links, respond
from api.auth import Caller, Released, Releaser
from api.context import Context, InContext
from api.doors import Doors, InDoors
from api.models_release import NewRelease, OneRelease, ReleaseList, Told
from api.params import After, Limit
from api.problems import declared, located
from hearthwatch.disclosure.place import place_for
from hearthwatch.disclosure.proposing import Releases
from hearthwatch.disclosure.shown import names_of, proposal_value
from hearthwatch.disclosure.telling import feature_of, heard, page_of, refresh
from hearthwatch.disclosure.two_people import proposal_of, proposals_of
from hearthwatch.errors import NotFound
from hearthwatch.layout import Layout
from hearthwatch.records import Audience, Proposal, ProposedAct
from hearthwatch.values import geojson, moment

router = APIRouter(tags=["releases"])

ReleaseId = Annotated[str, Path(max_length=200)]


@router.get("/releases", response_model=ReleaseList)
def list_releases(who: Releaser, here: InContext) -> Response:
    """Return all releases that were ever asked for, oldest first."""
    found = proposals_of(here.store, who.organisation, ProposedAct.RELEASE)
    asked = [(one.asked_by, one.decided_by, one.ended_by) for one in found]
    names = names_of(here.store, who.organisation, chain.from_iterable(asked))
    return respond({"items": [proposal_value(one) for one in found], "names": names})


@router.post(
    "/releases",
    response_model=OneRelease,
    status_code=201,
    responses=declared(404, 409, 422, 507) | {201: located("The release.")},
)
def ask_release(sent: NewRelease, who: Releaser, here: InContext, doors: InDoors) -> Response:
    """Ask that partners, or the public, be told of an event. Another person has to agree."""
    made = _releases(who, here, doors).ask(sent.event, sent.audience, sent.reason)
    value = _whole(here, made)
    return respond(value, status=201, headers={"Location": f"/releases/{made.id}"})


@router.get("/releases/{release}", response_model=OneRelease, responses=declared(404))
def get_release(release: ReleaseId, who: Releaser, here: InContext) -> Response:
    """Return one release, with the place that the audience is or would be told."""
    found = proposal_of(here.store, who.organisation, ProposedAct.RELEASE, release)
    return respond(_whole(here, found))


@router.post(
    "/releases/{release}/agree", response_model=OneRelease, responses=declared(404, 409, 507)
)
def agree_release(release: ReleaseId, who: Releaser, here: InContext, doors: InDoors) -> Response:
    """Agree to a release that another person asked for; only somebody signed in can."""
    return respond(_whole(here, _releases(who, here, doors).agree(release)))


@router.post(
    "/releases/{release}/refuse", response_model=OneRelease, responses=declared(404, 409, 507)
)
def refuse_release(release: ReleaseId, who: Releaser, here: InContext, doors: InDoors) -> Response:
    """Refuse a release that another person asked for; only somebody signed in can."""
    return respond(_whole(here, _releases(who, here, doors).refuse(release)))


@router.post(
    "/releases/{release}/withdraw", response_model=OneRelease, responses=declared(404, 409, 507)
)
def withdraw_release(
    release: ReleaseId, who: Releaser, here: InContext, doors: InDoors
) -> Response:
    """Take a release back, agreed to or not. One person is enough; a tombstone is told."""
    return respond(_whole(here, _releases(who, here, doors).withdraw(release)))


@router.get(
    "/released",
    response_model=Told,
    response_class=GeoJsonResponse,
    responses=declared(507),
)
def list_released(
    request: Request,
    who: Released,
    here: InContext,
    doors: InDoors,
    limit: Limit = 1000,
    after: After = None,
) -> Response:
    """Return what was released to partners, coarse, in the order in which it was told.

    `next` is always there: asked with it later, only what came, changed or was taken back since.
    """
    clock = doors.sign_in.clock
    refresh(here.store, who.organisation, Audience.PARTNER, clock)
    every = heard(here.store, who.organisation, Audience.PARTNER, clock())
    page = page_of(every, f"released {who.organisation}", after, limit)
    links = next_links(request, here, page.next)
    told = collection(map(feature_of, page.items), next=page.next, links=links)
    return respond(told, media_type=GEOJSON)


def _releases(who: Caller, here: Context, doors: Doors) -> Releases:
    layers = Layout(here.settings.data_dir).layers(who.organisation)
    return Releases(here.store, who, layers, doors.sign_in.clock)


def _whole(here: Context, found: Proposal) -> dict[str, Any]:
    return {**proposal_value(found), "preview": _preview(here, found)}


def _preview(here: Context, found: Proposal) -> dict[str, Any] | None:
    if found.audience is None:
        return None
    try:
        event = here.store.event(found.organisation, found.subject)
    except NotFound:
        return None
    layers = Layout(here.settings.data_dir).layers(found.organisation)
    place = place_for(here.store, event, found.audience, layers)
    fixed = here.store.rendering(found.organisation, found.subject, found.audience)
    return {
        "precision": place.precision.value,
        "place": place.words,
        "geometry": geojson(place.geometry),
        "opens": moment(fixed.not_before) if fixed else None,
    }
