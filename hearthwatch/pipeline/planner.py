"""What is told of a watch before there is one, from what is on this machine alone.

Whoever only thinks of watching a place shows it to nobody: no catalogue is asked over a network.
`hearthwatch region estimate` asks one.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from shapely.geometry.base import BaseGeometry

from hearthwatch.budget.account import FREE
from hearthwatch.errors import BudgetError, RegionError
from hearthwatch.passes.estimates import Estimate, summed
from hearthwatch.pipeline.estimate import Asked, estimate
from hearthwatch.pipeline.estimate_looks import known_looks
from hearthwatch.records import Backtest, Kind, Mode, Region
from hearthwatch.settings import Settings
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_settlements
from hearthwatch.watchlist.waiting import held

MOST_MONTHS = 120.0


class Planner:
    """Estimates watches for one installation."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store

    def estimate(
        self, organisation: str, kind: Kind, area: BaseGeometry, backfill_months: float = 24.0
    ) -> Estimate:
        """Return what watching an area, CRS84, would take and give."""
        places = self._places(organisation)
        return self._estimated(organisation, Asked(kind, area, places, backfill_months))

    def admitted(self, regions: Sequence[Region]) -> list[Region]:
        """Return new regions of one organisation; what goes beyond a limit waits to be confirmed.

        The limits are those of the settings.
        """
        if not any(self._is_limited(one) for one in regions):
            return list(regions)
        now, organisation = datetime.now(UTC), regions[0].organisation
        places = self._places(organisation)
        found = [
            self._estimated(organisation, Asked(one.kind, one.geometry, places)) for one in regions
        ]
        return [held(one, told.exceeds, now) for one, told in zip(regions, found, strict=True)]

    def backtest(
        self,
        region: Region,
        until: datetime,
        months: float,
        learned_months: float,
        most_units: float | None,
    ) -> Backtest:
        """Return a backtest that waits for its turn; it ends now where a later end is asked for.

        Raises
        ------
        RegionError
            If the months cannot be.
        BudgetError
            If its looks may take more units than are granted, or none are granted.
        """
        if not (0.0 < months <= MOST_MONTHS and 0.0 <= learned_months <= MOST_MONTHS):
            raise RegionError(
                f"{months:g} months, after {learned_months:g} that are learned from, cannot be "
                f"tried: name above 0 and up to {MOST_MONTHS:g}, and 0 to {MOST_MONTHS:g}."
            )
        cost = self.backtest_units(region, months + learned_months)
        if cost is not None and (most_units is None or cost > most_units):
            granted = "none are granted" if most_units is None else f"{most_units:,.1f} are granted"
            raise BudgetError(
                f"A backtest of {region.name} takes up to {cost:,.1f} units, and {granted}: grant "
                "as many, or name fewer months. Looks that are in the archive cost nothing."
            )
        # Of days to come nothing is known: counted in, they would make alerts look rarer.
        now = datetime.now(UTC)
        return Backtest(
            str(uuid.uuid4()), region.organisation, region.kind, region.mode, region.id,
            now, min(until, now), months, learned_months, most_units,
        )  # fmt: skip

    def backtest_units(self, region: Region, months: float) -> float | None:
        """Return the units that all looks of some months take; None where nothing is charged."""
        if self._settings.provider in FREE:
            return None
        found = self.estimate(region.organisation, region.kind, region.geometry, months)
        return summed(found, "backfill_units")

    def _estimated(self, organisation: str, asked: Asked) -> Estimate:
        now = datetime.now(UTC)
        known = known_looks(self._settings, self._store, organisation, asked.area, now, ask=False)
        return estimate(self._settings, asked, known, now)

    def _places(self, organisation: str) -> tuple[BaseGeometry, ...]:
        every = all_settlements(self._store, organisation)
        return tuple(one.geometry for one in every if one.mode is Mode.ACTUAL)

    def _is_limited(self, region: Region) -> bool:
        settings = self._settings
        metered = settings.provider not in FREE and settings.confirm_above_units is not None
        km2 = settings.confirm_above_km2
        return metered or (km2 is not None and region.area_km2 > km2)
