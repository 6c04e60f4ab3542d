"""Going further back than the first list of a region did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from shapely.geometry import box

from hearthwatch.passes.polling import listed_since, poll
from hearthwatch.store import MemoryStore
from imagery.errors import Transient
from imagery.types import Query, Scene
from tests.support import settled
from tests.support.listing_provider import ListedProvider, made_scene

REGION = settled.region()
GROUND = box(*REGION.geometry.bounds)
NOW = REGION.created
AGES = (3, 40, 100, 400)
SCENES = [made_scene(NOW - timedelta(days=age), GROUND) for age in AGES]


class Breaking(ListedProvider):
    """Breaks off a list of what is older than 60 days."""

    broken = True

    def search(self, query: Query) -> Iterator[Scene]:
        for scene in super().search(query):
            yield scene
            if self.broken and NOW - scene.sensed > timedelta(days=60):
                raise Transient("the connection was cut")


@pytest.fixture
def store() -> MemoryStore:
    store = MemoryStore()
    with store.transaction() as tx:
        tx.put_region(REGION)
    return store


def polled(store: MemoryStore, provider: ListedProvider, days: int) -> list[int]:
    """Poll for scenes of so many days; return the ages in days of those that are known then."""
    poll(store, provider, REGION, GROUND, NOW - timedelta(days=days), NOW)
    known = store.known_scenes("local", REGION.id, provider.name)
    return sorted((NOW - one.sensed).days for one in known)


def since(store: MemoryStore) -> int:
    found = listed_since(store, REGION, "listed")
    assert found is not None
    return (NOW - found).days


def test_older_scenes_are_listed_once_when_they_are_asked_for(store: MemoryStore) -> None:
    provider = ListedProvider(SCENES)
    assert polled(store, provider, 60) == [3, 40]
    assert since(store) == 60
    assert polled(store, provider, 150) == [3, 40, 100]
    assert since(store) == 150
    before = len(provider.queries)
    assert polled(store, provider, 150) == [3, 40, 100]
    assert all(query.start >= NOW - timedelta(days=150) for query in provider.queries[before:])
    assert not any(
        query.published_after is None and query.end < NOW for query in provider.queries[before:]
    )


def test_a_shorter_time_forgets_nothing(store: MemoryStore) -> None:
    provider = ListedProvider(SCENES)
    assert polled(store, provider, 150) == [3, 40, 100]
    assert polled(store, provider, 60) == [3, 40, 100]
    assert since(store) == 150


def test_a_list_that_breaks_off_is_made_again(store: MemoryStore) -> None:
    provider = Breaking(SCENES)
    assert polled(store, provider, 60) == [3, 40]
    with pytest.raises(Transient):
        polled(store, provider, 500)
    assert since(store) == 60
    provider.broken = False
    assert polled(store, provider, 500) == [3, 40, 100, 400]
    assert since(store) == 500
