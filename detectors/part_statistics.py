"""One number per band and part of a settlement: what is measured of a core and its ring."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from detectors.types import PARTS, PlaceSet

MINIMUM_SHARE = 0.3
"""Of a sector's ground that must be clear for its median to stand for it."""
MINIMUM_PIXELS = 12
"""Of a sector: the median of fewer says little."""


def part_reflectance(
    bands: NDArray[np.float32], clear: NDArray[np.bool_], dry: NDArray[np.bool_], places: PlaceSet
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the reflectance of every part, and how much of it was seen.

    A core is told by its mean, its sectors by their medians. Mixed ground adds up linearly, so
    the mean of a core moves with the share of it that burned; its median hardly moves as long as
    most of it stands. A field that burns in the surroundings must move nothing.

    Parameters
    ----------
    bands : ndarray of float32, shape (band, y, x)
    clear : ndarray of bool, shape (y, x)
        Pixels that may be used, in every band.
    dry : ndarray of bool, shape (y, x)
        Pixels that are not water. Asked of the ring alone: char is taken for water.

    Returns
    -------
    reflectance : ndarray of float64, shape (place, band, part)
        NaN where too little was seen.
    seen : ndarray of float64, shape (place, part)
        Share of the part's pixels that were clear; NaN where a part has no ground.
    """
    count = len(places.ids)
    flat = np.ascontiguousarray(bands.reshape(len(bands), -1))
    out = np.full((count * PARTS, len(bands)), np.nan)
    seen = np.full(count * PARTS, np.nan)
    grade = clear.astype(np.uint8) + (clear & dry)
    _reduce(flat, grade.reshape(-1), places.pixels, places.starts, out, seen)
    shaped = out.reshape(count, PARTS, len(bands)).transpose(0, 2, 1)
    return np.ascontiguousarray(shaped), seen.reshape(count, PARTS)


@numba.njit(cache=True, nogil=True)
def _reduce(
    bands: NDArray[np.float32],
    grade: NDArray[np.uint8],
    pixels: NDArray[np.int64],
    starts: NDArray[np.int64],
    out: NDArray[np.float64],
    seen: NDArray[np.float64],
) -> None:
    longest = 0
    for segment in range(starts.size - 1):
        longest = max(longest, starts[segment + 1] - starts[segment])
    buffer = np.empty(longest, np.float32)
    for segment in range(starts.size - 1):
        mine = pixels[starts[segment] : starts[segment + 1]]
        if mine.size == 0:
            continue
        is_core = segment % PARTS == 0
        least = 1 if is_core else 2
        good = 0
        for pixel in mine:
            good += grade[pixel] >= least
        seen[segment] = good / mine.size
        if good == 0 or (
            not is_core and (good < MINIMUM_PIXELS or good < MINIMUM_SHARE * mine.size)
        ):
            continue
        for band in range(bands.shape[0]):
            filled, total = 0, 0.0
            for pixel in mine:
                if grade[pixel] >= least:
                    value = bands[band, pixel]
                    buffer[filled] = value
                    filled += 1
                    total += value
            out[segment, band] = total / good if is_core else np.median(buffer[:good])
