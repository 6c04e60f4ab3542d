"""The five features of a burned settlement, from the reflectance of its core and surroundings.

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

NAMES = ("near_infrared", "visible", "char_index", "char_fraction", "short_wave")
NEAR_INFRARED, VISIBLE, CHAR_INDEX, CHAR_FRACTION, SHORT_WAVE = range(5)
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
    ndarray, shape (place, 5, part)
        In the order of `NAMES`; NaN where nothing was seen or the bands do not exist:

        - ``-ln NIR`` of B8A, or B08 where there is none,
        - ``-ln VIS`` of the mean of B02, B03 and B04: char darkens, fresh ash brightens,
        - NBRSWIR of B11 and B12 (Liu et al. 2020, doi:10.1080/22797254.2020.1738900),
        - the share of char in a mixture of char, green vegetation, dry matter and shade, where
          there are at least four bands,
        - ``-ln B11``: char is dark there, and bare soil, stubble and slash are bright, so that
          ploughing and clearing are told from burning even where there is no B12.
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
    if "B11" in found:
        out[:, SHORT_WAVE] = _darkness(found["B11"])
    mixed = [near if band == "NIR" else band for band in _MIXED]
    mixed = [band for band in mixed if band in found]
    if len(mixed) >= _LEAST_BANDS:
        surfaces = (Surface.CHAR, Surface.GREEN, Surface.DRY, Surface.SHADE)
        spectra = np.stack([found[band] for band in mixed], axis=-1)
        out[:, CHAR_FRACTION] = fractions(spectra, mixed, surfaces)[..., 0]
    return out


_HAZE = 0.1
"""Of ln VIS: aerosol that no mask shows moves the visible first, and by the look."""
_SHADE_AS_CHAR = 0.31
"""Part of the error that noise alone makes in a share of char, by which such shares were out."""


def unsure(bands: Sequence[str]) -> NDArray[np.float64]:
    """Return how far each feature may be out on a look of quiet ground, beyond its own history.

    A share of char that is cut at 0 has no scatter until it has a large one: its history says too
    little of it, and the less, the fewer bands tell char from shade
    (:func:`detectors.unmixing.fractions` has the standard errors).

    Returns
    -------
    ndarray, shape (5,)
        Standard deviations, in each feature's units.
    """
    out = np.zeros(len(NAMES))
    out[VISIBLE] = _HAZE
    has_short, has_long = "B11" in bands, "B12" in bands
    error = 0.11 if has_long else 0.26 if has_short else 0.43
    out[CHAR_FRACTION] = _SHADE_AS_CHAR * error
    return out


@dataclass(frozen=True, slots=True)
class Template:
    """A burn that may have happened.

    Attributes
    ----------
    cover : float
        Share of the core it covers.
    ash : float
        Share of that which is ash, the rest char.
    brightness : float
        Of char, as a factor: what chars differ by most.
    """

    cover: float
    ash: float
    brightness: float


OTHERS = (
    *(
        (surface, cover)
        for surface in (Surface.DRY, Surface.SOIL, Surface.DARK_SOIL)
        for cover in (0.12, 0.25, 0.4, 0.6, 0.9)
    ),
    *((Surface.GREEN, cover) for cover in (0.25, 0.6)),
)
"""Changes that are no burn: ground cleared, ploughed or grown over, by the share it covers."""
SHADES = (0.85, 0.7, 0.5)
"""Factors by which shadow, wet soil or haze darken all bands alike."""
COVERS = (0.05, 0.1, 0.2, 0.35, 0.6, 0.9)
RESIDUES = ((0.0, 0.6), (0.0, 1.0), (0.0, 1.7), (0.5, 1.0))
"""Ash and brightness of what burns may leave."""
TEMPLATES = tuple(
    Template(cover, ash, brightness) for ash, brightness in RESIDUES for cover in COVERS
)


def burned_features(before: NDArray[np.float64], bands: Sequence[str]) -> NDArray[np.float64]:
    """Return what cores would show after each of the `TEMPLATES`, given what they showed before.

    Parameters
    ----------
    before : ndarray, shape (place, 5)
        Features of the unburned core, in the order of `NAMES`.
    bands : sequence of str
        Names of the bands they are measured in.

    Returns
    -------
    ndarray, shape (place, template, 5)
    """
    cover = np.array([template.cover for template in TEMPLATES])
    return _mixed(before, cover, _residues(tuple(bands)))


def otherwise_features(before: NDArray[np.float64], bands: Sequence[str]) -> NDArray[np.float64]:
    """Return what cores would show after changes that are no burn: `OTHERS`, then `SHADES`.

    Returns
    -------
    ndarray, shape (place, change, 5)
    """
    surfaces, shades = _surfaces(tuple(bands))
    covers = np.array([cover for _, cover in OTHERS])
    return np.concatenate([_mixed(before, covers, surfaces), before[:, None] + shades], axis=1)


def _mixed(
    before: NDArray[np.float64], cover: NDArray[np.float64], into: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the features of ground a share of which turned into something else.

    Reflectance mixes linearly, and so do the shares of an unmixing: ``(1 - w) before + w into``.
    NBRSWIR is a ratio: with B11 known it tells B12, which mixes like any other.
    """
    was, after = before[:, None], np.empty((len(before), *into.shape))
    for feature in (NEAR_INFRARED, VISIBLE, SHORT_WAVE):
        light = (1.0 - cover) * np.exp(-was[..., feature])
        after[..., feature] = _darkness(light + cover * np.exp(-into[:, feature]))
    shares = (1.0 - cover) * was[..., CHAR_FRACTION] + cover * into[:, CHAR_FRACTION]
    after[..., CHAR_FRACTION] = shares
    long = (1.0 - cover) * _b12(was) + cover * _b12(into)
    after[..., CHAR_INDEX] = nbr_swir(np.exp(-after[..., SHORT_WAVE]), long)
    return after


def _b12(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the reflectance in B12 that NBRSWIR and B11 amount to."""
    short, index = np.exp(-features[..., SHORT_WAVE]), features[..., CHAR_INDEX]
    long: NDArray[np.float64] = (index * (short + 0.1) + short + 0.02) / (1.0 - index)
    return long


@lru_cache(maxsize=16)
def _residues(bands: tuple[str, ...]) -> NDArray[np.float64]:
    """Return the features of what each template leaves, shape (template, 5)."""
    char, ash = (spectrum(one, bands) for one in (Surface.CHAR, Surface.ASH))
    left = np.stack([(1.0 - one.ash) * one.brightness * char + one.ash * ash for one in TEMPLATES])
    features: NDArray[np.float64] = burn_features(left[:, :, None], bands)[..., 0]
    # Alone, bright char is char all over; as part of a core it takes shade away besides.
    for number, one in enumerate(TEMPLATES):
        if one.ash == 0.0:
            features[number, CHAR_FRACTION] *= max(one.brightness, 1.0)
    features.setflags(write=False)
    return features


@lru_cache(maxsize=16)
def _surfaces(bands: tuple[str, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the features of `OTHERS`, and what `SHADES` move dry ground by; both (change, 5)."""
    pure = np.stack([spectrum(surface, bands) for surface, _ in OTHERS])
    dry = spectrum(Surface.DRY, bands)
    shaded = np.stack([dry, *(factor * dry for factor in SHADES)])
    surfaces = burn_features(pure[:, :, None], bands)[..., 0]
    shades = burn_features(shaded[:, :, None], bands)[..., 0]
    return surfaces, shades[1:] - shades[0]


def _darkness(reflectance: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = -np.log(np.maximum(reflectance, DARKEST))
    return result
