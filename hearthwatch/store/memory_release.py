"""What the store in memory keeps of what others are told."""

from __future__ import annotations

from operator import attrgetter

from hearthwatch.records import Audience, Proposal, ProposalOutcome, Rendering, Telling
from hearthwatch.store import rules
from hearthwatch.store.codec import from_row, to_row
from hearthwatch.store.memory_tables import MemoryReader, MemoryWriter, key_of


class MemoryReleaseWrites(MemoryWriter):
    """Writes about what others are told."""

    def add_rendering(self, rendering: Rendering) -> None:
        """Fix how an event is told to an audience; a second time changes nothing."""
        with self._turn.step():
            row = to_row(rendering)
            stored = self._draft.by_record[Rendering].get(key_of(Rendering, row))
            there = from_row(Rendering, stored[-1]) if stored else None
            if not rules.check_rendering(rendering, there):
                self._append(Rendering, row)

    def add_telling(self, telling: Telling) -> None:
        """Add what an audience is told of an event; what it was told before stays."""
        with self._turn.step():
            row = to_row(telling)
            if key_of(Telling, row) in self._draft.by_record[Telling]:
                raise rules.told_already(telling)
            self._append(Telling, row)

    def put_proposal(self, proposal: Proposal) -> None:
        """Add a proposal or replace it as it is decided."""
        with self._turn.step():
            self._replace(Proposal, to_row(proposal))


class MemoryReleaseReads(MemoryReader):
    """Questions about what others are told."""

    def rendering(self, organisation: str, event_id: str, audience: Audience) -> Rendering | None:
        """Return how an event is told to an audience; None where that is not fixed yet."""
        return self._open().newest(Rendering, (organisation, event_id, audience.value))

    def tellings(
        self, organisation: str, audience: Audience, *, event: str | None = None
    ) -> tuple[Telling, ...]:
        """Return all that an audience was or is to be told, of all events or of one."""
        found = [
            one
            for one in self._open().all(Telling, organisation)
            if one.audience is audience and event in (None, one.event)
        ]
        return tuple(sorted(found, key=attrgetter("event", "version")))

    def proposal(self, organisation: str, proposal_id: str) -> Proposal:
        """Return one proposal; `NotFound` if there is none."""
        found = self._open().newest(Proposal, (organisation, proposal_id))
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
        found = [
            one
            for one in self._open().all(Proposal, organisation)
            if subject in (None, one.subject) and outcome in (None, one.outcome)
        ]
        return tuple(sorted(found, key=attrgetter("asked", "id")))
