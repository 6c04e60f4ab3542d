"""What the ways to a window's events cost: microseconds for each entry passed and row read.

``python -m benchmarks.bench_ways --folder FOLDER [--address ADDRESS]``, of the events that
``benchmarks.bench_service`` keeps there. `hearthwatch.store.ways` reckons with what this prints:

* going back through time, an entry passed over costs what is left of windows that hold next to
  nothing;
* by the index of windows, a row read costs what is left of windows that were asked at all times;
  what a short period in a wide window costs besides is that of events there at other times;
* by cell of the map, a cell and an entry that is looked at cost what fits best by least squares, of
  tiles that are asked for the boxes of a thousand.
"""

from __future__ import annotations

import argparse
import random
import statistics
from contextlib import closing
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, Text, bindparam, func, select

from benchmarks.bench_store_query import COUNTRY, Bare, some_window
from hearthwatch.layout import Layout
from hearthwatch.records import EventFilter
from hearthwatch.store import SqlStore, map_cells, tables
from hearthwatch.store.event_search import EventSearch, Told
from hearthwatch.store.filters import in_a_window
from hearthwatch.store.queries import period
from hearthwatch.store.sql_rows import kept_rows
from hearthwatch.store.ways import PLACE, TIME, Way
from tiles.mercator import tile_bounds, tile_over

EDGES_DEG = (0.1, 0.3, 1.0, 3.0, 10.0)
DAYS = (10, 90, 730, 3650)
WINDOWS, ROUNDS = 4, 3
PAGE = 101
PAGE_OF_A_MAP = 1001
ZOOMS = (6, 7, 8, 9, 10)
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
        by_cells(connection)


def by_cells(connection: Connection) -> None:
    """Print what tiles cost by the index of cells, and what that comes to for each part of it."""
    print("  zoom   days  cells  looked at      by cell")
    found = []
    for zoom in ZOOMS:
        for days in DAYS:
            tiles = [at_cells(connection, zoom, days) for _ in range(WINDOWS)]
            cells, entries, took = map(statistics.median, zip(*tiles, strict=True))
            print(f"  {zoom:4} {days:6} {cells:6.0f} {entries:10,.0f}  {took:7.2f} ms", flush=True)
            found += [one for one in tiles if one[1] <= PAGE_OF_A_MAP]
    table = np.array(found)
    known = np.column_stack([np.ones(len(table)), table[:, :2]])
    whole, cell, entry = 1e3 * np.linalg.lstsq(known, table[:, 2], rcond=None)[0]
    print(f"  a question {whole:.0f} us, a cell {cell:.1f} us, an entry {entry:.2f} us", flush=True)


def at_cells(connection: Connection, zoom: int, days: int) -> tuple[float, float, float]:
    """Return the cells of a tile, the events in them, and the milliseconds of a question."""
    lon = random.uniform(COUNTRY.west, COUNTRY.east)
    lat = random.uniform(COUNTRY.south, COUNTRY.north)
    period_of = some_window(1.0, days)
    bbox = tile_bounds(zoom, *tile_over(lon, lat, zoom))
    where = EventFilter(bbox=bbox, since=period_of.since, until=period_of.until)
    search, way, c = EventSearch("org", where, None), Way("map"), tables.events.c
    values = search.values(PAGE_OF_A_MAP, way)
    near = map_cells.in_cells(c.number, bindparam("cells", type_=Text))
    then = c.first_changed.between(*period(where.since, where.until))
    entries = connection.execute(
        select(func.count()).select_from(tables.events).where(near, then),
        {"cells": values["cells"]},
    ).scalar_one()
    times = []
    for _ in range(1 + ROUNDS):
        began = perf_counter()
        kept_rows(connection, search.statement(way, Told.BOX), values)
        times.append(perf_counter() - began)
    return map_cells.count([bbox]), entries, min(times[1:]) * 1e3


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
