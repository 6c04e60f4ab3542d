"""What watching an area would take and give, by sensor, as values for programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from hearthwatch.budget.forecast import Forecast, Sky
from hearthwatch.passes.latency import Latency, latency_value
from hearthwatch.settings import Settings
from imagery.types import Acquisition


@dataclass(frozen=True, slots=True)
class Listed:
    """What a catalogue lists over an area.

    Attributes
    ----------
    assumed : str
        Why it says nothing, and looks are assumed; empty where it does.
    """

    looks: tuple[Acquisition, ...]
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class SensorEstimate:
    """What the looks of one sensor take; detectors that read the same looks share them.

    Attributes
    ----------
    read_cells, coarse_cells : int
        Cells whose pixels are asked for, and those of them that are asked for at 20 m only.
    """

    detectors: tuple[str, ...]
    sensors: tuple[str, ...]
    read_cells: int
    coarse_cells: int
    listed: Listed
    sky: Sky
    forecast: Forecast
    latency: Latency

    @property
    def is_known(self) -> bool:
        """Whether looks are listed, or would have to be paid for."""
        return bool(self.listed.looks) or self.forecast.requests_per_month > 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """The answer, before it is put into words.

    Attributes
    ----------
    parts : tuple of SensorEstimate
        The kind's own detector's first.
    exceeds : tuple of str
        Limits of the settings that it goes beyond, in words: then somebody must confirm it.
    """

    area_km2: float
    cells: tuple[str, ...]
    settled_cells: tuple[str, ...]
    settlements: int
    provider: str
    parts: tuple[SensorEstimate, ...]
    backfill_months: float
    month_units: float | None
    exceeds: tuple[str, ...] = ()


def estimate_value(found: Estimate) -> dict[str, Any]:
    """Return an estimate for programs."""
    return {
        "area_km2": _short(found.area_km2),
        "cells": list(found.cells),
        "settlements": found.settlements,
        "settled_cells": list(found.settled_cells),
        "provider": found.provider,
        "backfill_months": found.backfill_months,
        "sensors": [_part_value(part) for part in found.parts],
        "units_per_month": _short(summed(found, "units_per_month")),
        "requests_per_month": _short(summed(found, "requests_per_month")),
        "backfill_units": _short(summed(found, "backfill_units")),
        "share_of_month": _short(share_of_month(found)),
        "exceeds": list(found.exceeds),
    }


def _part_value(part: SensorEstimate) -> dict[str, Any]:
    return {
        "detectors": list(part.detectors),
        "sensors": list(part.sensors),
        "cells_read": part.read_cells,
        "cells_read_at_20_m": part.coarse_cells,
        "looks_per_month": _short(part.sky.looks_per_month),
        "cloud_share": _short(part.sky.cloud),
        "assumed": part.listed.assumed or None,
        "latency": latency_value(part.latency),
        **{name: _short(value) for name, value in asdict(part.forecast).items()},
    }


def over_limits(found: Estimate, settings: Settings) -> tuple[str, ...]:
    """Return the limits that an estimate goes beyond, in words: somebody must confirm such a watch.

    What every look of a month takes is held against them, and the ground.
    """
    over = []
    units, most = summed(found, "units_per_month"), settings.confirm_above_units
    if found.month_units is not None and most is not None and units > most:
        over.append(f"{units:,.0f} units a month, more than {most:,.0f} (confirm_above_units)")
    km2 = settings.confirm_above_km2
    if km2 is not None and found.area_km2 > km2:
        over.append(f"{found.area_km2:,.0f} km², more than {km2:,.0f} (confirm_above_km2)")
    return tuple(over)


def summed(found: Estimate, name: str) -> float:
    """Return one figure of the forecast over all sensors."""
    return float(sum(getattr(part.forecast, name) for part in found.parts))


def share_of_month(found: Estimate) -> float | None:
    """Return the share of the month's units that every look takes; None if none are counted."""
    return summed(found, "units_per_month") / found.month_units if found.month_units else None


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
