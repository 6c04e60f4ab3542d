"""Whether a scene's reflectance has jumped by the offset of its processing baseline.

Since baseline 04.00 Sentinel-2's numbers are shifted by 1,000, a reflectance of 0.1; catalogues
have been known to state that shift wrongly, and a scene with it applied twice, or not at all, is
0.1 too dark or too bright in every band alike. Smoke and haze lift the visible bands only, fire
and season the infrared ones: what moves all of them by the same tenth is no change of the ground.
Thick haze comes near to it, and it may have lain over the reference: so the look must also be as
dark, or as bright, on its darkest ground as ground never is.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

OFFSET = 0.1
TOLERANCE = 0.03
DARKEST = 10.0
"""Per cent of the ground, the darkest in both together: there an offset stands out."""
TOO_DARK, TOO_BRIGHT = 0.0, 0.09
"""Reflectance of the darkest ground: with the offset taken off twice some band falls below zero,
and without it none falls below a tenth."""
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
    bands = sorted(look.keys() & reference.keys())
    found = [_darkest(look[band], reference[band]) for band in bands]
    pairs = [pair for pair in found if pair is not None]
    if len(pairs) < max(len(bands), LEAST_BANDS):
        return None
    jumps = [now - before for now, before in pairs]
    up = all(abs(jump - OFFSET) <= TOLERANCE for jump in jumps)
    down = all(abs(jump + OFFSET) <= TOLERANCE for jump in jumps)
    odd = (up and all(now >= TOO_BRIGHT for now, _ in pairs)) or (
        down and any(now < TOO_DARK for now, _ in pairs)
    )
    return dict(zip(bands, jumps, strict=True)) if odd else None


def _darkest(
    look: NDArray[np.floating], reference: NDArray[np.floating]
) -> tuple[float, float] | None:
    """Return the median of the darkest ground in both; None where too little was seen."""
    both = np.isfinite(look) & np.isfinite(reference)
    now, before = look[both], reference[both]
    if before.size < LEAST_PIXELS:
        return None
    # By both together: the darkest of one alone are in the other brighter by chance.
    mean = now + before
    dark = mean <= np.percentile(mean, DARKEST)
    return float(np.median(now[dark])), float(np.median(before[dark]))
