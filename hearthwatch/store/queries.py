"""The questions that the SQL store asks. Values are always bound, never part of the text."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select, tuple_

from hearthwatch.cql.tree import Filter
from hearthwatch.records import USABLE, LedgerRow, RunOutcome
from hearthwatch.store import filters, tables
from hearthwatch.store.codec import Row, microseconds
from hearthwatch.store.cursor import Position
from hearthwatch.store.extent import Bounds, boxes
from hearthwatch.store.rules import IDENTITY

Statement = Select[tuple[object, ...]]
Condition = ColumnElement[Any]

_EVER = (-(2**63), 2**63 - 1)


class Place(NamedTuple):
    """Where one detector works."""

    organisation: str
    region: str
    cell: str
    detector: str


def regions(organisation: str, *, removed: bool) -> Statement:
    """Return regions by name."""
    c = tables.regions.c
    statement = select(tables.regions).where(c.organisation == organisation)
    if not removed:
        statement = statement.where(c.removed.is_(None))
    return statement.order_by(c.name, c.id)


def organisations(removed: bool) -> Select[str]:
    """Return the organisations that watch a region, or watched one, sorted."""
    c = tables.regions.c
    every = select(c.organisation)
    watching = every if removed else every.where(c.removed.is_(None))
    return watching.distinct().order_by(c.organisation)


def settlements(
    organisation: str, bbox: Bounds | None, start: Position | None, where: Filter | None = None
) -> Statement:
    """Return settlements after a position, by name."""
    c = tables.settlements.c
    statement = select(tables.settlements).where(
        c.organisation == organisation,
        c.removed.is_(None),
        *filters.conditions(where, tables.settlements),
    )
    if bbox is not None:
        statement = statement.where(meets(c, bbox))
    if start is not None:
        statement = statement.where(tuple_(c.name, c.id) > tuple_(*start))
    return statement.order_by(c.name, c.id)


def settlement(organisation: str, settlement_id: str) -> Statement:
    """Return one settlement that is not removed."""
    c = tables.settlements.c
    return select(tables.settlements).where(
        c.organisation == organisation, c.id == settlement_id, c.removed.is_(None)
    )


def settlement_labels(organisation: str, ids: Collection[str] | None) -> Select[Any]:
    """Return id and label of every settlement, or of those with the ids, without their outlines."""
    c = tables.settlements.c
    if ids is None:
        return select(c.id, c.name, c.pcode).where(c.organisation == organisation)
    # With a column that the index of P-codes has not: it holds the answer otherwise, and SQLite
    # would go through all of it to find a few.
    mine = select(c.id, c.name, c.pcode, c.created).where(c.organisation == organisation)
    return mine.where(c.id.in_(ids))


def keys(organisation: str) -> Statement:
    """Return keys, oldest first."""
    c = tables.api_keys.c
    return select(tables.api_keys).where(c.organisation == organisation).order_by(c.created, c.id)


def runs(
    organisation: str, region: str | None, outcome: RunOutcome | None, newest: int | None
) -> Statement:
    """Return runs, oldest first; the `newest` ones newest first."""
    c = tables.runs.c
    statement = select(tables.runs).where(c.organisation == organisation)
    if region is not None:
        statement = statement.where(c.region == region)
    if outcome is not None:
        statement = statement.where(c.outcome == outcome.value)
    if newest is not None:
        return statement.order_by(c.started.desc(), c.id.desc()).limit(newest)
    return statement.order_by(c.started, c.id)


def run(organisation: str, run_id: str) -> Statement:
    """Return one run."""
    c = tables.runs.c
    return select(tables.runs).where(c.organisation == organisation, c.id == run_id)


def waiting_runs() -> Statement:
    """Return the waiting runs of all organisations, oldest first."""
    c = tables.runs.c
    waiting = select(tables.runs).where(c.outcome == RunOutcome.WAITING.value)
    return waiting.order_by(c.started, c.id, c.organisation)


def job(key: Row) -> Statement:
    """Return the job of one key."""
    return select(tables.jobs).where(*(tables.jobs.c[name] == key[name] for name in key))


def jobs(place: Place) -> Statement:
    """Return the jobs of one place and detector."""
    return select(tables.jobs).where(*_at(tables.jobs.c, place))


def state_versions(place: Place) -> Statement:
    """Return the state versions of one place and detector, newest first."""
    c = tables.state_versions.c
    return select(tables.state_versions).where(*_at(c, place)).order_by(c.sequence.desc())


def event(organisation: str, event_id: str) -> Statement:
    """Return one event as it is now."""
    c = tables.events.c
    return select(tables.events).where(c.organisation == organisation, c.id == event_id)


def event_history(organisation: str, event_id: str) -> Statement:
    """Return all versions of one event, oldest first."""
    c = tables.event_versions.c
    statement = select(tables.event_versions)
    return statement.where(c.organisation == organisation, c.id == event_id).order_by(c.version)


def detections(organisation: str, event_id: str) -> Statement:
    """Return the detections of one event, oldest look first."""
    c = tables.detections.c
    statement = select(tables.detections)
    return statement.where(c.organisation == organisation, c.event == event_id).order_by(
        c.sensed, c.id
    )


def ledger(
    organisation: str,
    region: str,
    since: datetime | None,
    until: datetime | None,
    settlement: str | None,
    start: Position | None,
) -> Statement:
    """Return the ledger of one region, or of one settlement in it, after a position."""
    c = tables.ledger.c
    order = (c.sensed, c.cell, c.acquisition, c.detector, c.settlement)
    earliest, latest = period(since, until)
    statement = select(tables.ledger).where(
        c.organisation == organisation,
        c.region == region,
        c.sensed.between(earliest, latest),
    )
    if settlement is not None:
        statement = statement.where(c.settlement == settlement)
    if start is not None:
        statement = statement.where(tuple_(*order) > tuple_(*start))
    return statement.order_by(*order)


def looks(organisation: str, acquisition: str) -> Statement:
    """Return the ledger rows of one acquisition, by region, place and settlement."""
    c = tables.ledger.c
    mine = select(tables.ledger).where(c.organisation == organisation, c.acquisition == acquisition)
    return mine.order_by(c.region, c.cell, c.detector, c.settlement)


def ledger_totals(organisation: str, region: str | None) -> Select[Any]:
    """Return the looks and usable looks of each region and detector, and when the last was."""
    c = tables.ledger.c
    alone = [] if region is None else [c.region == region]
    return _totals(c, c.region).where(c.organisation == organisation, *alone)


def settlement_totals(organisation: str, region: str) -> Select[Any]:
    """Return the same for each settlement of one region and detector."""
    c = tables.ledger.c
    return _totals(c, c.settlement).where(c.organisation == organisation, c.region == region)


def usable_looks(organisation: str, region: str, detector: str) -> Select[tuple[str, int]]:
    """Return the settlements of a region with the times at which a detector saw each, in order."""
    c = tables.ledger.c
    seen = select(c.settlement, c.sensed).where(
        c.organisation == organisation, c.region == region, c.detector == detector, _usable(c)
    )
    return seen.distinct().order_by(c.settlement, c.sensed)


def ledger_now(look: tuple[str, ...]) -> Statement:
    """Return the ledger row of one look."""
    return select(tables.ledger).where(*_of_look(tables.ledger.c, look))


def ledger_past(look: tuple[str, ...]) -> Statement:
    """Return the replaced ledger rows of one look, oldest first."""
    c = tables.ledger_history.c
    return select(tables.ledger_history).where(*_of_look(c, look)).order_by(c.seq)


def period(since: datetime | None, until: datetime | None) -> tuple[int, int]:
    """Return both ends of a period in microseconds since 1970, where it has none those of time."""
    return (
        _EVER[0] if since is None else microseconds(since),
        _EVER[1] if until is None else microseconds(until),
    )


def _totals(c: Any, place: Any) -> Select[Any]:
    usable = _usable(c)
    return (
        select(
            place,
            c.detector,
            func.count(c.acquisition.distinct()).label("looks"),
            func.count(case((usable, c.acquisition)).distinct()).label("usable"),
            func.max(c.sensed).label("last"),
            func.max(case((usable, c.sensed))).label("last_usable"),
        )
        .group_by(place, c.detector)
        .order_by(place, c.detector)
    )


def _usable(c: Any) -> Condition:
    usable: Condition = c.status.in_([status.value for status in USABLE])
    return usable


def meets(c: Any, bbox: Bounds) -> Condition:
    """Return the condition that the edges of a row meet a box."""
    return or_(
        *(
            and_(c.west <= box.east, c.east >= box.west, c.south <= box.north, c.north >= box.south)
            for box in boxes(bbox)
        )
    )


def _at(c: Any, place: Place) -> list[Condition]:
    return [c[name] == value for name, value in place._asdict().items()]


def _of_look(c: Any, look: tuple[str, ...]) -> list[Condition]:
    return [c[name] == value for name, value in zip(IDENTITY[LedgerRow], look, strict=True)]
