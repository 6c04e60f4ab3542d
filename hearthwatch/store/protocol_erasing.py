"""The part of the store's seam that erases content; deciding that takes two people."""

from __future__ import annotations

from typing import Protocol

from hearthwatch.records import Subject
from hearthwatch.store.erasing import Erased, Parts


class ErasingWrites(Protocol):
    """What a transaction takes away for good."""

    def erase(self, parts: Parts) -> Erased:
        """Erase all versions of all that belongs to the parts, and put tombstones for them.

        What was told to others stays only as its tombstone, and what was spent only as sums.
        The order of changes, the log of acts and proposals stay, but reasons that were given for
        releases of the events do not. Events and sources that a proposal agreed to names as
        erased are not written again: `Transaction.put_event`, `put_source` and
        `add_detections` pass over them.

        Raises
        ------
        StoreError
            Something that stays names what is to go.
        """
        ...


class ErasingReads(Protocol):
    """What belongs to what, and what is left of it on the disk."""

    def parts(self, organisation: str, subject: Subject, its_id: str) -> Parts:
        """Return all that is erased with an event, a settlement or a region.

        Those taken off the list too; `NotFound` if there is none.
        """
        ...

    def scrub(self) -> None:
        """Leave nothing in the store's files of what was erased before, as far as it can.

        It writes the store anew, so it needs as much room again, and other writers wait.

        Raises
        ------
        StoreError
            It was opened for reading, or the database cannot do it now.
        """
        ...
