"""`hearthwatch key add | list | revoke`."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.errors import NotFound
from hearthwatch.keys import new_key
from hearthwatch.records import ApiKey, Role
from hearthwatch.values import moment
from hearthwatch.words import day


def add(call: Call) -> Answer:
    """Make a key and show it, this once."""
    args = call.args
    now = datetime.now(UTC)
    key, shown = new_key(call.organisation, args.name, Role(args.role), now, args.expires)
    with call.store(write=True, alone=False) as store, store.transaction() as transaction:
        transaction.put_key(key)
    text = (
        f"{shown}\n"
        f"This is the key of {key.name} ({key.role.value}, organisation {key.organisation}). "
        "It is shown this once: keep it in a safe place."
    )
    return Answer({"key": shown, **_value(key)}, text)


def list_all(call: Call) -> Answer:
    """List the keys of the organisation."""
    with call.store() as store:
        keys = store.keys(call.organisation)
    rows = [
        (k.id, k.name, k.role.value, day(k.created), day(k.expires), day(k.revoked)) for k in keys
    ]
    header = ("id", "name", "role", "made", "expires", "revoked")
    text = table(header, rows) if rows else "There is no key. `hearthwatch key add` makes one."
    return Answer({"keys": [_value(key) for key in keys]}, text)


def revoke(call: Call) -> Answer:
    """Let a key open nothing from now on."""
    with call.store(write=True, alone=False) as store:
        key = store.key(call.args.key)
        if key is None or key.organisation != call.organisation:
            raise NotFound(f"There is no key {call.args.key}. `hearthwatch key list` names them.")
        gone = dataclasses.replace(key, revoked=key.revoked or datetime.now(UTC))
        with store.transaction() as transaction:
            transaction.put_key(gone)
    return Answer({**_value(gone)}, f"The key {gone.id} of {gone.name} opens nothing any more.")


def _value(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "organisation": key.organisation,
        "role": key.role.value,
        "created": moment(key.created),
        "expires": moment(key.expires),
        "revoked": moment(key.revoked),
    }
