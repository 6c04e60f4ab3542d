"""Places laid on a lattice over the real looks of the Romanian square, each look decoded once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from shapely.geometry import Point, box
from shapely.geometry.base import BaseGeometry

from detectors.burn_features import (
    USED,
    burn_features,
)
from detectors.burn_seen import contamination
from detectors.burned import WATER
from detectors.part_statistics import part_reflectance
from detectors.types import (
    PARTS,
    PlaceSet,
)
from hearthwatch.pipeline.measure import _within
from imagery.looks import group_acquisitions
from imagery.masks import look_cube
from imagery.registry import create_provider
from imagery.types import Cause, GeoBox, Query
from tests.science.replay import START, UNTIL
from tiles.grid import rasterise
from tiles.parts import index_parts, parts_of, window_of
from tiles.plane import from_plane, to_plane

EPSG = 32634
DEADLINE_S = 100.0


@dataclass(frozen=True)
class Look:
    """One look at every place, without any burn.

    `pixels` (band, n) and `classes` (n) are those of the cores, one after the other; `means`
    (place, band) is the cores' reflectance, `parts` (place, band, part) that of all parts, `values`
    (place, feature, part) the features.
    """

    key: str
    sensed: datetime
    pixels: Any
    clear: Any
    classes: Any
    means: Any
    values: Any
    seen: Any
    contamination: Any
    cloudy: Any
    parts: Any


@dataclass(frozen=True)
class Square:
    """Places laid on a lattice over real looks.

    `cleared` (place) is the share of each core that drawings cover, `owner` (n) the place of each
    pixel of the cores, `index` (n) where in `window` it lies.
    """

    cores: tuple[BaseGeometry, ...]
    cleared: Any
    window: GeoBox
    bands: tuple[str, ...]
    owner: Any
    index: Any
    looks: tuple[Look, ...]


def lay(
    catalogue: Path, radius_m: float, first_m: float, step_m: float, drawn: BaseGeometry
) -> Square:
    """Read every look of a catalogue over round places on a lattice.

    Parameters
    ----------
    first_m, step_m : float
        Of the centres, from the square's western and southern edge; places may overlap.
    drawn : shapely geometry
        CRS84; of each place the share it covers is told.
    """
    provider = create_provider("folder", path=catalogue)
    scenes = list(provider.search(Query(box(-180, -80, 180, 84), START, UNTIL)))
    covered = scenes[0].footprint
    plane, clearings = to_plane(covered, EPSG), to_plane(drawn, EPSG)
    west, south, east, north = plane.bounds
    discs = [
        disc
        for x in np.arange(west + first_m, east, step_m)
        for y in np.arange(south + first_m, north, step_m)
        if plane.contains(disc := Point(x, y).buffer(radius_m))
    ]
    cores = tuple(from_plane(disc, EPSG) for disc in discs)
    parts = [parts_of(core, [], EPSG) for core in cores]
    window = window_of(parts)
    pixels, starts = index_parts(parts, window)
    pixels, starts = _within(rasterise(covered, window).ravel(), pixels, starts)
    places = PlaceSet(
        tuple(map(str, range(len(cores)))), np.zeros(len(cores), bool), pixels, starts
    )
    index = [pixels[starts[PARTS * p] : starts[PARTS * p + 1]] for p in range(len(cores))]
    bands = tuple(b for b in USED if all(b in scene.bands for scene in scenes))
    looks = []
    for acquisition in group_acquisitions(scenes):
        chip = provider.read(acquisition.scenes, window, [*bands, "SCL"], DEADLINE_S)
        look = look_cube(chip, window, [*bands, "SCL"]).isel(time=0)
        looks.append(_look(acquisition.key, acquisition.sensed, look, bands, places, index))
    owner = np.repeat(np.arange(len(index)), [len(one) for one in index])
    cleared = np.array([disc.intersection(clearings).area / disc.area for disc in discs])
    return Square(cores, cleared, window, bands, owner, np.concatenate(index), tuple(looks))


def _look(
    key: str, sensed: datetime, look: Any, bands: Sequence[str], places: PlaceSet,
    index: Sequence[Any],
) -> Look:  # fmt: skip
    pixels = np.stack([look[band].values for band in bands])
    causes, classes = look["cause"].values, look["SCL"].values
    clear = (causes == Cause.CLEAR) & np.isfinite(pixels).all(0)
    causes = np.where(~clear & (causes == Cause.CLEAR), np.uint8(Cause.NODATA), causes)
    reflectance, seen = part_reflectance(pixels, clear, classes != WATER, places)
    cloud = (causes == Cause.CLOUD).ravel()
    bounds = [places.starts[PARTS * p + np.array([0, PARTS])] for p in range(len(index))]
    around = [cloud[places.pixels[a:b]].mean() if b > a else 0.0 for a, b in bounds]
    every = np.concatenate(index)
    return Look(
        key, sensed, pixels.reshape(len(bands), -1)[:, every].astype(np.float64),
        clear.ravel()[every], classes.ravel()[every], reflectance[:, :, 0],
        burn_features(reflectance, bands), seen,
        contamination(classes, causes, places), np.array(around), reflectance,
    )  # fmt: skip


def clearings(path: Path) -> BaseGeometry:
    """Return all drawings, certain and doubtful, as one geometry; CRS84."""
    features = json.loads(path.read_text())["features"]
    return shapely.union_all([shapely.geometry.shape(f["geometry"]) for f in features])
