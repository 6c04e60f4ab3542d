"""Where a contact of the response network answers with the link that it was sent, without a key.

What only looks at links changes nothing: a page with buttons is shown, the same whatever the link
says. Only a `POST` answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import HTMLResponse, Response

from api.context import Context, InContext
from api.doors import InDoors
from api.problems import declared
from api.routes.answering import OfReceiver, Token
from hearthwatch.alerting.answers import REFUSED, Said, answered
from hearthwatch.alerting.network_shown import who_knows
from hearthwatch.errors import NotFound
from hearthwatch.records import Answer
from hearthwatch.records import Response as Responded

open_router = APIRouter(tags=["network"])

MOST_FIELDS = 10
OfResponse = Annotated[
    str, Query(min_length=1, max_length=200, description="Id of the response, as it was sent.")
]
_BUTTONS = {
    Answer.RECEIVED: "We have received it",
    Answer.TAKEN_CHARGE: "We take charge",
    Answer.DECLINED: "We cannot do anything",
    Answer.HANDED_OVER: "We hand it over",
}
_STANDING = {
    "received": "has received it",
    "taken_charge": "has taken charge",
    "declined": "has declined",
    "handed_over": "has handed it over",
}


async def _fields(request: Request) -> Mapping[str, str]:
    """Return the fields of a form; what cannot be read is left out."""
    body = (await request.body()).decode(errors="replace").replace("\0", "")
    try:
        return dict(parse_qsl(body, max_num_fields=MOST_FIELDS))
    except ValueError:
        return {}


@open_router.get("/answers", response_class=HTMLResponse)
def ask_answer(receiver: OfReceiver, response: OfResponse, token: Token) -> Response:
    """Show a page with buttons; nothing is changed by it."""
    query = urlencode({"receiver": receiver, "response": response, "token": token})
    buttons = " ".join(
        f'<button name="answer" value="{one.value}">{escape(words)}</button>'
        for one, words in _BUTTONS.items()
    )
    return _page(
        "What will you do?",
        "You were told of an event. Say what you will do: others are told if you cannot.",
        f'<form method="post" action="{escape(f"answers?{query}")}">'
        '<p><label>What else should be known<br><textarea name="words" rows="4" maxlength="4000">'
        "</textarea></label></p>"
        '<p><label>Handed over to<br><input name="to" maxlength="200"></label></p>'
        f"<p>{buttons}</p></form>",
    )


@open_router.post("/answers", response_class=HTMLResponse, responses=declared(404, 507))
def answer(
    receiver: OfReceiver,
    response: OfResponse,
    token: Token,
    here: InContext,
    doors: InDoors,
    fields: Annotated[Mapping[str, str], Depends(_fields)],
    answer: Annotated[
        Answer | None, Query(description="What is answered, where no form says it.")
    ] = None,
) -> Response:
    """Answer for a responder. Whatever is wrong, the answer is the same.

    A form may say `answer`, `words` and, of a hand-over, `to`: the name of another responder.
    """
    said = answer.value if answer is not None else fields.get("answer", "")
    if said not in _BUTTONS:
        raise NotFound(REFUSED)
    made = answered(
        here.store, here.post, receiver, response, token,
        Said(Answer(said), fields.get("words", "").strip(), fields.get("to", "")),
        doors.sign_in.clock(),
    )  # fmt: skip
    return _page(
        "It is written down.", "You can close this page, or come back to answer anew.",
        _others(here, made),
    )  # fmt: skip


def _others(here: Context, made: Responded) -> str:
    """Return who knows and who acts, for those who have just shown that they are one of them."""
    every = who_knows(here.store, made.organisation, made.event)["items"]
    lines = "".join(
        f"<li>{escape(one['name'])}: {_STANDING.get(one['state'], 'no answer yet')}</li>"
        for one in every
    )
    return f"<h2>Who was told</h2><ul>{lines}</ul>"


def _page(title: str, text: str, more: str) -> Response:
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">'
        f"<title>{escape(title)}</title></head>"
        f"<body><main><h1>{escape(title)}</h1><p>{escape(text)}</p>{more}</main></body></html>"
    )
    return HTMLResponse(page)
