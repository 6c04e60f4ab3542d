"""Burns implanted into the files of one scene, through each file's own numbers and grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from hearthwatch.exercise.ground import Cover, Ground, cover_on
from hearthwatch.exercise.model import HIDDEN, SHADOW_CURVE, Burn, Residues, darkened, mix, weights
from hearthwatch.exercise.raster import Raster, read_raster, write_raster
from hearthwatch.exercise.sampling import points_per_side, sampled
from imagery.masks import Scl
from imagery.types import Asset, Scene

CLASSES = "SCL"
SENSOR = "sentinel-2-l2a"
SPACING_M = 5.0
"""Between the points at which one band's pixels are looked up in another's."""


@dataclass(frozen=True, slots=True)
class Implant:
    """What is implanted, with the covers found so far by grid."""

    ground: Ground
    burns: tuple[Burn, ...]
    residues: Residues
    _covers: dict[tuple[object, ...], Cover | None] = field(default_factory=dict)

    def cover(self, grid: GeoBox) -> Cover | None:
        """Return the cover on a grid, reckoned once."""
        key = str(grid.crs), tuple(grid.transform), tuple(grid.shape)
        if key not in self._covers:
            self._covers[key] = cover_on(self.ground, grid)
        return self._covers[key]


@dataclass(frozen=True, slots=True)
class _Band:
    """Reflectance on the burned window, NaN where nothing was seen."""

    geobox: GeoBox
    before: NDArray[np.float64]
    after: NDArray[np.float64]


def implant(scene: Scene, plan: Implant, place: Callable[[Path], Path]) -> Iterator[Path]:
    """Write the files of a scene that the burns change, and yield the source of each.

    Parameters
    ----------
    scene : Scene
        As a folder of items gives it: the hrefs of its assets are paths.
    place : callable
        Says where a file of the source is to be written.

    Notes
    -----
    Nothing changes before the first burn, in other sensors than Sentinel-2 L2A, in bands without
    a spectrum, where the scene classification says that no ground is seen (`HIDDEN`), and where
    rounding leaves the number as it was. In a cloud's shadow the residues are mixed in as if lit.
    """
    if scene.sensor != SENSOR or scene.sensed < plan.burns[0].date:
        return
    classes = read_raster(_finest(scene)) if CLASSES in scene.bands else None
    seen: dict[str, _Band] = {}
    for asset in scene.assets:
        if asset.band in plan.residues.char:
            path = Path(asset.href)
            raster = read_raster(path)
            cover = plan.cover(raster.geobox)
            if cover is None:
                continue
            dn, band = _burned(raster, asset, cover, classes, plan, scene.sensed)
            rival = seen.get(asset.band)
            if rival is None or band.before.size > rival.before.size:
                seen[asset.band] = band
            if not np.array_equal(dn, raster.dn, equal_nan=dn.dtype.kind == "f"):
                write_raster(path, place(path), dn, classes=False)
                yield path
    for asset in scene.assets:
        if asset.band == CLASSES:
            yield from _write_classes(Path(asset.href), plan, scene.sensed, seen, place)


def _finest(scene: Scene) -> Path:
    return Path(scene.asset(CLASSES).href)


def _burned(
    raster: Raster,
    asset: Asset,
    cover: Cover,
    classes: Raster | None,
    plan: Implant,
    at: datetime,
) -> tuple[NDArray[Any], _Band]:
    """Return all numbers of a file with the burns in them, and its reflectance on the window."""
    scale, offset = asset.scale, asset.offset
    if scale is None or offset is None:
        raise ValueError(f"{asset.band} states no scale")
    absent = [n for n in (asset.nodata, raster.nodata) if n is not None and np.isfinite(n)]
    old = raster.dn[cover.rows, cover.columns]
    valid = np.isfinite(old) & ~np.isin(old, absent)
    before = np.where(valid, old.astype(np.float64) * scale + offset, np.nan)
    hidden = _hidden(cover.geobox, classes)
    shares = np.where(hidden | ~valid, 0.0, cover.shares)
    residues = plan.residues.char[asset.band], plan.residues.ash[asset.band]
    after = mix(before, shares, plan.burns, at, *residues)
    touched = weights(shares, plan.burns, at).sum(axis=0) > 0.0
    dn = raster.dn.copy()
    dn[cover.rows, cover.columns][touched] = _numbers(
        after[touched], old[touched], scale, offset, absent
    )
    return dn, _Band(cover.geobox, before, after)


def _numbers(
    reflectance: NDArray[np.float64],
    old: NDArray[Any],
    scale: float,
    offset: float,
    absent: Sequence[float],
) -> NDArray[Any]:
    """Return the numbers for reflectance: rounded, within the type, and none of the `absent`."""
    exact = (reflectance - offset) / scale
    if old.dtype.kind == "f":
        return exact.astype(old.dtype)
    limits = np.iinfo(old.dtype)
    dn = np.clip(np.rint(exact), limits.min, limits.max)
    for number in absent:
        # A seen pixel stays one: it takes the neighbouring number, on the side it came from.
        aside = np.where(old > number, number + 1, number - 1)
        dn = np.where(dn == number, aside, dn)
    return dn.astype(old.dtype)


def _hidden(on: GeoBox, classes: Raster | None) -> NDArray[np.bool_]:
    """Tell which pixels show no ground in any part: cloud, cirrus, snow or no class."""
    if classes is None:
        return np.zeros(on.shape, bool)
    side = points_per_side(on, SPACING_M)
    found = sampled(classes.dn, classes.geobox, on, side, fill=Scl.NODATA)
    unseen = np.isin(found, HIDDEN) | (found > Scl.SNOW)
    return np.asarray(unseen.any(axis=2), dtype=bool)


def _write_classes(
    path: Path,
    plan: Implant,
    at: datetime,
    seen: dict[str, _Band],
    place: Callable[[Path], Path],
) -> Iterator[Path]:
    raster = read_raster(path)
    cover = plan.cover(raster.geobox)
    curve = {name: band for name, band in seen.items() if name in SHADOW_CURVE}
    if cover is None or not curve:
        return
    old = raster.dn[cover.rows, cover.columns]
    before = {name: _mean(band.before, band.geobox, cover.geobox) for name, band in curve.items()}
    after = {name: _mean(band.after, band.geobox, cover.geobox) for name, band in curve.items()}
    dark = darkened(old, before, after)
    dark &= weights(cover.shares, plan.burns, at).sum(axis=0) > 0.0
    if not dark.any():
        return
    dn = raster.dn.copy()
    dn[cover.rows, cover.columns][dark] = Scl.DARK
    write_raster(path, place(path), dn, classes=True)
    yield path


def _mean(values: NDArray[np.float64], of: GeoBox, on: GeoBox) -> NDArray[np.float64]:
    side = points_per_side(on, SPACING_M)
    mean: NDArray[np.float64] = sampled(values, of, on, side, fill=np.nan).mean(axis=2)
    return mean
