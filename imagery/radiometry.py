"""From a provider's numbers to reflectance and to radar power: one function for each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imagery.errors import IntegrityError

ALERT_CLASSES = frozenset({"GEN-DIST-STATUS", "GEN-DIST-STATUS-ACQ"})
"""States that OPERA's DIST-ALERT gives the ground: after all passes, and by this one alone."""
ALERT_NUMBERS = frozenset(
    {
        "GEN-DIST-CONF", "GEN-DIST-COUNT", "GEN-DIST-DATE", "GEN-DIST-DUR", "GEN-DIST-LAST-DATE",
        "GEN-DIST-PERC", "GEN-METRIC", "GEN-METRIC-MAX",
    }
)  # fmt: skip
"""What it says besides, as plain numbers: days, counts, shares and distances."""
CLASS_BANDS = frozenset({"SCL", "MASK"}) | ALERT_CLASSES
"""Layers of classes: Sentinel-2's scene classification, the mask beside radar pixels, alerts."""
RADAR_BANDS = frozenset({"VV", "VH", "HH", "HV"})
COHERENCE = "COH"
"""How alike the echoes of two passes are, 0 to 1; made elsewhere and laid beside their power."""

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


def to_numbers(dn: NDArray[np.generic], nodata: int | None) -> NDArray[np.float32]:
    """Return days, counts and the like as they are, float32, NaN where `nodata` is given."""
    numbers = dn.astype(np.float32)
    if nodata is not None:
        numbers[dn == nodata] = np.nan
    return numbers


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
