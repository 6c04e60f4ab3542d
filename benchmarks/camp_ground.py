"""Pixels of the Romanian square for camps: the real looks, and years resampled from them.

The split into season, level of the year and rest, and the drawing of looks, are those of
:mod:`benchmarks.resampled`; here every pixel of the square has its own series. Resampled looks are
never real, and all of them are the ground of one square kilometre.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
import xarray as xr
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry import box

from benchmarks.resampled import (
    CLEAR_SHARE,
    DARKEST,
    Donors,
    day_of_year,
    draw,
    fit,
    level_at,
    season_at,
    terms,
)
from detectors.area_look import causes_of
from imagery.looks import group_acquisitions
from imagery.masks import look_cube
from imagery.registry import create_provider
from imagery.types import Cause, Query
from tests.science.laid_places import DEADLINE_S, clearings
from tests.science.replay import START, TRUTH, UNTIL
from tiles.grid import rasterise

BANDS = ("B02", "B03", "B04", "B08", "B11")
"""Those there are, but for B8A, which no feature asks; there is no B12."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PixelLook:
    """One look: reflectance (band, y, x) and what each pixel was lost to."""

    sensed: datetime
    pixels: Array
    causes: NDArray[np.uint8]

    def cube(self, pixels: Mapping[str, Array] | None = None) -> xr.Dataset:
        """Return it as the detector reads it, with other reflectance where that is given."""
        shown = pixels or dict(zip(BANDS, self.pixels, strict=True))
        layers: dict[str, Any] = {
            band: (("time", "y", "x"), np.asarray(values, np.float32)[None])
            for band, values in shown.items()
        }
        layers["cause"] = (("time", "y", "x"), self.causes[None])
        told = {"acquisition": self.sensed.isoformat(), "sensed": self.sensed.isoformat()}
        return xr.Dataset(layers, attrs=told)


@dataclass(frozen=True)
class Square:
    """The square kilometre: its grid, its real looks, and what of it was drawn as cleared."""

    geobox: GeoBox
    looks: tuple[PixelLook, ...]
    cleared: NDArray[np.bool_]

    @property
    def km2(self) -> float:
        """Return its size, square kilometres."""
        return float(np.prod(self.geobox.shape) * 1e-4)


def real_square(sample: Path) -> Square:
    """Read every look of the sample."""
    provider = create_provider("folder", path=sample)
    scenes = list(provider.search(Query(box(-180, -80, 180, 84), START, UNTIL)))
    with rasterio.open(next(sample.glob("RO_*/B04.tif"))) as file:
        geobox = GeoBox((file.height, file.width), file.transform, str(file.crs))
    looks = []
    for acquisition in group_acquisitions(scenes):
        chip = provider.read(acquisition.scenes, geobox, [*BANDS, "SCL"], DEADLINE_S)
        look = look_cube(chip, geobox, [*BANDS, "SCL"]).isel(time=0)
        pixels = np.stack([look[band].values for band in BANDS]).astype(np.float64)
        causes = causes_of(look)
        causes[(causes == Cause.CLEAR) & ~np.isfinite(pixels).all(0)] = Cause.NODATA
        looks.append(PixelLook(acquisition.sensed, pixels, causes))
    looks.sort(key=lambda one: one.sensed)
    drawn = shapely.buffer(clearings(TRUTH), 0.0)
    return Square(geobox, tuple(looks), rasterise(drawn, geobox))


def donors_of(square: Square) -> Donors:
    """Split the looks that show half of the square into season, level of the year, and rest."""
    looks = [one for one in square.looks if (one.causes == Cause.CLEAR).mean() >= CLEAR_SHARE]
    days = np.array([day_of_year(one.sensed) for one in looks])
    years = np.array([one.sensed.year for one in looks])
    values = np.stack([
        np.where(one.causes == Cause.CLEAR, np.log(np.maximum(one.pixels, DARKEST)), np.nan)
        for one in looks
    ]).reshape(len(looks), len(BANDS), -1)  # fmt: skip
    nothing = np.zeros(0)
    return Donors(
        BANDS, (), square.geobox, nothing, nothing,  # type: ignore[arg-type]
        *fit(terms(days), years, values), nothing, nothing, nothing, days, nothing,
    )  # fmt: skip


def made_looks(
    donors: Donors, years: float, clear: Sequence[bool], rng: np.random.Generator
) -> Iterator[PixelLook]:
    """Yield the looks of resampled years; what a donor did not see counts as cloud."""
    shape = tuple(int(side) for side in donors.window.shape)
    history = draw(donors, years, clear, rng)
    for sensed, donor, year in zip(history.times, history.donor, history.walk, strict=True):
        rest = donors.pixel_rest[donor]
        season = season_at(donors.pixel_season, sensed) + level_at(donors.pixel_level, year)
        shown = np.isfinite(rest).all(0) & np.isfinite(season).all(0)
        pixels = np.exp(np.where(shown, season + rest, np.nan))
        causes = np.where(shown, np.uint8(Cause.CLEAR), np.uint8(Cause.CLOUD)).reshape(shape)
        yield PixelLook(sensed, pixels.reshape(len(BANDS), *shape), causes)
