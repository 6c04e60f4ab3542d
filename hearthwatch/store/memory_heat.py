"""What the store in memory keeps of heat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

from hearthwatch.records import HeatCover, HeatSource, HeatSpot
from hearthwatch.store.codec import to_row
from hearthwatch.store.extent import Bounds, Box, boxes
from hearthwatch.store.memory_tables import MemoryReader, MemoryWriter, between, key_of


class MemoryHeatWrites(MemoryWriter):
    """Writes about heat."""

    def add_heat(self, spots: Sequence[HeatSpot]) -> int:
        """Add heat; what is there already stays as it is. Return how much was new."""
        with self._turn.step():
            new = 0
            for row in map(to_row, spots):
                if key_of(HeatSpot, row) not in self._draft.by_record[HeatSpot]:
                    self._append(HeatSpot, row)
                    new += 1
            return new

    def put_heat_cover(self, cover: HeatCover, *, instead_of: Sequence[str] = ()) -> None:
        """Say of which ground and days there is a record, in place of other rows."""
        with self._turn.step():
            for gone in instead_of:
                self._draft.by_record[HeatCover].pop((cover.organisation, gone), None)
            self._replace(HeatCover, to_row(cover))

    def put_heat_source(self, source: HeatSource) -> None:
        """Add a source of heat that people know, or replace it."""
        with self._turn.step():
            self._replace(HeatSource, to_row(source))


class MemoryHeatReads(MemoryReader):
    """Questions about heat."""

    def heat(
        self,
        organisation: str,
        *,
        bbox: Bounds | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[HeatSpot, ...]:
        """Return the heat of a box and a time, oldest first, ties by id."""
        inside = boxes(bbox) if bbox is not None else None
        found = [
            one
            for one in self._open().all(HeatSpot, organisation)
            if between(one.sensed, since, until)
            and (inside is None or any(_at(one).meets(box) for box in inside))
        ]
        return tuple(sorted(found, key=attrgetter("sensed", "id")))

    def heat_covers(self, organisation: str) -> tuple[HeatCover, ...]:
        """Return of which ground and days there is a record, by first day, ties by id."""
        found = self._open().all(HeatCover, organisation)
        return tuple(sorted(found, key=attrgetter("since", "id")))

    def heat_sources(self, organisation: str, *, removed: bool = False) -> tuple[HeatSource, ...]:
        """Return the sources of heat that people know, by id; with `removed`, those too."""
        found = self._open().all(HeatSource, organisation)
        return tuple(
            sorted((one for one in found if removed or one.removed is None), key=attrgetter("id"))
        )


def _at(one: HeatSpot) -> Box:
    return Box(one.lon, one.lat, one.lon, one.lat)
