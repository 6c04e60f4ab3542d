"""What events are made of, what people say of them, and what may have to do with them."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.responses import Response

from api.answers import GEOJSON, GeoJsonResponse, respond
from api.auth import Caller, Judge, Reader
from api.context import Context, InContext
from api.event_features import whole_event
from api.models_events import Links, NewOpinion, Opinions, Sources, WholeEvent
from api.problems import Problem, declared
from api.routes.events import EventId
from api.routes.reviews import choose_for
from hearthwatch.fusion.episodes import links_of
from hearthwatch.fusion.people import Saying, merge, say, split, undo
from hearthwatch.fusion.shown import LINKS_ARE, link_value, opinion_value, source_value
from hearthwatch.records import Event, Scope, Verb
from hearthwatch.review.alone import not_alone, refuse_alone

router = APIRouter(prefix="/events/{event}", tags=["events"])


@router.get("/sources", response_model=Sources, responses=declared(404))
def list_sources(event: EventId, who: Reader, here: InContext) -> Response:
    """Return what tells of an event: one source for each detector and sensor that saw it."""
    found = here.store.event(who.organisation, event)
    sources = here.store.sources(who.organisation, found.id)
    return respond({"items": [source_value(one) for one in sources]})


@router.get("/opinions", response_model=Opinions, responses=declared(404))
def list_opinions(event: EventId, who: Reader, here: InContext) -> Response:
    """Return what people said of an event, oldest first; what was taken back stays readable."""
    found = here.store.event(who.organisation, event)
    opinions = here.store.opinions(who.organisation, found.id)
    items = [opinion_value(one) for one in opinions]
    return respond({"items": items, "not_alone": _not_alone(here, who, found)})


@router.post(
    "/opinions",
    response_model=WholeEvent,
    response_class=GeoJsonResponse,
    status_code=201,
    responses=declared(403, 404, 409, 422, 507),
)
def add_opinion(event: EventId, sent: NewOpinion, who: Judge, here: InContext) -> Response:
    """Say what an event is, split or merge it, or take the last of that back.

    `confirm`, `dispute`, `reject`, `retract` and `close` give it a state that no software changes;
    `reopen` gives it back. `split` moves `sources` to an event of their own; `merge` makes `other`
    part of this one. Ids never change, and nothing is overwritten.

    What two people look at without knowing of each other, nobody settles or ends alone: 409
    (`look_first`) says what to do instead.
    """
    made = _done(here, event, sent, who)
    return respond(whole_event(here, made), status=201, media_type=GEOJSON)


@router.get("/links", response_model=Links, responses=declared(404))
def list_links(event: EventId, who: Reader, here: InContext) -> Response:
    """Suggest the events that may be of one episode of displacement with this one."""
    found = links_of(here.store, here.store.event(who.organisation, event))
    return respond({"words": LINKS_ARE, "items": [link_value(one) for one in found]})


def _not_alone(here: Context, who: Caller, event: Event) -> list[str]:
    """Return what whoever asks cannot say alone; nothing of one who may say nothing at all."""
    if Scope.JUDGE not in who.scopes:
        return []
    choose = choose_for(here, who.organisation)
    return sorted(one.value for one in not_alone(here.store, choose, event))


def _done(here: Context, event: str, sent: NewOpinion, who: Caller) -> Event:
    """Do what is asked.

    Raises
    ------
    Problem
        422 where it lacks what it needs, or has what only another verb takes.
    LookFirst
        It is not for one person to say.
    """
    _check(sent)
    store = here.store
    found = store.event(who.organisation, event)
    refuse_alone(store, choose_for(here, who.organisation), found, sent.verb)
    reason = sent.reason.value if sent.reason else ""
    saying = Saying(f"{who.name} ({who.key})", datetime.now(UTC), reason, sent.text)
    if sent.verb is Verb.SPLIT:
        return split(store, who.organisation, event, sent.sources, saying)[0]
    if sent.verb is Verb.MERGE and sent.other:
        return merge(store, who.organisation, event, sent.other, saying)
    if sent.verb is Verb.UNDO:
        return undo(store, who.organisation, event, saying)
    return say(store, who.organisation, event, sent.verb, saying)


def _check(sent: NewOpinion) -> None:
    needed = (
        ("sources", bool(sent.sources), sent.verb is Verb.SPLIT),
        ("other", bool(sent.other), sent.verb is Verb.MERGE),
        ("reason", bool(sent.reason), sent.verb is Verb.REJECT),
    )
    faults = [
        (f"body.{name}", f"is needed to {sent.verb.value}" if needs else
         f"is not taken to {sent.verb.value}")
        for name, given, needs in needed
        if given is not needs
    ]  # fmt: skip
    if faults:
        words = "What is to be said lacks something or has too much; correct it and send it again."
        raise Problem(422, "invalid", words, faults=faults)
