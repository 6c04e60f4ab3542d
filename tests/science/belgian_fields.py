"""Real monthly composites of Belgian fields, watched as if settlements lay all over them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from shapely.geometry import Point

from detectors.burn_features import NAMES, burn_features
from detectors.burned import Burned
from detectors.guard import judge_scene
from detectors.part_statistics import part_reflectance
from detectors.types import Features, Finding, PlaceFeatures, PlaceSet
from tests.science.pixel_series import SCORED
from tiles.parts import index_parts, parts_of, window_of
from tiles.plane import from_plane

EPSG = 32631
BANDS = ("B02", "B03", "B04", "B08", "B11", "B12")
EPOCH = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Fields:
    """Features of every month at every place: (month, place, feature, part)."""

    months: tuple[datetime, ...]
    values: Any
    findings: tuple[tuple[datetime, Finding], ...]
    scored: int
    places: int


def watch(path: Path, radius_m: float = 30.0, step_m: float = 80.0) -> Fields:
    """Follow round places on a lattice over twelve months; every second one is a placebo."""
    with h5py.File(path) as file:
        months = tuple(EPOCH + timedelta(days=int(day)) for day in file["t"][:])
        west, north = float(file["x"][0]) - 5.0, float(file["y"][0]) + 5.0
        raw = np.stack([file[f"S2-L2A-{band}"][:] for band in BANDS], axis=1)
    reflectance = np.where(raw < 0, np.nan, raw / 10_000.0).astype(np.float32)
    first, last = radius_m + step_m / 2, 1000.0 - radius_m
    cores = [
        from_plane(Point(west + x, north - y).buffer(radius_m), EPSG)
        for x in np.arange(first, last, step_m)
        for y in np.arange(first, last, step_m)
    ]
    parts = [parts_of(core, [], EPSG) for core in cores]
    window = window_of(parts)
    pixels, starts = index_parts(parts, window)
    placebo = np.arange(len(cores)) % 2 == 1
    places = PlaceSet(tuple(map(str, range(len(cores)))), placebo, pixels, starts)
    laid = [_laid(month, window, west, north) for month in reflectance]
    return _follow(months, laid, places, window)


def _laid(month: Any, window: GeoBox, west: float, north: float) -> Any:
    """Put a month's pixels into a window that reaches beyond them."""
    out = np.full((len(BANDS), *window.shape), np.nan, np.float32)
    column, row = (round(v) for v in ~Affine(*window.transform[:6]) * (west, north))
    out[:, row : row + month.shape[1], column : column + month.shape[2]] = month
    return out


def _follow(months: Any, laid: Any, places: PlaceSet, window: GeoBox) -> Fields:
    detector = Burned()
    state = detector.start(window)
    findings: list[tuple[datetime, Finding]] = []
    kept, scored = [], 0
    for sensed, pixels in zip(months, laid, strict=True):
        clear = np.isfinite(pixels).all(0)
        shown, seen = part_reflectance(pixels, clear, np.ones(clear.shape, bool), places)
        values = burn_features(shown, BANDS)
        kept.append(values)
        count = len(places.ids)
        features = Features(
            f"{sensed:%Y-%m}", sensed, NAMES, 1.0, {},
            places=PlaceFeatures(
                places.ids, places.placebo, values, tuple(BANDS), seen,
                np.full(count, 0.02), ("",) * count,
            ),
        )  # fmt: skip
        scene = judge_scene(f"{sensed:%Y-%m}", detector.placebo_evidence(state, features))
        state, told = detector.score(state, features, scene)
        findings += [(sensed, one) for one in told]
        scored += sum(one.showed in SCORED for one in detector.looks(state, features))
    return Fields(months, np.stack(kept), tuple(findings), scored, int((~places.placebo).sum()))
