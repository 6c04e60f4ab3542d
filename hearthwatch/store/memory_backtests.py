"""What the store in memory keeps of backtests."""

from __future__ import annotations

from operator import attrgetter

from hearthwatch.records import Backtest
from hearthwatch.store.codec import to_row
from hearthwatch.store.memory_tables import MemoryReader, MemoryWriter


class MemoryBacktestWrites(MemoryWriter):
    """Writes about backtests."""

    def put_backtest(self, backtest: Backtest) -> None:
        """Add a backtest or replace it as it goes on."""
        with self._turn.step():
            self._replace(Backtest, to_row(backtest))


class MemoryBacktestReads(MemoryReader):
    """Questions about backtests."""

    def backtests(self, organisation: str, region: str) -> tuple[Backtest, ...]:
        """Return the backtests of one region, oldest first."""
        every = self._open().all(Backtest, organisation)
        mine = (one for one in every if one.region == region)
        return tuple(sorted(mine, key=attrgetter("asked", "id")))

    def open_backtests(self) -> tuple[Backtest, ...]:
        """Return those of all organisations that wait or are under way, oldest first."""
        found = (one for one in self._open().all(Backtest) if one.finished is None)
        return tuple(sorted(found, key=attrgetter("asked", "id")))
