"""`hearthwatch receivers`: who is told of events, by which channel, and how much."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hearthwatch.access.people import find_person
from hearthwatch.access.standing import Caller, maker_of
from hearthwatch.alerting.receivers import TERMS, Receivers
from hearthwatch.alerting.shown import message_value, receiver_value, standing, subscription_value
from hearthwatch.alerts.installed import post_from
from hearthwatch.audit.entries import COMMAND_LINE
from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.errors import AccessError, AlertError, NotFound
from hearthwatch.records import Channel, Detail, Language, Receiver, Role, Scope, Severity
from hearthwatch.store.protocol import Store
from hearthwatch.words import day

LONGEST_LINE = 10_000
_WORDS: dict[str, Callable[[str], Any]] = {
    "language": Language, "detail": Detail, "quiet_override": Severity,
}  # fmt: skip


def list_all(call: Call) -> Answer:
    """List the receivers."""
    with call.store() as store:
        found = store.receivers(call.organisation)
    rows = [
        (one.id, one.name, one.channel.value, one.detail.value, one.language.value, standing(one),
         day(one.created))
        for one in found
    ]  # fmt: skip
    header = ("id", "name", "channel", "detail", "language", "stands", "since")
    text = table(header, rows) if rows else "Nobody is told. `hearthwatch receivers add` adds."
    return Answer({"receivers": [receiver_value(one) for one in found]}, text)


def show(call: Call) -> Answer:
    """Show one receiver."""
    with call.store() as store:
        found = _there(store, call)
        theirs = store.subscriptions(call.organisation, receiver=found.id)
    value = receiver_value(found)
    lines = [f"{found.name}: {standing(found)}"]
    lines += [f"  {name:<15} {'-' if said is None else said}" for name, said in value.items()]
    lines += [f"  told of         {one.name} ({one.id})" for one in theirs]
    value["subscriptions"] = [subscription_value(one) for one in theirs]
    return Answer(value, "\n".join(lines))


def add(call: Call) -> Answer:
    """Add a receiver."""
    args, address = call.args, _given_address(call)
    if address is None and args.channel != Channel.FEED.value:
        raise AlertError("Give its address: name --address-file.")
    with call.store(write=True, alone=False) as store:
        owner = _owner(call, store)
        own = Receivers(store, post_from(call.settings, store), _caller(call, owner.scopes), _now())
        terms = {"name": args.name, **_terms(call)}
        made, secret = own.add(Channel(args.channel), address or "", terms, owner.key)
    asked = "It is asked whether it wants to be told; until it says so nothing else is sent to it."
    said = f"{made.name} is a receiver, id {made.id}."
    if made.confirmed is None:
        said = " ".join((said, asked, *_by_code(call, made)))
    return _with_secret(made, secret, said)


def change(call: Call) -> Answer:
    """Change a receiver."""
    changes, address = _terms(call), _given_address(call)
    if call.args.name is not None:
        changes["name"] = call.args.name
    if call.args.no_quiet:
        changes |= {"quiet_from": None, "quiet_until": None}
    if not changes and address is None:
        raise AlertError("Say what to change.")
    with call.store(write=True, alone=False) as store:
        made, secret = _receivers(call, store).change(call.args.receiver, changes, address)
    said = [f"{made.name} is changed."]
    if secret:
        said += ["It is asked anew whether it wants to be told.", *_by_code(call, made)]
    return _with_secret(made, secret, " ".join(said))


def confirm(call: Call) -> Answer:
    """Bring back the code with which a receiver says that it wants to be told."""
    code = _first_line(call.args.code_file, "code")
    with call.store(write=True, alone=False) as store:
        made = _receivers(call, store).confirm(call.args.receiver, code)
    return Answer(receiver_value(made), f"{made.name}: {standing(made)}.")


def rotate(call: Call) -> Answer:
    """Give a receiver a new secret."""
    with call.store(write=True, alone=False) as store:
        made, secret = _receivers(call, store).rotate(call.args.receiver)
    old = "opens nothing any more" if made.channel is Channel.FEED else "holds for a day"
    return _with_secret(made, secret, f"{made.name} has a new secret; the old one {old}.")


def test(call: Call) -> Answer:
    """Send a test."""
    with call.store(write=True, alone=False) as store:
        made = _receivers(call, store).test(call.args.receiver)
    text = f"A test is on its way. `hearthwatch messages show {made.id}` tells what came of it."
    return Answer(message_value(made), text)


def disable(call: Call) -> Answer:
    """Send nothing more."""
    with call.store(write=True, alone=False) as store:
        made = _receivers(call, store).disable(call.args.receiver, call.args.why)
    return Answer(receiver_value(made), f"{made.name} is switched off: nothing is sent to it.")


def enable(call: Call) -> Answer:
    """Send again."""
    with call.store(write=True, alone=False) as store:
        made = _receivers(call, store).enable(call.args.receiver)
    return Answer(receiver_value(made), f"{made.name}: {standing(made)}.")


def remove(call: Call) -> Answer:
    """Tell a receiver nothing more, for good."""
    with call.store(write=True, alone=False) as store:
        found = _there(store, call)
        _receivers(call, store).remove(found.id)
    text = f"{found.name} is told nothing more. What it was told stays on record."
    return Answer({"removed": found.id}, text)


def operator(call: Call) -> Caller:
    """Return whoever sits at the machine as one who may do all."""
    return _caller(call, frozenset(Scope))


def _caller(call: Call, scopes: frozenset[Scope]) -> Caller:
    return Caller(call.organisation, COMMAND_LINE, COMMAND_LINE, Role.ADMIN, scopes)


def _receivers(call: Call, store: Store) -> Receivers:
    return Receivers(store, post_from(call.settings, store), operator(call), _now())


def _owner(call: Call, store: Store) -> Caller:
    """Return who is to answer for a receiver; what they may not be told, it may not either."""
    named = call.args.owner
    key = store.key(named)
    is_key = key is not None and key.organisation == call.organisation
    its_id = named if is_key else find_person(store, call.organisation, named).id
    found = maker_of(store, call.organisation, its_id, _now())
    if found is None or Scope.WATCH not in found.scopes:
        raise AccessError(f"{named} may not answer for a receiver: that takes the scope watch.")
    return found


def _there(store: Store, call: Call) -> Receiver:
    found = store.receiver(call.organisation, call.args.receiver)
    if found.removed is not None:
        raise NotFound(f"There is no receiver {found.id}.")
    return found


def _terms(call: Call) -> dict[str, Any]:
    """Return what was said of a receiver, but for its name."""
    given = {name: getattr(call.args, name) for name in TERMS - {"name"}}
    said = {name: value for name, value in given.items() if value is not None}
    return said | {name: word(said[name]) for name, word in _WORDS.items() if name in said}


def _given_address(call: Call) -> str | None:
    """Return the address that is given; None where none is."""
    named = call.args.address_file
    return None if named is None else _first_line(named, "address")


def _first_line(named: str, what: str) -> str:
    if named == "-":
        return sys.stdin.readline(LONGEST_LINE).strip()
    try:
        with Path(named).expanduser().open(encoding="utf-8") as file:
            return file.readline(LONGEST_LINE).strip()
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise AlertError(f"The file of the {what} cannot be read: {said}.") from None


def _by_code(call: Call, made: Receiver) -> Iterator[str]:
    """Yield how it can say so where no link leads to this service."""
    if not call.settings.public_url:
        yield (
            "public_url is not set, so the message holds a code and no link: ask for the code, and "
            f"bring it back by `hearthwatch receivers confirm {made.id} --code-file -`."
        )


def _with_secret(made: Receiver, secret: str, text: str) -> Answer:
    lines = [text]
    if secret:
        what = "opens its feed" if made.channel is Channel.FEED else "its messages are signed with"
        lines = [secret, f"This {what}. It is shown this once.", *lines]
    return Answer({**receiver_value(made), "secret": secret or None}, "\n".join(lines))


def _now() -> datetime:
    return datetime.now(UTC)
