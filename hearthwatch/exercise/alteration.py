"""A change that is no burn, as something to implant into the scenes of a catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox

from hearthwatch.exercise.ground import Cover, Ground, cover_on, grid_key
from hearthwatch.exercise.optics import WAVELENGTH_UM, bare_share
from hearthwatch.exercise.otherwise import OF_THE_NUMBERS, Change, Extent, Otherwise, altered
from hearthwatch.exercise.raster import read_raster, reflectance_of
from hearthwatch.exercise.sampling import mean_on, pixel_m
from imagery.types import Asset, Scene

INFRARED = ("B08", "B8A")
OPTICAL = frozenset({*WAVELENGTH_UM, "B01", "B09"})
_DARKENING = frozenset({Otherwise.PLOUGHING, Otherwise.RAIN, Otherwise.SHADOW})


@dataclass(frozen=True, slots=True)
class Alteration:
    """A change and the ground it touches, None for the whole of each scene."""

    change: Change
    ground: Ground | None
    _covers: dict[tuple[object, ...], Cover | None] = field(default_factory=dict)

    @property
    def through_clouds(self) -> bool:
        """Tell whether pixels that show no ground change too."""
        return self.change.kind in OF_THE_NUMBERS

    @property
    def darkens(self) -> bool:
        """Tell whether ground may become so dark that its class changes."""
        return self.change.kind in _DARKENING

    def acts_on(self, scene: Scene) -> bool:
        """Tell whether a scene of Sentinel-2 L2A shows anything of the change."""
        return self.change.shown(scene.sensed) > 0.0

    def takes(self, band: str) -> bool:
        """Tell whether a band is altered."""
        return band in (OPTICAL if self.through_clouds else WAVELENGTH_UM)

    def cover(self, scene: Scene, grid: GeoBox) -> Cover | None:
        """Return the share of each pixel that is touched, as of one burn."""
        key = grid_key(grid)
        if self.change.extent is Extent.BARE:
            return _whole(grid, _bare(scene, grid))
        if key not in self._covers:
            here = self.ground
            self._covers[key] = (
                _whole(grid, np.ones(grid.shape)) if here is None else cover_on(here, grid)
            )
        return self._covers[key]

    def after(
        self,
        band: str,
        before: NDArray[np.float64],
        shares: NDArray[np.float64],
        at: datetime,
        grid: GeoBox,
    ) -> NDArray[np.float64]:
        """Return the reflectance with the change in it."""
        bands: Mapping[str, NDArray[np.float64]] = {band: before}
        # A projection stretches metres by less than a per mille: pixels are of 10, 20 or 60 m.
        return altered(bands, shares[0], self.change, at, round(pixel_m(grid)))[band]

    def touched(self, shares: NDArray[np.float64], at: datetime) -> NDArray[np.bool_]:
        """Tell which pixels may differ."""
        return np.asarray(shares[0] * self.change.shown(at) > 0.0, dtype=bool)


def _whole(grid: GeoBox, shares: NDArray[np.float64]) -> Cover:
    height, width = grid.shape
    return Cover(slice(0, height), slice(0, width), grid, shares[np.newaxis])


def _bare(scene: Scene, grid: GeoBox) -> NDArray[np.float64]:
    """Return how bare each pixel is; not at all where red or near infrared was not seen."""
    found = {asset.band: asset for asset in scene.assets}
    infrared = next((band for band in INFRARED if band in found), None)
    if "B04" not in found or infrared is None:
        return np.zeros(grid.shape)
    red, near = (_seen(found[band], grid) for band in ("B04", infrared))
    return np.nan_to_num(bare_share(red, near), nan=0.0)


def _seen(asset: Asset, grid: GeoBox) -> NDArray[np.float64]:
    raster = read_raster(Path(asset.href))
    return mean_on(reflectance_of(raster.dn, raster, asset), raster.geobox, grid)
