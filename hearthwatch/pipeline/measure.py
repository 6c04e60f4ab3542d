"""The measure phase: one acquisition over one cell, from source to features."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from detectors.registry import create_detector
from detectors.types import Detector, Features, Places
from hearthwatch.pipeline.tasks import Measured, MeasureTask
from hearthwatch.records import NotObservable, ObservationStatus
from imagery.cube import check_cube
from imagery.errors import ImageryError, IntegrityError, NotYet, Permanent
from imagery.masks import look_cube
from imagery.types import Acquisition, Chip, GeoBox
from tiles.archive import Archive
from tiles.cell import cell_from_id
from tiles.grid import rasterise
from tiles.slabs import read_slab, write_slab

PICTURE_BANDS = ("B02", "B03", "B04", "B08", "B12")
"""For natural colours, false colours and the burn ratio: whoever verifies must see the ground."""

_STATUS_OF_CAUSE = {
    "cloud": NotObservable.CLOUD,
    "shadow": NotObservable.SHADOW,
    "smoke": NotObservable.SMOKE,
    # The frozen causes have no word for snow; the ledger's detail names it.
    "snow": NotObservable.NODATA,
    "nodata": NotObservable.NODATA,
}


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
        chip = pull(task, detector)
        features = _measure(task, detector, chip)
    except ImageryError as error:
        return _failed(task, error)
    path = _keep(task.scratch, features)
    return Measured(
        acquisition=task.acquisition.key,
        sensed=task.acquisition.sensed,
        cell=task.site.cell,
        features=path,
        usable=features.usable,
        observable=features.usable >= detector.info.usable_share,
        cause=dominant_cause(features.causes),
        causes=features.causes,
        lived_without=features.lived_without,
        masters=tuple(
            m.sha256 for m in archive_at(task.archive).masters(task.acquisition.key, task.site.cell)
        ),
    )


def pull(task: MeasureTask, detector: Detector) -> Chip:
    """Return the chip from the archive, and from the provider (into the archive) if need be."""
    bands = wanted_bands(task.acquisition, detector)
    archive = archive_at(task.archive)
    stored = archive.load(task.acquisition.key, task.site.cell)
    if stored is not None and {b for layer in stored.layers for b in layer.bands} >= set(bands):
        return stored
    # The whole cell, never the region alone: the provider's log must not draw the watchlist.
    cell = cell_from_id(task.site.cell).geobox()
    chip = task.provider.read(task.acquisition.scenes, cell, bands, task.deadline)
    archive.store(chip, task.site.cell)
    return chip


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
    worst = max(causes, key=lambda name: causes[name])
    return _STATUS_OF_CAUSE[worst]


def load_features(path: str) -> Features:
    """Read back what :func:`measure_look` kept in the scratch folder."""
    header, arrays = read_slab(Path(path), mmap=False)
    return Features(
        acquisition=header["acquisition"],
        sensed=datetime.fromisoformat(header["sensed"]),
        names=tuple(header["names"]),
        pixels=np.asarray(arrays["pixels"], dtype=np.int16),
        usable=header["usable"],
        causes=header["causes"],
        lived_without=tuple(header["lived_without"]),
    )


def _measure(task: MeasureTask, detector: Detector, chip: Chip) -> Features:
    window = task.site.window
    bands = [*detector.info.needed, *detector.info.useful]
    cube = look_cube(chip, window, bands)
    check_cube(cube)
    cube.attrs.update(acquisition=chip.acquisition, sensed=chip.sensed.isoformat())
    return detector.measure(cube, Places(watched=_watched(task.site.area_wkb, window)))


@lru_cache(maxsize=64)
def _watched(area_wkb: bytes, window: GeoBox) -> NDArray[np.bool_]:
    """Draw a site once per process, not once per look."""
    watched = rasterise(shapely.from_wkb(area_wkb), window)
    watched.setflags(write=False)
    return watched


def _keep(scratch: Path, features: Features) -> str:
    path = scratch / f"{uuid.uuid4().hex}.features"
    header = {
        "acquisition": features.acquisition,
        "sensed": features.sensed.isoformat(),
        "names": list(features.names),
        "usable": features.usable,
        "causes": dict(features.causes),
        "lived_without": list(features.lived_without),
    }
    write_slab(path, header, {"pixels": features.pixels})
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
        failure=ObservationStatus.NOT_DELIVERED if late else ObservationStatus.NOT_PROCESSED,
        reason=f"{words}: {error}",
    )
