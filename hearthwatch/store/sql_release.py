"""What the SQL store keeps of what others are told; see `hearthwatch.store.protocol_release`."""

from __future__ import annotations

from sqlalchemy import select

from hearthwatch.records import Audience, Proposal, ProposalOutcome, Rendering, Telling
from hearthwatch.store import rules, tables
from hearthwatch.store.codec import from_row, to_row
from hearthwatch.store.rules import IDENTITY
from hearthwatch.store.sql_rows import SqlReader, SqlWriter


class SqlReleaseWrites(SqlWriter):
    """Writes about what others are told."""

    def add_rendering(self, rendering: Rendering) -> None:
        """Fix how an event is told to an audience; a second time changes nothing."""
        with self._step():
            row = to_row(rendering)
            stored = self._find(tables.renderings, row, IDENTITY[Rendering])
            there = from_row(Rendering, stored) if stored else None
            if not rules.check_rendering(rendering, there):
                self._insert(tables.renderings, row)

    def add_telling(self, telling: Telling) -> None:
        """Add what an audience is told of an event; what it was told before stays."""
        with self._step():
            row = to_row(telling)
            if self._find(tables.tellings, row, IDENTITY[Telling]):
                raise rules.told_already(telling)
            self._insert(tables.tellings, row)

    def put_proposal(self, proposal: Proposal) -> None:
        """Add a proposal or replace it as it is decided."""
        with self._step():
            self._put(tables.proposals, to_row(proposal), IDENTITY[Proposal])


class SqlReleaseReads(SqlReader):
    """Questions about what others are told."""

    def rendering(self, organisation: str, event_id: str, audience: Audience) -> Rendering | None:
        """Return how an event is told to an audience; None where that is not fixed yet."""
        c = tables.renderings.c
        one = select(tables.renderings).where(
            c.organisation == organisation, c.event == event_id, c.audience == audience.value
        )
        return self._one(Rendering, one)

    def tellings(
        self, organisation: str, audience: Audience, *, event: str | None = None
    ) -> tuple[Telling, ...]:
        """Return all that an audience was or is to be told, of all events or of one."""
        c = tables.tellings.c
        mine = select(tables.tellings).where(
            c.organisation == organisation, c.audience == audience.value
        )
        if event is not None:
            mine = mine.where(c.event == event)
        return self._all(Telling, mine.order_by(c.event, c.version))

    def proposal(self, organisation: str, proposal_id: str) -> Proposal:
        """Return one proposal; `NotFound` if there is none."""
        c = tables.proposals.c
        one = select(tables.proposals).where(c.organisation == organisation, c.id == proposal_id)
        found = self._one(Proposal, one)
        if found is None:
            raise rules.not_there("proposal", proposal_id)
        return found

    def proposals(
        self,
        organisation: str,
        *,
        subject: str | None = None,
        outcome: ProposalOutcome | None = None,
    ) -> tuple[Proposal, ...]:
        """Return proposals, oldest first, ties by id."""
        c = tables.proposals.c
        mine = select(tables.proposals).where(c.organisation == organisation)
        if subject is not None:
            mine = mine.where(c.subject == subject)
        if outcome is not None:
            mine = mine.where(c.outcome == outcome.value)
        return self._all(Proposal, mine.order_by(c.asked, c.id))
