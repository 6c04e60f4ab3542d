"""What the SQL store keeps of heat; see `hearthwatch.store.protocol_heat`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, delete, or_, select

from hearthwatch.records import HeatCover, HeatSource, HeatSpot
from hearthwatch.store import tables
from hearthwatch.store.codec import microseconds, to_row
from hearthwatch.store.extent import Bounds, boxes
from hearthwatch.store.rules import IDENTITY
from hearthwatch.store.sql_rows import SqlReader, SqlWriter


class SqlHeatWrites(SqlWriter):
    """Writes about heat."""

    def add_heat(self, spots: Sequence[HeatSpot]) -> int:
        """Add heat; what is there already stays as it is. Return how much was new."""
        with self._step():
            by_id = {(one.organisation, one.id): to_row(one) for one in reversed(spots)}
            rows = list(reversed(by_id.values()))
            new = [
                row for row in rows if not self._find(tables.heat_spots, row, IDENTITY[HeatSpot])
            ]
            self._insert_all(tables.heat_spots, new)
            return len(new)

    def put_heat_cover(self, cover: HeatCover, *, instead_of: Sequence[str] = ()) -> None:
        """Say of which ground and days there is a record, in place of other rows."""
        with self._step():
            c = tables.heat_covers.c
            for gone in instead_of:
                mine = and_(c.organisation == cover.organisation, c.id == gone)
                self._connection.execute(delete(tables.heat_covers).where(mine))
            self._put(tables.heat_covers, to_row(cover), IDENTITY[HeatCover])

    def put_heat_source(self, source: HeatSource) -> None:
        """Add a source of heat that people know, or replace it."""
        with self._step():
            self._put(tables.heat_sources, to_row(source), IDENTITY[HeatSource])


class SqlHeatReads(SqlReader):
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
        c = tables.heat_spots.c
        found = select(tables.heat_spots).where(c.organisation == organisation)
        if bbox is not None:
            inside = (
                and_(c.lon.between(box.west, box.east), c.lat.between(box.south, box.north))
                for box in boxes(bbox)
            )
            found = found.where(or_(*inside))
        if since is not None:
            found = found.where(c.sensed >= microseconds(since))
        if until is not None:
            found = found.where(c.sensed <= microseconds(until))
        return self._all(HeatSpot, found.order_by(c.sensed, c.id))

    def heat_covers(self, organisation: str) -> tuple[HeatCover, ...]:
        """Return of which ground and days there is a record, by first day, ties by id."""
        c = tables.heat_covers.c
        mine = select(tables.heat_covers).where(c.organisation == organisation)
        return self._all(HeatCover, mine.order_by(c.since, c.id))

    def heat_sources(self, organisation: str, *, removed: bool = False) -> tuple[HeatSource, ...]:
        """Return the sources of heat that people know, by id; with `removed`, those too."""
        c = tables.heat_sources.c
        mine = select(tables.heat_sources).where(c.organisation == organisation)
        if not removed:
            mine = mine.where(c.removed.is_(None))
        return self._all(HeatSource, mine.order_by(c.id))
