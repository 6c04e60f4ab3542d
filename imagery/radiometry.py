"""From a provider's numbers to reflectance and to radar power: one function for each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagery.errors import IntegrityError

CLASS_BANDS = frozenset({"SCL", "MASK"})
"""Layers of classes: Sentinel-2's scene classification, and the mask beside radar pixels."""
RADAR_BANDS = frozenset({"VV", "VH", "HH", "HV"})

_ENOUGH = 100
"""Pixels whose signs tell power from decibels."""


def to_reflectance(
    dn: NDArray[np.generic], scale: float, offset: float, nodata: int | None
) -> NDArray[np.float32]:
    """Return ``DN * scale + offset`` as float32, NaN where there is no observation.

    Parameters
    ----------
    dn : ndarray
        Provider's numbers.
    scale, offset : float
        As stated by the scene's own metadata. For Sentinel-2 L2A of processing baseline 04.00
        and later that is 0.0001 and -0.1, before it 0.0001 and 0, whatever the date.
    nodata : int or None
        The number that means "nothing seen"; masked before the offset moves it.

    Notes
    -----
    Small negative reflectances are kept: cutting them off would bias dark, burnt ground upward.
    """
    reflectance = dn.astype(np.float32) * np.float32(scale) + np.float32(offset)
    if nodata is not None:
        reflectance[dn == nodata] = np.nan
    return reflectance


def to_power(
    dn: NDArray[np.generic], scale: float, offset: float, nodata: int | None
) -> NDArray[np.float32]:
    """Return radar backscatter as linear power, float32, NaN where there is no observation.

    Parameters
    ----------
    dn : ndarray
        Provider's numbers; ``DN * scale + offset`` is linear power, never decibels.
    nodata : int or None
        The number that means "nothing seen"; besides it nothing infinite, zero or negative is an
        observation: power is none of these, and the logarithm of it would not exist.

    Raises
    ------
    IntegrityError
        If most numbers are negative: then they are decibels.
    """
    power = dn.astype(np.float32) * np.float32(scale) + np.float32(offset)
    if nodata is not None:
        power[dn == nodata] = np.nan
    seen = np.isfinite(power)
    negative = int((power[seen] < 0).sum())
    if negative > _ENOUGH and 2 * negative > int(seen.sum()):
        raise IntegrityError("most radar values are negative: these are decibels, not power")
    power[~seen | (power <= 0)] = np.nan
    return power
