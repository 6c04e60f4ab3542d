"""What there is to do for one region: which cells, which acquisitions, which of them are new."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

import shapely
from shapely.geometry.base import BaseGeometry

from detectors.types import DetectorInfo, Watches
from hearthwatch.errors import CatalogueError
from hearthwatch.passes.gaps import (
    PassWatch,
    Watched,
    fulfilled,
    missed_passes,
    watch_passes,
)
from hearthwatch.pipeline.amend import amend
from hearthwatch.pipeline.listing import Listing, list_scenes
from hearthwatch.pipeline.sites import area_sites, settlement_sites, stored_settlements
from hearthwatch.pipeline.tasks import Site
from hearthwatch.pipeline.waiting import (
    OUTDATED,
    beyond_reach,
    outdated_looks,
    resting_looks,
    waiting_looks,
)
from hearthwatch.records import LedgerRow, Mode, Region
from hearthwatch.store.protocol import Store
from imagery.looks import group_acquisitions
from imagery.once import once_per_pass
from imagery.types import Acquisition, ImageryProvider, Scene


@dataclass(frozen=True, slots=True)
class Plan:
    """Looks to take, oldest first, and the sites each is taken over.

    Attributes
    ----------
    done : frozenset of (acquisition, cell)
        Work that is committed already.
    replaces : mapping of str to tuple of str
        By acquisition, what stands for it in the ledger since it was missed.
    left : frozenset of (acquisition, cell)
        Work that is let be: the orbit never shows the cell, or it failed so often that it is
        asked for again only later.
    waiting : mapping of (acquisition, cell) to str
        Work that is put off, and why, in words.
    scenes : mapping of str to tuple of str
        By acquisition, ids of the scenes it is made of, of a catalogue that may change them.
    fault : str
        Why the catalogue could not be asked now, so that what is remembered of it was used.
    """

    sites: tuple[Site, ...]
    looks: tuple[Acquisition, ...]
    done: frozenset[tuple[str, str]]
    left: frozenset[tuple[str, str]] = frozenset()
    replaces: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    waiting: Mapping[tuple[str, str], str] = field(default_factory=dict)
    scenes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    fault: str = ""

    @property
    def open(self) -> int:
        """Number of looks over sites still to be committed."""
        keys = ((look.key, site.cell) for look in self.looks for site in self.sites)
        return sum(key not in self.done and key not in self.left for key in keys)


def make_plan(
    store: Store,
    provider: ImageryProvider,
    region: Region,
    detector: DetectorInfo,
    until: datetime,
    now: datetime | None = None,
    *,
    backfill: timedelta | None = None,
    listing: Listing | None = None,
) -> Plan:
    """Find the scenes of a region up to `until` and what of them is still to do.

    Of a catalogue that is asked over a network, passes that were due and are not listed are told
    of on the way.

    Parameters
    ----------
    now : datetime or None
        None for the clock's time.
    backfill : timedelta or None
        How long before the region was added its looks begin, of a catalogue that is asked over a
        network; None for as early as there are any.
    listing : Listing or None
        What the catalogue has of all sensors; None where it is still to be asked.

    Raises
    ------
    CatalogueError
        If the catalogue cannot be read and nothing is remembered of it, or it has scenes of the
        detector's sensors but none with the bands needed.
    NotFound
        If the detector follows settlements and none lies in the region.
    """
    now = now or datetime.now(UTC)
    if listing is None:
        listing = list_scenes(store, provider, region, [detector], until, now, backfill=backfill)
    listing = listing.of(detector.sensors)
    _require_bands(listing.scenes, detector)
    _require_mode(listing.scenes, region)
    sites = _sites(store, region, detector, listing.scenes)
    done = frozenset(
        (acquisition, site.cell)
        for site in sites
        for acquisition in store.jobs_done(region.organisation, region.id, site.cell, detector.id)
    )
    cells = {site.cell: ground_of(site) for site in sites}
    looks, left = once_per_pass(group_acquisitions(listing.scenes), detector.sensors, done, cells)
    plan = Plan(sites, looks, done, left, fault=listing.fault)
    return _of_remote(store, region, detector, plan, listing, now) if provider.remote else plan


def _of_remote(
    store: Store,
    region: Region,
    detector: DetectorInfo,
    plan: Plan,
    listing: Listing,
    now: datetime,
) -> Plan:
    """Tell of what a catalogue is late with or has changed, and let what is incomplete wait."""
    if not listing.fault:
        watch_passes(store, _watch(region, detector, plan.sites, listing), now)
        amend(store, region, listing.listed, listing.gone, now)
    missed = missed_passes(store, region)
    beyond = beyond_reach(plan.looks, plan.sites)
    beyond |= plan.left
    rows, over = partial(_rows, store, region, detector), plan.done | beyond
    left = beyond | frozenset(resting_looks(rows, plan.looks, plan.sites, over, now))
    oldest = _oldest_kept(store, region, detector, plan.sites)
    outdated = outdated_looks(oldest, plan.looks, plan.done | left, now)
    left |= {one for one in outdated if _says(rows(one[0]), one[1], OUTDATED)}
    waiting = waiting_looks(plan.looks, plan.sites, plan.done | left, now)
    return dataclasses.replace(
        plan,
        left=left,
        replaces={look.key: keys for look in plan.looks if (keys := fulfilled(missed, look))},
        waiting={**waiting, **dict.fromkeys(outdated - left, OUTDATED)},
        scenes={look.key: tuple(scene.id for scene in look.scenes) for look in plan.looks},
    )


def _rows(
    store: Store, region: Region, detector: DetectorInfo, acquisition: str
) -> list[LedgerRow]:
    rows = store.looks(region.organisation, acquisition)
    return [row for row in rows if (row.region, row.detector) == (region.id, detector.id)]


def _says(rows: Sequence[LedgerRow], cell: str, reason: str) -> bool:
    here = [row for row in rows if row.cell == cell]
    return bool(here) and all(row.detail.get("reason") == reason for row in here)


def _oldest_kept(
    store: Store, region: Region, detector: DetectorInfo, sites: Sequence[Site]
) -> dict[str, datetime]:
    """Return the time of the oldest state kept of each cell of which older ones were given up."""
    found = {}
    for site in sites:
        kept = store.state_versions(region.organisation, region.id, site.cell, detector.id)
        if kept and min(one.sequence for one in kept) > 1:
            found[site.cell] = min(one.sensed for one in kept)
    return found


def _watch(
    region: Region, detector: DetectorInfo, sites: Sequence[Site], listing: Listing
) -> PassWatch:
    places = [
        Watched(site.cell, tuple(site.settlements.values()) or ("",), ground_of(site))
        for site in sites
    ]
    return PassWatch(
        region, detector.id, places, listing.listed, listing.gone, listing.elsewhere,
        detector.sensors,
    )  # fmt: skip


def ground_of(site: Site) -> BaseGeometry:
    """Return the ground that a site watches; CRS84."""
    return shapely.from_wkb(site.area_wkb)


def _sites(
    store: Store, region: Region, detector: DetectorInfo, scenes: Sequence[Scene]
) -> tuple[Site, ...]:
    if detector.watches is Watches.AREA:
        return area_sites(region)
    covered = shapely.union_all([scene.footprint for scene in scenes])
    return settlement_sites(region, stored_settlements(store, region), covered, detector.zones)


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
