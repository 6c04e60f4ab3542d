"""What the store in memory keeps of the response network."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from operator import attrgetter

from hearthwatch.records import Effect, Note, Responder, Response, ResponseStep
from hearthwatch.store import rules
from hearthwatch.store.codec import to_row
from hearthwatch.store.memory_tables import MemoryReader, MemoryWriter


class MemoryNetworkWrites(MemoryWriter):
    """Writes about who answers for which event."""

    def put_responder(self, responder: Responder) -> None:
        """Add a responder or replace it."""
        with self._turn.step():
            self._replace(Responder, to_row(responder))

    def put_response(self, response: Response) -> None:
        """Add a response or replace it."""
        with self._turn.step():
            whose = (response.event, response.responder)
            for one in self._draft.all(Response, response.organisation):
                if (one.event, one.responder) == whose and one.id != response.id:
                    raise rules.asked_already(response)
            self._replace(Response, to_row(response))

    def add_response_steps(self, steps: Sequence[ResponseStep]) -> None:
        """Add steps."""
        with self._turn.step():
            for one in steps:
                self._replace(ResponseStep, to_row(one))

    def add_note(self, note: Note) -> None:
        """Add a note."""
        with self._turn.step():
            self._replace(Note, to_row(note))

    def add_effect(self, effect: Effect) -> None:
        """Add an effect."""
        with self._turn.step():
            self._replace(Effect, to_row(effect))


class MemoryNetworkReads(MemoryReader):
    """Questions about the response network."""

    def responders(self, organisation: str, *, removed: bool = False) -> tuple[Responder, ...]:
        """Return responders, oldest first, ties by id."""
        every = self._open().all(Responder, organisation)
        found = [one for one in every if removed or one.removed is None]
        return tuple(sorted(found, key=attrgetter("created", "id")))

    def networked(self, organisation: str) -> tuple[int, int]:
        """Return what differs after every change of a responder."""
        every = [one.revision for one in self._open().all(Responder, organisation)]
        return len(every), sum(every)

    def response(self, organisation: str, response_id: str) -> Response:
        """Return one response; `NotFound` if there is none."""
        found = self._open().newest(Response, (organisation, response_id))
        if found is None:
            raise rules.not_there("response", response_id)
        return found

    def responses(self, organisation: str, events: Collection[str]) -> tuple[Response, ...]:
        """Return the responses to some events, those told first going first, ties by id."""
        wanted = frozenset(events)
        every = self._open().all(Response, organisation)
        found = (one for one in every if one.event in wanted)
        return tuple(sorted(found, key=rules.told_first))

    def overdue_responses(self, now: datetime, most: int) -> tuple[Response, ...]:
        """Return responses of all organisations whose time is over, the longest first."""
        every = self._open().all(Response)
        over = [one for one in every if one.due is not None and one.due <= now]
        return tuple(sorted(over, key=attrgetter("due", "organisation", "id"))[:most])

    def unanswered(self, organisation: str | None = None) -> tuple[Response, ...]:
        """Return the responses that show that an event is left to itself."""
        every = list(self._open().all(Response, organisation))
        of_event: defaultdict[tuple[str, str], list[Response]] = defaultdict(list)
        for one in every:
            of_event[one.organisation, one.event].append(one)
        found = [one for one in every if rules.is_left(one, of_event[one.organisation, one.event])]
        return tuple(sorted(found, key=attrgetter("since", "organisation", "id")))

    def response_steps(self, organisation: str, event: str) -> tuple[ResponseStep, ...]:
        """Return all steps of the responses to an event, in the order of time."""
        every = self._open().all(ResponseStep, organisation)
        found = (one for one in every if one.event == event)
        return tuple(sorted(found, key=attrgetter("at", "response", "sequence")))

    def notes(self, organisation: str, event: str) -> tuple[Note, ...]:
        """Return the notes on an event, oldest first."""
        found = (one for one in self._open().all(Note, organisation) if one.event == event)
        return tuple(sorted(found, key=attrgetter("at", "id")))

    def effects(self, organisation: str, event: str) -> tuple[Effect, ...]:
        """Return what followed after an event was told, what was written down first first."""
        found = (one for one in self._open().all(Effect, organisation) if one.event == event)
        return tuple(sorted(found, key=attrgetter("at", "id")))
