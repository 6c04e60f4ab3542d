"""What rain, haze, shadow, ploughs and new roofs do to reflectance by band, and by what source."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from detectors.endmembers import Surface, spectrum

Array = NDArray[np.float64]

WAVELENGTH_UM: Mapping[str, float] = MappingProxyType(
    {
        "B02": 0.492, "B03": 0.560, "B04": 0.665, "B05": 0.704, "B06": 0.741,
        "B07": 0.783, "B08": 0.833, "B8A": 0.865, "B11": 1.614, "B12": 2.202,
    }
)  # fmt: skip
"""Middles of the bands of Sentinel-2A."""

TURNED = 0.8
"""Reflectance of ploughed against smooth dry soil, all bands: Potter, Horton and Cruse (1987, Soil
Sci. Soc. Am. J. 51, 855-860) saw soil reflect up to 25 % more once rain had smoothed it."""

WET = 0.54
"""Reflectance of wet against dry soil without water's own absorption: the mean of 0.155/0.279 and
0.114/0.221, the albedos of two smooth soils (Matthias et al. 2000, Soil Sci. Soc. Am. J. 64,
1035-1041)."""

WATER_CM: Mapping[str, float] = MappingProxyType({"B11": 6.7, "B12": 16.5})
"""Absorption of water, per cm: 4 pi k / wavelength, k at 1.6 and 2.2 um as in Appl. Opt. 12, 555
(1973, doi:10.1364/AO.12.000555). Below 1 um it is under 0.1 and left out."""

FILM_CM = 0.02
"""Way of light through the water of wet soil; assumed. That wet soil is dark in all bands, and the
more in the short-wave infrared the wetter, is in Lobell and Asner (2002,
doi:10.2136/sssaj2002.7220)."""

METAL: Mapping[str, float] = MappingProxyType(
    {
        "B02": 0.210, "B03": 0.252, "B04": 0.241, "B05": 0.255, "B06": 0.284,
        "B07": 0.327, "B08": 0.338, "B8A": 0.344, "B11": 0.371, "B12": 0.391,
    }
)  # fmt: skip
"""The brightest of 18 field spectra of metal in Santa Barbara: ``fhzgmg.008-`` of the library
earthlib, version 1.1.0, MIT licence; mean over the width of each band. New bare sheets are brighter
and glint: a lower bound."""

HAZE_BLUE = 0.06
"""Reflectance of the haze itself in B02; assumed: a thin haze that no mask shows."""

ANGSTROM = 1.3
"""Exponent by which an aerosol's optical depth falls with wavelength (Angstrom 1929's mean)."""

AEROSOL = 0.2
"""Optical depth of the air's aerosol at 0.55 um over a cloud's shadow; assumed."""

AIR_MASS = 1.3
"""Way of the sun's light through the air against the vertical: a sun 50 degrees high; assumed."""

OFFSET = 0.1
"""1000 numbers of 10,000: the offset of processing baseline 04.00, taken off twice or never."""

SHIFT_M = 10.0


def wet_factor(band: str) -> float:
    """Return the reflectance of wet against dry soil: `WET` times water's absorption."""
    through_water: float = math.exp(-WATER_CM.get(band, 0.0) * FILM_CM)
    return WET * through_water


def haze_reflectance(band: str) -> float:
    """Return the haze's own reflectance: in proportion to its optical depth by wavelength."""
    against_blue = WAVELENGTH_UM[band] / WAVELENGTH_UM["B02"]
    return float(HAZE_BLUE * against_blue**-ANGSTROM)


def hazy(values: Array, haze: Array) -> Array:
    """Return ground under a layer that absorbs nothing: ``h + (1 - h)^2 r / (1 - h r)``.

    This is the light that the layer sends back, and what of the ground's comes through it down
    and up, with all that goes back and forth between the two (the form of Vermote et al. 1997,
    doi:10.1109/36.581987). Dark ground gets brighter; ground that reflects all does not.
    """
    seen: Array = haze + (1.0 - haze) ** 2 * values / (1.0 - haze * values)
    return seen


def shadow_factor(band: str) -> float:
    """Return the share of light that is left in a cloud's shadow: that of the sky.

    Beam and sky of a clear sky after Bird and Riordan (1986, J. Appl. Meteorol. Clim. 25, 87-97),
    in short: of what the air's molecules take from the beam half reaches the ground as light of
    the sky, of what the aerosol takes three quarters. The cloud's own light is left out.
    """
    wave = WAVELENGTH_UM[band]
    molecules = math.exp(-AIR_MASS * 0.008735 * wave**-4.08)
    aerosol = math.exp(-AIR_MASS * AEROSOL * (wave / 0.55) ** -ANGSTROM)
    sky = 0.5 * (1.0 - molecules) * aerosol + 0.75 * (1.0 - aerosol) * molecules
    share: float = sky / (sky + molecules * aerosol)
    return share


def moved(values: Array, pixels: float) -> Array:
    """Return a scene, shape (y, x), that lies up to one pixel to the east, interpolated linearly.

    The westernmost column is repeated; where the neighbour was not seen, a pixel keeps its value,
    and one that was not seen stays so.
    """
    west = np.concatenate([values[:, :1], values[:, :-1]], axis=1)
    part = min(pixels, 1.0)
    shifted: Array = west if part == 1.0 else values + part * (west - values)
    return np.where(np.isnan(west) | np.isnan(values), values, shifted)


def bare_share(red: Array, near_infrared: Array) -> Array:
    """Return the share of each pixel that is bare, 0..1, from its red and near infrared.

    Linear in the NDVI between dry ground and green vegetation (Gutman and Ignatov 1998,
    doi:10.1080/014311698215333), whose NDVI are those of `detectors.endmembers`. NaN where nothing
    was seen.
    """
    dry, green = (_ndvi(*spectrum(one, ("B04", "B08"))) for one in (Surface.DRY, Surface.GREEN))
    red, infrared = np.maximum(red, 1e-4), np.maximum(near_infrared, 1e-4)
    share: Array = np.clip((green - _ndvi(red, infrared)) / (green - dry), 0.0, 1.0)
    return share


def _ndvi(red: Array, infrared: Array) -> Array:
    ndvi: Array = (infrared - red) / (infrared + red)
    return ndvi
