"""Whether a scene's reflectance has jumped by the offset of its processing baseline.

Since baseline 04.00 Sentinel-2's numbers are shifted by 1,000, a reflectance of 0.1; catalogues
have been known to state that shift wrongly, and a scene with it applied twice, or not at all, is
0.1 too dark or too bright in every band alike. Smoke and haze lift the visible bands only, fire
and season the infrared ones: what moves all of them by the same tenth is no change of the ground.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

OFFSET = 0.1
TOLERANCE = 0.03
DARKEST = 10.0
"""Per cent of the ground, the darkest in the reference: there an offset stands out."""
LEAST_PIXELS = 200
LEAST_BANDS = 2
"""Bands without which smoke and offset cannot be told apart."""


def offset_jump(
    look: Mapping[str, NDArray[np.floating]],
    reference: Mapping[str, NDArray[np.floating]],
) -> dict[str, float] | None:
    """Return by how much each band jumped, if all jumped by about the offset; None otherwise.

    Parameters
    ----------
    look, reference : mapping of str to ndarray of float, shape (y, x)
        Reflectance of the same ground by band, a visible and an infrared one at least; NaN where
        a look cannot be used.

    Returns
    -------
    dict of str to float, or None
        Medians over each band's darkest ground of look minus reference.
    """
    jumps = {}
    for band in sorted(look.keys() & reference.keys()):
        jump = _jump(look[band], reference[band])
        if jump is None:
            return None
        jumps[band] = jump
    if len(jumps) < LEAST_BANDS:
        return None
    up = all(abs(jump - OFFSET) <= TOLERANCE for jump in jumps.values())
    down = all(abs(jump + OFFSET) <= TOLERANCE for jump in jumps.values())
    return jumps if up or down else None


def _jump(look: NDArray[np.floating], reference: NDArray[np.floating]) -> float | None:
    both = np.isfinite(look) & np.isfinite(reference)
    before = reference[both]
    if before.size < LEAST_PIXELS:
        return None
    dark = before <= np.percentile(before, DARKEST)
    return float(np.median(look[both][dark] - before[dark]))
