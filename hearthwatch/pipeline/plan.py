"""What there is to do for one region: which cells, which acquisitions, which of them are new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import shapely

from detectors.types import DetectorInfo
from hearthwatch.errors import CatalogueError
from hearthwatch.pipeline.tasks import Site
from hearthwatch.records import Region
from hearthwatch.store.protocol import Store
from imagery.errors import ImageryError
from imagery.stac import group_acquisitions
from imagery.types import Acquisition, ImageryProvider, Query, Scene
from tiles.grid import cells_for, share, window

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
    sites = sites_of(region)
    done = frozenset(
        (acquisition, site.cell)
        for site in sites
        for acquisition in store.jobs_done(region.organisation, region.id, site.cell, detector.id)
    )
    return Plan(sites=sites, looks=tuple(group_acquisitions(scenes)), done=done)


def sites_of(region: Region) -> tuple[Site, ...]:
    """Cut a region along the work grid."""
    sites = []
    for cell in cells_for(region.geometry):
        grid = window(cell, region.geometry)
        if grid is not None:
            part = shapely.to_wkb(share(cell, region.geometry))
            sites.append(Site(cell=cell.id, area_wkb=part, window=grid))
    return tuple(sites)


def _search(
    provider: ImageryProvider, region: Region, detector: DetectorInfo, until: datetime
) -> Sequence[Scene]:
    query = Query(area=region.geometry, start=MISSION_START, end=until)
    try:
        found = list(provider.search(query))
    except ImageryError as error:
        raise CatalogueError(f"the catalogue could not be searched: {error}") from error
    return [scene for scene in found if scene.sensor == detector.sensor]


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
