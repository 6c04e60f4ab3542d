"""What the SQL store keeps of verifying; see `hearthwatch.store.protocol_review`."""

from __future__ import annotations

from sqlalchemy import select

from hearthwatch.records import Assessment, Claim
from hearthwatch.store import tables
from hearthwatch.store.codec import to_row
from hearthwatch.store.rules import IDENTITY
from hearthwatch.store.sql_rows import SqlReader, SqlWriter


class SqlReviewWrites(SqlWriter):
    """Writes about who looks at which event, and what each one saw."""

    def put_claim(self, claim: Claim) -> None:
        """Add a claim or replace it as it ends."""
        with self._step():
            self._put(tables.claims, to_row(claim), IDENTITY[Claim])

    def put_assessment(self, assessment: Assessment) -> None:
        """Add an assessment, or store that it was taken back."""
        with self._step():
            self._put(tables.assessments, to_row(assessment), IDENTITY[Assessment])


class SqlReviewReads(SqlReader):
    """Questions about verifying."""

    def claims(self, organisation: str, *, event: str | None = None) -> tuple[Claim, ...]:
        """Return the claims that have not ended, or all of one event, oldest first."""
        c = tables.claims.c
        narrowed = c.ended.is_(None) if event is None else c.event == event
        mine = select(tables.claims).where(c.organisation == organisation, narrowed)
        return self._all(Claim, mine.order_by(c.made, c.id))

    def assessments(self, organisation: str, *, event: str | None = None) -> tuple[Assessment, ...]:
        """Return assessments of all events or of one, oldest first, ties by id."""
        c = tables.assessments.c
        mine = select(tables.assessments).where(c.organisation == organisation)
        if event is not None:
            mine = mine.where(c.event == event)
        return self._all(Assessment, mine.order_by(c.said, c.id))
