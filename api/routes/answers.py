"""Where a contact of the response network answers with the link that it was sent, without a key.

What only looks at links changes nothing: a page with buttons is shown, whatever the link says. Only
a `POST` answers. Whoever brings what a receiver was sent reads the page in its language; anybody
else in the language of their browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Header, Query, Request
from starlette.responses import HTMLResponse, Response

from api.answer_pages import asked_for
from api.context import InContext
from api.doors import InDoors
from api.problems import declared
from api.response_pages import answered_page, asking_page, refused_page
from api.routes.answering import Accepted, OfReceiver, Token
from hearthwatch.alerting.answering import language_of
from hearthwatch.alerting.answers import REFUSED, Said, answered, purpose
from hearthwatch.alerting.network_shown import who_knows
from hearthwatch.errors import NotFound
from hearthwatch.records import Answer

open_router = APIRouter(tags=["network"])

MOST_FIELDS = 10
OfResponse = Annotated[
    str, Query(min_length=1, max_length=200, description="Id of the response, as it was sent.")
]


async def _fields(request: Request) -> Mapping[str, str]:
    """Return the fields of a form; what cannot be read is left out."""
    body = (await request.body()).decode(errors="replace")
    try:
        fields = parse_qsl(body, max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
    return {name: value.replace("\0", "") for name, value in fields}


@open_router.get("/answers", response_class=HTMLResponse)
def ask_answer(
    receiver: OfReceiver,
    response: OfResponse,
    token: Token,
    here: InContext,
    accepted: Accepted = "",
) -> Response:
    """Show a page with buttons; nothing is changed by it."""
    query = urlencode({"receiver": receiver, "response": response, "token": token})
    known = language_of(here.store, here.post, purpose(response), receiver, token)
    return asking_page(known or asked_for(accepted), f"answers?{query}")


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
    wanted: Annotated[str, Header(alias="Accept", include_in_schema=False)] = "",
    accepted: Accepted = "",
) -> Response:
    """Answer for a responder. Whatever is wrong, the answer is the same.

    A form may say `answer`, `words` and, of a hand-over, `to`: the name of another responder. A
    browser is shown a page, in the language of the receiver; of a refusal in its own.
    """
    said = answer.value if answer is not None else fields.get("answer", "")
    try:
        if said not in set(Answer):
            raise NotFound(REFUSED)
        made = answered(
            here.store, here.post, receiver, response, token,
            Said(Answer(said), fields.get("words", "").strip(), fields.get("to", "")),
            doors.sign_in.clock(),
        )  # fmt: skip
    except NotFound:
        if "text/html" not in wanted:
            raise
        return refused_page(asked_for(accepted))
    known = language_of(here.store, here.post, purpose(response), receiver, token)
    # Those who are told who knows and who acts have just shown that they are one of them.
    told = who_knows(here.store, made.organisation, made.event)["items"]
    return answered_page(known or asked_for(accepted), told)
