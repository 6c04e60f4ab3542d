"""Who answers for a receiver, and whether that one is still let in."""

from __future__ import annotations

from datetime import datetime

from hearthwatch import keys
from hearthwatch.access.scopes import scopes_of
from hearthwatch.access.standing import is_closed
from hearthwatch.errors import NotFound
from hearthwatch.records import ApiKey, Scope
from hearthwatch.store.protocol import Store


def is_shut_out(store: Store, organisation: str, owner: str, now: datetime) -> bool:
    """Tell whether who answers for a receiver was shut out, so that it is told nothing more.

    A person who was disabled or may not read the organisation's records any more, a key that is in
    force no more and that none took the place of, or whoever it is where the organisation was
    closed. Who is neither a person nor a key, as the command line, cannot be shut out.
    """
    if is_closed(store, organisation):
        return True
    key = store.key(owner)
    if key is not None and key.organisation == organisation:
        return not _is_followed(store, key, now)
    return _is_out(store, organisation, owner)


def _is_followed(store: Store, key: ApiKey, now: datetime) -> bool:
    """Tell whether a key, or one that took its place, is in force."""
    following = {one.replaces: one for one in store.keys(key.organisation) if one.replaces}
    seen: set[str] = set()
    found: ApiKey | None = key
    while found is not None and found.id not in seen:
        if keys.in_force(found, now):
            return not (found.made_by and _is_out(store, found.organisation, found.made_by))
        seen.add(found.id)
        found = following.get(found.id)
    return False


def _is_out(store: Store, organisation: str, person: str) -> bool:
    try:
        found = store.person(organisation, person)
    except NotFound:
        return False
    return found.disabled is not None or Scope.READ not in scopes_of(found.role)
