"""What watching an area would take and give, worked out before it is watched."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

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
from hearthwatch.passes.estimates import Estimate, Listed, SensorEstimate, over_limits
from hearthwatch.passes.latency import latency_of
from hearthwatch.pipeline.estimate_looks import Known
from hearthwatch.pipeline.prelook import PRELOOK_M
from hearthwatch.pipeline.pull import PICTURE_BANDS, Covered, covered_of, wanted_bands
from hearthwatch.pipeline.sites import settlement_sites
from hearthwatch.pipeline.tasks import COARSE_M, Site
from hearthwatch.records import Kind, Mode, Region, Settlement
from hearthwatch.settings import Settings
from hearthwatch.sources import SENTINELHUB
from imagery.cube import CLASSES
from imagery.hub.cost import processing_units
from imagery.hub.products import RESOLUTION, SENTINEL_1
from imagery.looks import group_acquisitions
from imagery.types import Acquisition, Cost, ImageryProvider
from tiles.cell import NORTH_LIMIT, SIZE_M, SOUTH_LIMIT, Cell, cell_from_id
from tiles.geodesy import area_m2, polygons
from tiles.grid import cells_for

DAYS = 60
"""Of the catalogue that cost is told from."""
FULL_M = 10.0
EVERYWHERE = shapely.box(-180.0, SOUTH_LIMIT, 180.0, NORTH_LIMIT)
NOTHING = Cost(0, 0.0, 0)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be estimated.

    Attributes
    ----------
    area : shapely geometry
        CRS84.
    places : tuple of shapely geometry
        Cores of the settlements there are, CRS84; those elsewhere do not count.
    backfill_months : float
        Length of the past that is read once.
    """

    kind: Kind
    area: BaseGeometry
    places: tuple[BaseGeometry, ...] = ()
    backfill_months: float = 24.0


def estimate(settings: Settings, asked: Asked, known: Known, now: datetime) -> Estimate:
    """Return what watching an area would take and give; nothing is asked of anybody.

    Parameters
    ----------
    known : Known
        What is known of the looks there.
    """
    infos = [create_detector(name).info for name in detectors_of(asked.kind.value)]
    shapely.prepare(asked.area)
    places = [core for core in asked.places if asked.area.intersects(core.centroid)]
    cells = cells_for(asked.area)
    settled = sorted({cell for place in places for cell in cells_for(place)}, key=lambda c: c.id)
    ground = _Ground(asked.area, cells, settled, places)
    every = [_part(settings, asked, ground, known, together, now) for together in _by_sensor(infos)]
    # Of a sensor that nothing is listed of and that has no price there is nothing to say.
    parts = [one for one in every if one is every[0] or one.is_known]
    metered = settings.provider not in FREE
    found = Estimate(
        area_km2=area_m2(asked.area) / 1e6,
        cells=tuple(cell.id for cell in cells),
        settled_cells=tuple(cell.id for cell in settled),
        settlements=len(places),
        provider=settings.provider,
        parts=tuple(parts),
        backfill_months=asked.backfill_months,
        month_units=settings.units_per_month if metered else None,
    )
    return dataclasses.replace(found, exceeds=over_limits(found, settings))


@dataclass(frozen=True, slots=True)
class _Ground:
    """What is to be watched: all cells, those of settlements, and their cores, CRS84."""

    area: BaseGeometry
    cells: Sequence[Cell]
    settled: Sequence[Cell]
    places: Sequence[BaseGeometry]

    def read(self, infos: Sequence[DetectorInfo], covered: BaseGeometry) -> _Read:
        """Return the cells that detectors of one sensor read, and how finely, as a run would.

        Parameters
        ----------
        covered : shapely geometry
            CRS84 ground that imagery exists of.
        """
        pixels: dict[str, float] = {}
        homes: set[str] = set()
        for info in infos:
            if info.watches is not Watches.SETTLEMENTS or not self.settled:
                pixels.update({cell.id: FULL_M for cell in self.cells})
                homes.update(cell.id for cell in self.cells)
                continue
            for site in self._sites(info, covered):
                homes.add(site.cell)
                for cell in site.cells:
                    asked = COARSE_M if cell in site.coarse else FULL_M
                    pixels[cell] = min(asked, pixels.get(cell, asked))
        return _Read(pixels, frozenset(homes))

    def _sites(self, info: DetectorInfo, covered: BaseGeometry) -> Sequence[Site]:
        now = datetime.now(UTC)
        region = Region("", "", Kind.BURNED, Mode.ACTUAL, "", shapely.multipolygons(
            polygons(self.area)), 0.0, now)  # fmt: skip
        named = [
            Settlement(f"{n}", "", Mode.ACTUAL, "", core, 0.0, now)
            for n, core in enumerate(self.places)
        ]
        return settlement_sites(region, named, covered, info.zones)


@dataclass(frozen=True, slots=True)
class _Read:
    """Pixels that are asked for, metres, by cell; and the cells whose cloud is looked at first."""

    pixels: Mapping[str, float]
    homes: frozenset[str]


def _by_sensor(infos: Sequence[DetectorInfo]) -> list[list[DetectorInfo]]:
    """Put detectors together that read the same looks: those are read once."""
    found: dict[tuple[str, ...], list[DetectorInfo]] = {}
    for info in infos:
        found.setdefault(info.sensors, []).append(info)
    return list(found.values())


def _part(
    settings: Settings,
    asked: Asked,
    ground: _Ground,
    known: Known,
    infos: Sequence[DetectorInfo],
    now: datetime,
) -> SensorEstimate:
    """Return what the looks that some detectors read take, and how soon they show anything."""
    first = infos[0]
    wanted = dataclasses.replace(
        first, useful=tuple(dict.fromkeys(b for one in infos for b in (*one.needed, *one.useful)))
    )
    looks = _looks(known, wanted)
    listed = _lately(known, looks, now)
    shown = [scene.footprint for look in listed.looks for scene in look.scenes]
    read = ground.read(infos, shapely.union_all(shown) if shown else EVERYWHERE)
    cells = [cell_from_id(name) for name in sorted(read.pixels)]
    sky = sky_of(listed, cells, settings.prelook_clear_share)
    costs = [
        _as_asked(_cost(settings, known.provider, wanted, listed.looks, cell), read, cell)
        for cell in cells
    ]
    told = forecast(costs, sky, asked.backfill_months)
    names = tuple(one.id for one in infos)
    coarse = sum(pixel > FULL_M for pixel in read.pixels.values())
    latency = latency_of(looks, known.known_from, now)
    return SensorEstimate(names, first.sensors, len(cells), coarse, listed, sky, told, latency)


def _looks(known: Known, detector: DetectorInfo) -> list[Acquisition]:
    """Return all listed looks that a detector can read."""
    needed = set(detector.needed)
    own = [scene for scene in known.scenes if scene.sensor in detector.sensors]
    return [
        look
        for look in group_acquisitions(own)
        if all(scene.bands >= needed for scene in look.scenes)
    ]


def _lately(known: Known, looks: Sequence[Acquisition], now: datetime) -> Listed:
    """Return the looks of the last weeks, or why nothing is known of them."""
    if known.why_not:
        return Listed((), known.why_not)
    last = [look for look in looks if look.sensed > now - timedelta(days=DAYS)]
    if not last:
        return Listed((), f"the catalogue has no look of the last {DAYS} days")
    return Listed(tuple(last))


def _as_asked(cost: CellCost, read: _Read, cell: Cell) -> CellCost:
    """Return what is asked of a cell: far from settlements coarsely, its cloud where one lies."""
    return CellCost(
        full=cost.coarse if read.pixels[cell.id] > FULL_M else cost.full,
        coarse=cost.coarse,
        prelook=cost.prelook if cell.id in read.homes else NOTHING,
    )


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
    prelook = ask(PRELOOK_M, (CLASSES,)) if has_classes else NOTHING
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

    prelook = ask(PRELOOK_M, (CLASSES,)) if CLASSES in finest else NOTHING
    return CellCost(ask(FULL_M, wanted), ask(COARSE_M, wanted), prelook)


def _units(side: int, bands: int, detector: DetectorInfo) -> float:
    radar = SENTINEL_1 in detector.sensors
    return processing_units(side, side, bands, float32=radar, radar_terrain=radar)


def _cloud(look: Acquisition) -> float | None:
    told = [scene.cloud_cover for scene in look.scenes if scene.cloud_cover is not None]
    return sum(told) / len(told) / 100.0 if told else None
