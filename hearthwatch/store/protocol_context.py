"""The part of the store's seam that is about what people observed round watched places."""

from __future__ import annotations

from typing import Protocol

from hearthwatch.records import ContextObservation


class ContextWrites(Protocol):
    """Writes of a transaction about context."""

    def put_observation(self, observation: ContextObservation) -> None:
        """Add an observation, or replace it: one that is withdrawn leaves nothing of its content.

        What stood there is overwritten where the database lets it be.
        """
        ...


class ContextReads(Protocol):
    """Questions to the store about context."""

    def observations(self, organisation: str, region: str) -> tuple[ContextObservation, ...]:
        """Return the observations of one region, first written down first, ties by id.

        Those that are withdrawn too.
        """
        ...
