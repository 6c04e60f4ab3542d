"""`hearthwatch key add | list | rotate | revoke`."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from hearthwatch.access.people import scopes_asked
from hearthwatch.access.scopes import scopes_of
from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.errors import NotFound
from hearthwatch.keys import new_key, rotated
from hearthwatch.records import ApiKey, Role
from hearthwatch.store.protocol import Store
from hearthwatch.values import moment
from hearthwatch.words import day


def add(call: Call) -> Answer:
    """Make a key and show it, this once."""
    args = call.args
    now, role = datetime.now(UTC), Role(args.role)
    scopes = scopes_asked(role, args.scope)
    key, shown = new_key(call.organisation, args.name, role, now, args.expires, scopes=scopes)
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
        (k.id, k.name, k.role.value, ",".join(k.scopes) or "all", day(k.created), day(k.used),
         day(k.expires), day(k.revoked))
        for k in keys
    ]  # fmt: skip
    header = ("id", "name", "role", "scopes", "made", "last used", "expires", "revoked")
    text = table(header, rows) if rows else "There is no key. `hearthwatch key add` makes one."
    return Answer({"keys": [_value(key) for key in keys]}, text)


def rotate(call: Call) -> Answer:
    """Make the key that takes another one's place, and show it, this once."""
    with call.store(write=True, alone=False) as store, store.transaction() as transaction:
        old = _own(call, store)
        now, overlap = datetime.now(UTC), timedelta(hours=call.args.hours)
        ending, new, shown = rotated(old, store.keys(call.organisation), now, overlap)
        transaction.put_key(ending)
        transaction.put_key(new)
    text = (
        f"{shown}\n"
        f"This takes the place of the key {old.id} of {old.name}, which goes on until "
        f"{moment(ending.expires)}. It is shown this once: keep it in a safe place."
    )
    return Answer({"key": shown, **_value(new)}, text)


def revoke(call: Call) -> Answer:
    """Let a key open nothing from now on."""
    with call.store(write=True, alone=False) as store, store.transaction() as transaction:
        key = _own(call, store)
        gone = dataclasses.replace(key, revoked=key.revoked or datetime.now(UTC))
        transaction.put_key(gone)
    return Answer({**_value(gone)}, f"The key {gone.id} of {gone.name} opens nothing any more.")


def _own(call: Call, store: Store) -> ApiKey:
    key = store.key(call.args.key)
    if key is None or key.organisation != call.organisation:
        raise NotFound(f"There is no key {call.args.key}. `hearthwatch key list` names them.")
    return key


def _value(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "organisation": key.organisation,
        "role": key.role.value,
        "scopes": sorted(scope.value for scope in scopes_of(key.role, key.scopes)),
        "created": moment(key.created),
        "expires": moment(key.expires),
        "revoked": moment(key.revoked),
        "used": moment(key.used),
        "replaces": key.replaces or None,
    }
