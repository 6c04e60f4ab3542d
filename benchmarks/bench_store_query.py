"""Time of the newest hundred events in a box and period, beside a plain scan of the same rows.

Run it as ``python benchmarks/store_query.py [events] [questions]``. Both ways are asked the same
questions in turn, on one connection, and must give the same answer.
"""

import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

from shapely.geometry import MultiPolygon, box
from sqlalchemy import Connection, insert, select

from hearthwatch.records import Event, EventFilter, EventState, Kind, Mode, Region
from hearthwatch.store import SqlStore, tables
from hearthwatch.store.codec import to_row
from hearthwatch.store.extent import Box
from hearthwatch.store.queries import EventSearch
from hearthwatch.store.window import unindexed

START = datetime(2016, 1, 1, tzinfo=UTC)
DAYS = 3650
COUNTRY = Box(21.8, 8.7, 38.6, 22.2)
WINDOWS = {
    "village, 2 years": (0.1, 730),
    "district, 1 month": (1.0, 30),
    "district, 10 years": (1.0, DAYS),
    "province, 5 years": (3.0, 1825),
    "country, 10 years": (20.0, DAYS),
}
"""Edge of the box in degrees and length of the period in days."""


def main(events: int, questions: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.db"
        with closing(SqlStore.open(path, write=True)) as store:
            began = time.perf_counter()
            build(store, events)
            print(f"{events} events written in {time.perf_counter() - began:.0f} s")
            for name, (edge, period) in WINDOWS.items():
                ask(store, name, edge, period, questions)


def build(store: SqlStore, count: int) -> None:
    with store.transaction() as tx:
        tx.put_region(
            Region(
                id="reg",
                organisation="org",
                kind=Kind.BURNED,
                mode=Mode.TEST,
                name="Country",
                geometry=MultiPolygon([box(*COUNTRY)]),
                area_km2=1.0,
                created=START,
            )
        )
        # Straight into the table: a hundred times a verb would measure the writing.
        connection: Connection = tx._connection  # type: ignore[attr-defined]
        rows = list(some_rows(10_000))
        for first in range(0, count, len(rows)):
            batch = rows[: count - first]
            connection.execute(insert(tables.events), [moved(row) for row in batch])


def some_rows(count: int) -> Iterator[dict[str, Any]]:
    shape = MultiPolygon([box(30, 15, 30.001, 15.001)])
    for _ in range(count):
        event = Event(
            id="",
            organisation="org",
            kind=Kind.BURNED,
            mode=Mode.TEST,
            region="reg",
            cell="36N_0512_0143",
            detector="indices",
            state=EventState.PROVISIONAL,
            detector_state="probable",
            version=1,
            geometry=shape,
            area_m2=1000.0,
            last_unharmed=START,
            first_changed=START,
            first_detected=START,
            last_detected=START,
            looks=2,
            observed="Roofs gone",
            evidence={f"measure {n}": random.random() for n in range(20)},
        )
        yield to_row(event)


def moved(row: dict[str, Any]) -> dict[str, Any]:
    west = random.uniform(COUNTRY.west, COUNTRY.east)
    south = random.uniform(COUNTRY.south, COUNTRY.north)
    day = random.randrange(DAYS * 86_400) * 1_000_000
    changed = row["first_changed"] + day
    place = {"west": west, "south": south, "east": west + 0.001, "north": south + 0.001}
    return row | place | {"id": f"{random.getrandbits(96):024x}", "first_changed": changed}


def ask(store: SqlStore, name: str, edge: float, period: int, questions: int) -> None:
    ours, plain, found = [], [], 0
    with store._reader.connect() as connection:
        for _ in range(questions):
            where = some_window(edge, period)
            began = time.perf_counter()
            answer = store.events("org", where)
            ours.append(time.perf_counter() - began)
            began = time.perf_counter()
            by_hand = scan(connection, where)
            plain.append(time.perf_counter() - began)
            if [event.id for event in answer.items] != by_hand:
                raise SystemExit("The two ways disagree.")
            found += len(by_hand)
    print(f"{name:20} {found / questions:5.0f} found   store {spread(ours)}   scan {spread(plain)}")


def some_window(edge: float, period: int) -> EventFilter:
    west = random.uniform(COUNTRY.west, max(COUNTRY.west, COUNTRY.east - edge))
    south = random.uniform(COUNTRY.south, max(COUNTRY.south, COUNTRY.north - edge))
    since = START + timedelta(days=random.randint(0, DAYS - period))
    until = since + timedelta(days=period)
    return EventFilter(bbox=(west, south, west + edge, south + edge), since=since, until=until)


def scan(connection: Connection, where: EventFilter) -> list[str]:
    """Go through every event; only the ids, so the scan is not charged for making records."""
    c = tables.events.c
    exact = EventSearch("org", where, None)._exact()
    statement = (
        select(c.id)
        .where(unindexed(c.organisation) == "org", *exact)
        .order_by(c.first_changed.desc(), c.id)
        .limit(100)
    )
    return list(connection.execute(statement).scalars())


def spread(seconds: list[float]) -> str:
    cuts = quantiles(seconds, n=20, method="inclusive")
    return f"p50 {cuts[9] * 1e3:8.2f} ms p95 {cuts[18] * 1e3:8.2f} ms"


if __name__ == "__main__":
    random.seed(20240501)
    main(*(int(word) for word in (*sys.argv[1:], *("100000", "40")[len(sys.argv) - 1 :])))
