"""The part of the store's seam that is about heat that satellites saw."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from hearthwatch.records import HeatCover, HeatSource, HeatSpot
from hearthwatch.store.extent import Bounds


class HeatWrites(Protocol):
    """Writes of a transaction about heat."""

    def add_heat(self, spots: Sequence[HeatSpot]) -> int:
        """Add heat; what is there already stays as it is. Return how much was new."""
        ...

    def put_heat_cover(self, cover: HeatCover, *, instead_of: Sequence[str] = ()) -> None:
        """Say of which ground and days there is a record; what was said before is replaced.

        `instead_of` are ids of rows that it says all of: they go.
        """
        ...

    def put_heat_source(self, source: HeatSource) -> None:
        """Add a source of heat that people know, or replace it (to take it off the list, say)."""
        ...


class HeatReads(Protocol):
    """Questions to the store about heat."""

    def heat(
        self,
        organisation: str,
        *,
        bbox: Bounds | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[HeatSpot, ...]:
        """Return the heat of a box and a time, ends included, oldest first, ties by id.

        As it came: with pixels that were processed anew since.
        """
        ...

    def heat_covers(self, organisation: str) -> tuple[HeatCover, ...]:
        """Return of which ground and days there is a record, by first day, ties by id."""
        ...

    def heat_sources(self, organisation: str, *, removed: bool = False) -> tuple[HeatSource, ...]:
        """Return the sources of heat that people know, by id; with `removed`, those too."""
        ...
