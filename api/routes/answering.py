"""What whoever receives may say without a key: that they want to be told, or want no more.

A program posts to the address it was sent. Of a person who opens it a button is shown, for what
only looks at links must change nothing (RFC 8058). Whoever brings what a receiver was sent reads
the page in its language; anybody else in the language of their browser.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Header, Query
from starlette.responses import HTMLResponse, Response

from api.answer_pages import Step, answer_page, asked_for
from api.context import InContext
from api.doors import InDoors
from api.problems import declared
from hearthwatch.alerting import answering
from hearthwatch.alerting.answering import CONFIRM, UNSUBSCRIBE

open_router = APIRouter(tags=["alerts"])

OfReceiver = Annotated[
    str, Query(min_length=1, max_length=200, description="Id of the receiver, as it was sent.")
]
Token = Annotated[
    str, Query(min_length=1, max_length=100, description="What the receiver was sent.")
]
Accepted = Annotated[str, Header(alias="Accept-Language", include_in_schema=False)]


@open_router.get("/confirmations", response_class=HTMLResponse)
def ask_confirmation(
    receiver: OfReceiver, token: Token, here: InContext, accepted: Accepted = ""
) -> Response:
    """Show a page with the button; nothing is changed by it."""
    known = answering.language_of(here.store, here.post, CONFIRM, receiver, token)
    address = f"confirmations?{_query(receiver, token)}"
    return answer_page(Step.CONFIRM, known or asked_for(accepted), address)


@open_router.post("/confirmations", response_class=HTMLResponse, responses=declared(404, 507))
def confirm(receiver: OfReceiver, token: Token, here: InContext, doors: InDoors) -> Response:
    """Say that one wants to be told. Whatever is wrong, the answer is the same."""
    found = answering.wanted(here.store, here.post, receiver, token, doors.sign_in.clock())
    return answer_page(Step.CONFIRMED, found.language)


@open_router.get("/unsubscriptions", response_class=HTMLResponse)
def ask_unsubscription(
    receiver: OfReceiver, token: Token, here: InContext, accepted: Accepted = ""
) -> Response:
    """Show a page with the button; nothing is changed by it."""
    known = answering.language_of(here.store, here.post, UNSUBSCRIBE, receiver, token)
    address = f"unsubscriptions?{_query(receiver, token)}"
    return answer_page(Step.LEAVE, known or asked_for(accepted), address)


@open_router.post("/unsubscriptions", response_class=HTMLResponse, responses=declared(404, 507))
def unsubscribe(receiver: OfReceiver, token: Token, here: InContext, doors: InDoors) -> Response:
    """Say with one click that one wants no more. Whatever is wrong, the answer is the same."""
    found = answering.unwanted(here.store, here.post, receiver, token, doors.sign_in.clock())
    return answer_page(Step.LEFT, found.language)


def _query(receiver: str, token: str) -> str:
    return urlencode({"receiver": receiver, "token": token})
