"""Whole answers from the store, which gives them in pages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from hearthwatch.records import (
    Detection,
    Event,
    EventFilter,
    EventRow,
    Label,
    LedgerRow,
    Region,
    Settlement,
    Spend,
    SpendStatus,
)
from hearthwatch.store.extent import Bounds
from hearthwatch.store.protocol import Store

PAGE = 1000


def all_events(store: Store, organisation: str, where: EventFilter) -> Iterator[Event]:
    """Yield every event that meets `where`, newest change first."""
    after = None
    while True:
        page = store.events(organisation, where, after=after, limit=PAGE)
        yield from page.items
        after = page.next
        if after is None:
            return


def all_looks(
    store: Store,
    region: Region,
    since: datetime | None = None,
    until: datetime | None = None,
    settlement: str | None = None,
) -> Iterator[LedgerRow]:
    """Yield the ledger of one region, oldest look first; see `Store.ledger`."""
    after = None
    while True:
        page = store.ledger(
            region.organisation, region.id, since=since, until=until, settlement=settlement,
            after=after, limit=PAGE,
        )  # fmt: skip
        yield from page.items
        after = page.next
        if after is None:
            return


def all_spends(
    store: Store,
    organisation: str,
    *,
    region: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    status: SpendStatus | None = None,
) -> Iterator[Spend]:
    """Yield what reads took, last reserved first; see `Store.spends`."""
    after = None
    while True:
        page = store.spends(
            organisation, region=region, since=since, until=until, status=status, after=after,
            limit=PAGE,
        )  # fmt: skip
        yield from page.items
        after = page.next
        if after is None:
            return


def labels_of(
    store: Store, organisation: str, records: Iterable[Event | EventRow | Detection | LedgerRow]
) -> Mapping[str, Label]:
    """Return the names and P-codes of the settlements that records are about, by id."""
    ids = {record.settlement for record in records} - {""}
    return store.settlement_labels(organisation, ids) if ids else {}


def all_settlements(
    store: Store, organisation: str, bbox: Bounds | None = None
) -> Iterator[Settlement]:
    """Yield every settlement that is listed, by name."""
    after = None
    while True:
        page = store.settlements(organisation, bbox=bbox, after=after, limit=PAGE)
        yield from page.items
        after = page.next
        if after is None:
            return
