"""`hearthwatch person add | list | password | role | disable | enable`."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from getpass import getpass
from pathlib import Path
from typing import Any

from hearthwatch.access import people
from hearthwatch.access.passwords import Passwords
from hearthwatch.access.standing import Caller, is_closed, maker_of
from hearthwatch.cli.call import Call
from hearthwatch.cli.report import Answer
from hearthwatch.cli.tables import table
from hearthwatch.errors import AccessError
from hearthwatch.records import Organisation, Person, Role, Scope
from hearthwatch.store.protocol import Store, Transaction
from hearthwatch.values import moment
from hearthwatch.words import day

LONGEST_FILE = 10_000


def add(call: Call) -> Answer:
    """Let somebody in."""
    args, now = call.args, datetime.now(UTC)
    made = people.new_person(call.organisation, args.login, args.name, Role(args.role), now)
    kept = _hash(call, made)
    with call.store(write=True, alone=False) as store, store.transaction() as transaction:
        if store.person_by_login(call.organisation, made.login) is not None:
            raise people.login_taken(made.login)
        if is_closed(store, call.organisation):
            raise AccessError(f"The organisation {call.organisation} is closed.")
        add_organisation(store, transaction, call.organisation, now)
        made = dataclasses.replace(made, password=kept)
        transaction.put_person(made)
    text = f"{made.name} signs in as {made.login}@{made.organisation} ({made.role.value})."
    return Answer(_value(made), text)


def list_all(call: Call) -> Answer:
    """List the people of the organisation."""
    with call.store() as store:
        found = store.people(call.organisation)
    rows = [
        (one.login, one.name, one.role.value, day(one.created), day(one.changed),
         day(one.waits_until), day(one.disabled))
        for one in found
    ]  # fmt: skip
    header = ("login", "name", "role", "made", "password of", "waits until", "disabled")
    text = table(header, rows) if rows else "There is nobody. `hearthwatch person add` does it."
    return Answer({"people": [_value(one) for one in found]}, text)


def password(call: Call) -> Answer:
    """Give somebody another password."""
    with call.store() as store:
        found = people.find_person(store, call.organisation, call.args.login)
    kept = _hash(call, found)

    def change(store: Store, transaction: Transaction, person: Person) -> Person:
        return people.set_password(store, transaction, person, kept, datetime.now(UTC))

    return _changed(call, change, "has another password, and is signed out everywhere")


def role(call: Call) -> Answer:
    """Give somebody another role."""
    wanted = Role(call.args.role)

    def change(store: Store, transaction: Transaction, person: Person) -> Person:
        return people.set_role(transaction, person, wanted)

    return _changed(call, change, f"is {wanted.value} from now on")


def disable(call: Call) -> Answer:
    """Shut somebody out."""

    def change(store: Store, transaction: Transaction, person: Person) -> Person:
        return people.disable(store, transaction, person, datetime.now(UTC))

    return _changed(call, change, "is shut out, with every key and pass they made")


def enable(call: Call) -> Answer:
    """Let somebody in again."""

    def change(store: Store, transaction: Transaction, person: Person) -> Person:
        return people.enable(transaction, person)

    return _changed(call, change, "may sign in again")


def add_organisation(
    store: Store, transaction: Transaction, organisation: str, now: datetime
) -> None:
    """Name an organisation that nobody named yet."""
    if store.organisation(organisation) is None:
        transaction.put_organisation(Organisation(organisation, organisation, now))


def _changed(
    call: Call, change: Callable[[Store, Transaction, Person], Person], said: str
) -> Answer:
    with call.store(write=True, alone=False) as store, store.transaction() as transaction:
        found = people.find_person(store, call.organisation, call.args.login)
        changed = change(store, transaction, found)
    return Answer(_value(changed), f"{changed.name} ({changed.login}) {said}.")


def _hash(call: Call, person: Person) -> str:
    """Return the hash of the password that is given; before the store is held up by it."""
    given = given_password(call, twice=True)
    people.require_usable(given, person)
    return Passwords().hash(given)


def signed_in(call: Call, store: Store, password: str, scope: Scope, what: str) -> Caller:
    """Return the person that was named, whose password it has to be.

    What takes two people, or is a person's own word, must not be done by whoever sits at the
    machine in the name of others.

    Parameters
    ----------
    what : str
        What the scope lets them do, in words.

    Raises
    ------
    AccessError
        If the password is wrong, or they may not do it.
    """
    person = people.find_person(store, call.organisation, call.args.login)
    right = Passwords().is_right(person.password, password)
    who = maker_of(store, call.organisation, person.id, datetime.now(UTC))
    if not right or who is None:
        raise AccessError("The password is wrong, or that person is shut out.")
    if scope not in who.scopes:
        raise AccessError(f"{person.name} may not {what}.")
    return who


def given_password(call: Call, *, twice: bool) -> str:
    """Read a password: from a file, or asked for, a new one twice, and not shown.

    Raises
    ------
    AccessError
        If it cannot be read, or the two are not alike.
    """
    named = call.args.password_file
    if named == "-":
        return sys.stdin.readline(LONGEST_FILE).rstrip("\r\n")
    if named is not None:
        try:
            with Path(named).open(encoding="utf-8") as file:
                return file.readline(LONGEST_FILE).rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            said = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise AccessError(f"The file of the password cannot be read: {said}.") from None
    if not sys.stdin.isatty():
        raise AccessError("There is nobody to ask for the password: name --password-file.")
    given = getpass("Password: ")
    if twice and getpass("Once more: ") != given:
        raise AccessError("The two are not alike. Nothing was changed.")
    return given


def _value(one: Person) -> dict[str, Any]:
    return {
        "id": one.id,
        "login": one.login,
        "organisation": one.organisation,
        "name": one.name,
        "role": one.role.value,
        "created": moment(one.created),
        "changed": moment(one.changed),
        "waits_until": moment(one.waits_until),
        "disabled": moment(one.disabled),
    }
