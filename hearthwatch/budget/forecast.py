"""What watching an area will take and give: plain arithmetic on what a catalogue says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from imagery.types import Cost

DAYS_PER_MONTH = 365.25 / 12
ASSUMED_LOOKS = 6.0
"""A month, where no catalogue can be asked: two Sentinel-2 satellites pass every five days."""
LONG_WAIT_DAYS = 15.0


@dataclass(frozen=True, slots=True)
class CellCost:
    """What one look at one cell takes.

    Attributes
    ----------
    full, coarse, prelook : Cost
        At full resolution, at 20 m, and of a look at the cloud alone.
    """

    full: Cost
    coarse: Cost
    prelook: Cost


@dataclass(frozen=True, slots=True)
class Sky:
    """What a catalogue says of an area's looks.

    Attributes
    ----------
    looks_per_month : float
        At a cell, on the mean.
    cloud : float or None
        Mean share of the sky, 0..1, that was cloudy; None where nothing says so.
    hidden : float
        Share of looks, 0..1, in which so little is clear that a pre-look ends them.
    """

    looks_per_month: float
    cloud: float | None
    hidden: float = 0.0


@dataclass(frozen=True, slots=True)
class Forecast:
    """What watching takes in a month, and how long it takes to see something.

    Attributes
    ----------
    units_per_month, requests_per_month
        With every look read in full.
    units_with_prelook, requests_with_prelook
        With a pre-look first, where what it hides is not read.
    units_at_20_m : float
        With every look read at 20 m.
    backfill_units, backfill_requests
        Of the months before, every look read in full.
    wait_days : float or None
        Mean time to the first clear look; None where the cloud is not known or always there.
    no_look_share : float or None
        Probability that no look is clear in 15 days.
    """

    units_per_month: float
    requests_per_month: float
    units_with_prelook: float
    requests_with_prelook: float
    units_at_20_m: float
    backfill_units: float
    backfill_requests: float
    wait_days: float | None
    no_look_share: float | None


def forecast(cells: Sequence[CellCost], sky: Sky, backfill_months: float) -> Forecast:
    """Return what watching cells will take.

    Parameters
    ----------
    cells : sequence of CellCost
        One for every cell that is read.
    backfill_months : float
        Length of the past that is read once.
    """
    looks, read = sky.looks_per_month, 1.0 - sky.hidden
    full = _sum([cell.full for cell in cells])
    coarse = _sum([cell.coarse for cell in cells])
    prelook = _sum([cell.prelook for cell in cells])
    revisit = DAYS_PER_MONTH / looks if looks > 0 else None
    return Forecast(
        units_per_month=looks * full.units,
        requests_per_month=looks * full.requests,
        units_with_prelook=looks * (prelook.units + read * full.units),
        requests_with_prelook=looks * (prelook.requests + read * full.requests),
        units_at_20_m=looks * coarse.units,
        backfill_units=backfill_months * looks * full.units,
        backfill_requests=backfill_months * looks * full.requests,
        wait_days=mean_wait_days(revisit, sky.cloud),
        no_look_share=no_clear_look(revisit, sky.cloud, LONG_WAIT_DAYS),
    )


def mean_wait_days(revisit_days: float | None, cloud: float | None) -> float | None:
    """Return the mean time from a change to the first clear look at it, days.

    Notes
    -----
    ``r/2 + r p/(1-p)`` for a look every r days that is cloudy with probability p, one
    independently of the next: half a revisit to the first look, and then as many more as a
    geometric distribution has failures. Cloud comes in spells, so truth is rather worse.
    """
    if revisit_days is None or cloud is None or cloud >= 1.0:
        return None
    return revisit_days / 2 + revisit_days * cloud / (1.0 - cloud)


def no_clear_look(revisit_days: float | None, cloud: float | None, days: float) -> float | None:
    """Return the probability that none of the looks of some days is clear: ``p^(days/r)``."""
    if revisit_days is None or cloud is None:
        return None
    return float(cloud ** (days / revisit_days))


def _sum(costs: Sequence[Cost]) -> Cost:
    return Cost(
        requests=sum(cost.requests for cost in costs),
        units=sum(cost.units for cost in costs),
        bytes=sum(cost.bytes for cost in costs),
    )
