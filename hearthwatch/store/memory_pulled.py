"""Looks at cells in the store in memory."""

from __future__ import annotations

from collections import defaultdict

from hearthwatch.records import LedgerRow
from hearthwatch.store.memory_tables import MemoryReader, between
from hearthwatch.store.protocol_pulled import LookKey, PulledLook, PulledSearch


class MemoryPulledReads(MemoryReader):
    """Questions about looks at cells."""

    def pulled_looks(
        self, organisation: str, where: PulledSearch, *, limit: int
    ) -> tuple[PulledLook, ...]:
        """Return looks at cells, newest first, ties by acquisition and cell downwards."""
        looks: defaultdict[LookKey, list[LedgerRow]] = defaultdict(list)
        for row in self._open().all(LedgerRow, organisation):
            if _is_wanted(row, where):
                looks[row.sensed, row.acquisition, row.cell].append(row)
        newest = sorted(looks, reverse=True)[:limit]
        return tuple(_joined(key, looks[key]) for key in newest)


def _is_wanted(row: LedgerRow, where: PulledSearch) -> bool:
    key = (row.sensed, row.acquisition, row.cell)
    return (
        between(row.sensed, where.since, where.until)
        and (where.cells is None or row.cell in where.cells)
        and where.acquisition in (None, row.acquisition)
        and row.detector not in where.but_detectors
        and (where.start is None or key <= where.start)
    )


def _joined(key: LookKey, rows: list[LedgerRow]) -> PulledLook:
    sensed, acquisition, cell = key
    masters = {master for row in rows for master in row.detail.get("masters", ())}
    modes = sorted({row.mode for row in rows})
    return PulledLook(acquisition, cell, sensed, tuple(sorted(masters)), tuple(modes))
