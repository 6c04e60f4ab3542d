"""Who comes: whose key, session or pass it is, and what that one may do now.

What is asked for is looked up each time: somebody disabled, an organisation closed or a key
revoked is shut out with the next request.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hearthwatch import keys
from hearthwatch.access import passes
from hearthwatch.access.scopes import scopes_of
from hearthwatch.errors import AccessError, NotFound
from hearthwatch.records import Person, Role, Scope, Session
from hearthwatch.store.protocol import Store
from hearthwatch.store.protocol_people import KeyStanding


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a request is.

    Attributes
    ----------
    organisation : str
        The only one whose records the request may see.
    key, name : str
        Id of the key or person, and who that is.
    scopes : frozenset of Scope
        What they may do.
    person : str
        Id of the person who is signed in; empty where a program comes with a key.
    session : str
        Id of that session; empty for a key or pass.
    used_pass : str
        Id of the pass that was shown; `key` is then who made it.
    """

    organisation: str
    key: str
    name: str
    role: Role
    scopes: frozenset[Scope]
    person: str = ""
    session: str = ""
    used_pass: str = ""


def of_key(store: Store, text: str, now: datetime) -> Caller | None:
    """Return who comes with a key; None if it is not in force, whatever is wrong with it."""
    parts = keys.take_apart(text)
    if parts is None:
        return None
    found = store.key_standing(parts[0])
    if not keys.opens(found.key if found else None, parts[1], now) or found is None:
        return None
    return _with_key(found)


def of_session(
    store: Store, session_id: str, now: datetime, idle: timedelta, seen: datetime | None = None
) -> Caller | None:
    """Return who is signed in; None if the session is not in force.

    Parameters
    ----------
    session_id : str
        Hash of the token in the cookie.
    idle : timedelta
        How long a session lives unused.
    seen : datetime or None
        When it was last used, where that is not written yet.
    """
    session = store.session(session_id)
    if session is None:
        return None
    if not is_going_on(
        dataclasses.replace(session, seen=max(session.seen, seen or session.seen)), now, idle
    ):
        return None
    person = _person(store, session.organisation, session.person)
    if person is None or session.created < person.changed:
        return None
    return _as_person(person, session.id)


def of_pass(
    store: Store, text: str, now: datetime, path: str, query: Sequence[tuple[str, str]]
) -> Caller | None:
    """Return on whose behalf a pass asks; None if it is not in force or for something else."""
    parts = passes.take_apart(text)
    if parts is None:
        return None
    found = store.find_pass(parts[0])
    if not passes.opens(found, parts[1], now) or found is None:
        return None
    if not passes.covers(found, path, query):
        return None
    maker = maker_of(store, found.organisation, found.made_by, now)
    if maker is None:
        return None
    try:
        _, scope = passes.checked_resource(found.resource)
    except AccessError:
        return None
    only = maker.scopes & {scope}
    return Caller(maker.organisation, maker.key, maker.name, maker.role, only, used_pass=found.id)


def maker_of(store: Store, organisation: str, made_by: str, now: datetime) -> Caller | None:
    """Return who made something, as they stand now; None if they are let in no more."""
    found = store.key_standing(made_by)
    if found is not None and found.key.organisation == organisation:
        return _with_key(found) if keys.in_force(found.key, now) else None
    person = _person(store, organisation, made_by)
    return _as_person(person, "") if person else None


def is_going_on(session: Session, now: datetime, idle: timedelta) -> bool:
    """Tell whether a session is neither ended nor expired nor left alone too long."""
    return session.ended is None and now < session.expires and now - session.seen < idle


def is_closed(store: Store, organisation: str) -> bool:
    """Tell whether nobody of an organisation is let in."""
    found = store.organisation(organisation)
    return found is not None and found.closed is not None


def _person(store: Store, organisation: str, person_id: str) -> Person | None:
    try:
        person = store.person(organisation, person_id)
    except NotFound:
        return None
    return None if person.disabled is not None or is_closed(store, organisation) else person


def _with_key(found: KeyStanding) -> Caller | None:
    if found.is_shut:
        return None
    key = found.key
    may = scopes_of(key.role, key.scopes)
    if found.maker is not None:
        # Else whoever lost a role would keep it in a key, and could give it to themselves again.
        may &= scopes_of(found.maker)
    return Caller(key.organisation, key.id, key.name, key.role, may)


def _as_person(person: Person, session: str) -> Caller:
    may = scopes_of(person.role)
    return Caller(person.organisation, person.id, person.name, person.role, may, person.id, session)
