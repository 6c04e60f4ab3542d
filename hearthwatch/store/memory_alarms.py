"""What the store in memory keeps of what is wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from hearthwatch.records import Alarm, Alert, Channel, LedgerRow, Message, MessageState, Receiver
from hearthwatch.store import rules
from hearthwatch.store.codec import microseconds, to_row
from hearthwatch.store.memory_tables import MemoryReader, MemoryWriter
from hearthwatch.store.rules import ARRIVED, SET_ASIDE, STUCK_AFTER, Stuck


class MemoryAlarmWrites(MemoryWriter):
    """Writes about alarms."""

    def put_alarm(self, alarm: Alarm) -> None:
        """Add an alarm or replace it."""
        with self._turn.step():
            self._replace(Alarm, to_row(alarm))

    def set_aside(self, at: datetime) -> tuple[int, int]:
        """Let nothing that waits be told before `take_up`; return how many messages and alerts."""
        waits = {"state": MessageState.WAITING.value}
        given_up = {
            "state": MessageState.DEAD.value, "ended": microseconds(at), "holder": "",
            "held_until": None,
        }  # fmt: skip
        later = {"due": microseconds(SET_ASIDE)}
        with self._turn.step():
            messages = self._change(Message, waits, given_up)
            return messages, self._change(Alert, {"message": ""}, later)

    def take_up(self, at: datetime, now: datetime) -> tuple[int, int]:
        """Let be told what was set aside at a time; return how many messages and alerts."""
        moment = microseconds(now)
        put_aside = {"state": MessageState.DEAD.value, "ended": microseconds(at)}
        again = {
            "state": MessageState.WAITING.value,
            "ended": None,
            "since": moment,
            "next": moment,
        }
        held = {"message": "", "due": microseconds(SET_ASIDE)}
        with self._turn.step():
            messages = self._change(Message, put_aside, again, spent="attempts")
            return messages, self._change(Alert, held, {"due": moment})

    def _change(
        self, record: type, having: Mapping[str, object], new: Mapping[str, object], spent: str = ""
    ) -> int:
        """Change the rows that have some values; return how many."""
        rows = [rows[-1] for rows in self._draft.by_record[record].values()]
        found = [row for row in rows if all(row[name] == one for name, one in having.items())]
        for row in found:
            more = {"spent": row[spent]} if spent else {}
            self._replace(record, {**row, **new, **more})
        return len(found)


class MemoryAlarmReads(MemoryReader):
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
        every = self._open().all(Alarm, organisation)
        found = [
            one
            for one in every
            if not open_only
            or one.cleared is None
            or (or_over_since is not None and one.cleared > or_over_since)
        ]
        return tuple(sorted(found, key=lambda one: (-microseconds(one.raised), one.id))[:most])

    def alarm(self, organisation: str, alarm_id: str) -> Alarm:
        """Return one alarm; `NotFound` if there is none."""
        found = self._open().newest(Alarm, (organisation, alarm_id))
        if found is None:
            raise rules.not_there("alarm", alarm_id)
        return found

    def overdue(self, before: datetime) -> tuple[int, datetime | None]:
        """Return how much should have been told before a time, and since when the oldest of it."""
        since = [
            one.next
            for one in self._open().all(Message)
            if one.state is MessageState.WAITING
            and one.next <= before
            and (one.held_until is None or one.held_until <= before)
        ]
        since += [
            one.due for one in self._open().all(Alert) if not one.message and one.due <= before
        ]
        return len(since), min(since, default=None)

    def stuck(self) -> Sequence[Stuck]:
        """Return the channels by which messages wait that were tried in vain, by name."""
        by = {(one.organisation, one.id): one.channel for one in self._open().all(Receiver)}
        every: defaultdict[Channel, list[Message]] = defaultdict(list)
        for one in self._open().all(Message):
            every[by[one.organisation, one.receiver]].append(one)
        found = (_stuck(channel, every[channel]) for channel in sorted(every))
        return [one for one in found if one is not None]

    def arrived(self, organisation: str, since: datetime) -> Mapping[str, Mapping[str, datetime]]:
        """Return when the newest look was taken that arrived, by region and detector."""
        newest: defaultdict[str, dict[str, datetime]] = defaultdict(dict)
        for row in self._open().all(LedgerRow, organisation):
            if row.status in ARRIVED and row.sensed >= since:
                known = newest[row.region].get(row.detector, row.sensed)
                newest[row.region][row.detector] = max(known, row.sensed)
        return newest


def _stuck(channel: Channel, messages: Sequence[Message]) -> Stuck | None:
    vain = [
        one
        for one in messages
        if one.state is MessageState.WAITING and one.attempts - one.spent >= STUCK_AFTER
    ]
    if not vain:
        return None
    since = min(one.since or one.made for one in vain)
    delivers = any(
        one.state is MessageState.DELIVERED and one.next >= since and one.attempts
        for one in messages
    )
    return Stuck(channel, len(vain), since, delivers)
