"""`hearthwatch review queue | claim | assess | undo | agreement`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from hearthwatch.access.standing import Caller
from hearthwatch.archives import archive_of
from hearthwatch.cli.call import Call
from hearthwatch.cli.parts import UsageError
from hearthwatch.cli.persons import given_password, signed_in
from hearthwatch.cli.reading import find_event
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.records import Assessment, RejectionReason, Scope, Verdict
from hearthwatch.review.audits import Sampling
from hearthwatch.review.desk import Desk
from hearthwatch.review.pictures import pictures_of
from hearthwatch.review.queue import queue_of
from hearthwatch.review.seen import Seen
from hearthwatch.review.shown import (
    agreements,
    assessment_value,
    claim_value,
    until_words,
    waiting_value,
)
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import labels_of
from hearthwatch.words import day

MAY = "verify events"


def queue(call: Call) -> Answer:
    """List what waits for somebody to look, the most pressing first."""
    given = given_password(call, twice=False)
    with call.store() as store:
        who = signed_in(call, store, given, Scope.JUDGE, MAY)
        found = queue_of(store, who, _sampling(call), datetime.now(UTC))
        listed = found[: call.args.limit]
        names = store.region_names(call.organisation)
        settlements = labels_of(store, call.organisation, [one.event for one in listed])
    values = [waiting_value(one, who.person, names, settlements) for one in listed]
    text = _table(values) if values else "Nothing waits for you."
    if len(found) > len(listed):
        text += f"\n{len(found) - len(listed)} more wait."
    return Answer({"items": values, "more": len(found) - len(listed)}, text)


def claim(call: Call) -> Answer:
    """Take an event to look at, or give it back."""

    def do(desk: Desk, event: str) -> Answer:
        if call.args.give_back:
            desk.give_back(event)
            return Answer({"event": event, "claim": None}, f"{event}: others may look at it.")
        made = desk.claim(event)
        shown = [
            f"{side}: {one['acquisition']}" if (one := made.shown[side]) else f"{side}: no look"
            for side in ("before", "after")
        ]
        value = {"event": event, "claim": claim_value(made, made.person), "shown": {**made.shown}}
        text = "\n".join([f"{event}: {until_words(made, datetime.now(UTC))}.", *shown])
        return Answer(value, text)

    return _at_desk(call, do)


def assess(call: Call) -> Answer:
    """Say what the pictures of a claimed event show."""
    args = call.args
    if args.reason and args.reason not in set(RejectionReason):
        raise UsageError(f"{args.reason!r} is no reason; there are: {', '.join(RejectionReason)}")
    seen = Seen(Verdict(args.verdict), args.reason, args.why)
    return _at_desk(call, lambda desk, event: _told(desk, desk.assess(event, seen)))


def undo(call: Call) -> Answer:
    """Take one's last word on an event back."""
    return _at_desk(call, lambda desk, event: _told(desk, desk.undo(event)))


def agreement(call: Call) -> Answer:
    """Tell how far people agree."""
    with call.store() as store:
        found = agreements(store, call.organisation)
    rows = [
        (one.get("region_name", "all watches"), one["words"], str(one["undecided"]),
         str(one["audited"]), str(one["seen_otherwise"]))
        for one in (found["all"], *found["regions"])
    ]  # fmt: skip
    header = ("watch", "agreement of the first two", "undecided", "audited", "seen otherwise")
    return Answer(found, table(header, rows))


def _at_desk(call: Call, do: Callable[[Desk, str], Answer]) -> Answer:
    given = given_password(call, twice=False)
    archive = archive_of(call.settings, call.organisation)
    with call.store(write=True, alone=False) as store:
        who: Caller = signed_in(call, store, given, Scope.JUDGE, MAY)
        event = find_event(store, call.organisation, call.args.event)
        desk = Desk(store, partial(pictures_of, store, archive), who, _sampling(call))
        return do(desk, event.id)


def _told(desk: Desk, said: Assessment) -> Answer:
    store: Store = desk.store
    state = store.event(said.organisation, said.event).state.value
    what = "taken back" if said.undone else f"{said.verdict.value}, on record as {said.id}"
    return Answer(assessment_value(said), f"{said.event}: {what}; the event is {state}.")


def _sampling(call: Call) -> Sampling:
    return Sampling(call.settings.review_audit_share, call.settings.review_audit_seed)


def _table(values: list[dict[str, Any]]) -> str:
    rows = [
        (one["event"], one["kind"], one["settlement_name"] or one["region_name"], one["level"],
         str(one["severity"]), day(datetime.fromisoformat(one["since"])), one["round"],
         str(one["opinions"]), _claimed(one["claim"]))
        for one in values
    ]  # fmt: skip
    header = ("event", "kind", "place", "watch", "severity", "since", "round", "looked", "taken")
    return table(header, rows)


def _claimed(claim: dict[str, Any] | None) -> str:
    if claim is None:
        return ""
    return "by you" if claim["mine"] else "by somebody"
