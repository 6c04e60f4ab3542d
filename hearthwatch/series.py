"""The curve of an event: what its detector measured on its ground, look by look."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from detectors.ground_change import FEATURES, GroundChange
from detectors.kernel import FEATURE_UNIT, NO_DATA
from detectors.types import Features, Places
from imagery.masks import CLOUD_MARGIN_M, look_cube
from imagery.types import Chip, GeoBox
from tiles.archive import Archive
from tiles.cell import cell_from_id
from tiles.grid import rasterise, share, window
from tiles.windows import load_window, stored_layers

__all__ = ["FEATURES", "LEAST_CLEAR", "Sample", "event_series"]

LEAST_CLEAR = 0.5
"""Share of the event's pixels that must be clear for a value to stand for all of them."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one look shows of an event's ground.

    Attributes
    ----------
    sensed : datetime
        Aware UTC.
    values : tuple of float or None
        Median over the clear pixels of each of :data:`FEATURES`; None where fewer than half of
        the event's pixels have one.
    clear : float
        Share of the event's pixels that were clear, 0..1.
    """

    acquisition: str
    sensed: datetime
    values: tuple[float | None, ...]
    clear: float


def event_series(
    archive: Archive, cell: str, acquisitions: Sequence[str], geometry: BaseGeometry
) -> tuple[Sample, ...]:
    """Measure an event's ground on archived looks, with the detector's own features and masks.

    Only a window of each master is read, and its pixels are not verified.

    Parameters
    ----------
    cell : str
        Id of the cell; the part of the event in it is measured.
    acquisitions : sequence of str
        Those that are not archived for the cell, or lack a band the detector needs, are left out.
    geometry : shapely geometry
        Area of the event, CRS84.

    Returns
    -------
    tuple of Sample
        Ordered by time; empty where the geometry holds the centre of no pixel of the cell.

    Raises
    ------
    ValueError
        If there is no such cell.
    tiles.errors.IntegrityError, tiles.errors.StorageFailed
        If a file is missing, cut or cannot be read.
    """
    place = cell_from_id(cell)
    part = share(place, geometry)
    grid = window(place, part, block=1)
    watched = None if grid is None else rasterise(part, grid)
    if grid is None or watched is None or not watched.any():
        return ()
    chips = _chips(archive, cell, acquisitions, grid)
    samples = (_sample(chip, grid, Places(watched=watched)) for chip in chips)
    return tuple(sorted(samples, key=lambda sample: (sample.sensed, sample.acquisition)))


def _chips(
    archive: Archive, cell: str, acquisitions: Sequence[str], grid: GeoBox
) -> Iterator[Chip]:
    info = GroundChange.info
    # Clouds outside the window widen into it.
    around = grid.pad(math.ceil(CLOUD_MARGIN_M / abs(grid.affine.a)))
    for acquisition in acquisitions:
        stored = stored_layers(archive, acquisition, cell)
        if not {band for layer in stored for band in layer.bands}.issuperset(info.needed):
            continue
        chip = load_window(archive, acquisition, cell, around, (*info.needed, *info.useful))
        if chip is not None:
            yield chip


def _sample(chip: Chip, grid: GeoBox, places: Places) -> Sample:
    info = GroundChange.info
    bands = (*info.needed, *info.useful)
    reached = {band for layer in chip.layers for band in layer.bands}
    if not reached.issuperset(info.needed):
        return Sample(chip.acquisition, chip.sensed, (None,) * len(FEATURES), 0.0)
    cube = look_cube(chip, grid, bands)
    cube.attrs.update(acquisition=chip.acquisition, sensed=chip.sensed.isoformat())
    features = GroundChange().measure(cube, places)
    return Sample(chip.acquisition, chip.sensed, _medians(features, places), features.usable)


def _medians(features: Features, places: Places) -> tuple[float | None, ...]:
    least = LEAST_CLEAR * places.watched.sum()
    return tuple(_median(pixels[places.watched], float(least)) for pixels in features.pixels)


def _median(pixels: NDArray[np.int16], least: float) -> float | None:
    seen = pixels[pixels != NO_DATA]
    return float(np.median(seen)) * FEATURE_UNIT if seen.size >= least else None
