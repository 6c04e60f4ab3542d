"""Events by the million, windows to ask for them, and the bare SQL for the same rows."""

import random
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from shapely.geometry import MultiPolygon, box
from sqlalchemy import Connection, insert

from hearthwatch.records import Event, EventFilter, EventState, Kind, Mode, Region
from hearthwatch.store import SqlStore, tables
from hearthwatch.store.codec import to_row
from hearthwatch.store.event_search import EventSearch
from hearthwatch.store.extent import Box
from hearthwatch.store.ways import Way

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


def put_region(store: SqlStore, organisation: str = "org") -> None:
    """Write the region that all events are of."""
    region = Region(
        id="reg",
        organisation=organisation,
        kind=Kind.BURNED,
        mode=Mode.TEST,
        name="Country",
        geometry=MultiPolygon([box(*COUNTRY)]),
        area_km2=1.0,
        created=START,
    )
    with store.transaction() as tx:
        tx.put_region(region)


def build(store: SqlStore, count: int) -> None:
    """Write so many events that all look alike, their edges spread over the country."""
    put_region(store)
    rows = list(some_rows(10_000))
    with store.transaction() as tx:
        # Straight into the table: a hundred times a verb would measure the writing.
        connection: Connection = tx._connection  # type: ignore[attr-defined]
        for first in range(0, count, len(rows)):
            batch = rows[: count - first]
            connection.execute(insert(tables.events), [moved(row) for row in batch])
    with store._writer.connect() as writer:  # type: ignore[union-attr]
        writer.exec_driver_sql("ANALYZE")
        writer.commit()


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


class Bare:
    """One question, sent by the driver alone."""

    def __init__(self, connection: Connection, where: EventFilter, way: Way) -> None:
        search = EventSearch("org", where, None)
        statement = search.statement(way)
        options = {"render_postcompile": True}
        compiled = statement.compile(connection, compile_kwargs=options)
        values: Any = compiled.construct_params(search.values(101))
        if compiled.positiontup is not None:
            values = tuple(values[name] for name in compiled.positiontup)
        self._text, self._values = str(compiled), values
        self._driver: Any = connection.connection.driver_connection
        self.ids: list[str] = []

    def ask(self) -> float:
        """Return the seconds it took."""
        began = time.perf_counter()
        cursor = self._driver.cursor()
        rows = cursor.execute(self._text, self._values).fetchall()
        taken = time.perf_counter() - began
        column = [word[0] for word in cursor.description].index("id")
        self.ids = [row[column] for row in rows]
        return taken


def some_window(edge: float, period: int) -> EventFilter:
    west = random.uniform(COUNTRY.west, max(COUNTRY.west, COUNTRY.east - edge))
    south = random.uniform(COUNTRY.south, max(COUNTRY.south, COUNTRY.north - edge))
    since = START + timedelta(days=random.randint(0, DAYS - period))
    until = since + timedelta(days=period)
    return EventFilter(bbox=(west, south, west + edge, south + edge), since=since, until=until)
