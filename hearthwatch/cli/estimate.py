"""`hearthwatch region estimate`: what watching an area would take, before it is watched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from detectors.registry import create_detector
from detectors.types import DetectorInfo, Watches
from hearthwatch.budget.account import FREE
from hearthwatch.budget.forecast import (
    ASSUMED_LOOKS,
    DAYS_PER_MONTH,
    CellCost,
    Forecast,
    Sky,
    forecast,
)
from hearthwatch.cli.call import Call
from hearthwatch.cli.regions import area_of
from hearthwatch.cli.report import Answer
from hearthwatch.errors import SettingsError
from hearthwatch.layout import Layout
from hearthwatch.pipeline.prelook import PRELOOK_M
from hearthwatch.pipeline.pull import PICTURE_BANDS, Covered, covered_of, wanted_bands
from hearthwatch.records import Mode
from hearthwatch.settings import Settings
from hearthwatch.sources import SENTINELHUB, provider_from
from hearthwatch.store.whole import all_settlements
from hearthwatch.words import counted
from imagery.cube import CLASSES
from imagery.errors import ImageryError
from imagery.hub.cost import processing_units
from imagery.hub.products import RESOLUTION, SENTINEL_1
from imagery.looks import group_acquisitions
from imagery.types import Acquisition, Cost, ImageryProvider, Query
from tiles.cell import SIZE_M, Cell
from tiles.grid import cells_for

DAYS = 60
"""Of the catalogue that are looked at."""
FULL_M, COARSE_M = 10.0, 20.0


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
class Estimate:
    """The answer, before it is put into words."""

    area_km2: float
    cells: tuple[str, ...]
    settled_cells: tuple[str, ...]
    settlements: int
    read_cells: int
    provider: str
    listed: Listed
    sky: Sky
    forecast: Forecast
    backfill_months: float
    month_units: float | None


def estimate(call: Call) -> Answer:
    """Say what watching an area would take; nothing is put on the watchlist."""
    from hearthwatch.watchlist.kinds import watchable

    args = call.args
    detector = create_detector(watchable(args.kind).value).info
    area = area_of(call)
    places = _settlements(call, area.geometry)
    cells = cells_for(area.geometry)
    settled = sorted({cell for place in places for cell in cells_for(place)}, key=lambda c: c.id)
    read = settled if settled and detector.watches is Watches.SETTLEMENTS else list(cells)
    provider, listed = _listed(call, detector, area.geometry)
    sky = sky_of(listed, read, call.settings.prelook_clear_share)
    costs = [_cost(call.settings, provider, detector, listed.looks, cell) for cell in read]
    metered = call.settings.provider not in FREE
    found = Estimate(
        area_km2=area.area_km2,
        cells=tuple(cell.id for cell in cells),
        settled_cells=tuple(cell.id for cell in settled),
        settlements=len(places),
        read_cells=len(read),
        provider=call.settings.provider,
        listed=listed,
        sky=sky,
        forecast=forecast(costs, sky, args.backfill),
        backfill_months=args.backfill,
        month_units=call.settings.units_per_month if metered else None,
    )
    return Answer(_document(found), "\n".join(_lines(found)))


def sky_of(listed: Listed, cells: Sequence[Cell], clear_share: float) -> Sky:
    """Return how often cells are looked at, and how cloudy it is.

    Parameters
    ----------
    clear_share : float
        A look with less of it clear is one that a pre-look ends.
    """
    if not listed.looks:
        return Sky(ASSUMED_LOOKS, None)
    seen = [
        sum(covered_of(look, cell.id) is not Covered.NOT for look in listed.looks) for cell in cells
    ]
    clouds = [cloud for look in listed.looks if (cloud := _cloud(look)) is not None]
    return Sky(
        looks_per_month=sum(seen) / len(seen) * DAYS_PER_MONTH / DAYS,
        cloud=sum(clouds) / len(clouds) if clouds else None,
        hidden=sum(1.0 - cloud < clear_share for cloud in clouds) / max(len(clouds), 1),
    )


def _settlements(call: Call, area: BaseGeometry) -> list[BaseGeometry]:
    """Return the settlements in an area: of the file that was named, or those listed."""
    from hearthwatch.watchlist import read_settlements

    args = call.args
    cores: list[BaseGeometry] = []
    if args.settlements is not None:
        path = Path(args.settlements).expanduser()
        areas = read_settlements(path, call.settings, radius_m=args.radius)
        cores = [one.geometry for one in areas]
    elif Layout(call.settings.data_dir).database.is_file():
        with call.store() as store:
            listed = all_settlements(store, call.organisation)
            cores = [one.geometry for one in listed if one.mode is Mode.ACTUAL]
    shapely.prepare(area)
    return [core for core in cores if area.intersects(core.centroid)]


def _listed(
    call: Call, detector: DetectorInfo, area: BaseGeometry
) -> tuple[ImageryProvider | None, Listed]:
    """Ask the catalogue for the last weeks' looks, if it may be asked and can be."""
    if call.args.offline:
        return None, Listed((), "no catalogue was asked")
    now = datetime.now(UTC)
    try:
        provider = provider_from(call.settings)
    except SettingsError as error:
        return None, Listed((), error.message)
    try:
        with provider.serving():
            query = Query(area, now - timedelta(days=DAYS), now)
            found = [one for one in provider.search(query) if one.sensor in detector.sensors]
    except ImageryError as error:
        return provider, Listed((), f"the catalogue could not be asked: {error}")
    needed = set(detector.needed)
    looks = [
        look for look in group_acquisitions(found)
        if all(scene.bands >= needed for scene in look.scenes)
    ]  # fmt: skip
    if not looks:
        return provider, Listed((), f"the catalogue has no look of the last {DAYS} days")
    return provider, Listed(tuple(looks))


def _cost(
    settings: Settings,
    provider: ImageryProvider | None,
    detector: DetectorInfo,
    looks: Sequence[Acquisition],
    cell: Cell,
) -> CellCost:
    """Return what a look at a cell takes: as the provider says of its last one, if it can."""
    last = next((k for k in reversed(looks) if covered_of(k, cell.id) is not Covered.NOT), None)
    if provider is None or last is None:
        return _cost_by_rule(settings, detector)
    bands = wanted_bands(last, detector)

    def ask(pixel_m: float, wanted: Sequence[str]) -> Cost:
        return provider.estimate(last.scenes, cell.geobox(pixel_m), wanted)

    has_classes = all(CLASSES in scene.bands for scene in last.scenes)
    prelook = ask(PRELOOK_M, (CLASSES,)) if has_classes else Cost(0, 0.0, 0)
    return CellCost(ask(FULL_M, bands), ask(COARSE_M, bands), prelook)


def _cost_by_rule(settings: Settings, detector: DetectorInfo) -> CellCost:
    """Return what a look at a cell takes by the provider's price list: no look is known."""
    finest = next((RESOLUTION[one] for one in detector.sensors if one in RESOLUTION), {})
    wanted = [
        band
        for band in dict.fromkeys((*detector.needed, *detector.useful, *PICTURE_BANDS))
        if band in finest
    ]

    def ask(pixel_m: float, bands: Sequence[str]) -> Cost:
        groups = Counter(max(pixel_m, finest[band]) for band in bands)
        units = [_units(round(SIZE_M / pixel), count, detector) for pixel, count in groups.items()]
        paid = settings.provider == SENTINELHUB
        return Cost(len(groups), sum(units) if paid else 0.0, 0)

    prelook = ask(PRELOOK_M, (CLASSES,)) if CLASSES in finest else Cost(0, 0.0, 0)
    return CellCost(ask(FULL_M, wanted), ask(COARSE_M, wanted), prelook)


def _units(side: int, bands: int, detector: DetectorInfo) -> float:
    radar = SENTINEL_1 in detector.sensors
    return processing_units(side, side, bands, float32=radar, radar_terrain=radar)


def _cloud(look: Acquisition) -> float | None:
    told = [scene.cloud_cover for scene in look.scenes if scene.cloud_cover is not None]
    return sum(told) / len(told) / 100.0 if told else None


def _document(found: Estimate) -> dict[str, Any]:
    told = {name: _short(value) for name, value in asdict(found.forecast).items()}
    return {
        "area_km2": _short(found.area_km2),
        "cells": list(found.cells),
        "settlements": found.settlements,
        "settled_cells": list(found.settled_cells),
        "cells_read": found.read_cells,
        "provider": found.provider,
        "looks_per_month": _short(found.sky.looks_per_month),
        "cloud_share": _short(found.sky.cloud),
        "assumed": found.listed.assumed or None,
        "backfill_months": found.backfill_months,
        **told,
        "share_of_month": _short(_share_of_month(found)),
    }


def _lines(found: Estimate) -> list[str]:
    told, sky = found.forecast, found.sky
    cloud = f", cloud over {sky.cloud:.0%} of it on the mean" if sky.cloud is not None else ""
    lines = [
        f"{found.area_km2:,.1f} km² in {counted(len(found.cells), 'cell')} of 10.24 km; "
        f"{counted(found.settlements, 'settlement')} in "
        f"{counted(len(found.settled_cells), 'cell')}",
        f"{counted(found.read_cells, 'cell')} to read, {sky.looks_per_month:.1f} looks a month"
        f" at each{cloud}",
    ]
    if found.listed.assumed:
        lines.append(f"  assumed, because {found.listed.assumed}")
    lines += [
        f"a month   {told.units_per_month:,.1f} units and {told.requests_per_month:,.0f} requests "
        "if every look is read",
        f"          {told.units_with_prelook:,.1f} units and {told.requests_with_prelook:,.0f} "
        "requests with a look at the cloud first",
        f"          {told.units_at_20_m:,.1f} units at 20 m",
        f"backfill  {told.backfill_units:,.1f} units and {told.backfill_requests:,.0f} requests "
        f"for {found.backfill_months:g} months",
    ]
    share = _share_of_month(found)
    if share is not None:
        lines.append(f"budget    {share:.1%} of the month's {found.month_units:,.0f} units")
    if told.wait_days is not None and told.no_look_share is not None:
        lines.append(
            f"wait      {told.wait_days:.1f} days to a clear look on the mean; none in 15 days "
            f"with a probability of {told.no_look_share:.1%}"
        )
    return lines


def _share_of_month(found: Estimate) -> float | None:
    return found.forecast.units_per_month / found.month_units if found.month_units else None


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
