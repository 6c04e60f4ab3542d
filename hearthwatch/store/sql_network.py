"""What the SQL store keeps of the response network; see `hearthwatch.store.protocol_network`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime
from operator import attrgetter

from sqlalchemy import func, select

from hearthwatch.records import Effect, Note, Responder, Response, ResponseState, ResponseStep
from hearthwatch.store import rules, tables
from hearthwatch.store.codec import microseconds, to_row
from hearthwatch.store.faults import translated
from hearthwatch.store.rules import IDENTITY
from hearthwatch.store.sql_alerts import portions
from hearthwatch.store.sql_rows import SqlReader, SqlWriter


class SqlNetworkWrites(SqlWriter):
    """Writes about who answers for which event."""

    def put_responder(self, responder: Responder) -> None:
        """Add a responder or replace it."""
        with self._step():
            self._put(tables.responders, to_row(responder), IDENTITY[Responder])

    def put_response(self, response: Response) -> None:
        """Add a response or replace it."""
        with self._step():
            row = to_row(response)
            there = self._find(tables.responses, row, rules.ANSWERED_AS)
            if there is not None and there["id"] != response.id:
                raise rules.asked_already(response)
            self._put(tables.responses, row, IDENTITY[Response])

    def add_response_steps(self, steps: Sequence[ResponseStep]) -> None:
        """Add steps."""
        with self._step():
            for one in steps:
                self._insert(tables.response_steps, to_row(one))

    def add_note(self, note: Note) -> None:
        """Add a note."""
        with self._step():
            self._insert(tables.notes, to_row(note))

    def add_effect(self, effect: Effect) -> None:
        """Add an effect."""
        with self._step():
            self._insert(tables.effects, to_row(effect))


class SqlNetworkReads(SqlReader):
    """Questions about the response network."""

    def responders(self, organisation: str, *, removed: bool = False) -> tuple[Responder, ...]:
        """Return responders, oldest first, ties by id."""
        c = tables.responders.c
        mine = select(tables.responders).where(c.organisation == organisation)
        if not removed:
            mine = mine.where(c.removed.is_(None))
        return self._all(Responder, mine.order_by(c.created, c.id))

    def networked(self, organisation: str) -> tuple[int, int]:
        """Return what differs after every change of a responder."""
        c = tables.responders.c
        stamp = select(func.count(), func.coalesce(func.sum(c.revision), 0)).where(
            c.organisation == organisation
        )
        with self._connect(self._single) as connection, translated():
            count, changed = connection.execute(stamp).one()
        return int(count), int(changed)

    def response(self, organisation: str, response_id: str) -> Response:
        """Return one response; `NotFound` if there is none."""
        c = tables.responses.c
        found = self._one(
            Response,
            select(tables.responses).where(c.organisation == organisation, c.id == response_id),
        )
        if found is None:
            raise rules.not_there("response", response_id)
        return found

    def responses(self, organisation: str, events: Collection[str]) -> tuple[Response, ...]:
        """Return the responses to some events, those told first going first, ties by id."""
        c = tables.responses.c
        found: list[Response] = []
        for ids in portions(events):
            mine = select(tables.responses).where(c.organisation == organisation, c.event.in_(ids))
            found += self._all(Response, mine)
        return tuple(sorted(found, key=rules.told_first))

    def overdue_responses(self, now: datetime, most: int) -> tuple[Response, ...]:
        """Return responses of all organisations whose time is over, the longest first."""
        c = tables.responses.c
        over = select(tables.responses).where(c.due <= microseconds(now))
        return self._all(Response, over.order_by(c.due, c.organisation, c.id).limit(most))

    def unanswered(self, organisation: str | None = None) -> tuple[Response, ...]:
        """Return the responses that show that an event is left to itself."""
        c = tables.responses.c
        alone = (rules.NOBODY, rules.UNRELEASED, ResponseState.DECLINED)
        maybe = select(tables.responses).where(c.state.in_([one.value for one in alone]))
        if organisation is not None:
            maybe = maybe.where(c.organisation == organisation)
        other = tables.responses.alias("other").c
        noticed = select(other.id).where(
            other.organisation == c.organisation,
            other.event == c.event,
            other.state.in_([one.value for one in rules.NOTICED]),
        )
        found = self._all(Response, maybe.where(~noticed.exists()))
        of_event: defaultdict[tuple[str, str], list[Response]] = defaultdict(list)
        for owner in {one.organisation for one in found}:
            events = {one.event for one in found if one.organisation == owner}
            for one in self.responses(owner, events):
                of_event[owner, one.event].append(one)
        left = [one for one in found if rules.is_left(one, of_event[one.organisation, one.event])]
        return tuple(sorted(left, key=attrgetter("since", "organisation", "id")))

    def response_steps(self, organisation: str, event: str) -> tuple[ResponseStep, ...]:
        """Return all steps of the responses to an event, in the order of time."""
        c = tables.response_steps.c
        mine = select(tables.response_steps).where(c.organisation == organisation, c.event == event)
        return self._all(ResponseStep, mine.order_by(c.at, c.response, c.sequence))

    def notes(self, organisation: str, event: str) -> tuple[Note, ...]:
        """Return the notes on an event, oldest first."""
        c = tables.notes.c
        mine = select(tables.notes).where(c.organisation == organisation, c.event == event)
        return self._all(Note, mine.order_by(c.at, c.id))

    def effects(self, organisation: str, event: str) -> tuple[Effect, ...]:
        """Return what followed after an event was told, what was written down first first."""
        c = tables.effects.c
        mine = select(tables.effects).where(c.organisation == organisation, c.event == event)
        return self._all(Effect, mine.order_by(c.at, c.id))
