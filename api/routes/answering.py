"""What whoever receives may say without a key: that they want to be told, or want no more.

A program posts to the address it was sent. Of a person who opens it a button is shown, for what
only looks at links must change nothing (RFC 8058).
"""

from __future__ import annotations

from html import escape
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse, Response

from api.context import InContext
from api.doors import InDoors
from api.problems import declared
from hearthwatch.alerting import answering

open_router = APIRouter(tags=["alerts"])

OfReceiver = Annotated[
    str, Query(min_length=1, max_length=200, description="Id of the receiver, as it was sent.")
]
Token = Annotated[
    str, Query(min_length=1, max_length=100, description="What the receiver was sent.")
]


@open_router.get("/confirmations", response_class=HTMLResponse)
def ask_confirmation(receiver: OfReceiver, token: Token) -> Response:
    """Show a page with the button; nothing is changed by it."""
    return _page(
        "Do you want to receive alerts?",
        "Somebody asked that alerts be sent to you. Press the button if you want that; otherwise "
        "do nothing.",
        ("confirmations", receiver, token, "Yes, send me alerts"),
    )


@open_router.post("/confirmations", response_class=HTMLResponse, responses=declared(404, 507))
def confirm(receiver: OfReceiver, token: Token, here: InContext, doors: InDoors) -> Response:
    """Say that one wants to be told. Whatever is wrong, the answer is the same."""
    answering.wanted(here.store, here.post, receiver, token, doors.sign_in.clock())
    return _page("You will receive alerts.", "You can close this page.")


@open_router.get("/unsubscriptions", response_class=HTMLResponse)
def ask_unsubscription(receiver: OfReceiver, token: Token) -> Response:
    """Show a page with the button; nothing is changed by it."""
    return _page(
        "Do you want no more alerts?",
        "Press the button, and nothing more is sent to you.",
        ("unsubscriptions", receiver, token, "Send me nothing more"),
    )


@open_router.post("/unsubscriptions", response_class=HTMLResponse, responses=declared(404, 507))
def unsubscribe(receiver: OfReceiver, token: Token, here: InContext, doors: InDoors) -> Response:
    """Say with one click that one wants no more. Whatever is wrong, the answer is the same."""
    answering.unwanted(here.store, here.post, receiver, token, doors.sign_in.clock())
    return _page("Nothing more is sent to you.", "You can close this page.")


def _page(title: str, text: str, button: tuple[str, str, str, str] | None = None) -> Response:
    form = ""
    if button is not None:
        where, receiver, token, words = button
        address = f"{where}?{_query(receiver, token)}"
        form = (
            f'<form method="post" action="{escape(address)}">'
            f"<button>{escape(words)}</button></form>"
        )
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title></head>"
        f"<body><main><h1>{escape(title)}</h1><p>{escape(text)}</p>{form}</main></body></html>"
    )
    return HTMLResponse(page)


def _query(receiver: str, token: str) -> str:
    return urlencode({"receiver": receiver, "token": token})
