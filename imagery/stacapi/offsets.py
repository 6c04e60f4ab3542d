"""Whether a scene's numbers are shifted by 1000: by what its item says, or by its pixels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imagery.errors import IntegrityError

SHIFTED_SINCE = "04.00"
"""Processing baseline from which Sentinel-2 L2A adds 1000 to every number, so that reflectance
below nought can be written. Collection 1 reprocesses old scenes with it, so no date tells."""
SHIFT = -0.1
"""Offset of reflectance that undoes it."""

LIFTED = 950
"""Shifted numbers of dark ground are not below this: reflectance would be under -0.005."""
UNLIFTED = 700
"""Nor does more than one pixel in a hundred of shifted ground lie below this (-0.03)."""
DARK = 1400
"""Vegetation and water are not brighter than this in red and blue when shifted (0.04), in their
darkest hundredth."""
VEGETATION, WATER = 4, 6
FEWEST = 200
"""Dark pixels that are needed to tell that numbers are shifted."""


def stated_offset(
    baseline: str | None, stated: float | None, untrusted: bool = False, as_made: bool = False
) -> float | None:
    """Return the offset that an item vouches for; None where only the pixels can tell.

    Parameters
    ----------
    baseline : str or None
        Processing baseline as ``05.09``.
    stated : float or None
        Offset as the item states it.
    untrusted : bool
        Whether what the catalogue states is known to be wrong at times.
    as_made : bool
        Whether the catalogue is known to serve the numbers as the producer made them, and to
        state nothing: then the baseline alone tells.
    """
    if baseline is None:
        return None if untrusted else stated
    expected = SHIFT if baseline >= SHIFTED_SINCE else 0.0
    if expected == 0.0 and not stated:
        return expected
    if untrusted or (stated is None and not as_made):
        return None
    agrees = stated is None or math.isclose(stated, expected, abs_tol=1e-9)
    return expected if agrees else None


def offset_by_pixels(
    dn: NDArray[Any], classes: NDArray[np.generic] | None, nodata: int | None = 0
) -> float:
    """Tell from the darkest pixels of a scene's red or blue band whether it is shifted.

    Parameters
    ----------
    dn : ndarray, shape (y, x)
        Numbers of red or blue over the whole scene; a coarse overview will do.
    classes : ndarray, shape (y, x), or None
        Scene classification of the same pixels. It was made before any shift, so its vegetation
        (4) and water (6) are dark ground either way.

    Returns
    -------
    float
        Offset of reflectance: -0.1 if shifted, 0.0 if not.

    Raises
    ------
    IntegrityError
        If the pixels do not tell: bright ground looks the same shifted and not.

    Notes
    -----
    The first percentile of the sample decides. Below 700 the numbers cannot be shifted, whatever
    they show. From 950 to 1400 they are, but only if the sample is vegetation or water: bare
    ground unshifted is as bright as that.
    """
    seen = np.ones(dn.shape, bool) if nodata is None else dn != nodata
    if not seen.any():
        raise IntegrityError("it has no pixels to tell by")
    if np.percentile(dn[seen], 1) < UNLIFTED:
        return 0.0
    dark = np.zeros(dn.shape, bool)
    if classes is not None:
        dark = seen & np.isin(classes, (VEGETATION, WATER))
    if dark.sum() < FEWEST:
        raise IntegrityError("it has too little vegetation and water to tell by")
    darkest = float(np.percentile(dn[dark], 1))
    if darkest < UNLIFTED:
        return 0.0
    if LIFTED <= darkest <= DARK:
        return SHIFT
    raise IntegrityError(
        f"its vegetation and water begin at {darkest:.0f}, neither dark nor lifted"
    )
