"""What the SQL store keeps of how long alerts take; see `hearthwatch.store.protocol_steps`."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Any

from sqlalchemy import RowMapping, Select, and_, bindparam, case, func, select, update

from hearthwatch.records import Alert, JobKey, Kind, Mode, Opinion, Steps, TimedAlert
from hearthwatch.store import delays, tables
from hearthwatch.store.codec import columns, from_microseconds, microseconds, to_row
from hearthwatch.store.delays import Delays
from hearthwatch.store.faults import translated
from hearthwatch.store.rules import ORIGIN, Behind, Look
from hearthwatch.store.sql_alerts import portions
from hearthwatch.store.sql_rows import SqlReader, SqlWriter

KEY = tuple(one.name for one in columns(JobKey))
_SECOND = timedelta(seconds=1)
_MICROSECOND = timedelta(microseconds=1)


class SqlStepWrites(SqlWriter):
    """Writes about what led to alerts, and what came of them."""

    def note_origins(self, organisation: str, origins: Mapping[str, Steps]) -> None:
        """Write what led to alerts, by their ids; what came of them stays as it is."""
        c = tables.alerts.c
        one = and_(c.organisation == bindparam("whose"), c.id == bindparam("which"))
        change = update(tables.alerts).where(one).values({name: bindparam(name) for name in ORIGIN})
        rows = [
            {"whose": organisation, "which": its_id, **{name: to_row(its)[name] for name in ORIGIN}}
            for its_id, its in origins.items()
        ]
        with self._step():
            if rows:
                self._connection.execute(change, rows)

    def note_sent(self, organisation: str, message: str, at: datetime) -> None:
        """Write when the alerts in a message were sent, where they were not sent before."""
        c = tables.alerts.c
        unsent = and_(c.organisation == organisation, c.message == message, c.sent.is_(None))
        with self._step():
            change = update(tables.alerts).where(unsent).values(sent=microseconds(at))
            self._connection.execute(change)

    def note_acknowledged(self, organisation: str, event: str, receiver: str, at: datetime) -> int:
        """Write when a receiver said that it has what it was told of an event until then."""
        c, moment = tables.alerts.c, microseconds(at)
        theirs = and_(c.organisation == organisation, c.event == event, c.receiver == receiver)
        told = and_(theirs, c.message != "", c.made <= moment, c.acknowledged.is_(None))
        with self._step():
            change = update(tables.alerts).where(told).values(acknowledged=moment)
            return self._connection.execute(change).rowcount


class SqlStepReads(SqlReader):
    """Questions about how long alerts take."""

    def alerts_to_look_up(self, most: int) -> tuple[Alert, ...]:
        """Return alerts of all organisations of which nobody looked up what led to them."""
        c = tables.alerts.c
        found = select(tables.alerts).where(c.looked_up.is_(None)).order_by(c.number).limit(most)
        return self._all(Alert, found)

    def timed_alerts(
        self, organisation: str, since: datetime, *, region: str | None = None
    ) -> tuple[TimedAlert, ...]:
        """Return when things happened of alerts made since a time, in the order made."""
        c = tables.alerts.c
        wanted = select(*(c[one.name] for one in columns(TimedAlert))).where(
            c.organisation == organisation, c.made >= microseconds(since)
        )
        if region is not None:
            wanted = wanted.where(c.region == region)
        return self._all(TimedAlert, wanted.order_by(c.made, c.id))

    def behind(self, organisation: str, alerts: Collection[str]) -> Mapping[str, Behind]:
        """Return what alerts stand on, by their ids; those whose event is gone are left out."""
        found: dict[str, Behind] = {}
        with self._connect(self._single) as connection, translated():
            for ids in portions(alerts):
                rows = connection.execute(_behind(organisation, ids)).mappings()
                found |= {row["alert"]: _as_behind(organisation, row) for row in rows}
        return found

    def opinions_of(
        self, organisation: str, events: Collection[str]
    ) -> Mapping[str, Sequence[Opinion]]:
        """Return what people said of events, oldest first; without those of which nothing was."""
        c = tables.opinions.c
        found: defaultdict[str, list[Opinion]] = defaultdict(list)
        for ids in portions(events):
            said = select(tables.opinions).where(c.organisation == organisation, c.event.in_(ids))
            for one in self._all(Opinion, said.order_by(c.version, c.id)):
                found[one.event].append(one)
        return found

    def delays(self, bounds: Sequence[timedelta]) -> Mapping[str, Delays]:
        """Return how long real alerts of all organisations took, by `delays.SECTIONS`."""
        with self._connect(self._reader) as connection, translated():
            rows = {
                section: connection.execute(_by_bound(section, bounds)).all()
                for section in delays.SECTIONS
            }
        return {section: _delays(found, len(bounds)) for section, found in rows.items()}


def _behind(organisation: str, ids: Sequence[str]) -> Select[Any]:
    """Return the question of what alerts stand on: of each one row, by look-ups alone."""
    a, e, s = tables.alerts.c, tables.events.c, tables.event_sources.c
    look, job, every = tables.detections.alias("look"), tables.jobs.c, tables.detections.alias()
    spoke = and_(every.c.organisation == a.organisation, every.c.event == a.event)
    last = (
        select(every.c.number)
        .where(spoke, every.c.sensed <= func.coalesce(a.sensed, a.made))
        .order_by(every.c.sensed.desc(), every.c.id.desc())
        .limit(1)
        .correlate(tables.alerts)
        .scalar_subquery()
    )
    event = and_(e.organisation == a.organisation, e.id == a.event)
    source = and_(s.organisation == look.c.organisation, s.id == look.c.source)
    done = and_(*(job[name] == look.c[name] for name in KEY))
    joined = (
        tables.alerts.join(tables.events, event)
        .outerjoin(look, look.c.number == last)
        .outerjoin(tables.event_sources, source)
        .outerjoin(tables.jobs, done)
    )
    told = (a.id.label("alert"), e.region.label("of_event"), s.sensors, job.committed)
    return (
        select(*told, *(look.c[name] for name in KEY), look.c.sensed)
        .select_from(joined)
        .where(a.organisation == organisation, a.id.in_(ids))
    )


def _as_behind(organisation: str, row: RowMapping) -> Behind:
    if row["sensed"] is None:
        return Behind(row["of_event"], None)
    words = {name: row[name] for name in KEY} | {"kind": Kind(row["kind"])}
    done = row["committed"]
    look = Look(
        JobKey(**words),
        from_microseconds(row["sensed"]),
        tuple(json.loads(row["sensors"] or "[]")),
        None if done is None else from_microseconds(done),
    )
    return Behind(row["of_event"], look)


def _by_bound(section: str, bounds: Sequence[timedelta]) -> Select[Any]:
    """Return what counts a section, and what it took, by the first bound that it keeps."""
    c, (start, end) = tables.alerts.c, delays.SECTIONS[section]
    passed = c[end] - c[start]
    # What an update carried with it was sent before it was due: no figure may go down by it.
    took = case((passed > 0, passed), else_=0)
    wanted = and_(c.mode == Mode.ACTUAL.value, passed.is_not(None))
    if delays.needs_look(section):
        at_once = c.due - c.made < delays.AT_ONCE // _MICROSECOND
        wanted = and_(wanted, took <= delays.LIVE // _MICROSECOND, at_once)
    kept = [(took <= bound // _MICROSECOND, place) for place, bound in enumerate(bounds)]
    place = case(*kept, else_=len(bounds)).label("place")
    asked: Select[Any] = select(place, func.count(), func.sum(took)).where(wanted)
    return asked.group_by(place)


def _delays(found: Sequence[Any], bounds: int) -> Delays:
    counts = {int(place): int(count) for place, count, _ in found}
    up_to = tuple(accumulate(counts.get(place, 0) for place in range(bounds)))
    took = sum(int(one) for _, _, one in found)
    return Delays(up_to, sum(counts.values()), took * _MICROSECOND / _SECOND)
