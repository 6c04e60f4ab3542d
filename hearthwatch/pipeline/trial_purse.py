"""Paying for a trial run: on the organisation's real account, as backfill, up to what was granted.

A trial keeps nothing of what it finds, but what it reads is read: that is booked where all reads
are, so that no cap is passed, and the pixels stay in the archive for the watch itself.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime

from detectors.types import DetectorInfo
from hearthwatch.budget.policy import Refusal
from hearthwatch.pipeline.purse import Purse
from hearthwatch.pipeline.tasks import Measured, MeasureTask
from hearthwatch.records import Priority, Spend
from hearthwatch.store.protocol import Store


@dataclass(frozen=True, slots=True)
class Payer:
    """Who pays for a trial run.

    Attributes
    ----------
    store : Store
        Where the account is kept.
    most_units : float or None
        Processing units it may spend; None for no limit of its own.
    """

    store: Store
    most_units: float | None = None


class TrialPurse(Purse):
    """The budget of a trial run."""

    most_units: float | None = None
    spent = 0.0
    """Units spent and put aside so far."""

    def permit(self, task: MeasureTask, info: DetectorInfo) -> Spend | Refusal | None:
        """Put aside what a task may cost, as long as that is granted."""
        cost = self._cost(task, info)
        if self.most_units is not None and self.spent + cost.units > self.most_units:
            words = f"the {self.most_units:,.1f} units granted to the backtest are spent"
            return Refusal("most_units", words, task.acquisition.sensed)
        held = super().permit(task, info)
        if isinstance(held, Spend):
            self.spent += held.estimated_units
        return held

    def settle(self, spend: Spend, measured: Measured, begun: int = 1) -> None:
        """Say what a task took in the end."""
        self.spent += measured.cost.units + (begun - 2) * spend.estimated_units
        super().settle(spend, measured, begun)

    def lose(self, spend: Spend, begun: int) -> None:
        """Count as spent what was put aside for a task whose end none saw, as often as it began."""
        self.spent += (begun - 1) * spend.estimated_units
        super().lose(spend, begun)

    def release(self, spend: Spend) -> None:
        """Give back what was put aside for a task that never began."""
        self.spent -= spend.estimated_units
        super().release(spend)

    def refused(self, task: MeasureTask, refusal: Refusal) -> Measured:
        """Return what is told of a look that is not paid for; nothing is back at any date."""
        measured = super().refused(task, refusal)
        if refusal.cap != "most_units":
            return measured
        return dataclasses.replace(measured, reason=f"not asked for: {refusal.reason}")

    def priority(self, sensed: datetime, cell: str) -> Priority:
        """Return that a trial waits behind all that is watched."""
        return Priority.BACKFILL
