"""What responders answer, what those who coordinate write down, and what followed.

A contact answers with the token that it was sent; whatever is wrong with that, the refusal is the
same. What was said on the telephone people of the organisation write down.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from hearthwatch.access.standing import Caller
from hearthwatch.alerting import opening
from hearthwatch.alerting.answering import ACTOR
from hearthwatch.alerting.escalating import Onward, opened
from hearthwatch.alerting.heard import heard_of
from hearthwatch.alerting.post import Post
from hearthwatch.alerting.steps import acknowledged
from hearthwatch.alerting.trail import put_down
from hearthwatch.errors import AlertConflict, AlertError, NotFound
from hearthwatch.records import (
    Answer,
    Effect,
    EffectKind,
    Note,
    Responder,
    Response,
    ResponseState,
    StepAct,
)
from hearthwatch.store.protocol import Store, Transaction

LONGEST_WORDS = 4000
LONGEST_SOURCE = 500
OPEN_FOR = timedelta(days=90)
"""So long after it was told a contact may answer with its token."""
MOST_STEPS = 200
"""Of one response: a link that everybody has got hold of must not fill the store."""
REFUSED = "There is nothing to answer here, or that is not what the receiver was sent."


@dataclass(frozen=True, slots=True)
class Said:
    """What a responder answered.

    Attributes
    ----------
    words : str
        What was said with it.
    to : str
        Of a hand-over: the id or name of a responder; empty where it is none of the network.
    contact : str
        Id of the receiver that answered; empty where it is not known.
    by : str
        Id of the person or key who writes it down; empty where the contact answers itself.
    """

    answer: Answer
    words: str = ""
    to: str = ""
    contact: str = ""
    by: str = ""


def purpose(response_id: str) -> str:
    """Return the purpose of the token with which a contact answers."""
    return f"answer {response_id}"


def answered(
    store: Store,
    post: Post,
    receiver_id: str,
    response_id: str,
    token: str,
    said: Said,
    now: datetime,
) -> Response:
    """Put down what a contact answers with the token that it was sent.

    Raises
    ------
    NotFound
        Whatever is wrong.
    """
    may_answer = partial(_answerable, store, post, receiver_id, response_id, token, now)
    with opening.opened(store, may_answer().organisation) as tx:
        # Asked again within it: the receiver may have got a new secret meanwhile.
        response = may_answer()
        own = Said(said.answer, said.words[:LONGEST_WORDS], said.to, receiver_id)
        return _put(store, tx, response, own, now, strict=False)


def _answerable(
    store: Store, post: Post, receiver_id: str, response_id: str, token: str, now: datetime
) -> Response:
    """Return the response that a token is good for; `NotFound`, whatever is wrong."""
    receiver = store.find_receiver(receiver_id)
    if (
        receiver is None
        or receiver.removed is not None
        or not post.is_token(purpose(response_id), receiver, token)
    ):
        raise NotFound(REFUSED)
    try:
        response = store.response(receiver.organisation, response_id)
    except NotFound:
        raise NotFound(REFUSED) from None  # Erased since.
    is_over = now > response.told + OPEN_FOR or response.steps >= MOST_STEPS
    if receiver.id not in response.contacts or is_over:
        raise NotFound(REFUSED)
    return response


@dataclass(frozen=True, slots=True)
class Coordination:
    """What people of one organisation write down about its events.

    Parameters
    ----------
    who : Caller
        On whose behalf; whoever lets them in has seen to it that they may watch.
    now : datetime
        The time, aware UTC.
    """

    store: Store
    who: Caller
    now: datetime

    def answer(self, event_id: str, responder_id: str, said: Said) -> Response:
        """Put down what a responder said, on the telephone say.

        Raises
        ------
        NotFound
            There is no such event, or the responder was not told of it.
        AlertError
            Something of it cannot be used; says what to do.
        """
        _require_words(said.words)
        with opening.opened(self.store, self.who.organisation) as tx:
            event = self.store.event(self.who.organisation, event_id)
            every = self.store.responses(event.organisation, [event.id])
            found = next((one for one in every if one.responder == responder_id), None)
            if found is None:
                raise NotFound(f"Responder {responder_id} was not told of this event.")
            if said.contact and said.contact not in found.contacts:
                raise AlertError("Name a contact that was told of the event, or none.")
            own = Said(said.answer, said.words, said.to, said.contact, self.who.key)
            return _put(self.store, tx, found, own, self.now, strict=True)

    def note(self, event_id: str, words: str) -> Note:
        """Write a note about an event; `NotFound` if there is no such event."""
        if not words.strip():
            raise AlertError("Write something.")
        _require_words(words)
        with self.store.transaction() as tx:
            event = self.store.event(self.who.organisation, event_id)
            made = Note(
                f"nte-{secrets.token_hex(8)}", event.organisation, event.id, self.now,
                self.who.key, words.strip(),
            )  # fmt: skip
            tx.add_note(made)
            self._log(tx, "event note", {"event": event.id})
        return made

    def effect(
        self, event_id: str, effect: EffectKind, day: str, source: str, words: str, responder: str
    ) -> Effect:
        """Write down what followed after an event was told; `NotFound` if there is no such event.

        Parameters
        ----------
        day : str
            When it happened, ISO 8601.
        responder : str
            Id of the responder that it is about; empty for none.
        """
        if not source.strip() or len(source) > LONGEST_SOURCE:
            raise AlertError(f"Say who says so, in 1 to {LONGEST_SOURCE} characters.")
        _require_words(words)
        with self.store.transaction() as tx:
            event = self.store.event(self.who.organisation, event_id)
            known = {one.id for one in self.store.responders(event.organisation, removed=True)}
            if responder and responder not in known:
                raise AlertError("There is no such responder: GET /responders names them.")
            made = Effect(
                f"eff-{secrets.token_hex(8)}", event.organisation, event.id, self.now,
                self.who.key, effect, day, source.strip(), words.strip(), responder,
            )  # fmt: skip
            tx.add_effect(made)
            self._log(tx, "event effect", {"event": event.id}, {"effect": effect.value})
        return made

    def _log(
        self,
        tx: Transaction,
        act: str,
        ids: Mapping[str, str],
        detail: Mapping[str, str] | None = None,
    ) -> None:
        put_down(
            tx, self.who.organisation, act, actor=self.who.key, at=self.now, ids=ids, detail=detail
        )


def _put(
    store: Store, tx: Transaction, response: Response, said: Said, now: datetime, *, strict: bool
) -> Response:
    """Put down an answer and what follows from it; a second time the same changes nothing."""
    if said.contact:
        acknowledged(tx, response.organisation, response.event, said.contact, now)
    heard = heard_of(response, store.response_steps(response.organisation, response.event))
    last = heard.last.get(said.contact, "") if said.contact else response.state.value
    state = heard.state_after(response, said.contact, said.answer)
    is_again = last == said.answer.value and state is response.state
    if is_again and not said.words and not said.to:
        return response
    event = store.event(response.organisation, response.event)
    onward = opened(store, tx, event, now)
    to = _handed_to(onward, response, said, strict=strict)
    beyond = said.to.strip() if to is None else ""
    changed = onward.routing.put(
        response, state, StepAct(said.answer.value), receiver=said.contact, by=said.by,
        words=f"{said.words}\n{beyond}".strip()[:LONGEST_WORDS], to=to.id if to else "",
        handed_to=to.id if to else None,
        due=response.due if state is response.state else None,
    )  # fmt: skip
    if state is ResponseState.DECLINED and state is not response.state:
        onward.go_on(changed)
    elif said.answer is Answer.HANDED_OVER:
        onward.hand_over(changed, to, said.by)
    onward.routing.write(tx)
    put_down(
        tx, response.organisation, "response answer", actor=said.by or ACTOR, at=now,
        ids={"event": response.event, "responder": response.responder, "receiver": said.contact},
        detail={"answer": said.answer.value},
    )  # fmt: skip
    return onward.routing.responses[response.event, response.responder]


def _handed_to(onward: Onward, response: Response, said: Said, *, strict: bool) -> Responder | None:
    """Return the responder to which an event is handed over; None for one beyond the network.

    A contact hands it over only to whom it would be told of by its agreement anyway; people of
    the organisation to everybody with whom there is an agreement.
    """
    if said.answer is not Answer.HANDED_OVER or not said.to.strip():
        return None
    network, wanted = onward.routing.network, said.to.strip().casefold()
    every = [
        one
        for one in network.all_in_force(onward.routing.now)
        if one.id != response.responder and wanted in (one.id.casefold(), one.name.casefold())
    ]
    if not strict:
        met = {one.id for one in onward.met()}
        every = [one for one in every if one.id in met]
    elif not every:
        raise AlertConflict(
            "There is no other responder of that name whose agreement holds: GET /responders "
            "names them. Leave it out for somebody beyond the network."
        )
    return every[0] if every else None


def _require_words(words: str) -> None:
    if len(words) > LONGEST_WORDS:
        raise AlertError(f"Say it in at most {LONGEST_WORDS:,} characters.")
