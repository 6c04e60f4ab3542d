"""What a look's placebos say of its pixels: its centre, its scatter, and what is significant."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from detectors.kernel import KernelParameters, LookScale

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PixelRules:
    """Constants of the pixels' detector.

    Attributes
    ----------
    kernel : KernelParameters
        Of the state's update; the features' evidence is shrunk, for they share a band's errors.
    significance : float
        p-value below which a pixel counts as changed on one look.
    direction : float
        Least cosine between what a pixel moved by and what a burn would move it by, in scores.
    freedom : float
        Degrees of freedom of the scores' law beyond where placebos tell.
    quiet : float
        Nats above which a pixel is no longer part of a null.
    null_least, tail_least : int
        Pixels a look's centre and scale are taken from, and its tail, at least.
    affected, affected_places : float
        A placebo is left out of the null if more than so much of it moved as a burn does, as long
        as no more than such a share of all placebos did: then it is the look that is bad.
    scale_least : float
        Lower bound of the null's scale.
    settled : int
        Looks after which a change at a place that was never suspected is the new normal.
    """

    kernel: KernelParameters = field(default_factory=lambda: KernelParameters(weight=0.7))
    significance: float = 0.01
    direction: float = 0.7
    freedom: float = 6.0
    quiet: float = 2.0
    null_least: int = 200
    tail_least: int = 2000
    affected: float = 0.2
    affected_places: float = 0.25
    scale_least: float = 0.5
    settled: int = 30


def centre_of(error: Array, rules: PixelRules) -> Array:
    """Return what the placebos depart from their baselines by, natural-log units, shape (2,)."""
    centre = np.zeros(2)
    for k in range(2):
        mine = error[k][np.isfinite(error[k])]
        if mine.size >= rules.null_least:
            centre[k] = np.median(mine)
    return centre


def look_scale(centre: Array, score: Array, rules: PixelRules) -> LookScale:
    """Return the median and robust spread of the null's scores; 0 and 1 where it is too small."""
    shift, spread = np.zeros(2, np.float32), np.ones(2, np.float32)
    for k in range(2):
        mine = score[k][np.isfinite(score[k])]
        if mine.size >= rules.null_least:
            shift[k] = np.median(mine)
            spread[k] = max(1.0, 1.4826 * float(np.median(np.abs(mine - shift[k]))))
    return LookScale(centre.astype(np.float32), shift, spread)


def projected(score: Array, burn: Array) -> tuple[Array, Array]:
    """Return what each pixel moved by along a burn's direction, and the cosine between them.

    Parameters
    ----------
    score, burn : ndarray, shape (2, n)
        Both in scores; a feature that was not seen takes no part.
    """
    seen = np.isfinite(score)
    z, towards = np.where(seen, score, 0.0), np.where(seen, burn, 0.0)
    length, whole = np.sqrt((towards**2).sum(0)), np.sqrt((z**2).sum(0))
    along = (z * towards).sum(0) / np.maximum(length, 1e-12)
    cosine: Array = along / np.maximum(whole, 1e-12)
    return np.where(seen.any(0), along, np.nan), cosine


def limit_of(rules: PixelRules) -> float:
    """Return the score that is exceeded with a probability of `significance`."""
    return float(stats.t.isf(rules.significance, rules.freedom))


def against_null(moved: Array, null: NDArray[np.int64], rules: PixelRules) -> tuple[Array, int]:
    """Return what the pixels moved by in scales of the look's own null, and its pixels.

    The null's law is Student's t about its median. Its scale is set where it matters: the score
    that a share `significance` of the null exceeds has just that p-value. With too few pixels for
    that it is their median absolute deviation, and 1 with hardly any.

    Parameters
    ----------
    null : ndarray of int64, shape (n,)
        Number of the placebo a pixel is of; -1 for pixels that are no part of the null.
    """
    chosen = (null >= 0) & np.isfinite(moved)
    sample, place = moved[chosen], null[chosen]
    centre, scale, limit = 0.0, 1.0, limit_of(rules)
    if sample.size >= rules.null_least:
        centre, scale = _centre_and_scale(sample)
        sample = sample[_unaffected(sample, place, centre + limit * scale, rules)]
        centre, scale = _centre_and_scale(sample)
    if sample.size >= rules.tail_least:
        beyond = float(np.quantile(sample, 1.0 - rules.significance))
        scale = (beyond - centre) / limit
    return (moved - centre) / max(scale, rules.scale_least), int(sample.size)


def _centre_and_scale(sample: Array) -> tuple[float, float]:
    centre = float(np.median(sample))
    return centre, 1.4826 * float(np.median(np.abs(sample - centre)))


def _unaffected(
    sample: Array, place: NDArray[np.int64], limit: float, rules: PixelRules
) -> NDArray[np.bool_]:
    """Tell which pixels are of placebos that did not burn themselves.

    Where more did than a few, the look is a bad one, and all of them are its null.
    """
    count = np.bincount(place)
    share = np.bincount(place, sample > limit) / np.maximum(count, 1)
    burned = (share > rules.affected) & (count > 0)
    few = burned.sum() <= rules.affected_places * (count > 0).sum()
    return ~burned[place] if few else np.ones(sample.size, bool)
