"""The part of the store's seam that is about the response network."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from hearthwatch.records import Effect, Note, Responder, Response, ResponseStep


class NetworkWrites(Protocol):
    """Writes of a transaction about who answers for which event."""

    def put_responder(self, responder: Responder) -> None:
        """Add a responder or replace it."""
        ...

    def put_response(self, response: Response) -> None:
        """Add a response or replace it; of one responder and event there is one."""
        ...

    def add_response_steps(self, steps: Sequence[ResponseStep]) -> None:
        """Add steps; nothing is ever changed of them."""
        ...

    def add_note(self, note: Note) -> None:
        """Add a note; nothing is ever changed of it."""
        ...

    def add_effect(self, effect: Effect) -> None:
        """Add an effect; nothing is ever changed of it."""
        ...


class NetworkReads(Protocol):
    """Questions to the store about the response network."""

    def responders(self, organisation: str, *, removed: bool = False) -> tuple[Responder, ...]:
        """Return responders, oldest first, ties by id; with `removed`, those too."""
        ...

    def networked(self, organisation: str) -> tuple[int, int]:
        """Return what differs after every change of a responder; zeros where there was none."""
        ...

    def response(self, organisation: str, response_id: str) -> Response:
        """Return one response; `NotFound` if there is none."""
        ...

    def responses(self, organisation: str, events: Collection[str]) -> tuple[Response, ...]:
        """Return the responses to some events, those told first going first, ties by id."""
        ...

    def overdue_responses(self, now: datetime, most: int) -> tuple[Response, ...]:
        """Return responses of all organisations whose time is over, the longest first."""
        ...

    def unanswered(self, organisation: str | None = None) -> tuple[Response, ...]:
        """Return the responses that show that an event is left to itself.

        Of one organisation or of all, the longest first. To none of these events any responder
        said that it received it or took charge; nobody answered in time, or those who did have
        all declined, nobody is still asked, and it was not handed over beyond the network.
        """
        ...

    def response_steps(self, organisation: str, event: str) -> tuple[ResponseStep, ...]:
        """Return all steps of the responses to an event, in the order of time."""
        ...

    def notes(self, organisation: str, event: str) -> tuple[Note, ...]:
        """Return the notes on an event, oldest first."""
        ...

    def effects(self, organisation: str, event: str) -> tuple[Effect, ...]:
        """Return what followed after an event was told, what was written down first going first."""
        ...
