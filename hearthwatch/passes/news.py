"""News of products, taken in: a reason to poll at once, and what was deleted."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime

from hearthwatch.records import KnownScene, Region
from hearthwatch.store.protocol import Store
from imagery.net.types import Deadline
from imagery.subscriptions import News, Subscription


def take_news(
    store: Store,
    regions: Sequence[Region],
    provider: str,
    subscription: Subscription,
    now: datetime,
    deadline: Deadline,
) -> tuple[News, ...]:
    """Read all the news there is, mark scenes of deleted products as gone, and let go of it.

    Nothing is acknowledged before it is stored; what comes a second time changes nothing.

    Returns
    -------
    tuple of News
        What was read; with any, it is time to poll.

    Raises
    ------
    ImageryError
        If the queue cannot be read to its end; what was stored until then stays.
    """
    told: list[News] = []
    identity = subscription.find_or_create(deadline)
    while news := subscription.read(identity, deadline):
        deleted = {one.product for one in news if one.event == "deleted"}
        _forget(store, regions, provider, deleted, now)
        subscription.acknowledge(identity, news[-1], deadline)
        told += news
    return tuple(told)


def _forget(
    store: Store, regions: Iterable[Region], provider: str, deleted: set[str], now: datetime
) -> None:
    gone: list[KnownScene] = [
        dataclasses.replace(scene, gone=now)
        for region in regions
        for scene in (
            store.known_scenes(region.organisation, region.id, provider) if deleted else ()
        )
        if scene.id in deleted
    ]
    if gone:
        with store.transaction() as tx:
            tx.put_scenes(gone)
