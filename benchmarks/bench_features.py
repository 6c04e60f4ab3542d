"""Many events that differ, and filters in CQL2 over them; `benchmarks.bench_service` asks them."""

import random
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import shapely
from sqlalchemy import Connection, insert

from benchmarks.bench_store_query import COUNTRY, DAYS, START, moved, put_region, some_rows
from hearthwatch.store import SqlStore, tables

STATES = {"provisional": 0.9, "candidate": 0.0999, "disputed": 0.0001}
KINDS = {"burned": 0.99, "razed": 0.0099, "camp_change": 0.0001}


def fill(store: SqlStore, count: int, organisation: str = "org") -> None:
    """Write so many events, each where its edges say, and let the database count them."""
    put_region(store, organisation)
    rows = list(some_rows(10_000))
    with store.transaction() as tx:
        connection: Connection = tx._connection  # type: ignore[attr-defined]
        for first in range(0, count, len(rows)):
            batch = [varied(moved(row), organisation) for row in rows[: count - first]]
            shapes = shapely.box(*([row[edge] for row in batch] for edge in tables.EDGES))
            for row, wkb in zip(batch, shapely.to_wkb(shapes, flavor="iso"), strict=True):
                row["geometry"] = wkb
            connection.execute(insert(tables.events), batch)
    with store._writer.connect() as writer:  # type: ignore[union-attr]
        writer.exec_driver_sql("ANALYZE")
        writer.commit()


def varied(row: dict[str, Any], organisation: str) -> dict[str, Any]:
    """Return a row of some state, kind, area and cell; most of them alike, as in the world."""
    seen = row["first_changed"] + random.randrange(90) * 86_400_000_000
    return row | {
        "organisation": organisation,
        "state": random.choices(list(STATES), list(STATES.values()))[0],
        "kind": random.choices(list(KINDS), list(KINDS.values()))[0],
        "area_m2": random.lognormvariate(7, 1),
        "cell": f"36N_{random.randrange(60):04d}_{random.randrange(60):04d}",
        "last_detected": seen,
    }


def place(size: float) -> str:
    """Return a triangle somewhere in the country."""
    west = random.uniform(COUNTRY.west, COUNTRY.east - size)
    south = random.uniform(COUNTRY.south, COUNTRY.north - size)
    corners = ((0, 0), (size, 0), (0, size), (0, 0))
    ring = ", ".join(f"{west + x:.4f} {south + y:.4f}" for x, y in corners)
    return f"s_intersects(geometry, POLYGON(({ring})))"


def period(days: int) -> str:
    """Return a period of so many days."""
    since = START + timedelta(days=random.randrange(DAYS - days))
    until = since + timedelta(days=days)
    return f"t_during(first_changed, INTERVAL('{since.date()}', '{until.date()}'))"


def cell() -> str:
    return f"cell = '36N_{random.randrange(60):04d}_{random.randrange(60):04d}'"


FILTERS: Mapping[str, Callable[[], str]] = {
    "usual kind": lambda: "kind = 'burned'",
    "rare kind": lambda: "kind = 'camp_change'",
    "rare state": lambda: "state = 'disputed'",
    "no such state": lambda: "state = 'closed'",
    "month": lambda: period(30),
    "area and month": lambda: f"area_m2 > 500 AND {period(30)}",
    "area, 1 in 10": lambda: f"area_m2 > {random.uniform(3900, 4100):.0f}",
    "area, 1 in 1,000": lambda: f"area_m2 > {random.uniform(24_000, 25_000):.0f}",
    "area, none": lambda: f"area_m2 > {random.randrange(10**7, 10**8)}",
    "seen lately": lambda: "last_detected > DATE('2026-03-01')",
    "cell": cell,
    "cell and area": lambda: f"{cell()} AND area_m2 BETWEEN 500 AND 5000",
    "village": lambda: place(0.1),
    "district, 2 years": lambda: f"{place(1.0)} AND {period(730)}",
    "province, rare kind": lambda: f"kind = 'razed' AND {place(3.0)}",
    "half the country": lambda: place(12.0),
    "states, one of two": lambda: "state IN ('candidate', 'closed')",
}
