"""How bare, bright, dry and rough the ground is, pixel by pixel: what a settlement is told by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Array = NDArray[np.float64]

USED = ("B02", "B03", "B04", "B08", "B8A", "B11")
"""Bands that are used where they exist; B04 and one of the near infrared are needed."""
_VISIBLE = ("B02", "B03", "B04")
_DARKEST = 0.005
_FLATTEST = 1e-3
_ROUGH_PIXELS = 5
_LEAST_SHOWN = 0.25


def marks_of(look: Array, bands: Sequence[str]) -> Array:
    """Return how bare, bright, dry and rough each pixel is, shape (mark, y, x).

    Bare is the negative NDVI, dry the NDBI (Zha et al. 2003, doi:10.1080/01431160304987), which
    needs B11 and is left out without it.
    """
    found = {band: np.maximum(look[at], _DARKEST) for at, band in enumerate(bands)}
    near = found.get("B08", found.get("B8A"))
    if near is None or "B04" not in found:
        raise ValueError(f"B04 and B08 or B8A are needed, and there are {', '.join(bands)}")
    red = found["B04"]
    bright: Array = np.log(np.mean([found[b] for b in _VISIBLE if b in found], axis=0))
    marks = [(red - near) / (red + near), bright, _roughness(bright)]
    if "B11" in found:
        marks.append((found["B11"] - near) / (found["B11"] + near))
    return np.stack(marks)


def _roughness(bright: Array) -> Array:
    """Return the log of the standard deviation over 50 m of 10 m pixels."""
    seen = np.isfinite(bright)
    filled = np.where(seen, bright, 0.0)
    share, first, second = (
        ndimage.uniform_filter(one, _ROUGH_PIXELS, mode="constant")
        for one in (seen.astype(np.float64), filled, filled**2)
    )
    enough = seen & (share > _LEAST_SHOWN)
    share = np.maximum(share, _LEAST_SHOWN)
    variance = second / share - (first / share) ** 2
    return np.where(enough, 0.5 * np.log(np.maximum(variance, _FLATTEST**2)), np.nan)


def quantile(values: Array, share: float) -> Array:
    """Return a quantile over the first axis of what is not NaN.

    That of numpy takes one pixel at a time, and minutes.
    """
    count = np.isfinite(values).sum(axis=0)
    ranked = np.sort(values, axis=0)
    at = share * np.maximum(count - 1, 0)
    low, high = (np.take_along_axis(ranked, f(at).astype(np.intp)[None], 0)[0]
                 for f in (np.floor, np.ceil))  # fmt: skip
    result: Array = low + (at % 1.0) * (high - low)
    return result


def smoothed(values: Array, pixels: float) -> Array:
    """Return values smoothed over what was seen; NaN where too little was."""
    seen = np.isfinite(values)
    share, total = (
        ndimage.gaussian_filter(one, pixels, mode="constant")
        for one in (seen.astype(np.float64), np.where(seen, values, 0.0))
    )
    return np.where(seen & (share > _LEAST_SHOWN), total / np.maximum(share, _LEAST_SHOWN), np.nan)
