"""The questions that the SQL store asks about imagery providers; values are always bound."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from hearthwatch.records import SpendStatus
from hearthwatch.store import tables
from hearthwatch.store.codec import microseconds
from hearthwatch.store.cursor import Position

Statement = Select[tuple[object, ...]]

_COUNTED = (SpendStatus.SETTLED.value, SpendStatus.LOST.value)


def spends(
    organisation: str,
    region: str | None,
    since: datetime | None,
    until: datetime | None,
    status: SpendStatus | None,
    start: Position | None,
) -> Statement:
    """Return spends after a position, last reserved first."""
    c = tables.spends.c
    statement = select(tables.spends).where(c.organisation == organisation)
    if region is not None:
        statement = statement.where(c.region == region)
    if since is not None:
        statement = statement.where(c.reserved >= microseconds(since))
    if until is not None:
        statement = statement.where(c.reserved <= microseconds(until))
    if status is not None:
        statement = statement.where(c.status == status.value)
    if start is not None:
        moment, spend_id = start
        later = and_(c.reserved == moment, c.id > spend_id)
        statement = statement.where(or_(c.reserved < moment, later))
    return statement.order_by(c.reserved.desc(), c.id)


def spent(organisation: str, provider: str, since: datetime, region: str | None) -> Select[Any]:
    """Return the sums of units and requests that are spent."""
    c = tables.spends.c
    lost = c.status == SpendStatus.LOST.value
    sums = select(
        _sum(case((lost, c.estimated_units), else_=c.units)).label("units"),
        _sum(case((lost, c.estimated_requests), else_=c.requests)).label("requests"),
    )
    return sums.where(
        *_of_account(organisation, provider, region),
        c.settled >= microseconds(since),
        c.status.in_(_COUNTED),
    )


def reserved(organisation: str, provider: str, region: str | None) -> Select[Any]:
    """Return the sums of units and requests of reads that are not over."""
    c = tables.spends.c
    sums = select(
        _sum(c.estimated_units).label("reserved_units"),
        _sum(c.estimated_requests).label("reserved_requests"),
    )
    return sums.where(*_of_account(organisation, provider, region), c.settled.is_(None))


def pauses(organisation: str, *, active: bool) -> Statement:
    """Return pauses, oldest first."""
    c = tables.pauses.c
    statement = select(tables.pauses).where(c.organisation == organisation)
    if active:
        statement = statement.where(c.ended.is_(None))
    return statement.order_by(c.since, c.provider)


def mark(organisation: str, region: str, provider: str, collection: str) -> Statement:
    """Return how far one list was read."""
    c = tables.marks.c
    return select(tables.marks).where(
        c.organisation == organisation,
        c.region == region,
        c.provider == provider,
        c.collection == collection,
    )


def known_scenes(organisation: str, region: str, provider: str, *, gone: bool) -> Statement:
    """Return the scenes listed over a region, by sensing time."""
    c = tables.known_scenes.c
    statement = select(tables.known_scenes).where(
        c.organisation == organisation, c.region == region, c.provider == provider
    )
    if not gone:
        statement = statement.where(c.gone.is_(None))
    return statement.order_by(c.sensed, c.id, c.collection)


def gaps(organisation: str, region: str | None, *, open_only: bool) -> Statement:
    """Return missed passes, oldest first."""
    c = tables.gaps.c
    statement = select(tables.gaps).where(c.organisation == organisation)
    if region is not None:
        statement = statement.where(c.region == region)
    if open_only:
        statement = statement.where(c.closed.is_(None))
    return statement.order_by(c.expected, c.id)


def _of_account(organisation: str, provider: str, region: str | None) -> list[ColumnElement[bool]]:
    c = tables.spends.c
    mine = [c.organisation == organisation, c.provider == provider]
    return mine if region is None else [*mine, c.region == region]


def _sum(amount: ColumnElement[Any]) -> ColumnElement[Any]:
    return func.coalesce(func.sum(amount), 0)
