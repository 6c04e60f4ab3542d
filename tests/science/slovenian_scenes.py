"""Real cloudy and clear scenes of Slovenia over places laid on a lattice.

Five scenes (L1C, July to September 2015) have all bands; two of them are overcast to the last
pixel. Five looks teach a detector nothing, so the two summers before are *synthesised*: between the
three clear scenes ground is interpolated in time, and blocks of real differences between the clear
scenes of 30 August and 9 September are laid upon it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from shapely.geometry import Point

from detectors.burn_features import NAMES, burn_features
from detectors.burned import Burned
from detectors.endmembers import Surface, spectrum
from detectors.guard import judge_scene
from detectors.part_statistics import part_reflectance
from detectors.types import (
    PARTS,
    Features,
    Finding,
    GuardVerdict,
    PlaceFeatures,
    PlaceSet,
    SceneJudgement,
    Showed,
)
from tiles.parts import index_parts, parts_of, window_of
from tiles.plane import from_plane

EPSG = 32633
WEST, NORTH = 465181.0522318204, 5080254.63349641
PIXEL_M = 10.0
RADIUS_M, STEP_M = 30.0, 100.0
PLANES = {"B02": 1, "B03": 2, "B04": 3, "B08": 7, "B8A": 8, "B11": 11, "B12": 12}
SCENES = ("2015-08-20", "2015-07-31", "2015-09-09", "2015-08-30", "2015-07-11")
CLEAR = ("2015-07-11", "2015-08-30", "2015-09-09")
CLOUDY = ("2015-07-31", "2015-08-20")
BLOCK = 10
"""Side of a block of real differences, pixels."""


class Mask(StrEnum):
    """What the detector is told of the clouds, and where they lie."""

    TRUE = "the product's own"
    LYING = "clear everywhere"
    LYING_OVER_CORES = "clear everywhere, and cloud over the cores alone"


@dataclass(frozen=True)
class Watched:
    """What came of one run.

    Attributes
    ----------
    cloudy_scored : int
        Looks at the overcast scenes that were scored, over all places.
    told : tuple
        All that was reported, with the look it was reported on.
    """

    places: int
    cloudy_scored: int
    told: tuple[tuple[datetime, Finding], ...]
    suspect: tuple[datetime, ...]


@dataclass(frozen=True)
class _Look:
    sensed: datetime
    values: Any
    seen: Any


def watch(
    folder: Path, mask: Mask, *, guarded: bool, burned: float = 0.0, seed: int = 1
) -> Watched:
    """Learn two synthesised summers, then watch the five real scenes.

    Parameters
    ----------
    burned : float
        Share of char mixed into the cores of the last two scenes; placebos stay as they are.
    """
    scenes = dict(zip(SCENES, np.load(folder / "REFERENCE_SCENES.npy"), strict=True))
    pixels = {day: _bands(scene) for day, scene in scenes.items()}
    clear = {day: ~cloud for day, cloud in _clouds(folder).items()}
    places, window = _lattice()
    looks = [_measured(day, one, None, places, window) for day, one in _summers(pixels, seed)]
    for day in sorted(SCENES):
        shown = clear[day] if mask is Mask.TRUE else None
        share = burned if day in CLEAR[1:] else 0.0
        look = _measured(_date(day), pixels[day], shown, places, window, share)
        if mask is Mask.LYING_OVER_CORES and day in CLOUDY:
            ring = _measured(_date(day), pixels[CLEAR[0]], None, places, window)
            look.values[:, :, 1:] = ring.values[:, :, 1:]
        looks.append(look)
    return _follow(looks, places, window, guarded=guarded)


def _bands(scene: Any) -> Any:
    """Return (band, y, x) of one scene of (y, x, plane)."""
    return np.stack([scene[..., plane] for plane in PLANES.values()]).astype(np.float64)


def _clouds(folder: Path) -> dict[str, Any]:
    """Return the product's cloud mask of each of the five scenes."""
    days = [text[:10] for text in json.loads((folder / "TestEOPatch/timestamps.json").read_text())]
    masks = np.load(folder / "TestEOPatch" / "mask" / "CLM.npy")[..., 0] > 0
    return {day: masks[days.index(day)] for day in SCENES}


def _summers(pixels: dict[str, Any], seed: int) -> list[tuple[datetime, Any]]:
    """Return the synthesised looks of 2013 and 2014, every five days from 11 July on."""
    rng = np.random.default_rng(seed)
    first, middle, last = (pixels[day] for day in CLEAR)
    spans = [(_date(day) - _date(CLEAR[0])).days for day in CLEAR]
    out = []
    for year in (2013, 2014):
        for days in range(0, spans[-1] + 1, 5):
            share = np.interp(days, spans[:2], (0.0, 1.0))
            late = np.interp(days, spans[1:], (0.0, 1.0))
            ground = first + share * (middle - first) + late * (last - middle)
            noise = _blocks(last - middle, rng) / np.sqrt(2.0)
            out.append((_date(CLEAR[0]).replace(year=year) + timedelta(days=days), ground + noise))
    return out


def _blocks(difference: Any, rng: np.random.Generator) -> Any:
    """Return real differences, in blocks drawn from anywhere in the scene, of either sign."""
    centred = difference - np.median(difference, axis=(1, 2), keepdims=True)
    out = np.empty_like(centred)
    height, width = centred.shape[1:]
    for row in range(0, height, BLOCK):
        for column in range(0, width, BLOCK):
            tall, wide = min(BLOCK, height - row), min(BLOCK, width - column)
            y, x = rng.integers(height - tall + 1), rng.integers(width - wide + 1)
            block = centred[:, y : y + tall, x : x + wide]
            out[:, row : row + tall, column : column + wide] = rng.choice((-1.0, 1.0)) * block
    return out


@cache
def _lattice() -> tuple[PlaceSet, GeoBox]:
    """Return round places all over the scenes; every second one is a placebo."""
    height, width = 101, 100
    first = RADIUS_M + STEP_M / 2
    cores = [
        from_plane(Point(WEST + x, NORTH - y).buffer(RADIUS_M), EPSG)
        for x in np.arange(first, width * PIXEL_M - RADIUS_M, STEP_M)
        for y in np.arange(first, height * PIXEL_M - RADIUS_M, STEP_M)
    ]
    parts = [parts_of(core, [], EPSG) for core in cores]
    window = window_of(parts)
    placebo = np.arange(len(cores)) % 2 == 1
    return PlaceSet(
        tuple(map(str, range(len(cores)))), placebo, *index_parts(parts, window)
    ), window


def _measured(
    sensed: datetime, pixels: Any, clear: Any, places: PlaceSet, window: GeoBox,
    burned: float = 0.0,
) -> _Look:  # fmt: skip
    """Measure one look at all places; `clear` is the mask, None where it says all is clear."""
    laid = np.full((len(PLANES), *window.shape), np.nan)
    column, row = (round(v) for v in ~Affine(*window.transform[:6]) * (WEST, NORTH))
    shown = pixels if clear is None else np.where(clear, pixels, np.nan)
    laid[:, row : row + pixels.shape[1], column : column + pixels.shape[2]] = shown
    for place in np.flatnonzero(~places.placebo) if burned else ():
        core = places.pixels[places.starts[PARTS * place] : places.starts[PARTS * place + 1]]
        flat = laid.reshape(len(PLANES), -1)
        flat[:, core] += burned * (spectrum(Surface.CHAR, PLANES)[:, None] - flat[:, core])
    whole = np.isfinite(laid).all(0)
    reflectance, seen = part_reflectance(laid, whole, np.ones(whole.shape, bool), places)
    return _Look(sensed, burn_features(reflectance, tuple(PLANES)), seen)


def _follow(looks: Sequence[_Look], places: PlaceSet, window: GeoBox, *, guarded: bool) -> Watched:
    detector = Burned()
    state = detector.start(window)
    told: list[tuple[datetime, Finding]] = []
    suspect, scored, count = [], 0, len(places.ids)
    for look in looks:
        name = f"{look.sensed:%Y-%m-%d}"
        features = Features(
            name, look.sensed, NAMES, 1.0, {},
            places=PlaceFeatures(
                places.ids, places.placebo, look.values, tuple(PLANES), look.seen,
                np.full(count, 0.02), ("",) * count,
            ),
        )  # fmt: skip
        scene = judge_scene(name, detector.placebo_evidence(state, features))
        if not guarded:
            scene = SceneJudgement(name, GuardVerdict.UNGUARDED, 0, 0, "taken away")
        if scene.verdict is GuardVerdict.SUSPECT:
            suspect.append(look.sensed)
        state, findings = detector.score(state, features, scene)
        told += [(look.sensed, one) for one in findings]
        if name in CLOUDY:
            words = (Showed.CHANGED, Showed.UNCHANGED, Showed.BLIND)
            scored += sum(one.showed in words for one in detector.looks(state, features))
    return Watched(int((~places.placebo).sum()), scored, tuple(told), tuple(suspect))


def _date(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC)
