"""A sample as it would be drawn of a million events over ten years and a country."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from hearthwatch.records import EventFilter
from hearthwatch.store.event_search import EventSearch
from hearthwatch.store.sample import EventSample
from hearthwatch.store.ways import COSTS, Way
from tests.contract import store_records as a

SIZE, WEIGHT = 4_000, 250.0
_DAY = 86_400_000_000
_NEWEST = int(a.NOON.timestamp() * 1e6)


@cache
def million() -> EventSample:
    """Return a sample: most burned and candidate, one in a hundred razed and one in 200 closed."""
    rng = np.random.default_rng(5)
    west, south = rng.uniform(20, 40, SIZE), rng.uniform(8, 24, SIZE)
    first = _NEWEST - np.sort(rng.integers(0, 3650, SIZE)) * float(_DAY)
    columns = {
        "west": west,
        "south": south,
        "east": west + 0.01,
        "north": south + 0.01,
        "first_changed": first,
        "last_detected": first + 30.0 * _DAY,
        "kind": rng.choice(np.array(["razed", "burned"], object), SIZE, p=[0.01, 0.99]),
        "state": rng.choice(np.array(["closed", "candidate"], object), SIZE, p=[0.005, 0.995]),
        "cell": np.array([f"c{n}" for n in rng.integers(0, 3600, SIZE)], object),
        "area_m2": rng.lognormal(7, 1, SIZE),
        "looks": np.full(SIZE, 2.0),
        "change": np.full(SIZE, "", object),
    }
    return EventSample(WEIGHT, SIZE, columns)


@cache
def finer_million() -> EventSample:
    """Return ten times as large a sample, of which only place and time, kind and state are known.

    It is no part of the other, as if drawn for itself.
    """
    rng = np.random.default_rng(6)
    size = 10 * SIZE
    west, south = rng.uniform(20, 40, size), rng.uniform(8, 24, size)
    columns = {
        "west": west,
        "south": south,
        "east": west + 0.01,
        "north": south + 0.01,
        "first_changed": _NEWEST - np.sort(rng.uniform(0, 3650, size)) * float(_DAY),
        "kind": rng.choice(np.array(["razed", "burned"], object), size, p=[0.01, 0.99]),
        "state": np.full(size, "candidate", object),
    }
    return EventSample(WEIGHT / 10, size, columns)


def way_of(
    where: EventFilter,
    *,
    database: str = "sqlite",
    most: int = 101,
    slack: float = math.inf,
) -> Way:
    """Return the way by which such a database is asked."""
    return EventSearch("ours", where, None).way(million, COSTS[database], most, slack)
