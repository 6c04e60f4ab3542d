"""What is wrong with the service, and its sign of life, in words."""

from __future__ import annotations

from datetime import datetime

from hearthwatch.alerting.facts import AlarmTold, Beat
from hearthwatch.alerts.words.catalogue import clean, quoted, say
from hearthwatch.alerts.words.figures import instant, moment
from hearthwatch.records import AlarmKind, Language

COMMANDS = {
    AlarmKind.NO_DATA: "hearthwatch status",
    AlarmKind.PASS_MISSING: "hearthwatch status",
    AlarmKind.PROVIDER_PAUSED: "hearthwatch spend",
    AlarmKind.NOT_READ: "hearthwatch status",
    AlarmKind.UNANSWERED: "hearthwatch responses EVENT",
    AlarmKind.UNRELEASED: "hearthwatch responses EVENT",
    AlarmKind.NO_HEARTBEAT: "hearthwatch up",
    AlarmKind.SENDER_DEAD: "hearthwatch send",
    AlarmKind.RESTORED: "hearthwatch send --after-restore",
}
"""What to type about an alarm; about any other ``hearthwatch doctor``."""
ANY = "hearthwatch doctor"

_COUNTED = {
    AlarmKind.PASS_MISSING: "alarm-passes",
    AlarmKind.OWNER_GONE: "alarm-receivers",
    AlarmKind.UNANSWERED: "alarm-events",
    AlarmKind.UNRELEASED: "alarm-events",
}
"""What the items of an alarm are, where they are no regions."""


def what(kind: AlarmKind, subject: str, language: Language) -> str:
    """Return what is wrong, in one sentence."""
    return say(language, _key("alarm", kind), subject=clean(subject))


def advice(kind: AlarmKind, language: Language) -> str:
    """Return what to do about it."""
    return say(language, _key("alarm-do", kind), command=COMMANDS.get(kind, ANY))


def alarm(told: AlarmTold, language: Language, zone: str) -> str:
    """Return what a receiver is told of one alarm, a line each."""
    kind = AlarmKind(told["kind"])
    lines = [what(kind, told["subject"], language)]
    if told["over"]:
        return "\n".join([*lines, _at("alarm-over", told["over"], language, zone)])
    lines.append(_at("alarm-since", told["since"], language, zone))
    if kind in _COUNTED and told["items"]:
        lines.append(say(language, _COUNTED[kind], count=told["items"]))
    if told["regions"]:
        lines.append(say(language, "alarm-regions", count=told["regions"]))
    lines += [f"- {quoted(language, name)}" for name in told["names"]]
    left = told["regions"] - len(told["names"])
    if told["names"] and left > 0:
        lines.append(say(language, "alarm-more", count=left))
    return "\n".join([*lines, advice(kind, language)])


def beat(told: Beat | None, following: datetime | None, language: Language, zone: str) -> list[str]:
    """Return what a sign of life says of the watches, and what it means if none comes."""
    found = []
    if told is not None:
        since = moment(told["since"], language, zone)
        found.append("\n".join([
            say(language, "beat-regions", count=told["regions"]),
            say(language, "beat-fresh", count=told["fresh"], since=since),
            say(language, "beat-alarms", count=told["alarms"]),
        ]))  # fmt: skip
    if following is not None:
        found.append(say(language, "beat-next", at=instant(following, language, zone)))
    return found


def _at(key: str, at: str, language: Language, zone: str) -> str:
    return say(language, key, at=moment(at, language, zone))


def _key(sort: str, kind: AlarmKind) -> str:
    return f"{sort}-{kind.value.replace('_', '-')}"
