"""A store in which a provider is not asked, or a pass is missing, for the length of a block."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from hearthwatch.records import Gap, Pause
from hearthwatch.store import Store
from tests.contract import store_records as a

SINCE = datetime(2026, 11, 20, 10, 12, tzinfo=UTC)
REASON = "the month's 10,000 units are spent"
FOREVER = datetime(2999, 12, 1, tzinfo=UTC)
EXPECTED = datetime(2026, 11, 18, 9, 20, tzinfo=UTC)


@contextmanager
def paused(
    store: Store, organisation: str, provider: str = "folder", reason: str = REASON
) -> Iterator[Pause]:
    """Ask a provider for nothing."""
    pause = Pause(organisation, provider, SINCE, FOREVER, reason)
    with store.transaction() as tx:
        tx.put_pause(pause)
    try:
        yield pause
    finally:
        with store.transaction() as tx:
            tx.put_pause(dataclasses.replace(pause, ended=SINCE + timedelta(days=1)))


@contextmanager
def missing(store: Store, organisation: str, region: str) -> Iterator[Gap]:
    """Wait in vain for a pass over a region."""
    gap = a.gap(
        id=f"gap-{region}",
        organisation=organisation,
        region=region,
        expected=EXPECTED,
        raised=EXPECTED + timedelta(hours=36),
    )
    with store.transaction() as tx:
        tx.put_gap(gap)
    try:
        yield gap
    finally:
        with store.transaction() as tx:
            tx.put_gap(dataclasses.replace(gap, closed=gap.raised))
