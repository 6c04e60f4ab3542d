"""Transactions that write events: who is told of them is laid out before they begin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hearthwatch.alerting import matching
from hearthwatch.store.protocol import Store, Transaction


@contextmanager
def opened(store: Store, organisation: str) -> Iterator[Transaction]:
    """Open a transaction in which events of an organisation are written with their alerts.

    To lay out ten thousand subscriptions takes a second or two, in which nobody else could write.
    Within the transaction it is only asked whether something changed since.
    """
    matching.of(store, organisation)
    with store.transaction() as tx:
        yield tx
