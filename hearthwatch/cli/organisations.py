"""`hearthwatch organisation add | list | close`."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import Any

from hearthwatch.access.people import new_organisation
from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.errors import AccessError, NotFound
from hearthwatch.records import Organisation
from hearthwatch.values import moment
from hearthwatch.words import day


def add(call: Call) -> Answer:
    """Add an organisation."""
    made = new_organisation(call.args.organisation, call.args.name, datetime.now(UTC))
    with (
        call.store(write=True, alone=False) as store,
        store.transaction() as transaction,
    ):
        if store.organisation(made.organisation) is not None:
            raise AccessError(f"There is an organisation {made.organisation} already.")
        transaction.put_organisation(made)
    return Answer(
        _value(made),
        f"Added the organisation {made.organisation}, {made.name}. Let its first person in with "
        f"HEARTHWATCH_ORGANISATION={made.organisation} hearthwatch person add.",
    )


def list_all(call: Call) -> Answer:
    """List the organisations."""
    with call.store() as store:
        found = store.all_organisations()
    rows = [(one.organisation, one.name, day(one.created), day(one.closed)) for one in found]
    header = ("short name", "name", "made", "closed")
    text = table(header, rows) if rows else "There is none. `hearthwatch organisation add` does it."
    return Answer({"organisations": [_value(one) for one in found]}, text)


def close(call: Call) -> Answer:
    """Let nobody of an organisation in from now on, or again."""
    short, reopen = call.args.organisation, call.args.reopen
    with (
        call.store(write=True, alone=False) as store,
        store.transaction() as transaction,
    ):
        found = store.organisation(short)
        if found is None:
            raise NotFound(f"There is no organisation {short}. `hearthwatch organisation list`.")
        closed = None if reopen else found.closed or datetime.now(UTC)
        changed = dataclasses.replace(found, closed=closed)
        transaction.put_organisation(changed)
    said = "is open again" if reopen else "is closed: its people, keys and passes open nothing"
    return Answer(_value(changed), f"The organisation {short} {said}. Its records stay.")


def _value(one: Organisation) -> dict[str, Any]:
    return {
        "organisation": one.organisation,
        "name": one.name,
        "created": moment(one.created),
        "closed": moment(one.closed),
    }
