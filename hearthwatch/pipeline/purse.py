"""Paying for looks: what each is thought to cost is put aside before it is asked for.

Only the coordinating process does this, before a task goes to a worker and after it is back: two
workers cannot overspend, and what a killed run had put aside counts as spent.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

from detectors.types import DetectorInfo
from hearthwatch.budget.account import Budget
from hearthwatch.budget.paid import searches_booked
from hearthwatch.budget.policy import Refusal
from hearthwatch.budget.stages import Held, Stage, in_words
from hearthwatch.pipeline.prelook import PRELOOK_M
from hearthwatch.pipeline.pull import Spent, asked_anew, wanted_bands
from hearthwatch.pipeline.tasks import (
    COARSE_M,
    Measured,
    MeasureTask,
    Reading,
    not_taken,
)
from hearthwatch.records import (
    EventFilter,
    EventState,
    ObservationStatus,
    Priority,
    Region,
    Spend,
)
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_events
from imagery.cube import CLASSES
from imagery.errors import Permanent
from imagery.types import Acquisition, Cost, ImageryProvider
from tiles.cell import cell_from_id

BACKFILL_AFTER = timedelta(days=30)
"""A look older than this is history, and waits behind what is going on."""
CONFIRMED_WITHIN = timedelta(days=60)
"""After a suspicion, looks at its cell come first."""
STAGE_SECONDS = 30.0
"""For so long the stage of the budget is taken to hold."""

_DIED = "the worker that had begun it died, or was cut off, before it was over"


class Purse:
    """The budget of one run over one region with one provider."""

    def __init__(
        self,
        budget: Budget,
        store: Store,
        provider: ImageryProvider,
        region: Region,
        run: str,
        settings: Settings,
    ) -> None:
        self._budget, self._store = budget, store
        self._provider, self._region, self._run = provider, region, run
        self._prelook, self._clear_share = settings.prelook, settings.prelook_clear_share
        self._coarse_first = settings.coarse_first
        self._held: tuple[float, Held] | None = None
        self.is_exhausted = False

    def searching(self) -> AbstractContextManager[None]:
        """While open, searches are counted; at its end they are booked."""
        return searches_booked(self._budget, self._provider, self._region.id, run=self._run)

    def reading(self, look: Acquisition, cell: str) -> Reading:
        """Return how much of a look over a cell is asked for, as the budget stands.

        What may confirm a suspicion is read whatever the stage: a part of every cap is kept for it.
        """
        held = self._stage()
        prelook = self._prelook and look.sensor.startswith("sentinel-2")
        if held.stage is Stage.FULL and (not self._coarse_first or self._confirms(look, cell)):
            return Reading(prelook=prelook, clear_share=self._clear_share)
        pixels = held.stage <= Stage.COARSE or not prelook or self._confirms(look, cell)
        return Reading(COARSE_M, prelook, self._clear_share, pixels, in_words(held))

    def permit(self, task: MeasureTask, info: DetectorInfo) -> Spend | Refusal | None:
        """Put aside what a task may cost; None where it costs nothing."""
        cost = self._cost(task, info)
        if not cost.requests:
            return None
        return self._budget.reserve(
            self._provider.name,
            self._region.id,
            task.acquisition.key,
            task.site.cell,
            cost,
            self.priority(task.acquisition.sensed, task.site.cell),
            run=self._run,
        )

    def settle(self, spend: Spend, measured: Measured, begun: int = 1) -> None:
        """Say what a task took in the end, and stop asking where the provider said so.

        Parameters
        ----------
        begun : int
            How often it was begun: of the times before the last nobody saw the end.
        """
        for _ in range(begun - 1):
            self._budget.lose_once_more(spend, _DIED)
        if measured.cost.requests:
            self._budget.settle(spend, measured.cost, detail=measured.reason[:200])
        else:
            self._budget.release(spend, measured.reason[:200] or "it was in the archive already")
        if measured.quota is not None:
            self.is_exhausted = True
            self._held = None
            self._budget.pause(self._provider.name, measured.quota.until, str(measured.quota))

    def lose(self, spend: Spend, begun: int) -> None:
        """Count as spent what was put aside for a task that was begun and whose end none saw."""
        self._budget.lose(spend, _DIED)
        for _ in range(begun - 1):
            self._budget.lose_once_more(spend, _DIED)

    def release(self, spend: Spend) -> None:
        """Give back what was put aside for a task that never began."""
        self._budget.release(spend, "the run ended before it was asked for")

    def refused(self, task: MeasureTask, refusal: Refusal) -> Measured:
        """Return what is told of a look that is not paid for."""
        self.is_exhausted = True
        words = f"not asked for: {refusal.words}"
        return not_taken(task.acquisition, task.site, ObservationStatus.NOT_DELIVERED, words)

    def priority(self, sensed: datetime, cell: str) -> Priority:
        """Return how urgent a look is: one that may confirm a suspicion comes first."""
        if datetime.now(UTC) - sensed > BACKFILL_AFTER:
            return Priority.BACKFILL
        open_ = EventFilter(
            region=self._region.id,
            states=(EventState.CANDIDATE, EventState.PROVISIONAL),
            since=sensed - CONFIRMED_WITHIN,
        )
        events = all_events(self._store, self._region.organisation, open_)
        return Priority.CONFIRMATION if any(e.cell == cell for e in events) else Priority.ROUTINE

    def _confirms(self, look: Acquisition, cell: str) -> bool:
        """Tell whether a look may confirm a suspicion; the store is asked."""
        return self.priority(look.sensed, cell) is Priority.CONFIRMATION

    def _stage(self) -> Held:
        now = time.monotonic()
        if self._held is None or now - self._held[0] > STAGE_SECONDS:
            held = self._budget.stage(self._provider.name, self._region.id)
            self._held = (now, held)
        return self._held[1]

    def _cost(self, task: MeasureTask, info: DetectorInfo) -> Cost:
        """Return what a task takes at most: the glance, and all that is not archived yet."""
        spent = Spent()
        try:
            bands = wanted_bands(task.acquisition, info, task.beside)
            cells = asked_anew(task, info)
            reading = task.reading
            if cells and reading.prelook:
                spent.add(self._estimate(task, task.site.cell, PRELOOK_M, (CLASSES,)))
            for cell in cells if reading.pixels else ():
                spent.add(self._estimate(task, cell, task.pixel_m(cell), bands))
        except Permanent:
            # The task will say so in its own words, and asks for nothing.
            return spent.cost
        return spent.cost

    def _estimate(self, task: MeasureTask, cell: str, pixel_m: float, bands: Sequence[str]) -> Cost:
        grid = cell_from_id(cell).geobox(pixel_m)
        return self._provider.estimate(task.acquisition.scenes, grid, bands)
