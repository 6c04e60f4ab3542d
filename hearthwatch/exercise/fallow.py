"""Land that people left, and land that a drought struck: what it does to reflectance.

Pure: arrays in, arrays out. Fields left fallow show what grows on unploughed ground; yards that
nobody sweeps grow over in the wet season; a drought takes green away from all ground alike. All
three are linear mixtures, as the mixtures of the burns are. Assumed, not measured: that fallow
ground grows what the wild ground round it grows, thinner or as thick, and that what a drought
takes leaves dry matter (:mod:`detectors.endmembers`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from detectors.endmembers import Surface, spectrum
from detectors.indices import ndvi

Array = NDArray[np.float64]
Bands = Mapping[str, Array]


def green_share(bands: Bands) -> Array:
    """Return the share of each pixel that is green, 0..1, from its NDVI.

    Linear between the NDVI of dry matter and that of full green cover
    (Gutman & Ignatov 1998, doi:10.1080/014311698215333).

    Parameters
    ----------
    bands : mapping of str to ndarray
        Reflectance; B04 and B08 are needed.
    """
    bare, full = (_ndvi_of(surface) for surface in (Surface.DRY, Surface.GREEN))
    share: Array = np.clip((ndvi(bands["B04"], bands["B08"]) - bare) / (full - bare), 0.0, 1.0)
    return share


def left_fallow(wild: Bands, thickness: Array | float) -> dict[str, Array]:
    """Return what fields show that nobody tills.

    ``thickness * wild + (1 - thickness) * dry``: whatever the field was to show is gone.

    Parameters
    ----------
    wild : mapping of str to ndarray
        Reflectance of wild ground at the same look, for each pixel.
    thickness : float or ndarray
        How thick it grows, 0 for dry matter alone, 1 for ground like the wild.

    Raises
    ------
    ValueError
        If a thickness is not within 0..1.
    """
    cover = _share(thickness, "thickness")
    return {
        name: cover * values + (1.0 - cover) * spectrum(Surface.DRY, [name])[0]
        for name, values in wild.items()
    }


def in_drought(bands: Bands, severity: float) -> dict[str, Array]:
    """Return what ground shows of which a drought took a share of the green.

    ``before + severity * green * (dry - before)``, `green` by :func:`green_share`.

    Parameters
    ----------
    severity : float
        0 leaves all as it is, 1 leaves dry matter where there was full cover.

    Raises
    ------
    ValueError
        If the severity is not within 0..1.
    """
    lost = _share(severity, "severity") * green_share(bands)
    return {
        name: values + lost * (spectrum(Surface.DRY, [name])[0] - values)
        for name, values in bands.items()
    }


def grown_over(yards: Bands, wild: Bands, share: Array | float) -> dict[str, Array]:
    """Return what yards show a share of which grew over with what grows round about.

    Raises
    ------
    ValueError
        If the share is not within 0..1.
    """
    cover = _share(share, "share")
    return {name: values + cover * (wild[name] - values) for name, values in yards.items()}


def chosen_fields(parcels: int, share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Choose which of some parcels are left: a share of them, to the nearest whole one.

    Raises
    ------
    ValueError
        If the share is not within 0..1.
    """
    count = round(parcels * float(_share(share, "share")))
    out = np.zeros(parcels, np.bool_)
    out[rng.permutation(parcels)[:count]] = True
    return out


def _ndvi_of(surface: Surface) -> float:
    red, near = spectrum(surface, ("B04", "B08"))
    return float((near - red) / (near + red))


def _share(value: Array | float, name: str) -> Array:
    found = np.asarray(value, np.float64)
    if not ((found >= 0.0) & (found <= 1.0)).all():
        raise ValueError(f"the {name} must be within 0..1")
    return found
