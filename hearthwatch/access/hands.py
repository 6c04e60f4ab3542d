"""In whose hands somebody is: who could act in their name, having set the password or seen the key.

Two people are two only where no third one, and neither of them, could have been both.
"""

from __future__ import annotations

from hearthwatch.errors import NotFound
from hearthwatch.store.protocol import Store


def are_apart(store: Store, organisation: str, one: str, other: str) -> bool:
    """Tell whether nobody could have acted as both of two; ids of people or keys."""
    return hands_of(store, organisation, one).isdisjoint(hands_of(store, organisation, other))


def hands_of(store: Store, organisation: str, its_id: str) -> frozenset[str]:
    """Return the ids of all who could act as somebody, themselves first of all.

    Whoever set the password of an administrator could, as that one, set that of others: it is
    followed as far as it goes.
    """
    found: set[str] = set()
    new = {its_id}
    while new:
        found |= new
        new = {up for one in new for up in _above(store, organisation, one)} - found
    return frozenset(found)


def _above(store: Store, organisation: str, its_id: str) -> set[str]:
    key = store.key(its_id)
    if key is not None and key.organisation == organisation:
        return {key.made_by, key.shown_to} - {""}
    try:
        return {store.person(organisation, its_id).set_by} - {""}
    except NotFound:
        return set()
