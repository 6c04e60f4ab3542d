"""The part of the store's seam that tells which looks at which cells an organisation had."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hearthwatch.records import Mode

LookKey = tuple[datetime, str, str]
"""When it was sensed, its acquisition and its cell; looks at cells are ordered by it."""


@dataclass(frozen=True, slots=True)
class PulledLook:
    """One look at one cell, over all regions, settlements and detectors that had it.

    Attributes
    ----------
    masters : tuple of str
        SHA-256 of every master that one's own ledger names for it, sorted; of the cells beside
        it too. Empty where none was pulled.
    modes : tuple of Mode
        Of the watches that had it, sorted.
    """

    acquisition: str
    cell: str
    sensed: datetime
    masters: tuple[str, ...]
    modes: tuple[Mode, ...]

    @property
    def key(self) -> LookKey:
        """What looks at cells are ordered by."""
        return self.sensed, self.acquisition, self.cell


@dataclass(frozen=True, slots=True)
class PulledSearch:
    """Which looks at cells are asked for.

    Attributes
    ----------
    since, until : datetime or None
        Of the look, both ends included.
    cells : collection of str or None
        Ids; None for any.
    acquisition : str or None
    but_detectors : collection of str
        Looks that only these had are left out.
    start : tuple or None
        Key of the look to begin with; it is given too.
    """

    since: datetime | None = None
    until: datetime | None = None
    cells: Collection[str] | None = None
    acquisition: str | None = None
    but_detectors: Collection[str] = ()
    start: LookKey | None = None


class PulledReads(Protocol):
    """Questions about looks at cells."""

    def pulled_looks(
        self, organisation: str, where: PulledSearch, *, limit: int
    ) -> tuple[PulledLook, ...]:
        """Return looks at cells, newest first, ties by acquisition and cell downwards.

        A look that was expected and never came is given too, without masters.
        """
        ...
