"""What the SQL store keeps of what is wrong; see `hearthwatch.store.protocol_alarms`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import and_, func, or_, select, update

from hearthwatch.records import Alarm, Channel, MessageState
from hearthwatch.store import rules, tables
from hearthwatch.store.codec import from_microseconds, microseconds, to_row
from hearthwatch.store.faults import translated
from hearthwatch.store.rules import ARRIVED, IDENTITY, SET_ASIDE, STUCK_AFTER, Stuck
from hearthwatch.store.sql_rows import SqlReader, SqlWriter


class SqlAlarmWrites(SqlWriter):
    """Writes about alarms."""

    def put_alarm(self, alarm: Alarm) -> None:
        """Add an alarm or replace it."""
        with self._step():
            self._put(tables.alarms, to_row(alarm), IDENTITY[Alarm])

    def set_aside(self, at: datetime) -> tuple[int, int]:
        """Let nothing that waits be told before `take_up`; return how many messages and alerts."""
        m, a = tables.messages, tables.alerts
        given_up = {
            "state": MessageState.DEAD.value, "ended": microseconds(at), "holder": "",
            "held_until": None,
        }  # fmt: skip
        with self._step():
            waiting = m.c.state == MessageState.WAITING.value
            messages = self._connection.execute(update(m).where(waiting).values(given_up)).rowcount
            later = {"due": microseconds(SET_ASIDE)}
            alerts = self._connection.execute(update(a).where(a.c.message == "").values(later))
            return messages, alerts.rowcount

    def take_up(self, at: datetime, now: datetime) -> tuple[int, int]:
        """Let be told what was set aside at a time; return how many messages and alerts."""
        m, a, moment = tables.messages, tables.alerts, microseconds(now)
        again = {
            "state": MessageState.WAITING.value, "ended": None, "since": moment, "next": moment,
            "spent": m.c.attempts,
        }  # fmt: skip
        with self._step():
            put_aside = and_(m.c.state == MessageState.DEAD.value, m.c.ended == microseconds(at))
            messages = self._connection.execute(update(m).where(put_aside).values(again)).rowcount
            held = and_(a.c.message == "", a.c.due == microseconds(SET_ASIDE))
            alerts = self._connection.execute(update(a).where(held).values(due=moment))
            return messages, alerts.rowcount


class SqlAlarmReads(SqlReader):
    """Questions about alarms, and what shows them."""

    def alarms(
        self,
        organisation: str,
        *,
        open_only: bool = False,
        or_over_since: datetime | None = None,
        most: int = 200,
    ) -> tuple[Alarm, ...]:
        """Return the alarms of an organisation, newest first; empty for the installation's."""
        c = tables.alarms.c
        mine = select(tables.alarms).where(c.organisation == organisation)
        if open_only and or_over_since is not None:
            lately = c.cleared > microseconds(or_over_since)
            mine = mine.where(or_(c.cleared.is_(None), lately))
        elif open_only:
            mine = mine.where(c.cleared.is_(None))
        return self._all(Alarm, mine.order_by(c.raised.desc(), c.id).limit(most))

    def alarm(self, organisation: str, alarm_id: str) -> Alarm:
        """Return one alarm; `NotFound` if there is none."""
        c = tables.alarms.c
        mine = select(tables.alarms).where(c.organisation == organisation, c.id == alarm_id)
        found = self._one(Alarm, mine)
        if found is None:
            raise rules.not_there("alarm", alarm_id)
        return found

    def overdue(self, before: datetime) -> tuple[int, datetime | None]:
        """Return how much should have been told before a time, and since when the oldest of it."""
        m, a, moment = tables.messages.c, tables.alerts.c, microseconds(before)
        free = or_(m.held_until.is_(None), m.held_until <= moment)
        asked = (
            select(func.count(), func.min(m.next)).where(
                m.state == MessageState.WAITING.value, m.next <= moment, free
            ),
            select(func.count(), func.min(a.due)).where(a.message == "", a.due <= moment),
        )
        with self._connect(self._single) as connection, translated():
            found = [connection.execute(one).one() for one in asked]
        oldest = min((since for _, since in found if since is not None), default=None)
        count = sum(int(some) for some, _ in found)
        return count, None if oldest is None else from_microseconds(oldest)

    def stuck(self) -> Sequence[Stuck]:
        """Return the channels by which messages wait that were tried in vain, by name."""
        m, r = tables.messages.c, tables.receivers.c
        whose = and_(r.organisation == m.organisation, r.id == m.receiver)
        both = tables.messages.join(tables.receivers, whose)
        since = func.min(func.coalesce(m.since, m.made))
        waiting = (
            select(r.channel, func.count(), since)
            .select_from(both)
            .where(m.state == MessageState.WAITING.value, m.attempts - m.spent >= STUCK_AFTER)
            .group_by(r.channel)
            .order_by(r.channel)
        )
        with self._connect(self._single) as connection, translated():
            found = connection.execute(waiting).all()
            # What was delivered after the oldest of them began is due after it too.
            return [
                Stuck(
                    Channel(channel), int(count), from_microseconds(began),
                    connection.execute(
                        select(m.number)
                        .select_from(both)
                        .where(
                            m.state == MessageState.DELIVERED.value, m.next >= began,
                            m.attempts > 0, r.channel == channel,
                        )
                        .limit(1)
                    ).first() is not None,
                )
                for channel, count, began in found
            ]  # fmt: skip

    def arrived(self, organisation: str, since: datetime) -> Mapping[str, Mapping[str, datetime]]:
        """Return when the newest look was taken that arrived, by region and detector."""
        c = tables.ledger.c
        asked = (
            select(c.region, c.detector, func.max(c.sensed))
            .where(
                c.organisation == organisation, c.sensed >= microseconds(since),
                c.status.in_([one.value for one in ARRIVED]),
            )
            .group_by(c.region, c.detector)
        )  # fmt: skip
        newest: defaultdict[str, dict[str, datetime]] = defaultdict(dict)
        with self._connect(self._single) as connection, translated():
            for region, detector, sensed in connection.execute(asked):
                newest[region][detector] = from_microseconds(sensed)
        return newest
