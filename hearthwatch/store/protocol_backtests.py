"""The part of the store's seam that is about backtests."""

from __future__ import annotations

from typing import Protocol

from hearthwatch.records import Backtest


class BacktestWrites(Protocol):
    """Writes of a transaction about backtests."""

    def put_backtest(self, backtest: Backtest) -> None:
        """Add a backtest or replace it as it goes on."""
        ...


class BacktestReads(Protocol):
    """Questions to the store about backtests."""

    def backtests(self, organisation: str, region: str) -> tuple[Backtest, ...]:
        """Return the backtests of one region, oldest first, ties by id."""
        ...

    def open_backtests(self) -> tuple[Backtest, ...]:
        """Return those of all organisations that wait or are under way, oldest first."""
        ...
