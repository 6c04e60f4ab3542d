"""Questions about events in the SQL store; see `hearthwatch.store.protocol_events`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from sqlalchemy import Connection, Engine, Select, Text, bindparam, select

from hearthwatch.records import Event, EventFilter, EventRow, Page
from hearthwatch.store import queries, rules, tables
from hearthwatch.store.codec import from_rows
from hearthwatch.store.cursor import event_paging, row_position
from hearthwatch.store.event_search import EventSearch, Told
from hearthwatch.store.faults import translated
from hearthwatch.store.map_cells import in_numbers
from hearthwatch.store.patience import TookTooLong
from hearthwatch.store.protocol_events import Outline
from hearthwatch.store.sample import EventSample, Samples
from hearthwatch.store.sql_rows import SqlReader, kept_rows
from hearthwatch.store.ways import COSTS, Way

SLACKS = (2.0, 8.0, math.inf)
"""How sure it is that the events looked through first are as many as a map draws; else more are.

By 40,000 of a million the first are too few for a thousand about once in 50 times, and 1,350.
"""


class SqlEventReads(SqlReader):
    """Questions about events."""

    def __init__(self, reader: Engine) -> None:
        super().__init__(reader)
        self._samples = Samples(lambda: self._connect(self._single))

    def event(self, organisation: str, event_id: str) -> Event:
        """Return the newest version of one event; `NotFound` if there is none."""
        found = self._all(Event, queries.event(organisation, event_id))
        if not found:
            raise rules.not_there("event", event_id)
        return found[0]

    def event_history(self, organisation: str, event_id: str) -> tuple[Event, ...]:
        """Return all versions of one event, oldest first."""
        found = self._all(Event, queries.event_history(organisation, event_id))
        if not found:
            raise rules.not_there("event", event_id)
        return found

    def events(
        self, organisation: str, where: EventFilter, *, after: str | None = None, limit: int = 100
    ) -> Page[Event]:
        """Return events, newest `first_changed` first, ties by id."""
        page = self.event_rows(organisation, where, after=after, limit=limit)
        return Page(from_rows(Event, EventRow._fields, page.items), page.next)

    def event_rows(
        self, organisation: str, where: EventFilter, *, after: str | None = None, limit: int = 100
    ) -> Page[EventRow]:
        """Return what `events` gives, in plain values."""
        paging = event_paging(organisation, where, limit)
        search = EventSearch(organisation, where, paging.start(after))
        with self._connect(self._single) as connection, translated():
            way = self._way(connection, search, limit + 1)
            found = _rows(connection, search, way, limit + 1, Told.ALL)
        return paging.page(list(map(EventRow._make, found)), row_position)

    def count_events(self, organisation: str, where: EventFilter, *, most: int) -> int | None:
        """Return how many events `events` would give; None if more than `most`, or too slow."""
        rules.check_most(most)
        search = EventSearch(organisation, where, None)
        with suppress(TookTooLong), self._counting() as connection:
            statement = search.count(self._way(connection, search, most + 1))
            found: int = connection.execute(statement, search.values(most + 1)).scalar_one()
            return found if found <= most else None
        return None

    def outlines(
        self, organisation: str, where: EventFilter, *, limit: int, finest: float = 0.0
    ) -> tuple[Outline, ...]:
        """Return the first `limit` of what `events` would give, with only what a map draws."""
        event_paging(organisation, where, limit)  # which refuses a limit
        search = EventSearch(organisation, where, None)
        found: Sequence[Any] = ()
        told = Told.OUTLINE
        with self._connect(self._single) as connection, translated():
            for slack in SLACKS:
                way = self._way(connection, search, limit, slack, finest)
                told = Told.BOX if way.by == "map" else Told.OUTLINE
                found = _rows(connection, search, way, limit, told)
                if way.since is None or len(found) == limit:
                    break
                # Asked anew, not on: so all that is answered was there at one moment.
            if told is Told.BOX:
                return _with_shapes(connection, found, finest)
        return tuple(map(Outline._make, found))

    def foresee(self) -> None:
        """Begin to learn what questions about events will cost; returns at once."""
        self._samples.begin()

    def _way(
        self,
        connection: Connection,
        search: EventSearch,
        most: int,
        slack: float = math.inf,
        finest: float = 0.0,
    ) -> Way:
        def sample() -> EventSample:
            return self._samples.of(connection, search.organisation)

        with translated():
            return search.way(sample, COSTS[connection.dialect.name], most, slack, finest)


def _rows(
    connection: Connection, search: EventSearch, way: Way, most: int, told: Told
) -> Sequence[Any]:
    """Return the rows of a search, all at once: one by one they would each be asked for."""
    statement, values = search.statement(way, told), search.values(most, way)
    if search.is_kept(way):
        return kept_rows(connection, statement, values)
    return connection.execute(statement, values).all()


def _with_shapes(
    connection: Connection, found: Sequence[Any], finest: float
) -> tuple[Outline, ...]:
    """Return outlines of boxes; the geometry is read of those that are not too small to show."""
    outlines = [Outline._make(row[:-1]) for row in found]
    places = {
        row[-1]: place for place, row in enumerate(found) if not _is_small(row[-5:-1], finest)
    }
    if places:
        numbers = {"numbers": ",".join(map(str, places))}
        for number, geometry in kept_rows(connection, _shapes(), numbers):
            place = places.pop(number)
            outlines[place] = outlines[place]._replace(geometry=geometry)
    # What was erased meanwhile is still there.
    gone = set(places.values())
    return tuple(one for place, one in enumerate(outlines) if place not in gone)


def _is_small(box: Sequence[float], finest: float) -> bool:
    """Tell whether a box says as much of an area as its outline; of a point it does not."""
    west, south, east, north = box
    return 0.0 < max(east - west, north - south) < finest


@cache
def _shapes() -> Select[Any]:
    c = tables.events.c
    return select(c.number, c.geometry).where(
        in_numbers(c.number, bindparam("numbers", type_=Text))
    )
