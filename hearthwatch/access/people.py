"""Organisations and people: made, changed and shut out."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterable
from datetime import datetime

from hearthwatch.access.names import checked_name, checked_shown
from hearthwatch.access.passwords import faults_of
from hearthwatch.access.scopes import scopes_of
from hearthwatch.access.secrets import new_id
from hearthwatch.access.standing import Caller
from hearthwatch.errors import AccessError, NotFound
from hearthwatch.records import ApiKey, Organisation, Person, Role, Scope
from hearthwatch.store.protocol import Store, Transaction


def new_organisation(short: str, name: str, now: datetime) -> Organisation:
    """Return an organisation to be stored; refuse (`AccessError`) names that are none."""
    return Organisation(
        checked_name(short, "The short name of an organisation"),
        checked_shown(name, "The name of an organisation"),
        now,
    )


def new_person(organisation: str, login: str, name: str, role: Role, now: datetime) -> Person:
    """Return a person without a password; refuse (`AccessError`) names that are none."""
    return Person(
        id=f"per-{new_id()}",
        organisation=organisation,
        login=checked_name(login, "The name to sign in with"),
        name=checked_shown(name, "The name of a person"),
        role=role,
        password="",
        created=now,
        changed=now,
    )


def made_up_password() -> str:
    """Return a password of 100 bits that can be read out and typed: five groups of four."""
    letters = "abcdefghijkmnpqrstuvwxyz23456789"
    groups = ("".join(secrets.choice(letters) for _ in range(4)) for _ in range(5))
    return "-".join(groups)


def require_usable(password: str, person: Person) -> None:
    """Refuse (`AccessError`) a password that cannot be used, with everything wrong with it."""
    faults = faults_of(password, person.login, person.organisation)
    if faults:
        raise AccessError(f"The password cannot be used: {'; '.join(faults)}.")


def find_person(store: Store, organisation: str, login: str) -> Person:
    """Return who signs in by a name, or has that id; `NotFound` if nobody does.

    The name may be the one they sign in with on the page, ``login@organisation``.
    """
    name = login.strip().lower().removesuffix(f"@{organisation}")
    found = store.person_by_login(organisation, name)
    if found is not None:
        return found
    try:
        return store.person(organisation, login)
    except NotFound:
        raise NotFound(
            f"Nobody signs in as {login}. `hearthwatch person list` names everybody."
        ) from None


def set_password(
    store: Store,
    transaction: Transaction,
    person: Person,
    kept: str,
    now: datetime,
    *,
    set_by: str = "",
) -> Person:
    """Give a person a password, by its hash; their sessions end and no wait goes on.

    Parameters
    ----------
    set_by : str
        Who else did it, for what takes two people; empty for themselves and the command line.
    """
    changed = dataclasses.replace(
        person, password=kept, changed=now, failures=0, waits_until=None, set_by=set_by
    )
    transaction.put_person(changed)
    end_sessions(store, transaction, person, now)
    return changed


def set_role(transaction: Transaction, person: Person, role: Role) -> Person:
    """Give a person another role."""
    changed = dataclasses.replace(person, role=role)
    transaction.put_person(changed)
    return changed


def disable(store: Store, transaction: Transaction, person: Person, now: datetime) -> Person:
    """Shut a person out; their sessions end."""
    shut = dataclasses.replace(person, disabled=person.disabled or now)
    transaction.put_person(shut)
    end_sessions(store, transaction, person, now)
    return shut


def enable(transaction: Transaction, person: Person) -> Person:
    """Let a person in again, who may have been shut out or have to wait."""
    again = dataclasses.replace(person, disabled=None, failures=0, waits_until=None)
    transaction.put_person(again)
    return again


def end_sessions(store: Store, transaction: Transaction, person: Person, now: datetime) -> None:
    """End all sessions of a person."""
    for one in store.sessions(person.organisation, person.id):
        if one.ended is None and one.expires > now:
            transaction.put_session(dataclasses.replace(one, ended=now))


def require_no_more(who: Caller, wanted: Iterable[Scope]) -> None:
    """Refuse (`AccessError`) to give, or to act on, what somebody may not do themselves.

    Else a key that may only manage could make itself one that may do everything.
    """
    more = sorted(scope.value for scope in frozenset(wanted) - who.scopes)
    if more:
        raise AccessError(
            f"You may not {', '.join(more)} yourself, so you cannot manage those who may. Ask "
            "somebody who may."
        )


def require_manager_left(store: Store, without: Person) -> None:
    """Refuse (`AccessError`) to shut out the last person who may let people in."""
    others = [one for one in store.people(without.organisation) if one.id != without.id]
    if _manages(without) and not any(_manages(one) for one in others):
        raise AccessError(
            "Nobody would be left who may let people in. Make somebody else an administrator "
            "first, or use the command line."
        )


def login_taken(login: str) -> AccessError:
    """Return the error for two people of an organisation who would sign in alike."""
    return AccessError(f"Somebody signs in as {login} already. Choose another name.")


def scopes_asked(role: Role, names: Iterable[str]) -> tuple[str, ...]:
    """Return the scopes that a key is narrowed to; refuse (`AccessError`) what its role has not."""
    named = frozenset(names)
    has = {scope.value for scope in scopes_of(role)}
    beyond = sorted(named - has)
    if beyond:
        raise AccessError(
            f"The role {role.value} has not the scope {', '.join(beyond)}. It has: "
            f"{', '.join(sorted(has))}."
        )
    return tuple(sorted(named))


def scopes_of_key(key: ApiKey) -> frozenset[Scope]:
    """Return what the holder of a key may do."""
    return scopes_of(key.role, key.scopes)


def _manages(person: Person) -> bool:
    may = Scope.MANAGE in scopes_of(person.role)
    return may and person.disabled is None and bool(person.password)
