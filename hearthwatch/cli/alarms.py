"""`hearthwatch alarms`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from hearthwatch.access.standing import Caller
from hearthwatch.audit.entries import COMMAND_LINE
from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.records import Alarm, Role, Scope
from hearthwatch.values import moment
from hearthwatch.watchdogs.answering import Alarms
from hearthwatch.watchdogs.shown import alarm_value, is_watching, standing, watched_at
from hearthwatch.words import day

HEADER = ("id", "kind", "subject", "since", "regions", "told", "seen to", "over")
UNWATCHED = (
    "Nothing looks for what is wrong: run `hearthwatch up`, or `hearthwatch send` beside "
    "`hearthwatch serve`. That there is no alarm says nothing."
)


def show(call: Call) -> Answer:
    """List alarms."""
    now = datetime.now(UTC)
    with call.store() as store:
        found = standing(store, call.organisation, open_only=not call.args.all)
        watching, watched = is_watching(store, now), watched_at(store)
        own = [one.id for one in store.receivers(call.organisation, removed=True)]
        names = store.region_names(call.organisation)
    document = {
        "watching": watching,
        "watched": moment(watched),
        "items": [alarm_value(one, call.organisation, own) for one in found],
    }
    lines = [table(HEADER, [_row(one) for one in found])] if found else ["No alarm is open."]
    lines += [f"{one.id}: {line}" for one in found for line in _words(one, names)]
    if not watching:
        lines.append(UNWATCHED)
    return Answer(document, "\n".join(lines))


def acknowledge(call: Call) -> Answer:
    """Say that somebody sees to an alarm."""
    who = Caller(call.organisation, COMMAND_LINE, COMMAND_LINE, Role.ADMIN, frozenset(Scope))
    with call.store(write=True, alone=False) as store:
        alarms = Alarms(store, who, call.settings.organisation, datetime.now(UTC))
        found = alarms.acknowledge(call.args.alarm)
        own = [one.id for one in store.receivers(call.organisation, removed=True)]
    return Answer(
        alarm_value(found, call.organisation, own), f"Somebody sees to {found.id}: {found.words}"
    )


def lines_of(alarms: Iterable[Alarm]) -> list[str]:
    """Return a line for each alarm, for other commands."""
    return [
        f"alarm {one.kind.value} since {day(one.since)}: {one.words} {one.advice}" for one in alarms
    ]


def _row(one: Alarm) -> tuple[str, ...]:
    return (
        one.id, one.kind.value, one.subject or "-", day(one.since), str(len(one.regions)),
        str(len(one.told)), day(one.acknowledged), day(one.cleared),
    )  # fmt: skip


def _words(one: Alarm, names: Mapping[str, str]) -> list[str]:
    about = [names.get(region, region) for region in one.regions]
    said = [one.words, one.advice] if one.cleared is None else [one.words]
    return [*said, *([f"regions: {', '.join(sorted(about))}"] if about else [])]
