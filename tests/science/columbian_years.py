"""Yearly Landsat composites of a wildfire in British Columbia, and when burning shows in them.

The yearly mode: differences of one year to the next are held against those of the three pairs of
years before the fire, season and light being taken from the ground outside the polygon. A pixel
burned where the burn score is above that of all but one in a hundred pixels of the quiet pairs, and
burning is most of what happened. What counts for the polygon is the share of its pixels that
burned less the share outside: a bad composite burns all over.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import rasterio
import shapely
from rasterio.features import rasterize

from detectors.bitemporal import (
    BURN_COSINE,
    BurnScore,
    Quiet,
    burn_score,
    offset_of,
    quiet_history,
)
from detectors.endmembers import Surface, spectrum

BANDS = ("B04", "B8A", "B11", "B12")
PLANES = slice(2, 6)
YEARS = range(2002, 2024)
QUIET = (2002, 2003, 2004, 2005)
FIRE = 2006
CHANCE = 0.01


@dataclass(frozen=True)
class Years:
    """Composites (year, band, y, x), NaN where there is nothing, and the polygon (y, x)."""

    images: Any
    burned: Any

    def score(self, year: int) -> BurnScore:
        """Return the burn score from the year before to this one."""
        before, after = (self.images[one - YEARS[0]] for one in (year - 1, year))
        offset = offset_of(before, after, ~self.burned)
        quiet = Quiet(np.ones(len(BANDS)), offset, self._covariance)
        return burn_score(before, after, quiet, spectrum(Surface.CHAR, BANDS))

    def lit(self, year: int) -> Any:
        """Return the pixels that burned between the year before and this one."""
        found = self.score(year)
        return (found.score > self._threshold) & (found.cosine > BURN_COSINE)

    def shares(self, year: int) -> tuple[float, float]:
        """Return the share of burned pixels inside the polygon and outside."""
        lit, seen = self.lit(year), np.isfinite(self.score(year).score)
        inside, outside = (lit[seen & where].mean() for where in (self.burned, ~self.burned))
        return float(inside), float(outside)

    @cached_property
    def _covariance(self) -> Any:
        return quiet_history(self.images[: len(QUIET)])

    @cached_property
    def _threshold(self) -> float:
        quiet = [self.score(year) for year in QUIET[1:]]
        pairs = [np.where(q.cosine > BURN_COSINE, q.score, -np.inf).ravel() for q in quiet]
        seen = np.concatenate([np.isfinite(q.score).ravel() for q in quiet])
        return float(np.quantile(np.concatenate(pairs)[seen], 1.0 - CHANCE))


def load(folder: Path) -> Years:
    """Read all years."""
    _, _, outlines, _ = pyogrio.raw.read(folder / "bc06_wildfire_restoration_site.gpkg")
    images = []
    for year in YEARS:
        with rasterio.open(folder / "bc06_wildfire_landsat_BAP" / f"{year}.tif") as source:
            pixels, transform = source.read(), source.transform
        images.append(np.where((pixels > 0).all(0), pixels, np.nan)[PLANES])
    burned = rasterize(shapely.from_wkb(outlines), images[0].shape[1:], transform=transform) == 1
    return Years(np.stack(images), burned)
