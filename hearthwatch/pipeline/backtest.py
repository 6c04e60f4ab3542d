"""What a watch would have told in the last months, by the very code that would have told it.

The run is the real one; its store is in memory, and its data folder one of its own that is gone
when it is over. Nothing of it is an event, and nobody is told. What it has read stays in the
archive, and what that took is booked on the real account.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from detectors.registry import detectors_of
from hearthwatch.layout import Layout
from hearthwatch.pipeline.backtest_report import Tried, report_of
from hearthwatch.pipeline.record import Progress
from hearthwatch.pipeline.run import run_region
from hearthwatch.pipeline.sites import stored_settlements
from hearthwatch.pipeline.trial_purse import Payer
from hearthwatch.records import (
    Backtest,
    CalibrationChoice,
    Region,
    Run,
    RunOutcome,
    WatchLevel,
)
from hearthwatch.settings import Settings
from hearthwatch.store import MemoryStore
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_spends
from imagery.types import Chip, Cost, GeoBox, ImageryProvider, Query, Scene

DAYS_PER_MONTH = 365.25 / 12
BATCH = 1000


def run_backtest(
    settings: Settings,
    store: Store,
    provider: ImageryProvider,
    region: Region,
    asked: Backtest,
    progress: Callable[[Progress], None] | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """Try a watch on the past; return the report, JSON values.

    Parameters
    ----------
    store : Store
        The real one: read, and written to for what was spent alone.
    asked : Backtest
        What is asked for.

    Raises
    ------
    HearthwatchError
        As `run_region`.
    RunStopped
        Because `stopping` said so.
    """
    tried = Tried(
        region, asked, since=asked.until - _days(asked.months), learned_since=first_look(asked)
    )
    with _folder(settings, asked) as own:
        shadow = shadow_of(store, region)
        (watched,) = shadow.regions(region.organisation)
        days = (watched.created - tried.learned_since) / timedelta(days=1)
        limited = own.model_copy(update={"backfill_days": round(days)})
        run_region(
            limited, shadow, _limited(provider, tried.learned_since), watched, asked.until,
            progress, asked=_run_of(asked), stopping=stopping,
            payer=Payer(store, asked.most_units),
        )  # fmt: skip
        spends = [one for one in all_spends(store, region.organisation, region=region.id)
                  if one.run == asked.id]  # fmt: skip
        return report_of(shadow, tried, spends)


def first_look(asked: Backtest) -> datetime:
    """Return when the looks of a backtest begin: those it learns from come first."""
    return asked.until - _days(asked.months + asked.learned_months)


def shadow_of(store: Store, region: Region) -> MemoryStore:
    """Return a store of its own with a region as if new, its settlements and its calibrations."""
    shadow = MemoryStore()
    now = datetime.now(UTC)
    # The same id: what it would have told would have had the same ids.
    fresh = replace(
        region, created=now, level=WatchLevel.ROUTINE, level_until=None, level_reason="", raised={}
    )
    settlements = stored_settlements(store, region)
    with shadow.transaction() as tx:
        tx.put_region(fresh)
        for begin in range(0, len(settlements), BATCH):
            tx.put_settlements(settlements[begin : begin + BATCH])
        for detector in detectors_of(region.kind.value):
            chosen = store.chosen_calibration(region.organisation, detector, region.mode, region.id)
            if chosen is not None:
                tx.put_calibration(chosen)
                tx.choose_calibration(
                    CalibrationChoice(
                        region.organisation, chosen.kind, chosen.mode, region.id, detector, now,
                        chosen.id,
                    )
                )  # fmt: skip
    return shadow


def sweep_backtests(settings: Settings) -> None:
    """Remove the folders of backtests that were killed."""
    shutil.rmtree(Layout(settings.data_dir).backtests, ignore_errors=True)


@contextmanager
def _folder(settings: Settings, asked: Backtest) -> Iterator[Settings]:
    """Give a data folder of its own for the length of a block; archive and layers are real."""
    real = Layout(settings.data_dir)
    real.make()
    root = real.backtests / asked.id
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True, mode=0o700)
    try:
        own = Layout(root)
        kept = real.archive(asked.organisation)
        kept.mkdir(exist_ok=True)
        own.archives.mkdir()
        own.archive(asked.organisation).symlink_to(kept.absolute(), target_is_directory=True)
        layers = real.root / "layers"
        if layers.is_dir():
            (root / "layers").symlink_to(layers.absolute(), target_is_directory=True)
        yield settings.model_copy(update={"data_dir": root})
    finally:
        # The links go, and what they lead to stays.
        shutil.rmtree(root, ignore_errors=True)


def _run_of(asked: Backtest) -> Run:
    return Run(
        asked.id, asked.organisation, asked.kind, asked.mode, asked.region, asked.asked,
        asked.until, "", "", outcome=RunOutcome.WAITING,
    )  # fmt: skip


def _days(months: float) -> timedelta:
    return timedelta(days=months * DAYS_PER_MONTH)


def _limited(provider: ImageryProvider, first: datetime) -> ImageryProvider:
    # What is asked over a network is asked from `backfill_days` on as it is.
    return provider if provider.remote else _Since(provider, first, provider.name)


@dataclass(slots=True)
class _Since:
    """A provider that has nothing older than a time."""

    provider: ImageryProvider
    first: datetime
    name: str
    remote: bool = False

    @property
    def faults(self) -> Callable[[], Sequence[str]]:
        return getattr(self.provider, "faults", tuple)

    def serving(self) -> AbstractContextManager[None]:
        return self.provider.serving()

    def search(self, query: Query) -> Iterator[Scene]:
        if query.end < self.first:
            return iter(())
        return self.provider.search(replace(query, start=max(query.start, self.first)))

    def read(
        self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str], deadline: float
    ) -> Chip:
        return self.provider.read(scenes, geobox, bands, deadline)

    def estimate(self, scenes: Sequence[Scene], geobox: GeoBox, bands: Sequence[str]) -> Cost:
        return self.provider.estimate(scenes, geobox, bands)
