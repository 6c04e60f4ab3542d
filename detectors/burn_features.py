"""The four features of a burned settlement, from the reflectance of its core and surroundings.

Each has the sign that burning makes positive, and is measured of the core and of every sector of
the ring alike; the comparison between them is the baseline's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.endmembers import Surface, spectrum
from detectors.indices import nbr_swir
from detectors.unmixing import fractions

NAMES = ("near_infrared", "visible", "char_index", "char_fraction")
NEAR_INFRARED, VISIBLE, CHAR_INDEX, CHAR_FRACTION = range(4)
USED = ("B02", "B03", "B04", "B8A", "B08", "B11", "B12")
"""Bands that are read where they exist."""
_VISIBLE = ("B02", "B03", "B04")
_MIXED = ("B02", "B03", "B04", "NIR", "B11", "B12")
_LEAST_BANDS = 4
DARKEST = 0.005
"""Reflectance below which a logarithm says more of the atmosphere than of the ground."""


def burn_features(reflectance: NDArray[np.float64], bands: Sequence[str]) -> NDArray[np.float64]:
    """Return the features of every part.

    Parameters
    ----------
    reflectance : ndarray, shape (place, band, part)
    bands : sequence of str
        Names of the bands, second axis of `reflectance`.

    Returns
    -------
    ndarray, shape (place, 4, part)
        In the order of `NAMES`; NaN where nothing was seen or the bands do not exist:

        - ``-ln NIR`` of B8A, or B08 where there is none,
        - ``-ln VIS`` of the mean of B02, B03 and B04: char darkens, fresh ash brightens,
        - NBRSWIR of B11 and B12 (Liu et al. 2020, doi:10.1080/22797254.2020.1738900),
        - the share of char in a mixture of char, green vegetation, dry matter and shade, where
          there are at least four bands.
    """
    places, _, parts = reflectance.shape
    found = {band: reflectance[:, index] for index, band in enumerate(bands)}
    out = np.full((places, len(NAMES), parts), np.nan)
    near = "B8A" if "B8A" in found else "B08"
    if near in found:
        out[:, NEAR_INFRARED] = _darkness(found[near])
    if all(band in found for band in _VISIBLE):
        out[:, VISIBLE] = _darkness(np.mean([found[band] for band in _VISIBLE], axis=0))
    if "B11" in found and "B12" in found:
        out[:, CHAR_INDEX] = nbr_swir(found["B11"], found["B12"])
    mixed = [near if band == "NIR" else band for band in _MIXED]
    mixed = [band for band in mixed if band in found]
    if len(mixed) >= _LEAST_BANDS:
        surfaces = (Surface.CHAR, Surface.GREEN, Surface.DRY, Surface.SHADE)
        spectra = np.stack([found[band] for band in mixed], axis=-1)
        out[:, CHAR_FRACTION] = fractions(spectra, mixed, surfaces)[..., 0]
    return out


@dataclass(frozen=True, slots=True)
class Template:
    """A burn that may have happened: the share of the core it covers, and of ash on that."""

    cover: float
    ash: float


COVERS = (0.05, 0.1, 0.2, 0.35, 0.5, 0.7)
ASHES = (0.0, 0.5)
TEMPLATES = tuple(Template(cover, ash) for ash in ASHES for cover in COVERS)


def unburned_features(
    reflectance: NDArray[np.float64], bands: Sequence[str]
) -> NDArray[np.float64]:
    """Return what each core would have looked like without each of the `TEMPLATES`.

    If a burn covers the share ``w`` of a core with residues of reflectance ``r``, its mean
    reflectance is ``(1 - w) before + w r``; so before it was ``(observed - w r) / (1 - w)``.

    Parameters
    ----------
    reflectance : ndarray, shape (place, band)
        Mean of each core.

    Returns
    -------
    ndarray, shape (place, template, 4)
        NaN where nothing was seen, or where the burn cannot have happened: a band would have
        been black or darker.
    """
    char, ash = (spectrum(one, bands) for one in (Surface.CHAR, Surface.ASH))
    before = []
    for template in TEMPLATES:
        residue = (1.0 - template.ash) * char + template.ash * ash
        was = (reflectance - template.cover * residue) / (1.0 - template.cover)
        before.append(np.where((was > DARKEST).all(-1, keepdims=True), was, np.nan))
    spectra = np.stack(before, axis=-1)
    return burn_features(spectra, bands).transpose(0, 2, 1)


def _darkness(reflectance: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = -np.log(np.maximum(reflectance, DARKEST))
    return result
