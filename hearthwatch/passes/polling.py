"""Learning of new products by when they were published, and remembering what was listed.

Sensing time finds nothing that is published late, so lists are read by publication time, from a
while before the newest that was seen. Once a day the last weeks are read anew by sensing time, for
what that missed, what was processed again, and what is listed no more. The mark moves on only
after all that was listed is stored: a poll that is killed is made again in full.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from shapely.geometry.base import BaseGeometry

from hearthwatch.records import KnownScene, Mark, Region
from hearthwatch.store.protocol import Store
from imagery.errors import ImageryError
from imagery.scene_json import scene_from_json, scene_to_json
from imagery.types import ImageryProvider, Query, Scene

OVERLAP = timedelta(hours=48)
"""Before the newest publication seen: catalogues list some products later than they date them."""
RECONCILED = timedelta(days=30)
"""Of sensing time, read anew daily."""
DAILY = timedelta(hours=24)
AHEAD = timedelta(days=1)
"""Beyond this machine's clock, which may be slow."""
BATCH = 200
"""Scenes written at once: after an outage hundreds may come together."""
LEAST_BELIEVED = 0.5
"""Of what was listed before; a list that lost more than the rest is a fault of the catalogue."""
FEW = 4
"""Scenes that may all be gone at once without that being odd."""
ALL_COLLECTIONS = ""
"""A provider's collections are read together."""

SINCE = "*since"
"""The mark of this name is no collection's: its time is the sensing time that lists begin at."""

T = TypeVar("T")
_Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Polled:
    """What one poll brought.

    Attributes
    ----------
    new, changed, gone : int
        Scenes not known before, known ones that the provider changed or lists again, and those
        it lists no more.
    doubt : str
        Why a part of the list was not believed; empty if all of it was.
    """

    new: int = 0
    changed: int = 0
    gone: int = 0
    doubt: str = ""


def poll(
    store: Store,
    provider: ImageryProvider,
    region: Region,
    area: BaseGeometry,
    first: datetime,
    now: datetime,
) -> Polled:
    """Ask what is new over a region, and remember it.

    Parameters
    ----------
    area : shapely geometry
        CRS84 ground that scenes are wanted of.
    first : datetime
        Sensing time of the oldest scenes wanted; the first poll reads everything since then, and
        a later one that goes further back what is older.

    Raises
    ------
    ImageryError
        If the catalogue cannot be read to its end; what was stored until then stays, and the next
        poll begins where this one did.
    """
    return _Poll(store, provider, region, area, first, now).make()


def known_scenes(store: Store, region: Region, provider: str) -> list[Scene]:
    """Return all scenes listed over a region, by (sensed, id).

    Raises
    ------
    imagery.errors.IntegrityError
        If what was remembered cannot be read.
    """
    known = store.known_scenes(region.organisation, region.id, provider)
    return [scene_from_json(one.document) for one in known]


def scenes_gone(store: Store, region: Region, provider: str) -> list[Scene]:
    """Return the scenes that were listed over a region and are no more, by (sensed, id)."""
    known = store.known_scenes(region.organisation, region.id, provider, gone=True)
    return [scene_from_json(one.document) for one in known if one.gone is not None]


def listed_since(store: Store, region: Region, provider: str) -> datetime | None:
    """Return the sensing time that lists of a region begin at; None before the first poll."""
    mark = store.mark(region.organisation, region.id, provider, SINCE)
    return mark.published if mark else None


class _Poll:
    """One poll of one region."""

    def __init__(
        self,
        store: Store,
        provider: ImageryProvider,
        region: Region,
        area: BaseGeometry,
        first: datetime,
        now: datetime,
    ) -> None:
        self.store, self.provider, self.region = store, provider, region
        self.area, self.first, self.now = area, first, now
        self.mark = store.mark(region.organisation, region.id, provider.name, ALL_COLLECTIONS)
        known = store.known_scenes(region.organisation, region.id, provider.name, gone=True)
        self.known: dict[_Key, KnownScene] = {(one.collection, one.id): one for one in known}
        self.listed: set[_Key] = set()
        self.newest = min(self.mark.published, now) if self.mark else first
        self.polled = Polled()

    def make(self) -> Polled:
        self._list_new()
        self._list_older()
        return self.polled

    def _list_new(self) -> None:
        if self.mark is None:
            self._take_in(self._query(self.first))
            self._finish(reconciled=True)
            return
        due = self._is_due(self.mark)
        if self._is_dated():
            after = min(self.mark.published, self.now) - OVERLAP
            self._take_in(self._query(self.first, after))
        if due:
            self._take_in(self._query(self._since()))
        self._finish(reconciled=due)

    def _list_older(self) -> None:
        """Go further back than before, if that is asked for now."""
        since = listed_since(self.store, self.region, self.provider.name)
        if since is not None and self.first < since:
            self._take_in(Query(self.area, self.first, since))
            with self.store.transaction() as tx:
                tx.put_mark(self._since_mark())

    def _is_due(self, mark: Mark) -> bool:
        """Tell whether the last weeks are to be read anew: daily, and where nothing is dated."""
        if mark.reconciled is None or not self._is_dated():
            return True
        # A time in the future was written by a clock that was wrong.
        return not timedelta(0) <= self.now - mark.reconciled < DAILY

    def _is_dated(self) -> bool:
        """Tell whether the provider says when it published what it lists."""
        return any(one.published is not None for one in self.known.values())

    def _since(self) -> datetime:
        return max(self.first, self.now - RECONCILED)

    def _query(self, start: datetime, published_after: datetime | None = None) -> Query:
        end = max(start, self.now + AHEAD)
        return Query(self.area, start, end, published_after=published_after)

    def _take_in(self, query: Query) -> None:
        for batch in _batches(self.provider.search(query)):
            found = [one for scene in batch if (one := self._noted(scene)) is not None]
            if found:
                with self.store.transaction() as tx:
                    tx.put_scenes(found)

    def _noted(self, scene: Scene) -> KnownScene | None:
        """Return what is to be remembered of a listed scene; None if that is remembered already."""
        key = scene.collection, scene.id
        if scene.published is not None:
            # A date in the future would hide all that is published until then.
            self.newest = max(self.newest, min(scene.published, self.now))
        before = self.known.get(key)
        self.listed.add(key)
        if before is None:
            self._count(new=1)
        elif before.gone is not None or before.item_sha256 != scene.item_sha256:
            self._count(changed=1)
        else:
            return None
        noted = KnownScene(
            organisation=self.region.organisation,
            region=self.region.id,
            provider=self.provider.name,
            collection=scene.collection,
            id=scene.id,
            sensed=scene.sensed,
            published=scene.published,
            item_sha256=scene.item_sha256,
            first_seen=before.first_seen if before else self.now,
            last_seen=self.now,
            gone=None,
            document=scene_to_json(scene),
        )
        self.known[key] = noted
        return noted

    def _finish(self, *, reconciled: bool) -> None:
        """Note what is gone and how far the list was read: all at once, after all is stored."""
        seen, gone = self._missed() if reconciled else ([], [])
        before = self.mark.reconciled if self.mark else None
        mark = Mark(
            organisation=self.region.organisation,
            region=self.region.id,
            provider=self.provider.name,
            collection=ALL_COLLECTIONS,
            published=self.newest,
            reconciled=self.now if reconciled and not self.polled.doubt else before,
        )
        for batch in _batches(seen):
            with self.store.transaction() as tx:
                tx.put_scenes(batch)
        with self.store.transaction() as tx:
            tx.put_scenes(gone)
            tx.put_mark(mark)
            if self.mark is None:
                tx.put_mark(self._since_mark())
        self._count(gone=len(gone))

    def _since_mark(self) -> Mark:
        region, provider = self.region, self.provider.name
        return Mark(region.organisation, region.id, provider, SINCE, self.first)

    def _missed(self) -> tuple[list[KnownScene], list[KnownScene]]:
        """Return the recent scenes that were listed again, and those that were not."""
        since, until = self._since() if self.mark else self.first, self.now + AHEAD
        recent = [
            one for one in self.known.values() if one.gone is None and since <= one.sensed <= until
        ]
        if len(recent) > FEW and len(self.listed) < LEAST_BELIEVED * len(recent):
            words = f"it lists {len(self.listed)} scenes where it listed {len(recent)} before"
            self.polled = dataclasses.replace(self.polled, doubt=words)
            return [], []
        seen = [one for one in recent if (one.collection, one.id) in self.listed]
        gone = [one for one in recent if (one.collection, one.id) not in self.listed]
        return (
            [dataclasses.replace(one, last_seen=self.now) for one in seen],
            [dataclasses.replace(one, gone=self.now) for one in gone],
        )

    def _count(self, new: int = 0, changed: int = 0, gone: int = 0) -> None:
        told = self.polled
        self.polled = dataclasses.replace(
            told, new=told.new + new, changed=told.changed + changed, gone=told.gone + gone
        )


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield so many at once; of a source that fails, what came before it did, and then the error.

    What one sensor's catalogue lists is remembered though another's is down.
    """
    batch: list[T] = []
    try:
        for item in items:
            batch.append(item)
            if len(batch) == BATCH:
                yield batch
                batch = []
    except ImageryError:
        if batch:
            yield batch
        raise
    if batch:
        yield batch
