"""What there is to do for one region: which cells, which acquisitions, which of them are new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import shapely
from shapely.geometry.base import BaseGeometry

from detectors.types import DetectorInfo, Watches
from hearthwatch.errors import CatalogueError
from hearthwatch.pipeline.sites import area_sites, around, settlement_sites, stored_settlements
from hearthwatch.pipeline.tasks import Site
from hearthwatch.records import Mode, Region
from hearthwatch.store.protocol import Store
from imagery.errors import ImageryError
from imagery.stac import group_acquisitions
from imagery.types import Acquisition, ImageryProvider, Query, Scene
from tiles.grid import cells_for

MISSION_START = datetime(2015, 6, 23, tzinfo=UTC)
"""Launch of Sentinel-2A: nothing older can be asked for."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Looks to take, oldest first, and the sites each is taken over.

    Attributes
    ----------
    done : frozenset of (acquisition, cell)
        Work that is committed already.
    """

    sites: tuple[Site, ...]
    looks: tuple[Acquisition, ...]
    done: frozenset[tuple[str, str]]

    @property
    def open(self) -> int:
        """Number of looks over sites still to be committed."""
        keys = ((look.key, site.cell) for look in self.looks for site in self.sites)
        return sum(key not in self.done for key in keys)


def make_plan(
    store: Store,
    provider: ImageryProvider,
    region: Region,
    detector: DetectorInfo,
    until: datetime,
) -> Plan:
    """Find the scenes of a region up to `until` and what of them is still to do.

    Raises
    ------
    CatalogueError
        If the catalogue cannot be read, or has scenes but none with the bands needed.
    """
    scenes = _search(provider, region, detector, until)
    _require_bands(scenes, detector)
    _require_mode(scenes, region)
    sites = _sites(store, region, detector, scenes)
    done = frozenset(
        (acquisition, site.cell)
        for site in sites
        for acquisition in store.jobs_done(region.organisation, region.id, site.cell, detector.id)
    )
    return Plan(sites=sites, looks=tuple(group_acquisitions(scenes)), done=done)


def _sites(
    store: Store, region: Region, detector: DetectorInfo, scenes: Sequence[Scene]
) -> tuple[Site, ...]:
    if detector.watches is Watches.AREA:
        return area_sites(region)
    covered = shapely.union_all([scene.footprint for scene in scenes])
    return settlement_sites(region, stored_settlements(store, region), covered)


def _search(
    provider: ImageryProvider, region: Region, detector: DetectorInfo, until: datetime
) -> Sequence[Scene]:
    query = Query(area=searched(region, detector), start=MISSION_START, end=until)
    try:
        found = list(provider.search(query))
    except ImageryError as error:
        raise CatalogueError(f"the catalogue could not be searched: {error}") from error
    return [scene for scene in found if scene.sensor == detector.sensor]


def searched(region: Region, detector: DetectorInfo) -> BaseGeometry:
    """Return where scenes are wanted: rings of settlements reach beyond the region."""
    if detector.watches is Watches.AREA:
        return region.geometry
    return shapely.union_all([around(cell, region.geometry) for cell in cells_for(region.geometry)])


def _require_mode(scenes: Sequence[Scene], region: Region) -> None:
    """Refuse to watch the world on made pixels, or to exercise on what may be real."""
    # A test may look at anything: nobody is told of it.
    fitting = {region.mode.value} if region.mode is not Mode.TEST else set(Mode)
    others = sorted({scene.mode for scene in scenes} - fitting)
    if others:
        raise CatalogueError(
            f"{region.name} is watched in the mode {region.mode.value}, but the catalogue has "
            f"scenes of the mode {', '.join(others)}: real and made pixels are never mixed. Use "
            "another catalogue, or a region of its mode."
        )


def _require_bands(scenes: Sequence[Scene], detector: DetectorInfo) -> None:
    """Refuse a catalogue in which no scene at all can be used: that is a wrong catalogue."""
    if scenes and not any(scene.bands.issuperset(detector.needed) for scene in scenes):
        offered = sorted(frozenset().union(*(scene.bands for scene in scenes)))
        missing = [band for band in detector.needed if band not in offered] or detector.needed
        raise CatalogueError(
            f"none of the {len(scenes)} scenes has all the bands that {detector.id} needs: "
            f"missing {', '.join(missing)}; the catalogue offers {', '.join(offered)}. "
            "Name the bands B02, B03 and so on in the items' assets, or use another catalogue."
        )
