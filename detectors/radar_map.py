"""A map of where radar power changed, pixel by pixel, for people to look at.

Each pixel is compared with its own past by Welch's t test, whose p values follow Student's t and
not the normal law: with five looks on a side the difference is large. It is for display. Of 40,000
pixels four fall below p = .0001 by chance alone, so that no event rests on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]

LEAST_LOOKS = 2
"""On each side: of fewer there is no scatter."""


@dataclass(frozen=True, slots=True)
class RadarMap:
    """Change of one polarisation of one relative orbit.

    Attributes
    ----------
    change_db : ndarray, shape (y, x)
        Mean of the later looks less that of the earlier, dB.
    t, freedom, p : ndarray, shape (y, x)
        Welch's statistic, its degrees of freedom, and the two-sided p value; NaN where there are
        too few looks, or no scatter.
    """

    change_db: Array
    t: Array
    freedom: Array
    p: Array


def radar_map(before: Array, after: Array) -> RadarMap:
    """Compare looks of one relative orbit and polarisation before and after a date.

    Parameters
    ----------
    before, after : ndarray, shape (look, y, x)
        Linear power; what is not above 0 counts as not seen.

    Raises
    ------
    ValueError
        If the grids differ.

    Notes
    -----
    Welch 1947, doi:10.1093/biomet/34.1-2.28, on ln power, whose scatter is the same at all powers.
    """
    if before.shape[1:] != after.shape[1:]:
        raise ValueError(f"grids differ: {before.shape[1:]} and {after.shape[1:]}")
    (m0, v0, n0), (m1, v1, n1) = _moments(before), _moments(after)
    own, other = v0 / np.maximum(n0, 1.0), v1 / np.maximum(n1, 1.0)
    error = own + other
    known = (n0 >= LEAST_LOOKS) & (n1 >= LEAST_LOOKS) & (error > 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        t = np.where(known, (m1 - m0) / np.sqrt(error), np.nan)
        freedom = error**2 / (own**2 / (n0 - 1.0) + other**2 / (n1 - 1.0))
    freedom = np.where(known, freedom, np.nan)
    p: Array = 2.0 * stats.t.sf(np.abs(t), freedom)
    change = np.where((n0 > 0.0) & (n1 > 0.0), (m1 - m0) * (10.0 / np.log(10.0)), np.nan)
    return RadarMap(change, t, freedom, p)


def _moments(power: Array) -> tuple[Array, Array, Array]:
    """Return the mean of ln power over the looks, its variance, and how many there were."""
    seen = np.isfinite(power) & (power > 0.0)
    ln = np.log(np.where(seen, power, 1.0))
    count = seen.sum(0).astype(np.float64)
    mean = ln.sum(0) / np.maximum(count, 1.0)
    away = np.where(seen, ln - mean, 0.0)
    variance = (away**2).sum(0) / np.maximum(count - 1.0, 1.0)
    return mean, variance, count
