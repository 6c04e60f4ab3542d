"""What the store in memory keeps of context."""

from __future__ import annotations

from operator import attrgetter

from hearthwatch.records import ContextObservation
from hearthwatch.store.codec import to_row
from hearthwatch.store.memory_tables import MemoryReader, MemoryWriter


class MemoryContextWrites(MemoryWriter):
    """Writes about context."""

    def put_observation(self, observation: ContextObservation) -> None:
        """Add an observation, or replace it; of one that is withdrawn the content goes."""
        with self._turn.step():
            self._replace(ContextObservation, to_row(observation))


class MemoryContextReads(MemoryReader):
    """Questions about context."""

    def observations(self, organisation: str, region: str) -> tuple[ContextObservation, ...]:
        """Return the observations of one region, first written down first."""
        every = self._open().all(ContextObservation, organisation)
        mine = (one for one in every if one.region == region)
        return tuple(sorted(mine, key=attrgetter("created", "id")))
