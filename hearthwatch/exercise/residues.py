"""What fire leaves, in the bands of Sentinel-2: the mean spectra, or others drawn about them.

The mean char and ash of `detectors.endmembers` are what the detector itself unmixes with. Burns
implanted with them are easier to find than real ones, and constants chosen on them fit them.
`drawn_residues` draws others, in two groups that share no spectrum: one to choose constants on and
one to score with.

Assumptions. A drawn spectrum is the mean times a brightness common to all bands, times a tilt,
``(wavelength / 0.865 um)^t``, so that bands stay correlated as those of one surface are. Brightness
is log-uniform, as wide as the spread between the spectra that were averaged (``docs/spectra.md``:
half of the mean for char; a tenth for ash, of two spectra only). The tilt, -0.3 to 0.3, gives the
ash the difference of its spread between near infrared (0.06) and short-wave infrared (0.17);
char's spread is alike in all bands, so that its tilt is assumed.
"""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from detectors.endmembers import BANDS, Surface, spectrum
from hearthwatch.exercise.model import Residues
from hearthwatch.exercise.optics import WAVELENGTH_UM

SPREAD = {Surface.CHAR: math.sqrt(math.log(1.0 + 0.50**2)), Surface.ASH: 0.10}
"""Standard deviation of the logarithm of brightness."""

TILT = 0.3
"""The furthest tilt either way."""

INNER = 0.15
"""Tilts up to here are those for choosing constants; those beyond are for scoring."""

PIVOT_UM = 0.865


class Group(StrEnum):
    """What drawn spectra are for."""

    TUNING = "tuning"
    SCORING = "scoring"


_STREAM = {Group.TUNING: 1, Group.SCORING: 2}


def mean_residues() -> Residues:
    """Return the mean spectra of char and ash in every band that has one."""
    return Residues(_named(_mean(Surface.CHAR)), _named(_mean(Surface.ASH)))


def drawn_residues(seed: int, group: Group) -> Residues:
    """Return a char and an ash drawn about the mean ones.

    Parameters
    ----------
    seed : int
        Not negative; the same seed and group give the same spectra.
    group : Group
        Tilts of `TUNING` lie within 0.15 of none, those of `SCORING` beyond, to 0.3: no spectrum
        of one group is in the other, and what is scored lies outside of what was tuned on.

    Raises
    ------
    ValueError
        If the seed is negative.
    """
    rng = np.random.default_rng([_STREAM[group], seed])
    return Residues(
        *(_named(_drawn(surface, group, rng)) for surface in (Surface.CHAR, Surface.ASH))
    )


def _drawn(surface: Surface, group: Group, rng: np.random.Generator) -> NDArray[np.float64]:
    # A uniform variable of standard deviation s reaches sqrt(3) s either way.
    reach = math.sqrt(3.0) * SPREAD[surface]
    brightness = math.exp(rng.uniform(-reach, reach))
    low, high = (0.0, INNER) if group is Group.TUNING else (INNER, TILT)
    tilt = rng.choice((-1.0, 1.0)) * rng.uniform(low, high)
    waves = np.array([WAVELENGTH_UM[band] for band in BANDS])
    drawn: NDArray[np.float64] = np.minimum(
        _mean(surface) * brightness * (waves / PIVOT_UM) ** tilt, 1.0
    )
    return drawn


def _mean(surface: Surface) -> NDArray[np.float64]:
    return spectrum(surface, BANDS)


def _named(values: NDArray[np.float64]) -> dict[str, float]:
    return dict(zip(BANDS, values.tolist(), strict=True))
