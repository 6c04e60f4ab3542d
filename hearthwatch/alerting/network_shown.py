"""The response network as values for programs: who knows, who acts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hearthwatch.alerting.messages import told_of
from hearthwatch.records import (
    Effect,
    Note,
    Receiver,
    Responder,
    Response,
    ResponseState,
    ResponseStep,
)
from hearthwatch.store.protocol import Store
from hearthwatch.values import geojson, moment


def responder_value(found: Responder) -> dict[str, Any]:
    """Return a responder."""
    return {
        "id": found.id,
        "name": found.name,
        "owner": found.owner,
        "agreement": found.agreement,
        "since": moment(found.since),
        "until": moment(found.until),
        "detail": found.detail.value,
        "contacts": list(found.contacts),
        "region": found.region or None,
        "geometry": None if found.geometry is None else geojson(found.geometry),
        "kinds": list(found.kinds),
        "modes": list(found.modes),
        "least_state": found.least_state.value,
        "least_severity": found.least_severity.value,
        "rank": found.rank,
        "urgent_wait": found.urgent_wait,
        "routine_wait": found.routine_wait,
        "created": moment(found.created),
    }


def who_knows(store: Store, organisation: str, event_id: str) -> dict[str, Any]:
    """Return who of the network knows of an event, who acts, and what was written down.

    Raises
    ------
    NotFound
        There is no such event.
    """
    event = store.event(organisation, event_id)
    responses = store.responses(organisation, [event.id])
    book = _Book(
        {one.id: one for one in store.responders(organisation, removed=True)},
        {one.id: one for one in store.receivers(organisation, removed=True)},
        told_of(store, organisation, event.id),
        store.response_steps(organisation, event.id),
    )
    acting = [one for one in responses if one.state is ResponseState.TAKEN_CHARGE]
    return {
        "event": event.id,
        "acts": [book.name(one.responder) for one in acting],
        "unanswered": any(
            one.event == event.id and one.state is not ResponseState.UNRELEASED
            for one in store.unanswered(organisation)
        ),
        "items": [book.response(one) for one in responses],
        "notes": [note_value(one) for one in store.notes(organisation, event.id)],
        "effects": [effect_value(one) for one in store.effects(organisation, event.id)],
    }


def response_value(store: Store, found: Response) -> dict[str, Any]:
    """Return one response as `who_knows` does."""
    every = who_knows(store, found.organisation, found.event)["items"]
    return next(one for one in every if one["id"] == found.id)


def note_value(found: Note) -> dict[str, Any]:
    """Return a note."""
    return {"id": found.id, "at": moment(found.at), "by": found.by, "words": found.words}


def effect_value(found: Effect) -> dict[str, Any]:
    """Return what followed."""
    return {
        "id": found.id,
        "at": moment(found.at),
        "by": found.by,
        "effect": found.effect.value,
        "date": found.day,
        "source": found.source,
        "words": found.words,
        "responder": found.responder or None,
    }


class _Book:
    """Names, and what was told of one event, beside its responses."""

    def __init__(
        self,
        responders: Mapping[str, Responder],
        receivers: Mapping[str, Receiver],
        told: Sequence[Mapping[str, Any]],
        steps: Sequence[ResponseStep],
    ) -> None:
        self._responders, self._receivers = responders, receivers
        self._told, self._steps = told, steps

    def name(self, responder: str) -> str:
        """Return the name of a responder; its id once that is all there is."""
        found = self._responders.get(responder)
        return responder if found is None else found.name

    def response(self, one: Response) -> dict[str, Any]:
        return {
            "id": one.id,
            "responder": one.responder,
            "name": self.name(one.responder),
            "state": one.state.value,
            "since": moment(one.since),
            "told": moment(one.told),
            "due": moment(one.due),
            "handed_from": one.handed_from or None,
            "handed_to": one.handed_to or None,
            "contacts": [self._contact(contact) for contact in one.contacts],
            "steps": [self._step(step) for step in self._steps if step.response == one.id],
        }

    def _contact(self, receiver: str) -> dict[str, Any]:
        found = self._receivers.get(receiver)
        first = next((one for one in self._told if one["receiver"] == receiver), None)
        return {
            "receiver": receiver,
            "name": None if found is None else found.name,
            "channel": None if found is None else found.channel.value,
            "message": first and first["message"],
            "delivery": first and first["state"],
            "ended": first and first["ended"],
        }

    def _step(self, one: ResponseStep) -> dict[str, Any]:
        return {
            "at": moment(one.at),
            "act": one.act.value,
            "receiver": one.receiver or None,
            "by": one.by or None,
            "words": one.words,
            "to": one.to or None,
        }
