"""What watching an area would take, by sensor, and the words for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from hearthwatch.budget.forecast import Forecast, Sky
from hearthwatch.words import counted, sensors_in_words
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
    """

    area_km2: float
    cells: tuple[str, ...]
    settled_cells: tuple[str, ...]
    settlements: int
    provider: str
    parts: tuple[SensorEstimate, ...]
    backfill_months: float
    month_units: float | None


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
        "units_per_month": _short(_sum(found, "units_per_month")),
        "requests_per_month": _short(_sum(found, "requests_per_month")),
        "backfill_units": _short(_sum(found, "backfill_units")),
        "share_of_month": _short(_share_of_month(found)),
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
        **{name: _short(value) for name, value in asdict(part.forecast).items()},
    }


def estimate_text(found: Estimate) -> str:
    """Return an estimate for people."""
    lines = [
        f"{found.area_km2:,.1f} km² in {counted(len(found.cells), 'cell')} of 10.24 km; "
        f"{counted(found.settlements, 'settlement')} in "
        f"{counted(len(found.settled_cells), 'cell')}",
    ]
    for part in found.parts:
        if len(found.parts) > 1:
            lines.append(f"{sensors_in_words(part.sensors)}, for {', '.join(part.detectors)}")
        lines += _part_lines(part, found.backfill_months)
    if len(found.parts) > 1:
        lines.append(
            f"together  {_sum(found, 'units_per_month'):,.1f} units and "
            f"{_sum(found, 'requests_per_month'):,.0f} requests a month if every look is read, "
            f"{_sum(found, 'backfill_units'):,.1f} units of backfill"
        )
    share = _share_of_month(found)
    if share is not None:
        lines.append(f"budget    {share:.1%} of the month's {found.month_units:,.0f} units")
    return "\n".join(lines)


def _part_lines(part: SensorEstimate, backfill_months: float) -> Iterator[str]:
    told, sky = part.forecast, part.sky
    coarse = f" ({part.coarse_cells} of them at 20 m)" if part.coarse_cells else ""
    cloud = f", cloud over {sky.cloud:.0%} of it on the mean" if sky.cloud is not None else ""
    yield (
        f"{counted(part.read_cells, 'cell')} to read{coarse}, "
        f"{sky.looks_per_month:.1f} looks a month at each{cloud}"
    )
    if part.listed.assumed:
        yield f"  assumed, because {part.listed.assumed}"
    yield (
        f"a month   {told.units_per_month:,.1f} units and {told.requests_per_month:,.0f} requests "
        "if every look is read"
    )
    if any(sensor.startswith("sentinel-2") for sensor in part.sensors):
        yield (
            f"          {told.units_with_prelook:,.1f} units and "
            f"{told.requests_with_prelook:,.0f} requests with a look at the cloud first"
        )
    yield f"          {told.units_at_20_m:,.1f} units at 20 m"
    yield (
        f"backfill  {told.backfill_units:,.1f} units and {told.backfill_requests:,.0f} requests "
        f"for {backfill_months:g} months"
    )
    if told.wait_days is not None and told.no_look_share is not None:
        yield (
            f"wait      {told.wait_days:.1f} days to a clear look on the mean; none in 15 days "
            f"with a probability of {told.no_look_share:.1%}"
        )


def _sum(found: Estimate, name: str) -> float:
    return float(sum(getattr(part.forecast, name) for part in found.parts))


def _share_of_month(found: Estimate) -> float | None:
    return _sum(found, "units_per_month") / found.month_units if found.month_units else None


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
