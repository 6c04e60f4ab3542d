"""The part of the store's seam that is about verifying events."""

from __future__ import annotations

from typing import Protocol

from hearthwatch.records import Assessment, Claim


class ReviewWrites(Protocol):
    """Writes of a transaction about who looks at which event, and what each one saw."""

    def put_claim(self, claim: Claim) -> None:
        """Add a claim or replace it as it ends."""
        ...

    def put_assessment(self, assessment: Assessment) -> None:
        """Add an assessment, or store that it was taken back."""
        ...


class ReviewReads(Protocol):
    """Questions to the store about verifying."""

    def claims(self, organisation: str, *, event: str | None = None) -> tuple[Claim, ...]:
        """Return the claims that have not ended, or all of one event, oldest first, ties by id."""
        ...

    def assessments(self, organisation: str, *, event: str | None = None) -> tuple[Assessment, ...]:
        """Return assessments of all events or of one, oldest first, ties by id."""
        ...
