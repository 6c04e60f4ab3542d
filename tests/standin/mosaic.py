"""Scenes put on one grid, as Sentinel Hub does before a script sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from numpy.typing import NDArray
from pyproj import Transformer
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from scipy.ndimage import uniform_filter
from shapely.geometry import box

from tests.standin.scenes import Band, Scene
from tests.standin.wire import bad_payload

Pixels = NDArray[Any]

WITHOUT_RELIEF_PX = 9
"""How far a radar image lies off where orthorectification was not asked for."""
CONVENTIONS = {"GAMMA0_TERRAIN": 1.0, "GAMMA0_ELLIPSOID": 1.6, "SIGMA0_ELLIPSOID": 1.2,
               "BETA0": 2.1}  # fmt: skip
"""What each convention makes of the gamma0 that was drawn; of real ground it varies by slope."""


@dataclass(frozen=True, slots=True)
class Target:
    """The grid that was asked for."""

    crs: str
    transform: Affine
    width: int
    height: int

    @property
    def shape(self) -> tuple[int, int]:
        """Return rows and columns."""
        return self.height, self.width

    def outline(self) -> Any:
        """Return the grid's outline in longitude and latitude."""
        move = Transformer.from_crs(self.crs, "OGC:CRS84", always_xy=True)
        west, north = self.transform * (0, 0)
        east, south = self.transform * (self.width, self.height)
        return box(*move.transform_bounds(west, south, east, north))


@dataclass(frozen=True, slots=True)
class Handling:
    """How the scenes are treated: the request's ``processing``."""

    harmonize: bool = True
    orthorectify: bool = False
    coefficient: str = "GAMMA0_ELLIPSOID"
    speckle: int = 0
    upsampling: Resampling = Resampling.nearest

    @classmethod
    def asked(cls, processing: Mapping[str, Any]) -> Handling:
        """Read it from a request; what is left out gets the service's defaults."""
        coefficient = str(processing.get("backCoeff", "GAMMA0_ELLIPSOID"))
        upsampling = str(processing.get("upsampling", "NEAREST")).lower()
        if coefficient not in CONVENTIONS or upsampling not in ("nearest", "bilinear", "bicubic"):
            raise bad_payload("processing names what there is not")
        speckle = processing.get("speckleFilter") or {}
        lee = speckle.get("type", "NONE") == "LEE"
        return cls(
            harmonize=_true(processing.get("harmonizeValues", True)),
            orthorectify=_true(processing.get("orthorectify", False)),
            coefficient=coefficient,
            speckle=int(speckle.get("windowSizeX", 5)) if lee else 0,
            upsampling=Resampling[{"bicubic": "cubic"}.get(upsampling, upsampling)],
        )

    @property
    def factor(self) -> float:
        """Return what radar's treatment costs more."""
        terrain = 2.5 if self.coefficient == "GAMMA0_TERRAIN" else 2.0 * self.orthorectify or 1.0
        return terrain * (2.0 if self.speckle else 1.0)


def paint(
    scenes: Sequence[Scene], bands: Sequence[str], target: Target, handling: Handling
) -> dict[str, Pixels]:
    """Lay scenes over one another, the first on top.

    Returns
    -------
    dict of ndarray
        The bands in the provider's numbers, 0 where nothing was seen, and ``dataMask``.
    """
    wanted = [band for band in bands if band != "dataMask"]
    wanted_ground = target.outline()
    over = [scene for scene in scenes if scene.footprint.intersects(wanted_ground)]
    mask = np.zeros(target.shape, bool)
    radar = bool(over) and over[0].kind == "radar"
    kind = np.float32 if radar else np.uint16
    painted: dict[str, Pixels] = {band: np.zeros(target.shape, kind) for band in wanted}
    for scene in over:
        drawn = {b: _on(scene.bands[b], target, handling) for b in _read_of(scene, wanted)}
        seen = np.logical_and.reduce([_seen(v, scene.bands[b]) for b, v in drawn.items()])
        for band in set(wanted) & set(drawn):
            values = _treated(drawn[band], scene.bands[band], handling, radar)
            painted[band] = np.where(seen & ~mask, values, painted[band]).astype(kind)
        mask |= seen
    return {**painted, "dataMask": mask.astype(np.uint8)}


def _read_of(scene: Scene, wanted: Sequence[str]) -> list[str]:
    there = [band for band in wanted if band in scene.bands]
    return there or sorted(scene.bands)[:1]


def _on(band: Band, target: Target, handling: Handling) -> Pixels:
    classes = band.name in ("SCL", "mask")
    with (
        rasterio.Env(GDAL_PAM_ENABLED="NO"),
        rasterio.open(band.path) as file,
        WarpedVRT(
            file, crs=target.crs, transform=target.transform, width=target.width,
            height=target.height, src_nodata=band.nodata, nodata=band.nodata,
            resampling=Resampling.nearest if classes else handling.upsampling,
        ) as view,
    ):  # fmt: skip
        values: Pixels = view.read(1)
    return values


def _seen(values: Pixels, band: Band) -> Pixels:
    seen: Pixels = np.isfinite(values) & (values != (0 if band.nodata is None else band.nodata))
    return seen


def _treated(values: Pixels, band: Band, handling: Handling, radar: bool) -> Pixels:
    if radar:
        return _backscatter(np.nan_to_num(values), handling)
    if handling.harmonize and band.offset_dn:
        # What lies below zero once the offset is taken off is lost here, as it is there.
        return np.maximum(values.astype(np.int32) + band.offset_dn, 0)
    return values


def _backscatter(values: Pixels, handling: Handling) -> Pixels:
    values = values * np.float32(CONVENTIONS[handling.coefficient])
    if not (handling.orthorectify or handling.coefficient == "GAMMA0_TERRAIN"):
        values = np.roll(values, WITHOUT_RELIEF_PX, axis=1)
    if handling.speckle:
        values = uniform_filter(values, handling.speckle, mode="nearest")
    return values


def _true(value: object) -> bool:
    return str(value).lower() == "true"
