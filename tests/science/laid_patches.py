"""Patches of pixels laid over the real looks of the Romanian square, and burns put into them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from shapely.geometry import Point, box

from detectors import burn_pixels
from detectors.burn_features import USED
from detectors.burn_pixels import PixelLook
from detectors.endmembers import Surface, spectrum
from detectors.patch_look import patch_look
from detectors.pixel_null import PixelRules
from detectors.types import PatchLook, PatchSet
from hearthwatch.exercise.model import Burn
from imagery.looks import group_acquisitions
from imagery.masks import look_cube
from imagery.registry import create_provider
from imagery.types import Cause, Query
from tests.science.laid_places import DEADLINE_S, EPSG
from tests.science.replay import START, UNTIL
from tiles.parts import parts_of, window_of
from tiles.patches import index_patches, patch_of
from tiles.plane import from_plane, to_plane

RULES = PixelRules()
SEEN = 0.7
"""Share of a core that must be clear, as in the detector."""


@dataclass(frozen=True)
class Scene:
    """One decoded look: reflectance by band, clear pixels, and the grid they lie on."""

    sensed: datetime
    bands: Mapping[str, Any]
    clear: Any
    grid: Any


@dataclass(frozen=True)
class Ground:
    """Round places over real looks; every second one is a placebo."""

    patches: PatchSet
    placebo: Any
    scenes: tuple[Scene, ...]
    columns: Any

    def of(self, place: int) -> slice:
        first = int(self.patches.counts[:place].sum())
        return slice(first, first + int(self.patches.counts[place]))


def lay_patches(catalogue: Path, radius_m: float, first_m: float, step_m: float) -> Ground:
    """Read every look of a catalogue over round places on a lattice."""
    provider = create_provider("folder", path=catalogue)
    scenes = list(provider.search(Query(box(-180, -80, 180, 84), START, UNTIL)))
    west, south, east, north = to_plane(scenes[0].footprint, EPSG).bounds
    centres = [
        (x, y)
        for x in np.arange(west + first_m, east - first_m + 1, step_m)
        for y in np.arange(south + first_m, north - first_m + 1, step_m)
    ]
    cores = [from_plane(Point(x, y).buffer(radius_m), EPSG) for x, y in centres]
    parts = [parts_of(core, [], EPSG) for core in cores]
    window = window_of(parts)
    laid = [patch_of(one) for one in parts]
    pixels, counts = index_patches(laid, window)
    core, edge = (np.concatenate([getattr(one, k) for one in laid]) for k in ("core", "edge"))
    bands = [b for b in USED if all(b in scene.bands for scene in scenes)]
    shown = []
    for acquisition in group_acquisitions(scenes):
        chip = provider.read(acquisition.scenes, window, [*bands, "SCL"], DEADLINE_S)
        look = look_cube(chip, window, [*bands, "SCL"]).isel(time=0)
        values = {band: look[band].values for band in bands}
        clear = (look["cause"].values == Cause.CLEAR) & np.isfinite(list(values.values())).all(0)
        grid = (look["y"].values, look["x"].values)
        shown.append(Scene(acquisition.sensed, values, clear, grid))
    placebo = np.arange(len(cores)) % 2 == 1
    columns = np.concatenate([one.cols for one in laid])
    return Ground(PatchSet(counts, pixels, core, edge), placebo, tuple(shown), columns)


def west_half(ground: Ground, place: int) -> Any:
    """Return which of a place's pixels are of the western half of its core: a block."""
    mine = ground.of(place)
    columns, core = ground.columns[mine], ground.patches.core[mine]
    return core & (columns < np.median(columns[core]))


def implanted(
    ground: Ground, scene: Scene, burns: Mapping[int, tuple[Burn, Any]], share: float
) -> PatchLook:
    """Return what a look shows of all patches, with burns mixed into some pixels.

    Parameters
    ----------
    burns : mapping of int to (Burn, ndarray of bool)
        By place, with the pixels that burn.
    share : float
        Of each of these pixels, that burns.
    """
    bands = {name: values.copy() for name, values in scene.bands.items()}
    names = list(bands)
    char, grey = (spectrum(one, names) for one in (Surface.CHAR, Surface.ASH))
    for place, (burn, pixels) in burns.items():
        mark, ash = burn.mark_left(scene.sensed), burn.ash_left(scene.sensed)
        where = ground.patches.pixels[ground.of(place)][pixels]
        for k, name in enumerate(names):
            flat = bands[name].reshape(-1)
            residue = ash * grey[k] + (1.0 - ash) * char[k]
            flat[where] += share * burn.completeness * mark * (residue - flat[where])
    return patch_look(bands, scene.clear, scene.grid, ground.patches)


def follow(
    ground: Ground, burns: Mapping[int, tuple[Burn, Any]], share: float, rules: PixelRules = RULES
) -> tuple[Any, Sequence[tuple[Scene, PatchLook, PixelLook, Any]]]:
    """Take all looks into the pixels' state; return it with what each usable look said.

    Places are taken to be under suspicion from their burn on, as the object level would have them.
    """
    state = burn_pixels.new_rows(ground.patches.counts, rules)
    place = np.repeat(np.arange(ground.placebo.size), ground.patches.counts)
    core = ground.patches.core
    said = []
    for scene in ground.scenes:
        seen = scene.clear.ravel()[ground.patches.pixels]
        whole, part = (np.bincount(place, core & one) for one in (seen | True, seen))
        usable = part >= SEEN * whole
        if not usable.any():
            continue
        look = implanted(ground, scene, burns, share)
        suspected = np.zeros(ground.placebo.size, bool)
        for one, (burn, _) in burns.items():
            suspected[one] = scene.sensed >= burn.date
        seconds = int(scene.sensed.timestamp())
        found = burn_pixels.weigh(state, look, usable, ground.placebo, seconds, rules)
        state = burn_pixels.update(
            state, look, found, usable, suspected, seconds, rules, hold=False
        )
        said.append((scene, look, found, state))
    return state, said
