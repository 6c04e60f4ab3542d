"""The part of the store's seam that answers for events: one, its versions, and searches."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from hearthwatch.records import Event, EventFilter, EventRow, Page
from hearthwatch.store.codec import to_row


class Outline(NamedTuple):
    """What a map draws of an event; plain values, for there may be thousands on one tile.

    Attributes
    ----------
    geometry : bytes or None
        WKB, CRS84. None where it is smaller than asked for, and its box says as much.
    first_changed, last_unharmed : int
        Microseconds since 1970 in UTC; None where no look showed the ground unharmed.
    west, south, east, north : float
        Degrees, CRS84.
    """

    id: str
    geometry: bytes | None
    kind: str
    mode: str
    state: str
    first_changed: int
    last_unharmed: int | None
    area_m2: float
    settlement: str
    west: float
    south: float
    east: float
    north: float


def row_of(event: Event) -> EventRow:
    """Return an event in plain values."""
    return EventRow(**to_row(event))


class EventReads(Protocol):
    """Questions about events."""

    def event(self, organisation: str, event_id: str) -> Event:
        """Return the newest version of one event; `NotFound` if there is none."""
        ...

    def event_history(self, organisation: str, event_id: str) -> tuple[Event, ...]:
        """Return all versions of one event, oldest first."""
        ...

    def events(
        self, organisation: str, where: EventFilter, *, after: str | None = None, limit: int = 100
    ) -> Page[Event]:
        """Return events, newest `first_changed` first, ties by id.

        `bbox` selects events whose geometry's bounds meet it; `since` and `until` bound
        `first_changed`, both ends included.
        """
        ...

    def event_rows(
        self, organisation: str, where: EventFilter, *, after: str | None = None, limit: int = 100
    ) -> Page[EventRow]:
        """Return what `events` gives, in plain values."""
        ...

    def count_events(self, organisation: str, where: EventFilter, *, most: int) -> int | None:
        """Return how many events `events` would give in all.

        Returns
        -------
        int or None
            None for more than `most`, or if counting takes longer than
            `hearthwatch.store.patience` has it.
        """
        ...

    def outlines(
        self, organisation: str, where: EventFilter, *, limit: int, finest: float = 0.0
    ) -> tuple[Outline, ...]:
        """Return the first `limit` of what `events` would give, with only what a map draws.

        Parameters
        ----------
        finest : float
            Degrees. What is smaller both ways, but no point, may come without its geometry, which
            is then not read.

        Raises
        ------
        QuestionError
            If `limit` is not from 1 to 10,000.
        """
        ...

    def foresee(self) -> None:
        """Begin to learn what questions about events will cost; returns at once.

        For who is about to answer many. What is asked before it is known may take longer.
        """
        ...
