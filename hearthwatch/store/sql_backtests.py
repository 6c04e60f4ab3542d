"""What the SQL store keeps of backtests; see `hearthwatch.store.protocol_backtests`."""

from __future__ import annotations

from sqlalchemy import select

from hearthwatch.records import Backtest
from hearthwatch.store import tables
from hearthwatch.store.codec import to_row
from hearthwatch.store.rules import IDENTITY
from hearthwatch.store.sql_rows import SqlReader, SqlWriter


class SqlBacktestWrites(SqlWriter):
    """Writes about backtests."""

    def put_backtest(self, backtest: Backtest) -> None:
        """Add a backtest or replace it as it goes on."""
        with self._step():
            self._put(tables.backtests, to_row(backtest), IDENTITY[Backtest])


class SqlBacktestReads(SqlReader):
    """Questions about backtests."""

    def backtests(self, organisation: str, region: str) -> tuple[Backtest, ...]:
        """Return the backtests of one region, oldest first."""
        c = tables.backtests.c
        mine = select(tables.backtests).where(c.organisation == organisation, c.region == region)
        return self._all(Backtest, mine.order_by(c.asked, c.id))

    def open_backtests(self) -> tuple[Backtest, ...]:
        """Return those of all organisations that wait or are under way, oldest first."""
        c = tables.backtests.c
        found = select(tables.backtests).where(c.finished.is_(None))
        return self._all(Backtest, found.order_by(c.asked, c.id))
