"""Searches over all regions in the SQL store; see `hearthwatch.store.protocol_search`."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Any

from sqlalchemy import Select, func, or_, select, tuple_

from hearthwatch.cql.tree import Filter
from hearthwatch.records import Detection, EventRow, LedgerRow, Page, Search
from hearthwatch.store import filters, queries, rules, tables
from hearthwatch.store.cursor import (
    Position,
    detection_paging,
    detection_position,
    look_paging,
    look_position,
)
from hearthwatch.store.extent import Bounds
from hearthwatch.store.faults import translated
from hearthwatch.store.patience import TookTooLong
from hearthwatch.store.sql_rows import SqlReader

VERSIONS_AT_ONCE = 2_000
"""Asked for in one statement; a database binds only so many values."""


class SqlSearchReads(SqlReader):
    """Questions over all regions of an organisation."""

    def find_detections(
        self, organisation: str, where: Search, *, after: str | None = None, limit: int = 1000
    ) -> Page[Detection]:
        """Return detections, those of the newest look first, ties by id."""
        paging = detection_paging(organisation, where, limit)
        statement = detections(organisation, where, paging.start(after))
        found = self._all(Detection, statement.limit(limit + 1))
        return paging.page(found, detection_position)

    def count_detections(self, organisation: str, where: Search, *, most: int) -> int | None:
        """Return how many `find_detections` would give; None if more than `most`, or too slow."""
        return self._count(detections(organisation, where, None), tables.detections, most)

    def find_looks(
        self, organisation: str, where: Search, *, after: str | None = None, limit: int = 1000
    ) -> Page[LedgerRow]:
        """Return rows of the ledger, by id of the region, then the oldest look first."""
        paging = look_paging(organisation, where, limit)
        statement = looks(organisation, where, paging.start(after))
        return paging.page(self._all(LedgerRow, statement.limit(limit + 1)), look_position)

    def count_looks(self, organisation: str, where: Search, *, most: int) -> int | None:
        """Return how many `find_looks` would give; None if more than `most`, or too slow."""
        return self._count(looks(organisation, where, None), tables.ledger, most)

    def count_settlements(
        self, organisation: str, bbox: Bounds | None, where: Filter | None, *, most: int
    ) -> int | None:
        """Return how many `settlements` would give; None if more than `most`, or too slow."""
        statement = queries.settlements(organisation, bbox, None, where)
        return self._count(statement, tables.settlements, most)

    def event_versions(
        self, organisation: str, wanted: Collection[tuple[str, int]]
    ) -> tuple[EventRow, ...]:
        """Return events as they were, by id and version; those that there are."""
        asked = sorted(set(wanted))
        c = tables.event_versions.c
        mine = select(*(c[name] for name in EventRow._fields)).where(c.organisation == organisation)
        found: list[EventRow] = []
        with self._connect(self._reader) as connection, translated():
            for start in range(0, len(asked), VERSIONS_AT_ONCE):
                part = mine.where(tuple_(c.id, c.version).in_(asked[start:][:VERSIONS_AT_ONCE]))
                found += map(EventRow._make, connection.execute(part).all())
        return tuple(found)

    def _count(self, statement: Select[Any], table: Any, most: int) -> int | None:
        rules.check_most(most)
        some = statement.order_by(None).with_only_columns(table.c.number).limit(most + 1)
        counted = select(func.count()).select_from(some.subquery())
        with suppress(TookTooLong), self._counting() as connection:
            found: int = connection.execute(counted).scalar_one()
            return found if found <= most else None
        return None


def detections(organisation: str, where: Search, start: Position | None) -> Select[Any]:
    """Return detections after a position, those of the newest look first."""
    c = tables.detections.c
    earliest, latest = queries.period(where.since, where.until)
    if start is not None:
        latest = min(latest, int(start[0]))
    statement = select(tables.detections).where(
        c.organisation == organisation,
        c.sensed.between(earliest, latest),
        *filters.conditions(where.filter, tables.detections),
    )
    if where.bbox is not None:
        statement = statement.where(queries.meets(c, where.bbox))
    if start is not None:
        moment, its_id = start
        statement = statement.where(or_(c.sensed < moment, c.id > its_id))
    return statement.order_by(c.sensed.desc(), c.id)


def looks(organisation: str, where: Search, start: Position | None) -> Select[Any]:
    """Return rows of the ledger after a position, by region, then the oldest look first."""
    c = tables.ledger.c
    order = (c.region, c.sensed, c.cell, c.acquisition, c.detector, c.settlement)
    statement = select(tables.ledger).where(
        c.organisation == organisation,
        c.sensed.between(*queries.period(where.since, where.until)),
        *filters.conditions(where.filter, tables.ledger),
    )
    if start is not None:
        statement = statement.where(tuple_(*order) > tuple_(*start))
    return statement.order_by(*order)
