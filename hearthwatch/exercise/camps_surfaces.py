"""What camps, and what is taken for them, are made of, in the bands of Sentinel-2.

Spectra are means over the width of each band of the library earthlib, version 1.1.0 (MIT licence),
of field spectra from Santa Barbara where nothing else is said; their names are those in it.
Camps' own materials were not among them. Assumptions, then: white plastic sheeting is as the two
sheets ``folwmm.001-`` and ``folwmm.002-``, which are bright in the visible and dark at 2.2 um as
white polymers are, and dust takes `DUST` of it; thatch is as 34 old wooden shingles; mud is as soil
(:mod:`detectors.endmembers`); trampled ground as nine spectra of dirt. Rock is as 34 spectra of
gravel, a road as 170 of asphalt roads. Water and glass over silicon are round numbers, of dark
surfaces that reflect the less the longer the wave.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

import numpy as np

from detectors.endmembers import BANDS, Surface, spectrum
from hearthwatch.exercise.optics import TURNED, WAVELENGTH_UM
from hearthwatch.exercise.residues import INNER, PIVOT_UM, TILT, Group

DUST = 0.3
"""Share of sheeting that is under dust, which is as dirt; assumed."""
SPREAD = 0.2
"""Standard deviation of the logarithm of brightness of drawn spectra; assumed."""

Spectrum = Mapping[str, float]


class Cover(StrEnum):
    """What may cover ground that was something else before."""

    SHEETING = "sheeting"
    THATCH = "thatch"
    MUD = "mud"
    TRAMPLED = "trampled"
    CUT = "cut"
    TURNED_SOIL = "turned soil"
    ROCK = "rock"
    WATER = "water"
    PANEL = "panel"
    CHAR = "char"
    ROAD = "road"


_SHEET = (0.650, 0.709, 0.725, 0.725, 0.723, 0.726, 0.719, 0.712, 0.425, 0.151)
_DIRT = (0.101, 0.139, 0.183, 0.198, 0.212, 0.229, 0.241, 0.250, 0.394, 0.411)
_SOIL = tuple(spectrum(Surface.SOIL, BANDS).tolist())
_MEAN: Mapping[Cover, tuple[float, ...]] = MappingProxyType(
    {
        Cover.SHEETING: tuple(
            (1.0 - DUST) * sheet + DUST * dirt for sheet, dirt in zip(_SHEET, _DIRT, strict=True)
        ),
        Cover.THATCH: (0.076, 0.094, 0.108, 0.123, 0.135, 0.145, 0.156, 0.164, 0.314, 0.287),
        Cover.MUD: _SOIL,
        Cover.TRAMPLED: _DIRT,
        Cover.CUT: tuple(spectrum(Surface.DRY, BANDS).tolist()),
        Cover.TURNED_SOIL: tuple(TURNED * one for one in _SOIL),
        Cover.ROCK: (0.131, 0.157, 0.185, 0.193, 0.200, 0.203, 0.204, 0.204, 0.247, 0.238),
        Cover.WATER: (0.05, 0.05, 0.04, 0.03, 0.02, 0.02, 0.02, 0.02, 0.01, 0.01),
        Cover.PANEL: (0.06, 0.06, 0.06, 0.06, 0.06, 0.06, 0.06, 0.06, 0.05, 0.05),
        Cover.CHAR: tuple(spectrum(Surface.CHAR, BANDS).tolist()),
        Cover.ROAD: (0.089, 0.102, 0.115, 0.118, 0.120, 0.122, 0.123, 0.123, 0.151, 0.148),
    }
)


def mean_covers() -> dict[Cover, Spectrum]:
    """Return the mean spectrum of every cover, reflectance 0..1 by band."""
    return {cover: dict(zip(BANDS, values, strict=True)) for cover, values in _MEAN.items()}


def drawn_covers(seed: int, group: Group) -> dict[Cover, Spectrum]:
    """Return spectra drawn about the mean ones, each times a brightness and a tilt.

    Drawn as those of :func:`hearthwatch.exercise.residues.drawn_residues`: no spectrum for tuning
    is one for scoring.

    Parameters
    ----------
    seed : int
        Not negative; the same seed and group give the same spectra.
    group : Group

    Raises
    ------
    ValueError
        If the seed is negative.
    """
    rng = np.random.default_rng([11 if group is Group.TUNING else 12, seed])
    low, high = (0.0, INNER) if group is Group.TUNING else (INNER, TILT)
    reach = math.sqrt(3.0) * SPREAD
    drawn: dict[Cover, Spectrum] = {}
    for cover, values in _MEAN.items():
        brightness = math.exp(rng.uniform(-reach, reach))
        tilt = rng.choice((-1.0, 1.0)) * rng.uniform(low, high)
        drawn[cover] = {
            band: min(value * brightness * (WAVELENGTH_UM[band] / PIVOT_UM) ** tilt, 1.0)
            for band, value in zip(BANDS, values, strict=True)
        }
    return drawn
