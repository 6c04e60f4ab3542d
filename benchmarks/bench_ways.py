"""What the ways to a window's events cost: microseconds for each entry passed and row read.

``python -m benchmarks.bench_ways --folder FOLDER [--address ADDRESS]``, of the events that
``benchmarks.bench_service`` keeps there. `hearthwatch.store.ways` reckons with what this prints:

* going back through time, an entry passed over costs what is left of windows that hold next to
  nothing;
* by the index of windows, a row read costs what is left of windows that were asked at all times;
  what a short period in a wide window costs besides is that of events there at other times.
"""

from __future__ import annotations

import argparse
import random
import statistics
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from benchmarks.bench_store_query import Bare, some_window
from hearthwatch.layout import Layout
from hearthwatch.records import EventFilter
from hearthwatch.store import SqlStore, tables
from hearthwatch.store.filters import in_a_window
from hearthwatch.store.queries import period
from hearthwatch.store.ways import PLACE, TIME

EDGES_DEG = (0.1, 0.3, 1.0, 3.0, 10.0)
DAYS = (10, 90, 730, 3650)
WINDOWS, ROUNDS = 4, 3
PAGE = 101
MOST_READ = 30_000
"""By the index of windows; more would take seconds and tell nothing else."""


class Cost(NamedTuple):
    """One window: how many events lie in its period, in it, and milliseconds by each way."""

    in_period: float
    inside: float
    by_place: float
    by_time: float


def main() -> None:
    """Print a table of windows."""
    given = arguments()
    place: Any = given.address or Layout(given.folder).database
    random.seed(20240501)
    with closing(SqlStore.open(place)) as store, store._reader.connect() as connection:
        print(connection.dialect.name)
        print("  edge   days  in period  inside    by place, a row      by time, an entry")
        for edge in EDGES_DEG:
            for days in DAYS:
                costs = [cost(connection, some_window(edge, days)) for _ in range(WINDOWS)]
                told(edge, days, Cost(*map(statistics.median, zip(*costs, strict=True))))


def cost(connection: Connection, where: EventFilter) -> Cost:
    """Return what one window costs by each way."""
    c = tables.events.c
    in_period = [c.organisation == "org",
                 c.first_changed.between(*period(where.since, where.until))]  # fmt: skip
    inside = in_a_window(c, [where.bbox or ()])
    counted = [connection.execute(select(func.count()).where(*conditions)).scalar_one()
               for conditions in (in_period, (*in_period, inside))]  # fmt: skip
    by_place = taken(connection, where, PLACE) if counted[1] <= MOST_READ else float("nan")
    return Cost(counted[0], counted[1], by_place, taken(connection, where, TIME))


def taken(connection: Connection, where: EventFilter, way: Any) -> float:
    """Return the milliseconds of a question by the driver alone, the best of some rounds."""
    asked = Bare(connection, where, way)
    asked.ask()
    return min(asked.ask() for _ in range(ROUNDS)) * 1e3


def told(edge: float, days: int, one: Cost) -> None:
    """Print a window with what a row and an entry come to."""
    passed = min(one.in_period, PAGE * one.in_period / max(one.inside, 1))
    row, entry = (1e3 * one.by_place / max(one.inside, 1), 1e3 * one.by_time / max(passed, 1))
    print(
        f"  {edge:4} {days:6} {one.in_period:10,.0f} {one.inside:7,.0f}"
        f"  {one.by_place:7.2f} ms {row:6.1f} us  {one.by_time:7.2f} ms {entry:6.2f} us",
        flush=True,
    )


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path())
    parser.add_argument("--address", default="", help="of a PostgreSQL database, in its place")
    return parser.parse_args()


if __name__ == "__main__":
    main()
