"""Feeds: what a receiver was told, for feed readers and maps that can send no key."""

from __future__ import annotations

import hashlib
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from api import audited
from api.answers import base_url
from api.auth import shown_in
from api.context import InContext
from api.doors import InDoors
from api.problems import declared
from hearthwatch.alerting.feeds import opened, sheet_of

open_router = APIRouter(prefix="/feeds", tags=["alerts"])

ATOM = "application/atom+xml"
LAST_SHEET = 2**31 - 1


class AtomResponse(Response):
    """An answer that is Atom: the route names it so that the OpenAPI document does."""

    media_type = ATOM


@open_router.get(
    "/{receiver}.atom",
    response_class=AtomResponse,
    responses=declared(404) | {304: {"description": "As it was: `If-None-Match` names it."}},
)
def read_feed(
    request: Request,
    here: InContext,
    doors: InDoors,
    receiver: Annotated[str, Path(max_length=200)],
    token: Annotated[
        str | None,
        Query(
            max_length=100,
            description="The feed's secret, where no header can be sent; else as a bearer's or as "
            "the password of any user.",
        ),
    ] = None,
    archive: Annotated[
        int | None, Query(ge=0, le=LAST_SHEET, description="Number of a full sheet (RFC 5005).")
    ] = None,
) -> Response:
    """Return what a receiver was told: the newest, or a sheet before it.

    Whatever is wrong, with the receiver or the secret, the answer is the same.
    """
    header = request.headers.get("authorization")
    shown = shown_in(header) if header is not None else token or ""
    found = opened(here.store, here.post, receiver, shown, doors.sign_in.clock())
    sheet = sheet_of(here.store, found, archive)
    audited.note_fetched(request, found)
    path = f"{base_url(request, here)}/feeds/{quote(found.id, safe='')}.atom"

    def address(number: int | None) -> str:
        # Whoever cannot send a header is led on with what opened this sheet, and nobody else.
        given = {} if header is not None else {"token": shown}
        sheets = {} if number is None else {"archive": str(number)}
        query = urlencode(given | sheets)
        return f"{path}?{query}" if query else path

    return _answer(request, here.post.feed(found, sheet, address))


def _answer(request: Request, body: bytes) -> Response:
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    known = {one.strip().removeprefix("W/") for one in _tags(request)}
    if tag in known or "*" in known:
        return Response(status_code=304, headers={"ETag": tag})
    return AtomResponse(body, headers={"ETag": tag})


def _tags(request: Request) -> list[str]:
    return request.headers.get("if-none-match", "").split(",")
