"""The measure phase: one acquisition over one cell, from source to features."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import shapely
import xarray as xr
from numpy.typing import NDArray

from detectors.registry import create_detector
from detectors.types import (
    PARTS,
    Detector,
    DetectorInfo,
    Features,
    PatchSet,
    PlaceLook,
    Places,
    PlaceSet,
    Showed,
)
from hearthwatch.archives import archive_at
from hearthwatch.pipeline.features_file import keep_features
from hearthwatch.pipeline.prelook import PRELOOK_M, Glance, glance
from hearthwatch.pipeline.pull import Spent, asked_anew, merged, pull_all, wanted_bands
from hearthwatch.pipeline.scene_check import VIEW, view_of
from hearthwatch.pipeline.sites import reach_of
from hearthwatch.pipeline.tasks import Measured, MeasureTask, Site, not_taken
from hearthwatch.records import NotObservable, ObservationStatus
from imagery.cube import MASK, check_cube
from imagery.errors import ImageryError, IntegrityError, NotYet, Permanent, QuotaExhausted
from imagery.masks import look_cube
from imagery.types import Chip, GeoBox
from tiles.cell import cell_from_id
from tiles.grid import rasterise
from tiles.parts import USUAL, Parts, Reach, index_parts, parts_of
from tiles.patches import index_patches, patch_of
from tiles.windows import stored_layer

_STATUS_OF_CAUSE = {
    "cloud": NotObservable.CLOUD,
    "shadow": NotObservable.SHADOW,
    "smoke": NotObservable.SMOKE,
    # The frozen causes have no word for snow; the ledger's detail names it.
    "snow": NotObservable.NODATA,
    "nodata": NotObservable.NODATA,
}


def measure_look(task: MeasureTask) -> Measured:
    """Pull, archive, and measure; a look that fails comes back as a failure, not an exception.

    Raises
    ------
    tiles.errors.TilesError
        If the disk refuses: that concerns every look, not this one.
    """
    if task.permit is not None and not task.permit.use():
        words = "the run that asked for it ended before it was begun"
        return not_taken(task.acquisition, task.site, ObservationStatus.NOT_DELIVERED, words)
    spent = Spent()
    try:
        measured = _hidden(task, spent) or _seen_through(task, spent)
    except ImageryError as error:
        measured = _failed(task, error)
    return dataclasses.replace(measured, cost=spent.cost)


def _hidden(task: MeasureTask, spent: Spent) -> Measured | None:
    """Return what is known of a look not worth its price, after a glance at its cloud."""
    info = create_detector(task.detector).info
    if not task.reading.prelook or not asked_anew(task, info):
        return None
    seen = glance(task, spent)
    if seen.is_hidden(task.reading.clear_share):
        return _covered_up(task, seen)
    if not task.reading.pixels:
        words = f"it is clear, and only the cloud was looked at: {task.reading.why_not}"
        return not_taken(task.acquisition, task.site, ObservationStatus.NOT_DELIVERED, words)
    return None


def _covered_up(task: MeasureTask, seen: Glance) -> Measured:
    """Return what is told of a look that a glance showed to be hidden."""
    words = f"a first look at {PRELOOK_M:.0f} m showed {seen.clear:.0%} of the ground clear"
    none = not_taken(task.acquisition, task.site, ObservationStatus.NOT_OBSERVABLE, words)
    lost = max(seen.causes, key=lambda name: seen.causes[name])
    return dataclasses.replace(
        none,
        failure=None,
        usable=seen.clear,
        cause=ledger_cause(lost),
        causes=seen.causes,
        places=tuple(
            dataclasses.replace(one, lost=seen.lost_cores.get(one.place, lost))
            for one in none.places
        ),
    )


def _seen_through(task: MeasureTask, spent: Spent) -> Measured:
    detector = create_detector(task.detector)
    cells, chips = pull_all(task, detector.info, spent)
    cube = _cube(task, detector, merged(chips))
    watched = _watched(task.site.area_wkb, task.site.window)
    features = detector.measure(cube, Places(watched, _place_set(task.site), _yards(task.site)))
    path = keep_features(task.scratch, features)
    view = view_of(cube, task.site)
    if view is not None:
        view.write(Path(path).with_suffix(VIEW))
    return Measured(
        acquisition=task.acquisition.key,
        sensed=task.acquisition.sensed,
        cell=task.site.cell,
        features=path,
        usable=features.usable,
        observable=_most_seen(features) >= detector.info.usable_share,
        cause=dominant_cause(features.causes),
        causes=features.causes,
        lived_without=features.lived_without,
        masters=masters_read(task, detector.info, cells),
        places=_seen(features),
    )


def masters_read(task: MeasureTask, info: DetectorInfo, cells: Sequence[str]) -> tuple[str, ...]:
    """Return the SHA-256 of the archived files that hold what was asked for of a look.

    Others of the same look, which somebody pulled by hand or another region's detector needed, were
    not read for it: to name them would say that the finding rests on them.
    """
    bands = frozenset(wanted_bands(task.acquisition, info, task.beside))
    archive = archive_at(task.archive)
    return tuple(
        master.sha256
        for cell in cells
        for master in archive.masters(task.acquisition.key, cell)
        if not bands.isdisjoint(stored_layer(archive, master).bands)
    )


def dominant_cause(causes: Mapping[str, float]) -> NotObservable:
    """Return the ledger's word for what took most of the look."""
    return ledger_cause(max(causes, key=lambda name: causes[name]))


def ledger_cause(cause: str) -> NotObservable:
    """Return the ledger's word for what a look was lost to."""
    return _STATUS_OF_CAUSE[cause]


def _cube(task: MeasureTask, detector: Detector, chip: Chip) -> xr.Dataset:
    window = task.site.window
    # Of radar, the mask says of a pixel why nothing was seen of it.
    bands = dict.fromkeys([*detector.info.needed, *detector.info.useful, MASK])
    cube = look_cube(chip, window, list(bands))
    check_cube(cube)
    cube.attrs.update(
        acquisition=chip.acquisition,
        sensed=chip.sensed.isoformat(),
        orbit=task.acquisition.scenes[0].relative_orbit,
        sensor=chip.sensor,
    )
    return cube


@lru_cache(maxsize=64)
def _watched(area_wkb: bytes, window: GeoBox) -> NDArray[np.bool_]:
    """Draw a site once per process, not once per look."""
    watched = rasterise(shapely.from_wkb(area_wkb), window)
    watched.setflags(write=False)
    return watched


@lru_cache(maxsize=64)
def _place_set(site: Site) -> PlaceSet | None:
    """Find the pixels of a site's settlements and placebos once per process."""
    if not site.places:
        return None
    reach = reach_of(site.zones)
    parts = _parts(site, reach)
    # What is looked at from afar is not followed pixel by pixel.
    is_close = reach.near_m == 0 and reach.pixel_m == USUAL.pixel_m
    return _laid(site, parts, _patch_set(parts, site.window) if is_close else None)


@lru_cache(maxsize=16)
def _yards(site: Site) -> PlaceSet | None:
    """Find the usual pixels of the places where the detector's zones widen their cores."""
    if not site.places or site.zones.near_m == 0:
        return None
    reach = dataclasses.replace(USUAL, pixel_m=reach_of(site.zones).pixel_m)
    return _laid(site, _parts(site, reach), None)


def _parts(site: Site, reach: Reach) -> list[Parts]:
    others = [shapely.from_wkb(wkb) for wkb in site.others_wkb]
    epsg = cell_from_id(site.cell).epsg
    found = []
    for place in site.places:
        core = shapely.from_wkb(place.core_wkb)
        apart = [other for other in others if not shapely.equals_exact(other, core)]
        found.append(parts_of(core, apart, epsg, reach))
    return found


def _laid(site: Site, parts: Sequence[Parts], patches: PatchSet | None) -> PlaceSet:
    """Return where the parts of a site's places are in its window."""
    pixels, starts = index_parts(parts, site.window)
    if site.covered_wkb:
        covered = rasterise(shapely.from_wkb(site.covered_wkb), site.window).ravel()
        pixels, starts = _within(covered, pixels, starts)
    placebo = np.array([not place.settlement for place in site.places])
    return PlaceSet(tuple(place.key for place in site.places), placebo, pixels, starts, patches)


def _patch_set(parts: Sequence[Parts], window: GeoBox) -> PatchSet:
    """Find the pixels of cores and margins that are followed one by one."""
    patches = [patch_of(one) for one in parts]
    pixels, counts = index_patches(patches, window)
    core, edge = (
        np.concatenate([getattr(one, name) for one in patches]) for name in ("core", "edge")
    )
    return PatchSet(counts, pixels, core, edge)


def _within(
    covered: NDArray[np.bool_], pixels: NDArray[np.int64], starts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Leave out pixels of rings that no imagery exists of; a core is always wanted whole."""
    part = np.repeat(np.arange(starts.size - 1), np.diff(starts))
    kept = covered[pixels] | (part % PARTS == 0)
    counts = np.bincount(part[kept], minlength=starts.size - 1)
    return pixels[kept], np.concatenate([[0], np.cumsum(counts)])


def _most_seen(features: Features) -> float:
    """Return what was seen of the area, or of the place of which the most was seen.

    Placebos count: what they learn must not depend on which settlements happen to be seen.
    """
    places = features.places
    return features.usable if places is None else float(np.nanmax(places.seen[:, 0], initial=0.0))


def _seen(features: Features) -> tuple[PlaceLook, ...]:
    """Tell how much was seen of every settlement, before anything is scored."""
    places = features.places
    if places is None:
        return ()
    return tuple(
        PlaceLook(one, Showed.UNUSABLE, round(float(places.seen[row, 0]), 4), places.lost[row], {})
        for row, one in enumerate(places.ids)
        if not places.placebo[row]
    )


def _failed(task: MeasureTask, error: ImageryError) -> Measured:
    late = isinstance(error, NotYet | QuotaExhausted)
    words = "corrupt" if isinstance(error, IntegrityError) else "failed"
    status = ObservationStatus.NOT_DELIVERED if late else ObservationStatus.NOT_PROCESSED
    return dataclasses.replace(
        not_taken(task.acquisition, task.site, status, f"{words}: {error}"),
        quota=error if isinstance(error, QuotaExhausted) else None,
        passing=not isinstance(error, Permanent),
        is_useless=isinstance(error, NotYet | IntegrityError),
    )
