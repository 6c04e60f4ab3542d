"""What the SQL store keeps of context; see `hearthwatch.store.protocol_context`."""

from __future__ import annotations

from sqlalchemy import select

from hearthwatch.records import ContextObservation
from hearthwatch.store import tables
from hearthwatch.store.codec import to_row
from hearthwatch.store.rules import IDENTITY
from hearthwatch.store.scrubbing import overwrite_deleted
from hearthwatch.store.sql_rows import SqlReader, SqlWriter


class SqlContextWrites(SqlWriter):
    """Writes about context."""

    def put_observation(self, observation: ContextObservation) -> None:
        """Add an observation, or replace it; of one that is withdrawn the content goes."""
        with self._step():
            if observation.withdrawn is not None:
                overwrite_deleted(self._connection)
            row = to_row(observation)
            self._put(tables.context_observations, row, IDENTITY[ContextObservation])


class SqlContextReads(SqlReader):
    """Questions about context."""

    def observations(self, organisation: str, region: str) -> tuple[ContextObservation, ...]:
        """Return the observations of one region, first written down first."""
        c = tables.context_observations.c
        mine = select(tables.context_observations).where(
            c.organisation == organisation, c.region == region
        )
        return self._all(ContextObservation, mine.order_by(c.created, c.id))
