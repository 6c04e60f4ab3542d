"""Bands of a cube turned into a picture, the same way for every picture beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Look = Literal["true", "false"]

# Red, green, blue of the picture, the first whose bands are all there.
COMPOSITES: Mapping[Look, tuple[tuple[str, str, str], ...]] = MappingProxyType(
    {
        "true": (("B04", "B03", "B02"),),
        "false": (("B12", "B8A", "B04"), ("B08", "B04", "B03"), ("B04", "B03", "B02")),
    }
)

_LOW, _HIGH = 1.0, 99.0
GAMMA = 0.75
"""Power that brightens the dark, where ground is."""
_NO_SPREAD = 1e-6


@dataclass(frozen=True, slots=True)
class Stretch:
    """Reflectance at which each of red, green and blue turns black and full.

    Attributes
    ----------
    bands : tuple of str
        Shown as red, green, blue.
    low, high : tuple of float
        Reflectance, 0..1.
    """

    bands: tuple[str, str, str]
    low: tuple[float, float, float]
    high: tuple[float, float, float]


def common_stretch(scenes: Sequence[xr.Dataset], look: Look) -> Stretch:
    """Return one stretch for all pictures: percentiles 1 and 99 over all their pixels.

    Natural colours get the same span in every band, else the ground looks painted.

    Parameters
    ----------
    scenes : sequence of Dataset
        Of one time step each, reflectance 0..1, NaN where nothing was observed.
    look : {"true", "false"}
        Natural colours, or the best false-colour set whose bands all scenes have: B12 B8A B04,
        then B08 B04 B03, then natural colours.

    Raises
    ------
    ValueError
        If the scenes lack the bands for it.
    """
    bands = _bands_for(scenes, look)
    low, high = zip(*(_percentiles(scenes, band) for band in bands), strict=True)
    if look == "true":
        widest = max(top - bottom for bottom, top in zip(low, high, strict=True))
        high = tuple(bottom + widest for bottom in low)
    return Stretch(bands, low, high)


def to_rgb(scene: xr.Dataset, stretch: Stretch) -> NDArray[np.float32]:
    """Return the picture of a scene.

    Returns
    -------
    ndarray of float32, shape (y, x, 4)
        Red, green, blue and opacity, 0..1; transparent where a band was not observed.
    """
    bands = np.stack([plane(scene, band) for band in stretch.bands], axis=-1)
    low, high = np.asarray(stretch.low, np.float32), np.asarray(stretch.high, np.float32)
    seen = np.asarray(np.isfinite(bands).all(axis=-1))
    scaled = np.clip((np.where(seen[..., None], bands, 0) - low) / (high - low), 0, 1)
    return np.dstack([scaled**GAMMA, seen]).astype(np.float32)


def plane(scene: xr.Dataset, band: str) -> NDArray[np.float32]:
    """Return one band, shape (y, x), of a scene of one time step.

    Raises
    ------
    ValueError
        If it has several.
    """
    values = scene[band]
    if "time" in values.dims:
        if values.sizes["time"] != 1:
            raise ValueError(f"a picture shows one time, not {values.sizes['time']}")
        values = values.isel(time=0)
    return np.asarray(values.transpose("y", "x").values, dtype=np.float32)


def _bands_for(scenes: Sequence[xr.Dataset], look: Look) -> tuple[str, str, str]:
    for bands in COMPOSITES[look]:
        if all(band in scene for scene in scenes for band in bands):
            return bands
    raise ValueError(f"no bands for a {look}-colour picture: needs {COMPOSITES[look][-1]}")


def _percentiles(scenes: Sequence[xr.Dataset], band: str) -> tuple[float, float]:
    values = np.concatenate([plane(scene, band).ravel() for scene in scenes])
    values = values[np.isfinite(values)]
    if values.size == 0:
        return 0.0, 1.0
    low, high = (float(value) for value in np.percentile(values, (_LOW, _HIGH)))
    return low, max(high, low + _NO_SPREAD)
