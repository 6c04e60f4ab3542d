"""News of products, taken in: which regions to poll at once, and what was deleted."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from hearthwatch.records import KnownScene, Region
from hearthwatch.store.protocol import Store
from imagery.net.types import Deadline
from imagery.subscriptions import News, Subscription

LEAST_S = 30.0
"""Time that there must be left to read on; the rest waits for the next time."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What some news comes to.

    Attributes
    ----------
    regions : frozenset of str
        Ids of those that it may be about.
    deleted : tuple of (str, str)
        For each known scene that was deleted: the region's id, and why as its provider says, which
        may be empty.
    """

    regions: frozenset[str]
    deleted: tuple[tuple[str, str], ...] = ()


def take_news(
    store: Store,
    regions: Sequence[Region],
    providers: Sequence[str],
    subscription: Subscription,
    now: datetime,
    deadline: Deadline,
) -> Iterator[Heard]:
    """Read the news there is, some at a time, mark scenes of deleted products as gone.

    Nothing is acknowledged before it is stored and whoever asked has gone on to the next; what
    comes a second time changes nothing.

    Parameters
    ----------
    providers : sequence of str
        Names of those whose scenes may be deleted products.
    deadline : Deadline
        No more is begun to be read shortly before it.

    Raises
    ------
    ImageryError
        If the queue cannot be read to its end; what was stored until then stays.
    """
    identity = subscription.find_or_create(deadline)
    while deadline.left() > LEAST_S and (news := subscription.read(identity, deadline)):
        touched = {one: [item for item in news if item.touches(one.geometry)] for one in regions}
        lost = [
            (region.id, scene, cause)
            for region, told in touched.items()
            for scene, cause in _lost(store, region, providers, told)
        ]
        if lost:
            with store.transaction() as tx:
                tx.put_scenes([dataclasses.replace(scene, gone=now) for _, scene, _ in lost])
        yield Heard(
            frozenset(region.id for region, told in touched.items() if told),
            tuple((region, cause) for region, _, cause in lost),
        )
        subscription.acknowledge(identity, news[-1], deadline)


def _lost(
    store: Store, region: Region, providers: Sequence[str], news: Sequence[News]
) -> Iterator[tuple[KnownScene, str]]:
    """Yield the known scenes that are products told to be deleted, and why."""
    causes = {one.product: one.cause for one in reversed(news) if one.event == "deleted"}
    for provider in providers if causes else ():
        for scene in store.known_scenes(region.organisation, region.id, provider):
            cause = causes.get(scene.id.removesuffix(".SAFE"))
            if cause is not None:
                yield scene, cause
