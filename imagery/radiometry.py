"""From a provider's digital numbers to reflectance: one function for every source."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


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
