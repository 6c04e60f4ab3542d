"""What a service asks of whoever estimates watches: the pipeline, which no route imports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from shapely.geometry.base import BaseGeometry

from api.problems import Problem
from hearthwatch.passes.estimates import Estimate
from hearthwatch.records import Backtest, Kind, Region


class Planning(Protocol):
    """Tells what a watch would take and give; nothing is asked of any provider."""

    def estimate(
        self, organisation: str, kind: Kind, area: BaseGeometry, backfill_months: float = 24.0
    ) -> Estimate:
        """Return what watching an area, CRS84, would take and give."""
        ...

    def admitted(self, regions: Sequence[Region]) -> list[Region]:
        """Return new regions; what goes beyond a limit of the settings waits to be confirmed."""
        ...

    def backtest(
        self,
        region: Region,
        until: datetime,
        months: float,
        learned_months: float,
        most_units: float | None,
    ) -> Backtest:
        """Return a backtest that waits for its turn.

        Raises
        ------
        RegionError
            If the months cannot be.
        BudgetError
            If its looks may take more units than are granted, or none are granted.
        """
        ...


class Unplanned:
    """A service without the pipeline: it takes regions as they are and estimates nothing."""

    def estimate(
        self, organisation: str, kind: Kind, area: BaseGeometry, backfill_months: float = 24.0
    ) -> Estimate:
        """Refuse (`Problem`, 503)."""
        raise _nobody()

    def admitted(self, regions: Sequence[Region]) -> list[Region]:
        """Return them as they are."""
        return list(regions)

    def backtest(
        self,
        region: Region,
        until: datetime,
        months: float,
        learned_months: float,
        most_units: float | None,
    ) -> Backtest:
        """Refuse (`Problem`, 503)."""
        raise _nobody()


def _nobody() -> Problem:
    words = "This service has nobody who estimates watches: start it with `hearthwatch up`."
    return Problem(503, "unplanned", words)
