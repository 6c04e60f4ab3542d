"""Putting settlements on the list: what is there stays, and takes over what is new of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hearthwatch.errors import NotFound
from hearthwatch.records import Settlement
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_settlements

BATCH = 2000
"""Settlements of one transaction: others may write in between."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What became of settlements that were to be put on the list.

    Attributes
    ----------
    fresh : frozenset of str
        Ids of those that were not on it.
    coded : int
        How many of those that were on it took over a P-code.
    """

    fresh: frozenset[str]
    coded: int


def list_settlements(store: Store, organisation: str, settlements: Sequence[Settlement]) -> Listed:
    """Put settlements on the list, in pieces; of those on it only the P-code is taken, if any."""
    known = {one.id: one.pcode for one in all_settlements(store, organisation)}
    fresh = [one for one in settlements if one.id not in known]
    for part in _parts(fresh):
        with store.transaction() as transaction:
            transaction.put_settlements(part)
    differ = [one for one in settlements if one.pcode and known.get(one.id, one.pcode) != one.pcode]
    coded = 0
    for part in _parts(differ):
        with store.transaction() as transaction:
            found = list(_coded(store, part))
            transaction.put_settlements(found)
            coded += len(found)
    return Listed(frozenset(one.id for one in fresh), coded)


def keep_codes(
    store: Store, organisation: str, settlements: Sequence[Settlement]
) -> list[Settlement]:
    """Return settlements that are to be stored anew, with the P-codes known of those without."""
    labels = store.settlement_labels(organisation, [one.id for one in settlements])
    return [
        dataclasses.replace(one, pcode=labels[one.id].pcode)
        if not one.pcode and one.id in labels
        else one
        for one in settlements
    ]


def _parts(settlements: Sequence[Settlement]) -> Iterator[Sequence[Settlement]]:
    for start in range(0, len(settlements), BATCH):
        yield settlements[start : start + BATCH]


def _coded(store: Store, settlements: Sequence[Settlement]) -> Iterator[Settlement]:
    """Yield settlements as they are on the list, with the P-codes that they now bring."""
    for one in settlements:
        try:
            there = store.settlement(one.organisation, one.id)
        except NotFound:
            # Taken off the list since it was read: a P-code is no reason to put it back.
            continue
        yield dataclasses.replace(there, pcode=one.pcode)
