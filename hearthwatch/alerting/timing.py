"""When a receiver is told: at once, in the morning or on Mondays, and not in its quiet hours."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from hearthwatch.alerting.severity import is_at_least
from hearthwatch.errors import AlertError
from hearthwatch.records import Receiver, Rhythm, Severity

MORNING = time(7)
"""When what is told daily or weekly is told, by the receiver's clock."""
MONDAY = 0

_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_NOT_MEANT = frozenset({"Factory", "localtime"})
"""Listed, but they mean another time on each machine, or none."""


def due(
    made: datetime,
    rhythms: Collection[Rhythm],
    receiver: Receiver,
    severity: Severity,
    *,
    told: Collection[Rhythm] = (),
    at_night: bool = False,
) -> datetime:
    """Return when a receiver is to be told of an alert.

    Never before the alert was made, never in quiet hours unless it is so severe that they do not
    count, and never more than 8 days later by the receiver's clock. With a zone that this machine
    does not know (any more), the clock is that of UTC: an alert is told all the same.

    Parameters
    ----------
    made : datetime
        When the alert was made, with a zone.
    rhythms : collection of Rhythm
        Of all subscriptions that the event meets; the one that tells first counts.
    severity : Severity
        Of the event.
    told : collection of Rhythm
        Of the subscriptions because of which the receiver was told of the event before; they
        count where it meets none now, as one that was taken back does. Where there are none
        either it is told at once.
    at_night : bool
        Whether quiet hours do not count, however severe it is.
    """
    zone = _zone(receiver.zone)
    every = rhythms or told or (Rhythm.INSTANT,)
    moment = min(_next(rhythm, made.astimezone(UTC), zone) for rhythm in every)
    start, end = receiver.quiet_from, receiver.quiet_until
    override = receiver.quiet_override
    wakes = at_night or (override is not None and is_at_least(severity, override))
    if start is None or end is None or wakes:
        return moment
    return _Quiet(start, end, zone).end_of(moment)


def check_zone(name: str) -> str:
    """Return the name of a time zone.

    Raises
    ------
    AlertError
        There is no such zone.
    """
    if name not in _zone_names():
        raise AlertError(
            f"There is no time zone {name[:60]!r}. Name one as the IANA database does: "
            "Africa/Khartoum, Asia/Yangon, UTC."
        )
    return name


@cache
def _zone_names() -> frozenset[str]:
    return frozenset(available_timezones() - _NOT_MEANT)


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def _next(rhythm: Rhythm, moment: datetime, zone: tzinfo) -> datetime:
    """Return when a rhythm next tells, at a moment in UTC or after it; in UTC."""
    if rhythm is Rhythm.INSTANT:
        return moment
    day = moment.astimezone(zone).date()
    while True:
        morning = datetime.combine(day, MORNING, zone).astimezone(UTC)
        is_day = rhythm is Rhythm.DAILY or day.weekday() == MONDAY
        if is_day and morning >= moment:
            return morning
        day += _DAY


class _Quiet:
    """The quiet hours of a receiver.

    Parameters
    ----------
    start, end : int
        Minutes after midnight; where the second is the earlier one they go over midnight, and
        where both are the same there are none.
    """

    def __init__(self, start: int, end: int, zone: tzinfo) -> None:
        # No record, however wrong, may make the whole day quiet: that would have no end.
        self._start, self._end = (timedelta(minutes=one) % _DAY for one in (start, end))
        self._zone = zone

    def end_of(self, moment: datetime) -> datetime:
        """Return the first moment, from one on, that is not in quiet hours; in UTC."""
        while self._holds(moment):
            moment = self._next_end(moment)
        return moment

    def _holds(self, moment: datetime) -> bool:
        clock = self._clock(moment)
        of_day = clock - _midnight(clock)
        if self._start <= self._end:
            return self._start <= of_day < self._end
        return of_day >= self._start or of_day < self._end

    def _next_end(self, moment: datetime) -> datetime:
        """Return when the clock next shows the end, or is set if that is sooner."""
        clock = self._clock(moment)
        end = _midnight(clock) + self._end
        if end <= clock:
            end += _DAY
        # In autumn the clock may show it twice.
        shown = (end.replace(tzinfo=self._zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        return self._first_set(moment, min(one for one in shown if one > moment))

    def _first_set(self, low: datetime, high: datetime) -> datetime:
        """Return when between two moments the clock is set, the later one if it is not."""
        before = self._offset(low)
        if self._offset(high) == before:
            return high
        low = low.replace(microsecond=0)
        while high - low > _SECOND:
            middle = low + (high - low) // _SECOND // 2 * _SECOND
            if self._offset(middle) == before:
                low = middle
            else:
                high = middle
        return high

    def _clock(self, moment: datetime) -> datetime:
        return moment.astimezone(self._zone).replace(tzinfo=None, fold=0)

    def _offset(self, moment: datetime) -> timedelta | None:
        return moment.astimezone(self._zone).utcoffset()


def _midnight(clock: datetime) -> datetime:
    return datetime.combine(clock.date(), time())
