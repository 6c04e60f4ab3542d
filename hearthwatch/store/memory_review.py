"""What the store in memory keeps of verifying."""

from __future__ import annotations

from operator import attrgetter

from hearthwatch.records import Assessment, Claim
from hearthwatch.store.codec import to_row
from hearthwatch.store.memory_tables import MemoryReader, MemoryWriter


class MemoryReviewWrites(MemoryWriter):
    """Writes about who looks at which event, and what each one saw."""

    def put_claim(self, claim: Claim) -> None:
        """Add a claim or replace it as it ends."""
        with self._turn.step():
            self._replace(Claim, to_row(claim))

    def put_assessment(self, assessment: Assessment) -> None:
        """Add an assessment, or store that it was taken back."""
        with self._turn.step():
            self._replace(Assessment, to_row(assessment))


class MemoryReviewReads(MemoryReader):
    """Questions about verifying."""

    def claims(self, organisation: str, *, event: str | None = None) -> tuple[Claim, ...]:
        """Return the claims that have not ended, or all of one event, oldest first."""
        found = [
            one
            for one in self._open().all(Claim, organisation)
            if (one.ended is None if event is None else one.event == event)
        ]
        return tuple(sorted(found, key=attrgetter("made", "id")))

    def assessments(self, organisation: str, *, event: str | None = None) -> tuple[Assessment, ...]:
        """Return assessments of all events or of one, oldest first, ties by id."""
        every = self._open().all(Assessment, organisation)
        mine = (one for one in every if event in (None, one.event))
        return tuple(sorted(mine, key=attrgetter("said", "id")))
