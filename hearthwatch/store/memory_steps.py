"""What the store in memory keeps of how long alerts take."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter

from hearthwatch.records import (
    Alert,
    Detection,
    Event,
    EventSource,
    Job,
    JobKey,
    Mode,
    Opinion,
    Steps,
    TimedAlert,
)
from hearthwatch.store import delays
from hearthwatch.store.codec import from_row, microseconds, to_row
from hearthwatch.store.delays import Delays
from hearthwatch.store.memory_tables import MemoryReader, MemoryWriter, key_of
from hearthwatch.store.rules import ORIGIN, Behind, Look


class MemoryStepWrites(MemoryWriter):
    """Writes about what led to alerts, and what came of them."""

    def note_origins(self, organisation: str, origins: Mapping[str, Steps]) -> None:
        """Write what led to alerts, by their ids; what came of them stays as it is."""
        with self._turn.step():
            for its_id, steps in origins.items():
                rows = self._draft.by_record[Alert].get((organisation, its_id))
                if rows:
                    origin = {name: to_row(steps)[name] for name in ORIGIN}
                    self._replace(Alert, {**rows[-1], **origin})

    def note_sent(self, organisation: str, message: str, at: datetime) -> None:
        """Write when the alerts in a message were sent, where they were not sent before."""
        with self._turn.step():
            for one in list(self._draft.all(Alert, organisation)):
                if one.message == message and one.steps.sent is None:
                    self._replace(Alert, {**to_row(one), "sent": microseconds(at)})

    def note_acknowledged(self, organisation: str, event: str, receiver: str, at: datetime) -> int:
        """Write when a receiver said that it has what it was told of an event until then."""
        with self._turn.step():
            found = [
                one
                for one in self._draft.all(Alert, organisation)
                if (one.event, one.receiver) == (event, receiver)
                and one.message
                and one.made <= at
                and one.steps.acknowledged is None
            ]
            for one in found:
                self._replace(Alert, {**to_row(one), "acknowledged": microseconds(at)})
            return len(found)


class MemoryStepReads(MemoryReader):
    """Questions about how long alerts take."""

    def alerts_to_look_up(self, most: int) -> tuple[Alert, ...]:
        """Return alerts of all organisations of which nobody looked up what led to them."""
        every = self._open().all(Alert)
        return tuple(one for one in every if one.steps.looked_up is None)[:most]

    def timed_alerts(
        self, organisation: str, since: datetime, *, region: str | None = None
    ) -> tuple[TimedAlert, ...]:
        """Return when things happened of alerts made since a time, in the order made."""
        every = self._open().all(Alert, organisation)
        found = [
            from_row(TimedAlert, to_row(one))
            for one in every
            if one.made >= since and region in (None, one.steps.region)
        ]
        return tuple(sorted(found, key=attrgetter("made", "id")))

    def behind(self, organisation: str, alerts: Collection[str]) -> Mapping[str, Behind]:
        """Return what alerts stand on, by their ids; those whose event is gone are left out."""
        every = (self._open().newest(Alert, (organisation, one)) for one in set(alerts))
        wanted = [one for one in every if one is not None]
        looks: dict[str, list[Detection]] = {one.event: [] for one in wanted}
        for look in self._open().all(Detection, organisation):
            if look.event in looks:
                looks[look.event].append(look)
        found = {}
        for one in wanted:
            event = self._open().newest(Event, (organisation, one.event))
            if event is not None:
                last = one.steps.sensed or one.made
                spoke = [look for look in looks[one.event] if look.sensed <= last]
                newest = max(spoke, key=attrgetter("sensed", "id"), default=None)
                found[one.id] = Behind(event.region, None if newest is None else self._look(newest))
        return found

    def opinions_of(
        self, organisation: str, events: Collection[str]
    ) -> Mapping[str, Sequence[Opinion]]:
        """Return what people said of events, oldest first; without those of which nothing was."""
        found: defaultdict[str, list[Opinion]] = defaultdict(list)
        for one in sorted(self._open().all(Opinion, organisation), key=attrgetter("version", "id")):
            if one.event in events:
                found[one.event].append(one)
        return found

    def _look(self, one: Detection) -> Look:
        key = JobKey(
            one.organisation, one.kind, one.region, one.cell, one.acquisition, one.detector
        )
        job = self._open().newest(Job, key_of(Job, to_row(key)))
        source = self._open().newest(EventSource, (one.organisation, one.source))
        sensors = () if source is None else source.sensors
        return Look(key, one.sensed, sensors, None if job is None else job.committed)

    def delays(self, bounds: Sequence[timedelta]) -> Mapping[str, Delays]:
        """Return how long real alerts of all organisations took, by `delays.SECTIONS`."""
        real = [one for one in self._open().all(Alert) if one.mode is Mode.ACTUAL]
        return {section: _delays(section, real, bounds) for section in delays.SECTIONS}


def _delays(section: str, alerts: Sequence[Alert], bounds: Sequence[timedelta]) -> Delays:
    took = [one for one in (_took(section, alert) for alert in alerts) if one is not None]
    up_to = tuple(sum(one <= bound for one in took) for bound in bounds)
    return Delays(up_to, len(took), sum(took, timedelta()) / timedelta(seconds=1))


def _took(section: str, alert: Alert) -> timedelta | None:
    row, (start, end) = to_row(alert), delays.SECTIONS[section]
    if row[start] is None or row[end] is None:
        return None
    took = timedelta(microseconds=max(0, row[end] - row[start]))
    if delays.needs_look(section) and (
        took > delays.LIVE or alert.due - alert.made >= delays.AT_ONCE
    ):
        return None
    return took
