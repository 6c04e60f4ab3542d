"""From what is found to alarms: one is open of a kind and subject, however often it is found.

An alarm is over when it was found no more for a while, so that what comes and goes within
minutes stays one.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime, timedelta

from hearthwatch.records import Alarm, AlarmKind, Severity
from hearthwatch.watchdogs.facts import Finding

QUIET = timedelta(minutes=10)
"""An alarm that was found no more for so long is over."""
AGAIN = timedelta(hours=24)
"""Where more came to an open alarm it is told once more, after so long at the earliest."""
AGAIN_SOON = dict.fromkeys((AlarmKind.UNANSWERED, AlarmKind.UNRELEASED), timedelta(hours=1))
"""The same of those where what came to it cannot wait for a day: each is an event of its own."""
BY_PEOPLE = frozenset({AlarmKind.RESTORED})
"""Alarms that are over when somebody says so, and not when they are found no more."""
SEVERITY = {
    AlarmKind.NO_HEARTBEAT: Severity.EXTREME,
    AlarmKind.SENDER_DEAD: Severity.EXTREME,
    AlarmKind.CHANNEL_DOWN: Severity.SEVERE,
    AlarmKind.QUEUE_AGE: Severity.SEVERE,
    AlarmKind.STORE_LOCKED: Severity.SEVERE,
    AlarmKind.DISK_LOW: Severity.SEVERE,
    AlarmKind.RESTORED: Severity.SEVERE,
    AlarmKind.NO_DATA: Severity.SEVERE,
    AlarmKind.NOT_READ: Severity.SEVERE,
    AlarmKind.OWNER_GONE: Severity.SEVERE,
    AlarmKind.UNANSWERED: Severity.EXTREME,
    AlarmKind.UNRELEASED: Severity.SEVERE,
    AlarmKind.PROVIDER_PAUSED: Severity.MODERATE,
    AlarmKind.PASS_MISSING: Severity.MODERATE,
    AlarmKind.CLOCK_JUMP: Severity.MODERATE,
}
"""How urgent it is that somebody sees to it: for quiet hours."""

Wording = Callable[[AlarmKind, str], tuple[str, str]]
"""Says of a kind and a subject what is wrong and what to do, in English."""


def settled(
    organisation: str,
    standing: Iterable[Alarm],
    findings: Sequence[Finding],
    now: datetime,
    wording: Wording,
) -> list[Alarm]:
    """Return the alarms that are new or changed by what is found now.

    Parameters
    ----------
    organisation : str
        Whose they are; empty for the installation's.
    standing : iterable of Alarm
        Those that are open.
    findings : sequence of Finding
        All there are now: what is not among them is found no more.
    """
    by_name = {(one.kind, one.subject): one for one in standing}
    found = {(one.kind, one.subject): one for one in findings}
    changed = [
        touched(by_name[name], one, now) if name in by_name
        else opened(organisation, one, now, wording)
        for name, one in found.items()
    ]  # fmt: skip
    over = [
        dataclasses.replace(one, cleared=now)
        for name, one in by_name.items()
        if name not in found and one.kind not in BY_PEOPLE and _is_quiet(one, now)
    ]
    return changed + over


def opened(organisation: str, found: Finding, now: datetime, wording: Wording) -> Alarm:
    """Return the alarm of what was found for the first time."""
    words, advice = wording(found.kind, found.subject)
    return Alarm(
        id=f"alm-{uuid.uuid4().hex}",
        organisation=organisation,
        kind=found.kind,
        subject=found.subject,
        severity=SEVERITY[found.kind],
        since=min(found.since, now),
        raised=now,
        seen=now,
        words=words,
        advice=advice,
        regions=found.regions,
        items=found.items,
    )


def touched(alarm: Alarm, found: Finding, now: datetime) -> Alarm:
    """Return an alarm that is found again."""
    return dataclasses.replace(
        alarm,
        since=min(alarm.since, found.since),
        seen=now,
        rounds=alarm.rounds + 1,
        regions=found.regions,
        items=found.items,
    )


def has_more(alarm: Alarm, now: datetime) -> bool:
    """Tell whether so much came to an alarm that it is to be told once more."""
    if alarm.told_at is None or alarm.cleared is not None:
        return False
    again = AGAIN_SOON.get(alarm.kind, AGAIN)
    return now - alarm.told_at >= again and not set(alarm.items) <= set(alarm.said)


def told(alarm: Alarm, receivers: Collection[str], now: datetime) -> Alarm:
    """Return an alarm that receivers were told of, or, where it is over, told that it is."""
    if alarm.cleared is not None:
        return dataclasses.replace(alarm, over_told=_with(alarm.over_told, receivers))
    if alarm.told_at is not None and not has_more(alarm, now):
        return dataclasses.replace(alarm, told=_with(alarm.told, receivers))
    # Whoever is not told of what came to it now is told in a later round.
    said = _with(alarm.said, alarm.items)
    return dataclasses.replace(alarm, told=_with((), receivers), told_at=now, said=said)


def _is_quiet(alarm: Alarm, now: datetime) -> bool:
    # A clock that was set back must not keep an alarm open for ever.
    return abs(now - alarm.seen) >= QUIET


def _with(before: Collection[str], more: Collection[str]) -> tuple[str, ...]:
    return tuple(sorted({*before, *more}))
