"""Which scenes there are of a region: asked of a folder each time, remembered of a catalogue."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shapely.geometry.base import BaseGeometry

from detectors.types import DetectorInfo
from hearthwatch.errors import CatalogueError
from hearthwatch.passes.polling import (
    ALL_COLLECTIONS,
    known_scenes,
    listed_since,
    poll,
    scenes_gone,
)
from hearthwatch.pipeline.sites import searched
from hearthwatch.records import Region
from hearthwatch.sources import SENTINELHUB, STAC
from hearthwatch.store.protocol import Store
from imagery.errors import ImageryError
from imagery.types import ImageryProvider, Query, Scene
from tiles.grid import cells_for

MISSION_START = datetime(2015, 6, 23, tzinfo=UTC)
"""Launch of Sentinel-2A: nothing older can be asked for."""


@dataclass(frozen=True, slots=True)
class Listing:
    """Scenes of a region.

    Attributes
    ----------
    scenes : tuple of Scene
        Those sensed up to the time asked for, by (sensed, id).
    listed, gone : tuple of Scene
        All that a remembered catalogue lists, and what it lists no more.
    elsewhere : tuple of Scene
        All that is remembered of the catalogues of other providers.
    fault : str
        Why the catalogue could not be asked, or is not believed, now: what is remembered of it
        was used. Empty if all is well.
    failed : tuple of str
        Sensors that this is about; empty where it is about all.
    """

    scenes: tuple[Scene, ...]
    listed: tuple[Scene, ...] = ()
    gone: tuple[Scene, ...] = ()
    elsewhere: tuple[Scene, ...] = ()
    fault: str = ""
    failed: tuple[str, ...] = ()

    def of(self, sensors: Sequence[str]) -> Listing:
        """Return what of it is of some sensors."""
        scenes, listed, gone, elsewhere = (
            tuple(scene for scene in some if scene.sensor in sensors)
            for some in (self.scenes, self.listed, self.gone, self.elsewhere)
        )
        concerned = not self.failed or not set(self.failed).isdisjoint(sensors)
        return dataclasses.replace(
            self, scenes=scenes, listed=listed, gone=gone, elsewhere=elsewhere,
            fault=self.fault if concerned else "",
        )  # fmt: skip


def list_scenes(
    store: Store,
    provider: ImageryProvider,
    region: Region,
    detectors: Sequence[DetectorInfo],
    until: datetime,
    now: datetime | None = None,
    *,
    backfill: timedelta | None = None,
) -> Listing:
    """Return the scenes sensed up to `until` of all ground that some detectors look at.

    Parameters
    ----------
    now : datetime or None
        None for the clock's time.
    backfill : timedelta or None
        How long before the region was added they begin, of a catalogue that is asked over a
        network; None for as early as there are any.

    Raises
    ------
    CatalogueError
        If the catalogue cannot be read and nothing is remembered of it.
    """
    area = searched(region, detectors)
    if not provider.remote:
        return Listing(_searched(provider, Query(area, MISSION_START, until)))
    first = _first(store, provider, region, detectors, area, backfill)
    fault, failed = _polled(store, provider, region, area, first, now or datetime.now(UTC))
    try:
        listed = tuple(known_scenes(store, region, provider.name))
        gone = tuple(scenes_gone(store, region, provider.name))
        elsewhere = tuple(_remembered_elsewhere(store, region, provider))
    except ImageryError as error:
        raise CatalogueError(f"what was remembered of the catalogue is broken: {error}") from error
    scenes = tuple(scene for scene in listed if scene.sensed <= until)
    return Listing(scenes, listed, gone, elsewhere, fault, failed)


def _remembered_elsewhere(store: Store, region: Region, provider: ImageryProvider) -> list[Scene]:
    names = [name for name in (SENTINELHUB, STAC) if name != provider.name]
    return [
        scene
        for name in names
        for told in (known_scenes, scenes_gone)
        for scene in told(store, region, name)
    ]


def _searched(provider: ImageryProvider, query: Query) -> tuple[Scene, ...]:
    try:
        return tuple(provider.search(query))
    except ImageryError as error:
        raise CatalogueError(f"the catalogue could not be searched: {error}") from error


def _first(
    store: Store,
    provider: ImageryProvider,
    region: Region,
    detectors: Sequence[DetectorInfo],
    area: BaseGeometry,
    backfill: timedelta | None,
) -> datetime:
    """Return the sensing time that lists begin at.

    Once looks were taken older ones are of no use any more: it stays where it was.
    """
    wanted = MISSION_START
    if backfill is not None:
        wanted = max(wanted, region.created - backfill)
    listed = listed_since(store, region, provider.name)
    if listed is not None and wanted < listed and _is_begun(store, region, detectors, area):
        return listed
    return wanted


def _is_begun(
    store: Store, region: Region, detectors: Sequence[DetectorInfo], area: BaseGeometry
) -> bool:
    """Tell whether any look at a region was taken."""
    return any(
        store.jobs_done(region.organisation, region.id, cell.id, detector.id)
        for detector in detectors
        for cell in cells_for(area)
    )


def _polled(
    store: Store,
    provider: ImageryProvider,
    region: Region,
    area: BaseGeometry,
    first: datetime,
    now: datetime,
) -> tuple[str, tuple[str, ...]]:
    """Ask a catalogue what is new; return why it could not be asked, or was not believed.

    And the sensors that this is about, where the others' scenes were listed.
    """
    try:
        return poll(store, provider, region, area, first, now).doubt, ()
    except ImageryError as error:
        words = f"the catalogue could not be searched: {error}"
        begun = store.mark(region.organisation, region.id, provider.name, ALL_COLLECTIONS)
        if begun is None and not error.collections:
            raise CatalogueError(words) from error
        return words, error.collections
