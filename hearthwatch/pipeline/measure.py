"""The measure phase: one acquisition over one cell, from source to features."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum, auto
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from detectors.registry import create_detector
from detectors.types import (
    PARTS,
    Detector,
    Features,
    PlaceFeatures,
    PlaceLook,
    Places,
    PlaceSet,
    Showed,
)
from hearthwatch.pipeline.tasks import Measured, MeasureTask, Site
from hearthwatch.records import NotObservable, ObservationStatus
from imagery.cube import check_cube
from imagery.errors import ImageryError, IntegrityError, NotYet, Permanent
from imagery.masks import look_cube
from imagery.types import Acquisition, Chip, GeoBox
from tiles.archive import Archive
from tiles.cell import cell_from_id
from tiles.grid import ground, rasterise
from tiles.parts import index_parts, parts_of
from tiles.slabs import read_slab, write_slab

PICTURE_BANDS = ("B02", "B03", "B04", "B08", "B12")
"""For natural colours, false colours and the burn ratio: whoever verifies must see the ground."""

_PLACE_ARRAYS = ("placebo", "values", "seen", "contamination")
_STATUS_OF_CAUSE = {
    "cloud": NotObservable.CLOUD,
    "shadow": NotObservable.SHADOW,
    "smoke": NotObservable.SMOKE,
    # The frozen causes have no word for snow; the ledger's detail names it.
    "snow": NotObservable.NODATA,
    "nodata": NotObservable.NODATA,
}


class Covered(Enum):
    """How much of a cell an acquisition says it shows."""

    NOT = auto()
    PARTLY = auto()
    WHOLE = auto()


@cache
def archive_at(root: Path) -> Archive:
    """Return this process's one handle on the archive, which keeps the manifest's index."""
    return Archive(root)


def measure_look(task: MeasureTask) -> Measured:
    """Pull, archive, and measure; a look that fails comes back as a failure, not an exception.

    Raises
    ------
    tiles.errors.TilesError
        If the disk refuses: that concerns every look, not this one.
    """
    detector = create_detector(task.detector)
    try:
        cells, chips = pull_all(task, detector)
        features = _measure(task, detector, merged(chips))
    except ImageryError as error:
        return _failed(task, error)
    path = _keep(task.scratch, features)
    archive = archive_at(task.archive)
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
        masters=tuple(
            m.sha256 for cell in cells for m in archive.masters(task.acquisition.key, cell)
        ),
        places=_seen(features),
    )


def pull_all(task: MeasureTask, detector: Detector) -> tuple[list[str], list[Chip]]:
    """Return the chips of all cells of a site, its own first, and whose they are.

    A ring that reaches into a cell the acquisition does not cover is seen in part.
    """
    cells, chips = [], []
    for cell in task.site.cells:
        is_home = cell == task.site.cell
        # Of its own cell everything is wanted, whatever the scenes say they show.
        covered = Covered.WHOLE if is_home else _covered(task.acquisition, cell)
        if covered is Covered.NOT:
            continue
        try:
            chips.append(pull(task, detector, cell))
            cells.append(cell)
        except NotYet:
            # Only what is listed to be there in full and is not will come later.
            if covered is Covered.WHOLE:
                raise
    return cells, chips


def pull(task: MeasureTask, detector: Detector, cell_id: str) -> Chip:
    """Return the chip from the archive, and from the provider (into the archive) if need be."""
    bands = wanted_bands(task.acquisition, detector)
    archive = archive_at(task.archive)
    with archive.pulling(task.acquisition.key, cell_id):
        stored = archive.load(task.acquisition.key, cell_id)
        if stored is not None and {b for la in stored.layers for b in la.bands} >= set(bands):
            return stored
        # The whole cell, never the region alone: the provider's log must not draw the watchlist.
        cell = cell_from_id(cell_id).geobox()
        chip = task.provider.read(task.acquisition.scenes, cell, bands, task.deadline)
        archive.store(chip, cell_id)
        return chip


def merged(chips: Sequence[Chip]) -> Chip:
    """Return one chip with the layers of all; they are of one acquisition."""
    layers = tuple(layer for chip in chips for layer in chip.layers)
    return dataclasses.replace(chips[0], layers=layers)


def wanted_bands(acquisition: Acquisition, detector: Detector) -> tuple[str, ...]:
    """Return the needed bands, and of the useful ones and the pictures' those there are.

    Raises
    ------
    Permanent
        If a needed band is missing.
    """
    offered = frozenset.intersection(*(scene.bands for scene in acquisition.scenes))
    missing = [band for band in detector.info.needed if band not in offered]
    if missing:
        raise Permanent(f"the acquisition has no {', '.join(missing)}")
    welcome = (b for b in (*detector.info.useful, *PICTURE_BANDS) if b in offered)
    return tuple(dict.fromkeys((*detector.info.needed, *welcome)))


def dominant_cause(causes: Mapping[str, float]) -> NotObservable:
    """Return the ledger's word for what took most of the look."""
    return ledger_cause(max(causes, key=lambda name: causes[name]))


def ledger_cause(cause: str) -> NotObservable:
    """Return the ledger's word for what a look was lost to."""
    return _STATUS_OF_CAUSE[cause]


def load_features(path: str) -> Features:
    """Read back what :func:`measure_look` kept in the scratch folder."""
    header, arrays = read_slab(Path(path), mmap=False)
    places = header["places"]
    return Features(
        acquisition=header["acquisition"],
        sensed=datetime.fromisoformat(header["sensed"]),
        names=tuple(header["names"]),
        usable=header["usable"],
        causes=header["causes"],
        pixels=np.asarray(arrays["pixels"], dtype=np.int16),
        places=None
        if places is None
        else PlaceFeatures(
            ids=tuple(places["ids"]),
            lost=tuple(places["lost"]),
            bands=tuple(places["bands"]),
            **{name: np.asarray(arrays[name]) for name in _PLACE_ARRAYS},
        ),
        orbit=header["orbit"],
        lived_without=tuple(header["lived_without"]),
    )


def _measure(task: MeasureTask, detector: Detector, chip: Chip) -> Features:
    window = task.site.window
    bands = [*detector.info.needed, *detector.info.useful]
    cube = look_cube(chip, window, bands)
    check_cube(cube)
    cube.attrs.update(
        acquisition=chip.acquisition,
        sensed=chip.sensed.isoformat(),
        orbit=task.acquisition.scenes[0].relative_orbit,
    )
    watched = _watched(task.site.area_wkb, window)
    return detector.measure(cube, Places(watched, _place_set(task.site)))


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
    others = [shapely.from_wkb(wkb) for wkb in site.others_wkb]
    epsg = cell_from_id(site.cell).epsg
    parts = []
    for place in site.places:
        core = shapely.from_wkb(place.core_wkb)
        apart = [other for other in others if not shapely.equals_exact(other, core)]
        parts.append(parts_of(core, apart, epsg))
    pixels, starts = index_parts(parts, site.window)
    if site.covered_wkb:
        covered = rasterise(shapely.from_wkb(site.covered_wkb), site.window).ravel()
        pixels, starts = _within(covered, pixels, starts)
    placebo = np.array([not place.settlement for place in site.places])
    return PlaceSet(tuple(place.key for place in site.places), placebo, pixels, starts)


def _within(
    covered: NDArray[np.bool_], pixels: NDArray[np.int64], starts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Leave out pixels of rings that no imagery exists of; a core is always wanted whole."""
    part = np.repeat(np.arange(starts.size - 1), np.diff(starts))
    kept = covered[pixels] | (part % PARTS == 0)
    counts = np.bincount(part[kept], minlength=starts.size - 1)
    return pixels[kept], np.concatenate([[0], np.cumsum(counts)])


def _covered(acquisition: Acquisition, cell_id: str) -> Covered:
    """Tell how much of a cell the scenes of an acquisition say they show."""
    wanted = ground(cell_from_id(cell_id))
    shown = shapely.union_all([scene.footprint for scene in acquisition.scenes])
    if not shown.intersects(wanted):
        return Covered.NOT
    return Covered.WHOLE if shown.contains(wanted) else Covered.PARTLY


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


def _keep(scratch: Path, features: Features) -> str:
    path, places = scratch / f"{uuid.uuid4().hex}.features", features.places
    header = {
        "acquisition": features.acquisition,
        "sensed": features.sensed.isoformat(),
        "names": list(features.names),
        "usable": features.usable,
        "causes": dict(features.causes),
        "lived_without": list(features.lived_without),
        "orbit": features.orbit,
        "places": None
        if places is None
        else {name: list(getattr(places, name)) for name in ("ids", "lost", "bands")},
    }
    arrays = {} if places is None else {name: getattr(places, name) for name in _PLACE_ARRAYS}
    write_slab(path, header, {"pixels": features.pixels, **arrays})
    return str(path)


def _failed(task: MeasureTask, error: ImageryError) -> Measured:
    late = isinstance(error, NotYet)
    words = "corrupt" if isinstance(error, IntegrityError) else "failed"
    return Measured(
        acquisition=task.acquisition.key,
        sensed=task.acquisition.sensed,
        cell=task.site.cell,
        features="",
        usable=0.0,
        observable=False,
        cause=None,
        causes={},
        lived_without=(),
        masters=(),
        places=tuple(PlaceLook(k, Showed.UNUSABLE, 0.0, "", {}) for k in task.site.settlements),
        failure=ObservationStatus.NOT_DELIVERED if late else ObservationStatus.NOT_PROCESSED,
        reason=f"{words}: {error}",
    )
