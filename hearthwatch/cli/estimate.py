"""`hearthwatch region estimate`: what watching an area would take, before it is watched."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from detectors.registry import create_detector, detectors_of
from detectors.types import DetectorInfo, Watches
from hearthwatch.budget.account import FREE
from hearthwatch.budget.forecast import (
    ASSUMED_LOOKS,
    DAYS_PER_MONTH,
    CellCost,
    Sky,
    forecast,
)
from hearthwatch.cli.call import Call
from hearthwatch.cli.estimate_words import (
    Estimate,
    Listed,
    SensorEstimate,
    estimate_text,
    estimate_value,
)
from hearthwatch.cli.regions import area_of
from hearthwatch.cli.report import Answer
from hearthwatch.errors import SettingsError
from hearthwatch.layout import Layout
from hearthwatch.pipeline.prelook import PRELOOK_M
from hearthwatch.pipeline.pull import PICTURE_BANDS, Covered, covered_of, wanted_bands
from hearthwatch.pipeline.sites import around, reach_of
from hearthwatch.pipeline.tasks import COARSE_M
from hearthwatch.records import Mode
from hearthwatch.settings import Settings
from hearthwatch.sources import SENTINELHUB, provider_from
from hearthwatch.store.whole import all_settlements
from imagery.cube import CLASSES
from imagery.errors import ImageryError
from imagery.hub.cost import processing_units
from imagery.hub.products import RESOLUTION, SENTINEL_1
from imagery.looks import group_acquisitions
from imagery.types import Acquisition, Cost, ImageryProvider, Query
from tiles.cell import SIZE_M, Cell
from tiles.grid import cells_for
from tiles.parts import USUAL

DAYS = 60
"""Of the catalogue that are looked at."""
FULL_M = 10.0


def estimate(call: Call) -> Answer:
    """Say what watching an area would take; nothing is put on the watchlist."""
    from hearthwatch.watchlist.kinds import watchable

    args = call.args
    infos = [create_detector(name).info for name in detectors_of(watchable(args.kind).value)]
    area = area_of(call)
    places = _settlements(call, area.geometry)
    cells = cells_for(area.geometry)
    settled = sorted({cell for place in places for cell in cells_for(place)}, key=lambda c: c.id)
    ground = _Ground(area.geometry, cells, settled, places)
    every = [_part(call, ground, together) for together in _by_sensor(infos)]
    # Of a sensor that nothing is listed of and that has no price there is nothing to say.
    parts = [one for one in every if one is every[0] or one.is_known]
    metered = call.settings.provider not in FREE
    found = Estimate(
        area_km2=area.area_km2,
        cells=tuple(cell.id for cell in cells),
        settled_cells=tuple(cell.id for cell in settled),
        settlements=len(places),
        provider=call.settings.provider,
        parts=tuple(parts),
        backfill_months=args.backfill,
        month_units=call.settings.units_per_month if metered else None,
    )
    return Answer(estimate_value(found), estimate_text(found))


@dataclass(frozen=True, slots=True)
class _Ground:
    """What is to be watched: all cells, those of settlements, and their cores."""

    area: BaseGeometry
    cells: Sequence[Cell]
    settled: Sequence[Cell]
    places: Sequence[BaseGeometry]

    def read(self, info: DetectorInfo) -> set[Cell]:
        """Return the cells that a detector reads; of wide rings those they reach into."""
        if info.watches is not Watches.SETTLEMENTS or not self.settled:
            return set(self.cells)
        reach = reach_of(info.zones)
        if reach.outer_m <= USUAL.outer_m:
            return set(self.settled)
        return {cell for core in self.places for cell in cells_for(around(core, reach))}


def _by_sensor(infos: Sequence[DetectorInfo]) -> list[list[DetectorInfo]]:
    """Put detectors together that read the same looks: those are read once."""
    found: dict[tuple[str, ...], list[DetectorInfo]] = {}
    for info in infos:
        found.setdefault(info.sensors, []).append(info)
    return list(found.values())


def _part(call: Call, ground: _Ground, infos: Sequence[DetectorInfo]) -> SensorEstimate:
    """Return what the looks that some detectors read take."""
    first = infos[0]
    asked = dataclasses.replace(
        first, useful=tuple(dict.fromkeys(b for one in infos for b in (*one.needed, *one.useful)))
    )
    read = sorted({cell for one in infos for cell in ground.read(one)}, key=lambda cell: cell.id)
    provider, listed = _listed(call, asked, ground.area)
    sky = sky_of(listed, read, call.settings.prelook_clear_share)
    costs = [_cost(call.settings, provider, asked, listed.looks, cell) for cell in read]
    told = forecast(costs, sky, call.args.backfill)
    names = tuple(one.id for one in infos)
    return SensorEstimate(names, first.sensors, len(read), listed, sky, told)


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
