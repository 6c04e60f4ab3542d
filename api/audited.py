"""Every request of somebody known is an entry of the log, stored before its answer leaves.

A change has two: one before anything is changed, and one of how it ended. Nothing of a query is
written down but ids, for a query can hold a place.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp as App
from starlette.types import Message, Receive, Scope, Send

from api.problems import answer, of_error
from api.stac.words import EVIDENCE, ITEM_ID
from hearthwatch.access.names import take_login
from hearthwatch.access.standing import Caller
from hearthwatch.alerting.answering import ACTOR
from hearthwatch.audit.counting import Counting
from hearthwatch.audit.entries import (
    ASKED,
    DONE,
    REFUSED,
    SERVICE,
    UNKNOWN,
    outcome_of,
    subject_of,
    unsealed,
)
from hearthwatch.audit.log import PATIENCE_SECONDS, Log, wait_for
from hearthwatch.errors import AuditError
from hearthwatch.records import AuditEntry, Person, Receiver, Role
from hearthwatch.store.protocol import Store

READING = frozenset({"GET", "HEAD", "OPTIONS"})
IDS = (
    "region",
    "event",
    "settlement",
    "job",
    "acquisition",
    "person",
    "key",
    "session",
    "release",
    "erasure",
    "hold",
    "observation",
    "receiver",
    "subscription",
    "message",
    "responder",
    "alarm",
    "item",
    "pass_id",
)
QUERY_IDS = ("region", "settlement", "before", "receiver", "event", "response")
"""Parameters of the path and the query that are ids; nothing else of an address is written down."""
COLLECTION, FEATURE = "name", "feature_id"
CATALOGUE, ITEM = "collection", "item"
PIECE = frozenset({"z", "x", "y"})
"""What the path of a piece of a map has: these are counted, not listed, and say where."""

_ONE = {"passes": "pass"}
_SCOPE = "hearthwatch.noted"
_UNROUTED = "request"

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Noted:
    """What is known of one request so far.

    Attributes
    ----------
    who : Caller or None
        None as long as nobody has shown who they are.
    act : str
        The route's name.
    asked : bool
        Whether an entry says that a change was asked for.
    shown : Future or None
        Of the entry that what was asked for is shown, where its storing has begun.
    """

    who: Caller | None = None
    act: str = _UNROUTED
    ids: Mapping[str, str] = field(default_factory=dict)
    counted: bool = False
    asked: bool = False
    shown: Future[None] | None = None

    def entry(self, who: Caller, outcome: str, made: str = "") -> AuditEntry:
        """Return the entry of how it stands; `made` is where something new is."""
        subject = subject_of(self.ids) or subject_of(_new(made))
        detail = {"pass": who.used_pass} if who.used_pass else {}
        now = datetime.now(UTC)
        return unsealed(who.organisation, now, who.key, self.act, subject, outcome, detail)


@dataclass(frozen=True, slots=True)
class Books:
    """What one running service logs with."""

    log: Log
    counting: Counting


def install(app: FastAPI, store: Store) -> None:
    """Give an application its log; the middleware `Audited` uses it."""
    log = Log(store)
    app.state.books = Books(log, Counting(log))


def close(app: FastAPI) -> None:
    """Store what was counted so far, before the store is closed."""
    wait(books_of(app).counting.flush(), PATIENCE_SECONDS)


def books_of(app: Any) -> Books:
    """Return what an application logs with."""
    found: Books = app.state.books
    return found


def note(request: Request, who: Caller) -> None:
    """Note who asks."""
    noted = request.scope.get(_SCOPE)
    if noted is not None:
        noted.who = who


def note_piece(request: Request, ids: Mapping[str, str]) -> None:
    """Note that what is asked for is a piece of a map, whose address does not say so.

    Parameters
    ----------
    ids : mapping
        Of what it shows, by what they are of.
    """
    noted: Noted | None = request.scope.get(_SCOPE)
    if noted is not None:
        noted.ids = {**noted.ids, **ids}
        noted.counted = True


def note_fetched(request: Request, receiver: Receiver) -> None:
    """Note that a receiver fetches what it was told; readers come often, so it is counted."""
    noted: Noted | None = request.scope.get(_SCOPE)
    if noted is not None:
        noted.who = Caller(receiver.organisation, ACTOR, "", Role.VIEWER, frozenset())
        noted.act = request.scope["route"].name
        noted.ids = {"receiver": receiver.id}
        noted.counted = True


def note_shown(request: Request) -> None:
    """Note that what is asked for is going to be shown: the entry is stored meanwhile.

    Should the answer fail after all, an entry of that follows.
    """
    noted: Noted | None = request.scope.get(_SCOPE)
    if noted is not None and noted.who is not None:
        noted.shown = _submitted(request.app, noted, noted.who, DONE)


def note_route(request: Request) -> None:
    """Note what is asked for; a change is logged before it is made.

    It may wait for a write, so it belongs in a thread.

    Raises
    ------
    AuditError
        The log cannot be written.
    """
    noted: Noted | None = request.scope.get(_SCOPE)
    if noted is None or noted.who is None:
        return
    noted.act = request.scope["route"].name
    noted.ids = _ids_of(request)
    noted.counted = request.path_params.keys() >= PIECE
    if request.method not in READING and not noted.asked:
        books_of(request.app).log.write(noted.entry(noted.who, ASKED))
        noted.asked = True


async def note_sign_in(request: Request, login: str, person: Person | None) -> None:
    """Log that somebody signed in, or tried to: in the log of the organisation they named.

    What was typed is not written down, for it may have been the password.

    Parameters
    ----------
    person : Person or None
        Who signed in.

    Raises
    ------
    AuditError
        The log cannot be written.
    """
    books, store = books_of(request.app), request.app.state.context.store
    act = request.scope["route"].name
    if person is not None:
        now = datetime.now(UTC)
        made = unsealed(person.organisation, now, person.id, act, f"person:{person.id}", DONE)
        await _stored(books.log.submit(made))
    else:
        failed = await run_in_threadpool(_failed, store, login, act)
        await _stored(books.counting.submit(failed))


class Audited:
    """ASGI middleware that lets no answer out before its entry is stored."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        noted = Noted()
        held = _Held(noted, scope, receive, send)
        scope[_SCOPE] = noted
        try:
            await self.app(scope, receive, held.send)
        except Exception:
            await held.log(500)
            raise


class _Held:
    """Holds an answer back until its entry is stored; without one, another answer leaves."""

    def __init__(self, noted: Noted, scope: Scope, receive: Receive, send: Send) -> None:
        self._noted = noted
        self._scope = scope
        self._receive = receive
        self._send = send
        self._logged = False
        self._refused = False

    async def send(self, message: Message) -> None:
        if self._refused:
            return
        if message["type"] == "http.response.start":
            try:
                await self.log(message["status"], Headers(scope=message).get("location", ""))
            except AuditError as error:
                self._refused = True
                await answer(of_error(error))(self._scope, self._receive, self._send)
                return
        await self._send(message)

    async def log(self, status: int, made: str = "") -> None:
        """Store the entry of a request that ends with a status."""
        who = self._noted.who
        if who is None or self._logged:
            return
        self._logged = True
        try:
            outcome = outcome_of(status)
            shown = self._noted.shown if outcome == DONE else None
            await _stored(shown or _submitted(self._scope["app"], self._noted, who, outcome, made))
        except AuditError:
            if not self._noted.asked:
                raise
            # The change is made, and that it was asked for is on record: saying that it was not
            # would have it made again.
            _log.error("how a change ended could not be logged; that it was asked for is")


def _submitted(app: Any, noted: Noted, who: Caller, outcome: str, made: str = "") -> Future[None]:
    """Put the entry of how a request ends in line; of a piece of a map it is counted."""
    books = books_of(app)
    submit = books.counting.submit if noted.counted else books.log.submit
    return submit(noted.entry(who, outcome, made))


async def _stored(future: Future[None]) -> None:
    """Wait for an entry without holding a thread."""
    done, _ = await asyncio.wait([asyncio.wrap_future(future)], timeout=PATIENCE_SECONDS)
    for one in done:
        one.cancelled() or one.exception()
    wait_for(future, 0.0)


def _failed(store: Store, login: str, act: str) -> AuditEntry:
    name, organisation = take_login(login)
    # Both are asked for in any case: whether there is such an organisation takes no less time.
    known, person = store.organisation(organisation), store.person_by_login(organisation, name)
    whose = organisation if known or person else SERVICE
    return unsealed(whose, datetime.now(UTC), person.id if person else UNKNOWN, act, "", REFUSED)


def _ids_of(request: Request) -> dict[str, str]:
    """Return the ids in the address, by what they are of."""
    given, asked = request.path_params, request.query_params
    found = {name.removesuffix("_id"): str(given[name]) for name in IDS if name in given}
    found |= {name: asked[name] for name in QUERY_IDS if name in asked}
    if ITEM in found:
        found |= _of_item(str(given[CATALOGUE]), found.pop(ITEM))
    if FEATURE in given:
        found[str(given[COLLECTION]).removesuffix("s")] = str(given[FEATURE])
    elif COLLECTION in given:
        found["collection"] = str(given[COLLECTION])
    return found


def _of_item(collection: str, item: str) -> dict[str, str]:
    """Return what an item of the catalogue is of; its own id names the cell that was looked at."""
    if collection == EVIDENCE:
        return {"event": item}
    parts = ITEM_ID.fullmatch(item)
    return {"acquisition": parts[1]} if parts else {}


def _new(location: str) -> dict[str, str]:
    """Return what is at an address: ``/regions/reg-1`` is the region reg-1."""
    collection, _, its_id = location.rpartition("/")
    of = collection.rpartition("/")[2]
    return {_ONE.get(of, of.removesuffix("s")): its_id} if its_id else {}
