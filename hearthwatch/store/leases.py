"""Leases given back before they run out."""

from __future__ import annotations

from hearthwatch.store.protocol import Store


def give_back(store: Store, name: str, holder: str) -> None:
    """Give a lease back if a holder has it: an end as it should be is no death."""
    held = store.lease(name)
    if held is not None and held.holder == holder:
        with store.transaction() as tx:
            tx.drop_lease(name, held.holder, held.turn)
