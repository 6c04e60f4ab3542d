"""The four features of a burned settlement, from the reflectance of its core and surroundings.

Each has the sign that burning makes positive, and is measured of the core and of every sector of
the ring alike; the comparison between them is the baseline's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

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


OTHERS = (
    *((Surface.DRY, cover) for cover in (0.25, 0.6, 0.9)),
    *((Surface.GREEN, cover) for cover in (0.25, 0.6)),
)
"""Changes that are no burn: ground cleared, ploughed or grown over, by the share it covers."""
SHADES = (0.85, 0.7, 0.5)
"""Factors by which shadow, wet soil or haze darken all bands alike."""
# Of NBRSWIR, B12 + B11 + 0.1: of char, and of the dry ground it is taken to replace.
_CHAR_DENOMINATOR, _DRY_DENOMINATOR = (
    float(spectrum(one, ("B11", "B12")).sum()) + 0.1 for one in (Surface.CHAR, Surface.DRY)
)
COVERS = (0.05, 0.1, 0.2, 0.35, 0.6, 0.9)
ASHES = (0.0, 0.5)
TEMPLATES = tuple(Template(cover, ash) for ash in ASHES for cover in COVERS)


def burned_features(before: NDArray[np.float64], bands: Sequence[str]) -> NDArray[np.float64]:
    """Return what cores would show after each of the `TEMPLATES`, given what they showed before.

    Parameters
    ----------
    before : ndarray, shape (place, 4)
        Features of the unburned core, in the order of `NAMES`.
    bands : sequence of str
        Names of the bands they are measured in.

    Returns
    -------
    ndarray, shape (place, template, 4)
    """
    cover = np.array([template.cover for template in TEMPLATES])
    return _mixed(before, cover, _residues(tuple(bands)))


def otherwise_features(before: NDArray[np.float64], bands: Sequence[str]) -> NDArray[np.float64]:
    """Return what cores would show after changes that are no burn: `OTHERS`, then `SHADES`.

    Returns
    -------
    ndarray, shape (place, change, 4)
    """
    surfaces, shades = _surfaces(tuple(bands))
    covers = np.array([cover for _, cover in OTHERS])
    return np.concatenate([_mixed(before, covers, surfaces), before[:, None] + shades], axis=1)


def _mixed(
    before: NDArray[np.float64], cover: NDArray[np.float64], into: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the features of ground a share of which turned into something else.

    Reflectance mixes linearly, and so do the shares of an unmixing: ``(1 - w) before + w into``.
    NBRSWIR, a ratio, mixes in proportion to the denominators.
    """
    was, after = before[:, None], np.empty((len(before), *into.shape))
    for feature in (NEAR_INFRARED, VISIBLE):
        light = (1.0 - cover) * np.exp(-was[..., feature])
        after[..., feature] = _darkness(light + cover * np.exp(-into[:, feature]))
    left, turned = (1.0 - cover) * _DRY_DENOMINATOR, cover * _CHAR_DENOMINATOR
    for feature, share in ((CHAR_INDEX, turned / (turned + left)), (CHAR_FRACTION, cover)):
        after[..., feature] = (1.0 - share) * was[..., feature] + share * into[:, feature]
    return after


@lru_cache(maxsize=16)
def _residues(bands: tuple[str, ...]) -> NDArray[np.float64]:
    """Return the features of what each template leaves, shape (template, 4)."""
    char, ash = (spectrum(one, bands) for one in (Surface.CHAR, Surface.ASH))
    left = np.stack([(1.0 - one.ash) * char + one.ash * ash for one in TEMPLATES])
    features: NDArray[np.float64] = burn_features(left[:, :, None], bands)[..., 0]
    features.setflags(write=False)
    return features


@lru_cache(maxsize=16)
def _surfaces(bands: tuple[str, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the features of `OTHERS`, and what `SHADES` move dry ground by; both (change, 4)."""
    pure = np.stack([spectrum(surface, bands) for surface, _ in OTHERS])
    dry = spectrum(Surface.DRY, bands)
    shaded = np.stack([dry, *(factor * dry for factor in SHADES)])
    surfaces = burn_features(pure[:, :, None], bands)[..., 0]
    shades = burn_features(shaded[:, :, None], bands)[..., 0]
    return surfaces, shades[1:] - shades[0]


def _darkness(reflectance: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = -np.log(np.maximum(reflectance, DARKEST))
    return result
