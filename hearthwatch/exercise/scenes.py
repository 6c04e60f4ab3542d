"""Burns and other changes implanted into the files of a scene, in each file's numbers and grid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from hearthwatch.exercise.ground import Cover, Ground, cover_on, grid_key
from hearthwatch.exercise.model import HIDDEN, SHADOW_CURVE, Burn, Residues, darkened, mix, weights
from hearthwatch.exercise.raster import (
    Raster,
    absent_numbers,
    read_raster,
    reflectance_of,
    write_raster,
)
from hearthwatch.exercise.sampling import SPACING_M, mean_on, points_per_side, sampled
from imagery.masks import Scl
from imagery.types import Asset, Scene

CLASSES = "SCL"
SENSOR = "sentinel-2-l2a"


class Plan(Protocol):
    """What is implanted into scenes of Sentinel-2 L2A."""

    @property
    def through_clouds(self) -> bool:
        """Tell whether pixels that show no ground change too."""

    @property
    def darkens(self) -> bool:
        """Tell whether ground may become so dark that its class changes."""

    def acts_on(self, scene: Scene) -> bool:
        """Tell whether a scene shows anything of it."""

    def takes(self, band: str) -> bool:
        """Tell whether a band is altered."""

    def cover(self, scene: Scene, grid: GeoBox) -> Cover | None:
        """Return the share of each pixel that is touched; None where a grid does not meet it."""

    def after(
        self,
        band: str,
        before: NDArray[np.float64],
        shares: NDArray[np.float64],
        at: datetime,
        grid: GeoBox,
    ) -> NDArray[np.float64]:
        """Return a band's reflectance with it, from that without and the shares that are seen."""

    def touched(self, shares: NDArray[np.float64], at: datetime) -> NDArray[np.bool_]:
        """Tell which pixels may differ."""


@dataclass(frozen=True, slots=True)
class Burning:
    """Burns to implant, with the covers found so far by grid."""

    ground: Ground
    burns: tuple[Burn, ...]
    residues: Residues
    _covers: dict[tuple[object, ...], Cover | None] = field(default_factory=dict)

    @property
    def through_clouds(self) -> bool:
        """Return False: what no ground is seen through hides residues."""
        return False

    @property
    def darkens(self) -> bool:
        """Return True: char may count as shadow."""
        return True

    def acts_on(self, scene: Scene) -> bool:
        """Tell whether the first burn is over."""
        return scene.sensed >= self.burns[0].date

    def takes(self, band: str) -> bool:
        """Tell whether a band has a spectrum."""
        return band in self.residues.char

    def cover(self, scene: Scene, grid: GeoBox) -> Cover | None:
        """Return the cover on a grid, reckoned once."""
        key = grid_key(grid)
        if key not in self._covers:
            self._covers[key] = cover_on(self.ground, grid)
        return self._covers[key]

    def after(
        self,
        band: str,
        before: NDArray[np.float64],
        shares: NDArray[np.float64],
        at: datetime,
        grid: GeoBox,
    ) -> NDArray[np.float64]:
        """Return the mixture with the residues."""
        return mix(
            before, shares, self.burns, at, self.residues.char[band], self.residues.ash[band]
        )

    def touched(self, shares: NDArray[np.float64], at: datetime) -> NDArray[np.bool_]:
        """Tell which pixels show residues."""
        return np.asarray(weights(shares, self.burns, at).sum(axis=0) > 0.0, dtype=bool)


@dataclass(frozen=True, slots=True)
class _Band:
    """Reflectance on the touched window, NaN where nothing was seen."""

    geobox: GeoBox
    before: NDArray[np.float64]
    after: NDArray[np.float64]


def implant(scene: Scene, plan: Plan, place: Callable[[Path], Path]) -> Iterator[Path]:
    """Write the files of a scene that a plan changes, and yield the source of each.

    Parameters
    ----------
    scene : Scene
        As a folder of items gives it: the hrefs of its assets are paths.
    place : callable
        Says where a file of the source is to be written.

    Notes
    -----
    Nothing changes in other sensors than Sentinel-2 L2A, in bands that a plan does not take, where
    the scene classification says that no ground is seen (`HIDDEN`) unless the plan goes through
    clouds, and where rounding leaves the number as it was. In a cloud's shadow residues are mixed
    in as if lit.
    """
    if scene.sensor != SENSOR or not plan.acts_on(scene):
        return
    classes = read_raster(_finest(scene)) if CLASSES in scene.bands else None
    seen: dict[str, _Band] = {}
    for asset in scene.assets:
        if plan.takes(asset.band):
            path = Path(asset.href)
            raster = read_raster(path)
            cover = plan.cover(scene, raster.geobox)
            if cover is None:
                continue
            dn, band = _changed(raster, asset, cover, classes, plan, scene.sensed)
            rival = seen.get(asset.band)
            if rival is None or band.before.size > rival.before.size:
                seen[asset.band] = band
            if not np.array_equal(dn, raster.dn, equal_nan=dn.dtype.kind == "f"):
                write_raster(path, place(path), dn, classes=False)
                yield path
    for asset in scene.assets:
        if asset.band == CLASSES and plan.darkens:
            yield from _write_classes(scene, Path(asset.href), plan, seen, place)


def _finest(scene: Scene) -> Path:
    return Path(scene.asset(CLASSES).href)


def _changed(
    raster: Raster, asset: Asset, cover: Cover, classes: Raster | None, plan: Plan, at: datetime
) -> tuple[NDArray[Any], _Band]:
    """Return all numbers of a file with the plan in them, and its reflectance on the window."""
    old = raster.dn[cover.rows, cover.columns]
    before = reflectance_of(old, raster, asset)
    unseen = np.isnan(before)
    if not plan.through_clouds:
        unseen |= _hidden(cover.geobox, classes)
    shares = np.where(unseen, 0.0, cover.shares)
    after = plan.after(asset.band, before, shares, at, cover.geobox)
    touched = plan.touched(shares, at)
    dn = raster.dn.copy()
    dn[cover.rows, cover.columns][touched] = _numbers(after[touched], old[touched], asset, raster)
    return dn, _Band(cover.geobox, before, after)


def _numbers(
    reflectance: NDArray[np.float64], old: NDArray[Any], asset: Asset, raster: Raster
) -> NDArray[Any]:
    """Return the numbers for reflectance: rounded, within the type, and none of the absent."""
    exact = (reflectance - (asset.offset or 0.0)) / (asset.scale or 1.0)
    if old.dtype.kind == "f":
        return exact.astype(old.dtype)
    limits = np.iinfo(old.dtype)
    dn = np.clip(np.rint(exact), limits.min, limits.max)
    for number in absent_numbers(raster, asset):
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
    scene: Scene,
    path: Path,
    plan: Plan,
    seen: dict[str, _Band],
    place: Callable[[Path], Path],
) -> Iterator[Path]:
    raster = read_raster(path)
    cover = plan.cover(scene, raster.geobox)
    curve = {name: band for name, band in seen.items() if name in SHADOW_CURVE}
    if cover is None or not curve:
        return
    old = raster.dn[cover.rows, cover.columns]
    before = {name: mean_on(band.before, band.geobox, cover.geobox) for name, band in curve.items()}
    after = {name: mean_on(band.after, band.geobox, cover.geobox) for name, band in curve.items()}
    dark = darkened(old, before, after) & plan.touched(cover.shares, scene.sensed)
    if not dark.any():
        return
    dn = raster.dn.copy()
    dn[cover.rows, cover.columns][dark] = Scl.DARK
    write_raster(path, place(path), dn, classes=True)
    yield path
