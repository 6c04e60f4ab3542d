"""`hearthwatch messages list | show | again` and `hearthwatch alerts`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hearthwatch.alerting.messages import Messages, told_of
from hearthwatch.alerting.shown import STEPS, attempt_value, message_value
from hearthwatch.cli.call import Call
from hearthwatch.cli.reading import find_event
from hearthwatch.cli.receivers import operator
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.records import Message, MessageState
from hearthwatch.values import moment
from hearthwatch.words import counted


def list_all(call: Call) -> Answer:
    """List messages, the newest first."""
    args = call.args
    state = MessageState(args.state) if args.state else None
    with call.store() as store:
        page = store.messages(
            call.organisation, receiver=args.receiver, state=state, limit=args.limit
        )
        names = {one.id: one.name for one in store.receivers(call.organisation, removed=True)}
    rows = [
        (one.id, names[one.receiver], one.form.value, one.mode.value, str(len(one.events)),
         _short(moment(one.made)), one.state.value, str(one.attempts), _short(_next(one)))
        for one in page.items
    ]  # fmt: skip
    header = ("id", "receiver", "form", "mode", "events", "made", "state", "attempts", "next")
    text = table(header, rows) if rows else "There is no such message."
    if page.next:
        text += "\nThere are more: --limit lists more of them."
    return Answer({"messages": [message_value(one) for one in page.items]}, text)


def show(call: Call) -> Answer:
    """Show a message with every attempt."""
    with call.store() as store:
        found = store.message(call.organisation, call.args.message)
        tried = [attempt_value(one) for one in store.attempts(call.organisation, found.id)]
    value = message_value(found)
    lines = [f"  {name:<9} {_said(said)}" for name, said in value.items()]
    rows = [
        (str(one["sequence"]), _short(one["began"]), one["outcome"], str(one["status"] or "-"),
         one["words"])
        for one in tried
    ]  # fmt: skip
    if rows:
        lines.append(table(("attempt", "began", "outcome", "status", "words"), rows))
    return Answer({**value, "tried": tried}, "\n".join(lines))


def again(call: Call) -> Answer:
    """Send a message again."""
    with call.store(write=True, alone=False) as store:
        made = Messages(store, operator(call), datetime.now(UTC)).again(call.args.message)
    text = "It is sent again, under its id. `hearthwatch messages show` tells what comes of it."
    return Answer(message_value(made), text)


def of_event(call: Call) -> Answer:
    """Tell who was told of an event, what came of it, and when each step was."""
    with call.store() as store:
        event = find_event(store, call.organisation, call.args.event)
        told = told_of(store, call.organisation, event.id)
    if not told:
        return Answer({"event": event.id, "alerts": []}, "Nobody was told of it.")
    rows = [
        (one["receiver_name"], one["channel"], one["act"], str(one["version"]),
         one["state"] or "waiting", *(_short(one["steps"][name]) for name in STEPS))
        for one in told
    ]  # fmt: skip
    header = ("receiver", "channel", "act", "version", "message", *STEPS)
    text = f"{counted(len(told), 'alert')} of event {event.id}; times are in UTC.\n"
    return Answer({"event": event.id, "alerts": told}, text + table(header, rows))


def _next(one: Message) -> str | None:
    return moment(one.next) if one.ended is None else None


def _short(at: str | None) -> str:
    """Return a time to the second, without its zone; ``-`` for none."""
    return "-" if at is None else at[:19].replace("T", " ")


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "-"
    return "-" if value is None else str(value)
