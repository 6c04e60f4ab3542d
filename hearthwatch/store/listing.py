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
    fresh: list[Settlement] = []
    for part in _parts([one for one in settlements if one.id not in known]):
        with store.transaction() as transaction:
            added = _unlisted(store, organisation, part)
            transaction.put_settlements(added)
            fresh += added
    known |= {one.id: one.pcode for one in fresh}
    differ = [one for one in settlements if one.pcode and known.get(one.id, "") != one.pcode]
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


def _unlisted(
    store: Store, organisation: str, settlements: Sequence[Settlement]
) -> list[Settlement]:
    """Return settlements that are not on the list; somebody else may just have put them there."""
    # Of those taken off the list too.
    labels = store.settlement_labels(organisation, [one.id for one in settlements])
    return [one for one in settlements if one.id not in labels or _listed(store, one) is None]


def _listed(store: Store, settlement: Settlement) -> Settlement | None:
    """Return a settlement as it is on the list now; None where it is not."""
    try:
        return store.settlement(settlement.organisation, settlement.id)
    except NotFound:
        return None


def _coded(store: Store, settlements: Sequence[Settlement]) -> Iterator[Settlement]:
    """Yield settlements as they are on the list, with the P-codes that they now bring."""
    for one in settlements:
        there = _listed(store, one)
        # Taken off the list since it was read: a P-code is no reason to put it back.
        if there is not None:
            yield dataclasses.replace(there, pcode=one.pcode)
