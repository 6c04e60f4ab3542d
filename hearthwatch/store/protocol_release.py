"""The part of the store's seam that is about what others are told, and who agreed."""

from __future__ import annotations

from typing import Protocol

from hearthwatch.records import Audience, Proposal, ProposalOutcome, Rendering, Telling


class ReleaseWrites(Protocol):
    """Writes of a transaction about what others are told."""

    def add_rendering(self, rendering: Rendering) -> None:
        """Fix how an event is told to an audience; a second time changes nothing.

        Raises
        ------
        StoreError
            It is fixed already, otherwise.
        """
        ...

    def add_telling(self, telling: Telling) -> None:
        """Add what an audience is told of an event; what it was told before stays.

        Raises
        ------
        StoreError
            That version of it is there already.
        """
        ...

    def put_proposal(self, proposal: Proposal) -> None:
        """Add a proposal or replace it as it is decided."""
        ...


class ReleaseReads(Protocol):
    """Questions to the store about what others are told."""

    def rendering(self, organisation: str, event_id: str, audience: Audience) -> Rendering | None:
        """Return how an event is told to an audience; None where that is not fixed yet."""
        ...

    def tellings(
        self, organisation: str, audience: Audience, *, event: str | None = None
    ) -> tuple[Telling, ...]:
        """Return all that an audience was or is to be told, of all events or of one.

        By event, then in the order in which it was said.
        """
        ...

    def proposal(self, organisation: str, proposal_id: str) -> Proposal:
        """Return one proposal; `NotFound` if there is none."""
        ...

    def proposals(
        self,
        organisation: str,
        *,
        subject: str | None = None,
        outcome: ProposalOutcome | None = None,
    ) -> tuple[Proposal, ...]:
        """Return proposals, oldest first, ties by id."""
        ...
