"""The checks of what sends alerts, and of what was found to be wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hearthwatch.alerts.sending import LEASE
from hearthwatch.cli.call import Call
from hearthwatch.cli.checks import Check, Outcome
from hearthwatch.watchdogs.shown import is_watching, standing
from hearthwatch.words import counted, day

LONG = timedelta(minutes=15)
"""A message that waits for so long is worth a look."""


def alerts(call: Call) -> Check:
    """Check that something sends where there is anybody to be told, and what waits."""
    if not call.is_kept:
        return Check(Outcome.OK, "nobody is to be told of anything")
    now = datetime.now(UTC)
    with call.store() as store:
        told = len(store.receivers(call.organisation))
        count, oldest = store.backlog(call.organisation)
        held = store.lease(LEASE)
    if not told:
        return Check(Outcome.OK, "nobody is to be told of anything")
    waiting = f"{counted(told, 'receiver')}, {counted(count, 'message')} waiting"
    if held is None or held.until <= now:
        advice = "Run `hearthwatch up`, or `hearthwatch send` beside `hearthwatch serve`."
        return Check(Outcome.WARN, f"{waiting}, and nothing sends", advice)
    if oldest is not None and now - oldest > LONG:
        advice = "GET /messages?state=waiting says which, and what came of every attempt."
        return Check(Outcome.WARN, f"{waiting}, the oldest since {oldest:%Y-%m-%d %H:%M}", advice)
    return Check(Outcome.OK, waiting)


def alarms(call: Call) -> Check:
    """Check that something looks for what is wrong where anything is watched, and what it found."""
    if not call.is_kept:
        return Check(Outcome.OK, "nothing is watched")
    now = datetime.now(UTC)
    with call.store() as store:
        found = standing(store, call.organisation)
        watches, watching = bool(store.organisations()), is_watching(store, now)
    if found:
        said = ", ".join(f"{one.kind.value} since {day(one.since)}" for one in found)
        advice = "`hearthwatch alarms` says what to do about each."
        return Check(Outcome.WARN, f"{counted(len(found), 'alarm')} open: {said}", advice)
    if watches and not watching:
        advice = "Run `hearthwatch up`, or `hearthwatch send` beside `hearthwatch serve`."
        return Check(Outcome.WARN, "nothing looks for what is wrong", advice)
    return Check(Outcome.OK, "no alarm is open" if watches else "nothing is watched")
