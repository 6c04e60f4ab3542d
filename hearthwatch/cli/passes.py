"""`hearthwatch pass add | list | revoke`."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

from hearthwatch.access.passes import checked_resource, new_pass
from hearthwatch.access.people import find_person
from hearthwatch.access.standing import maker_of
from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.errors import AccessError, NotFound
from hearthwatch.records import Pass
from hearthwatch.store.protocol import Store
from hearthwatch.values import moment
from hearthwatch.words import day


def add(call: Call) -> Answer:
    """Make a pass and show it, this once."""
    resource, scope = checked_resource(call.args.resource)
    now = datetime.now(UTC)
    with call.store(write=True, alone=False) as store, store.transaction() as transaction:
        maker = maker_of(store, call.organisation, _maker(call, store), now)
        if maker is None or scope not in maker.scopes:
            raise AccessError(
                f"{call.args.maker} may not open {resource}, so no pass of theirs can."
            )
        expires = now + timedelta(days=call.args.days)
        made, shown = new_pass(call.organisation, resource, maker.key, now, expires)
        transaction.put_pass(made)
    text = (
        f"{shown}\n"
        f"Whoever has this can open /{resource} until {day(expires)}: put it behind the address "
        "as pass=. It is shown this once."
    )
    return Answer({"pass": shown, **_value(made)}, text)


def list_all(call: Call) -> Answer:
    """List the passes of the organisation."""
    with call.store() as store:
        found = store.passes(call.organisation)
    rows = [
        (one.id, one.resource, one.made_by, day(one.created), day(one.expires), day(one.revoked))
        for one in found
    ]
    header = ("id", "opens", "made by", "made", "expires", "revoked")
    text = table(header, rows) if rows else "There is no pass. `hearthwatch pass add` makes one."
    return Answer({"passes": [_value(one) for one in found]}, text)


def revoke(call: Call) -> Answer:
    """Let a pass open nothing from now on."""
    wanted = call.args.pass_id
    with call.store(write=True, alone=False) as store, store.transaction() as transaction:
        found = store.find_pass(wanted)
        if found is None or found.organisation != call.organisation:
            raise NotFound(f"There is no pass {wanted}. `hearthwatch pass list` names them.")
        gone = dataclasses.replace(found, revoked=found.revoked or datetime.now(UTC))
        transaction.put_pass(gone)
    return Answer(_value(gone), f"The pass {gone.id} for {gone.resource} opens nothing any more.")


def _maker(call: Call, store: Store) -> str:
    """Return the id of the key, or of the person, that is named."""
    key = store.key(call.args.maker)
    if key is not None and key.organisation == call.organisation:
        return key.id
    return find_person(store, call.organisation, call.args.maker).id


def _value(one: Pass) -> dict[str, Any]:
    return {
        "id": one.id,
        "resource": one.resource,
        "made_by": one.made_by,
        "created": moment(one.created),
        "expires": moment(one.expires),
        "revoked": moment(one.revoked),
    }
