"""Backtests as jobs: one at a time, beside the looks that are taken, which go first."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

from hearthwatch.errors import HearthwatchError, NotFound
from hearthwatch.pipeline.backtest import run_backtest, sweep_backtests
from hearthwatch.pipeline.bench import RunStopped
from hearthwatch.pipeline.record import RECORD_SECONDS, Progress
from hearthwatch.records import Backtest, Region, RunOutcome
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store
from imagery.types import ImageryProvider

TICK_SECONDS = 2.0
KILLED = (
    "The process that made it ended. Ask for it again: what it had read is in the archive and is "
    "not paid for twice."
)

_log = logging.getLogger(__name__)


def carry_out(
    settings: Settings,
    store: Store,
    provider: ImageryProvider,
    region: Region,
    asked: Backtest,
    progress: Callable[[Progress], None] = lambda _: None,
    stopping: Callable[[], bool] = lambda: False,
) -> Backtest:
    """Make a backtest and keep its report; return it as it ended.

    Raises
    ------
    HearthwatchError
        As `run_backtest`, after that was written down.
    """
    kept = _Kept(store, dataclasses.replace(asked, started=datetime.now(UTC)), progress)
    try:
        report = run_backtest(settings, store, provider, region, asked, kept.note, stopping)
    except (KeyboardInterrupt, RunStopped):
        kept.end(RunOutcome.INTERRUPTED, KILLED)
        raise
    except HearthwatchError as error:
        kept.end(RunOutcome.FAILED, error.message)
        raise
    except Exception:
        kept.end(RunOutcome.FAILED, "It broke off; the log says why.")
        raise
    return kept.end(RunOutcome.COMPLETE, "", report)


class _Kept:
    """The row of a backtest, kept up to date."""

    def __init__(
        self, store: Store, backtest: Backtest, progress: Callable[[Progress], None]
    ) -> None:
        self._store, self._progress = store, progress
        self._backtest = dataclasses.replace(backtest, outcome=RunOutcome.RUNNING)
        self._write()

    def note(self, progress: Progress) -> None:
        """Take progress in, and write it now and then."""
        self._progress(progress)
        done, total = progress.done, progress.total
        self._backtest = dataclasses.replace(self._backtest, done=done, total=total)
        if time.monotonic() - self._written >= RECORD_SECONDS:
            self._write()

    def end(
        self, outcome: RunOutcome, detail: str, report: dict[str, object] | None = None
    ) -> Backtest:
        """Write how it ended."""
        self._backtest = dataclasses.replace(
            self._backtest, outcome=outcome, detail=detail, report=report or {},
            finished=datetime.now(UTC),
        )  # fmt: skip
        self._write()
        return self._backtest

    def _write(self) -> None:
        with self._store.transaction() as transaction:
            transaction.put_backtest(self._backtest)
        self._written = time.monotonic()


class Backtests:
    """Makes the backtests that were asked for, in a thread of its own.

    Parameters
    ----------
    tell : callable
        Takes one line for the operator. It names regions by their id only.
    leads : callable
        Whether this process is the one that works.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        provider: ImageryProvider,
        tell: Callable[[str], None],
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        # Half of the workers: what is going on now is looked at first.
        self._settings = settings.model_copy(update={"workers": max(1, settings.workers // 2)})
        self._store, self._provider = store, provider
        self._tell, self._leads = tell, leads
        self._stop = threading.Event()

    def stop(self) -> None:
        """End after the look that is being taken; from any thread."""
        self._stop.set()

    def go_on(self) -> None:
        """Work until stopped. Nothing that goes wrong with one backtest ends it."""
        while not self._stop.is_set():
            try:
                if self._leads():
                    self.step()
            except HearthwatchError as error:
                _log.warning("backtests wait: %s", error.message)
            except Exception:
                _log.exception("backtests go on in spite of this")
            self._stop.wait(TICK_SECONDS)

    def step(self) -> None:
        """Make what waits, the oldest first; what a process left that ended is over."""
        waiting = []
        for one in self._store.open_backtests():
            if one.outcome is RunOutcome.WAITING:
                waiting.append(one)
            else:
                # None is under way here between two steps.
                self._end(one, RunOutcome.INTERRUPTED, KILLED)
                sweep_backtests(self._settings)
        for one in waiting:
            if not self._is_over():
                self._make(one)

    def _is_over(self) -> bool:
        return self._stop.is_set() or not self._leads()

    def _make(self, asked: Backtest) -> None:
        try:
            region = self._store.region(asked.organisation, asked.region)
        except NotFound:
            self._end(asked, RunOutcome.FAILED, "The region is no longer on the watchlist.")
            return
        try:
            carry_out(
                self._settings, self._store, self._provider, region, asked,
                stopping=self._is_over,
            )  # fmt: skip
        except RunStopped:
            return
        except HearthwatchError as error:
            self._tell(f"region {region.id}: its backtest failed: {error.message}")
        except Exception:
            self._tell(f"region {region.id}: its backtest broke off; the log says why")
            _log.exception("backtests go on in spite of this")

    def _end(self, backtest: Backtest, outcome: RunOutcome, detail: str) -> None:
        ended = dataclasses.replace(
            backtest, outcome=outcome, detail=detail, finished=datetime.now(UTC)
        )
        with self._store.transaction() as transaction:
            transaction.put_backtest(ended)
