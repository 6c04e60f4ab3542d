"""The one cursor: all that was added, changed or taken away, in the order it became visible."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from api.answers import JSON, next_links, respond
from api.auth import Reader
from api.changed import changes_value
from api.context import InContext
from api.models import Link
from api.ogc import AnyFeature
from api.params import After, Limit
from api.server import is_stopping
from hearthwatch.records import Change, Page, Subject

MOST_SECONDS = 30
PAUSE_SECONDS = 0.5
"""Between two questions to the store while somebody waits."""
MOST_WAITING = 64
"""Requests that wait at a time; another one is answered at once."""
MOST_OF_ONE = 8
"""The same of one organisation."""

router = APIRouter(prefix="/changes", tags=["changes"])


class ChangeAnswer(BaseModel):
    """One thing that was added, changed or taken away."""

    subject: Subject
    id: str
    version: int | None = Field(description="Of an event; null of what has none.")
    gone: bool = Field(description="Whether it was taken away.")
    feature: AnyFeature | None = Field(
        description="Of an event as it was at that version, of others as they are now; null of "
        "what was taken away, then or since."
    )


class Changes(BaseModel):
    """Changes, in the order in which they became visible."""

    type: Literal["Changes"]
    items: list[ChangeAnswer]
    next: str = Field(description="Where to go on; at the end too.")
    links: list[Link]


class Waiting:
    """Counts the requests that wait, over all organisations and for each."""

    def __init__(self) -> None:
        self._of_each: Counter[str] = Counter()

    @contextmanager
    def place(self, organisation: str) -> Iterator[bool]:
        """Hold a place among those who wait; false where there is none left."""
        room = (
            self._of_each.total() < MOST_WAITING and self._of_each[organisation] < MOST_OF_ONE
        )  # fmt: skip
        self._of_each[organisation] += room
        try:
            yield room
        finally:
            self._of_each[organisation] -= room
            if not self._of_each[organisation]:
                del self._of_each[organisation]


@router.get("", response_model=Changes)
async def list_changes(
    request: Request,
    who: Reader,
    here: InContext,
    subject: Annotated[list[Subject] | None, Query(description="These only; repeatable.")] = None,
    after: After = None,
    limit: Limit = 1000,
    wait: Annotated[
        int,
        Query(
            ge=0,
            le=MOST_SECONDS,
            description="Seconds to wait for something to come after a cursor, where there is "
            "nothing yet. It may be fewer where many wait.",
        ),
    ] = 0,
) -> Response:
    """Return what was missed since a cursor: updates, retractions and removals included.

    Without a cursor from the beginning. `next` is there at the end too: asked again with it, this
    tells what came since, for ever, each change once and in order.
    """
    subjects = tuple(subject or ())

    def ask() -> Page[Change]:
        return here.store.changes(
            who.organisation, subjects=subjects, after=after, limit=limit
        )  # fmt: skip

    page = await run_in_threadpool(ask)
    if wait and after is not None and not page.items:
        with _waiting(request).place(who.organisation) as room:
            until = time.monotonic() + (wait if room else 0)
            while not page.items and time.monotonic() < until:
                await asyncio.sleep(min(PAUSE_SECONDS, max(until - time.monotonic(), 0)))
                if await request.is_disconnected() or is_stopping(request.app):
                    break
                page = await run_in_threadpool(ask)
    items: list[Any] = await run_in_threadpool(
        changes_value, here, who.organisation, page.items
    )  # fmt: skip
    links = next_links(request, here, page.next, JSON)
    return respond({"type": "Changes", "items": items, "next": page.next, "links": links})


def _waiting(request: Request) -> Waiting:
    state = request.app.state
    if not hasattr(state, "waiting"):
        state.waiting = Waiting()
    found: Waiting = state.waiting
    return found
