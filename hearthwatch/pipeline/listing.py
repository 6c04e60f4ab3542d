"""Which scenes there are of a region: asked of a folder each time, remembered of a catalogue."""

from __future__ import annotations

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
    """Scenes of a region, of the detector's sensor.

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
    """

    scenes: tuple[Scene, ...]
    listed: tuple[Scene, ...] = ()
    gone: tuple[Scene, ...] = ()
    elsewhere: tuple[Scene, ...] = ()
    fault: str = ""


def list_scenes(
    store: Store,
    provider: ImageryProvider,
    region: Region,
    detector: DetectorInfo,
    area: BaseGeometry,
    until: datetime,
    now: datetime,
    backfill: timedelta | None = None,
) -> Listing:
    """Return the scenes over `area` (CRS84) sensed up to `until`.

    Parameters
    ----------
    backfill : timedelta or None
        How long before the region was added they begin, of a catalogue that is asked over a
        network; None for as early as there are any.

    Raises
    ------
    CatalogueError
        If the catalogue cannot be read and nothing is remembered of it.
    """
    if not provider.remote:
        return Listing(_searched(provider, detector, Query(area, MISSION_START, until)))
    first = _first(store, provider, region, detector, area, backfill)
    fault = _polled(store, provider, region, area, first, now)
    try:
        listed = _of_sensor(known_scenes(store, region, provider.name), detector)
        gone = _of_sensor(scenes_gone(store, region, provider.name), detector)
        elsewhere = _of_sensor(_remembered_elsewhere(store, region, provider), detector)
    except ImageryError as error:
        raise CatalogueError(f"what was remembered of the catalogue is broken: {error}") from error
    scenes = tuple(scene for scene in listed if scene.sensed <= until)
    return Listing(scenes, listed, gone, elsewhere, fault)


def _remembered_elsewhere(store: Store, region: Region, provider: ImageryProvider) -> list[Scene]:
    names = [name for name in (SENTINELHUB, STAC) if name != provider.name]
    return [
        scene
        for name in names
        for told in (known_scenes, scenes_gone)
        for scene in told(store, region, name)
    ]


def _searched(provider: ImageryProvider, detector: DetectorInfo, query: Query) -> tuple[Scene, ...]:
    try:
        return _of_sensor(list(provider.search(query)), detector)
    except ImageryError as error:
        raise CatalogueError(f"the catalogue could not be searched: {error}") from error


def _first(
    store: Store,
    provider: ImageryProvider,
    region: Region,
    detector: DetectorInfo,
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
    if listed is not None and wanted < listed and _is_begun(store, region, detector, area):
        return listed
    return wanted


def _is_begun(store: Store, region: Region, detector: DetectorInfo, area: BaseGeometry) -> bool:
    """Tell whether any look at a region was taken."""
    return any(
        store.jobs_done(region.organisation, region.id, cell.id, detector.id)
        for cell in cells_for(area)
    )


def _polled(
    store: Store,
    provider: ImageryProvider,
    region: Region,
    area: BaseGeometry,
    first: datetime,
    now: datetime,
) -> str:
    """Ask a catalogue what is new; return why it could not be asked, or was not believed."""
    try:
        return poll(store, provider, region, area, first, now).doubt
    except ImageryError as error:
        words = f"the catalogue could not be searched: {error}"
        if store.mark(region.organisation, region.id, provider.name, ALL_COLLECTIONS) is None:
            raise CatalogueError(words) from error
        return words


def _of_sensor(scenes: list[Scene], detector: DetectorInfo) -> tuple[Scene, ...]:
    return tuple(scene for scene in scenes if scene.sensor in detector.sensors)
