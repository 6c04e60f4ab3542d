"""The check of what sends alerts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hearthwatch.alerts.sending import LEASE
from hearthwatch.cli.call import Call
from hearthwatch.cli.checks import Check, Outcome
from hearthwatch.words import counted

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
