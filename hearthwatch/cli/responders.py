"""`hearthwatch responders list | show` and `hearthwatch responses`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hearthwatch.alerting.network_shown import responder_value, who_knows
from hearthwatch.alerting.shown import standing
from hearthwatch.cli.call import Call
from hearthwatch.cli.reading import find_event
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.errors import NotFound
from hearthwatch.records import ResponseState
from hearthwatch.words import day


def list_all(call: Call) -> Answer:
    """List the response network, oldest first."""
    with call.store() as store:
        found = store.responders(call.organisation)
    rows = [
        (one.id, one.name, str(one.rank), one.detail.value, ", ".join(one.kinds) or "all",
         str(len(one.contacts)), day(one.since), day(one.until) if one.until else "open")
        for one in found
    ]  # fmt: skip
    header = ("id", "name", "rank", "told", "kinds", "contacts", "since", "until")
    text = table(header, rows) if rows else "There is no responder yet."
    return Answer({"responders": [responder_value(one) for one in found]}, text)


def show(call: Call) -> Answer:
    """Show one responder, and its contacts in order."""
    with call.store() as store:
        every = {one.id: one for one in store.responders(call.organisation)}
        found = every.get(call.args.responder)
        if found is None:
            raise NotFound(f"There is no responder {call.args.responder}.")
        receivers = {one.id: one for one in store.receivers(call.organisation, removed=True)}
    value = responder_value(found)
    lines = [f"  {name:<14} {_said(said)}" for name, said in value.items() if name != "geometry"]
    rows = [
        (one, receivers[one].name, receivers[one].channel.value, standing(receivers[one]))
        for one in found.contacts
        if one in receivers
    ]
    if rows:
        lines.append(table(("contact", "name", "channel", "state"), rows))
    return Answer(value, "\n".join(lines))


def of_event(call: Call) -> Answer:
    """Tell who knows of an event, who acts, and what was written down about it."""
    with call.store() as store:
        event = find_event(store, call.organisation, call.args.event)
        told = who_knows(store, call.organisation, event.id)
    return Answer(told, "\n".join(_lines(told)))


def _lines(told: Mapping[str, Any]) -> Iterable[str]:
    if not told["items"]:
        yield "No responder was told of it."
    elif told["acts"]:
        yield f"Acting: {', '.join(told['acts'])}."
    else:
        yield "Nobody has taken charge."
    held = [one["name"] for one in told["items"] if one["state"] == ResponseState.UNRELEASED]
    if held and not told["acts"]:
        yield f"Told nothing before two people release it: {', '.join(held)}."
    if told["unanswered"]:
        yield "NOBODY ANSWERED: call them by telephone."
    rows = [
        (one["name"], one["state"], one["since"], one["due"] or "-", _told(one))
        for one in told["items"]
    ]
    if rows:
        yield table(("responder", "state", "since", "waited for until", "contacts told"), rows)
    for note in told["notes"]:
        yield f"Note, {note['at']}: {note['words']}"
    for effect in told["effects"]:
        words = f": {effect['words']}" if effect["words"] else ""
        yield f"Effect, {effect['date']}: {effect['effect']} ({effect['source']}){words}"


def _told(response: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{one['name'] or one['receiver']} ({one['delivery'] or 'not sent yet'})"
        for one in response["contacts"]
    )


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "-"
    return "-" if value is None else str(value)
