r"""Change between two images of the same ground, without a history of looks, and its direction.

The *change score* of a pixel is the squared Mahalanobis distance of its difference vector
(change vector analysis, Malila 1980) from what unchanged ground differs by,

.. math:: t = d' \Sigma^{-1} d, \qquad d = g \cdot after + o - before.

Which pixels did not change is not known beforehand: gains `g`, offsets `o` and covariance
:math:`\Sigma` are taken from the half of the pixels that differs least, found by concentration
steps (Rousseeuw & Van Driessen 1999, doi:10.1080/00401706.1999.10485670), so that two fifths of
the ground may have changed. Each band of the later image is brought to mean and spread of the
earlier one over that half. The half is the most robust choice there is, and no other was tried
against a labelled change before it was taken.

IR-MAD (Nielsen 2007, doi:10.1109/TIP.2006.888195) and iterated slow feature analysis (Wu et al.
2014, doi:10.1109/TGRS.2013.2266673) rank changes as well where most ground stayed, but their
weights may run together on a few pixels that happen to agree, as they did on yearly composites of
56 x 34 pixels, and then there is no answer.

The *burn score* is the matched filter for the direction in which a pixel would move if it turned
to char (Robey et al. 1992, doi:10.1109/7.135446):

.. math:: z = \frac{d' \Sigma^{-1} v}{\sqrt{v' \Sigma^{-1} v}}, \qquad v = char - before.

It is signed: regrowth is negative. Its cosine with the difference, :math:`z / \sqrt{t}`, tells
whether that direction is most of what happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2

Array = NDArray[np.float64]

ALIKE = 0.5
"""Share of the pixels that is taken not to have changed."""
MOST_STEPS = 100
BURN_COSINE = 0.7
"""Cosine with the direction of burning above which a change is one towards char."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """How unchanged ground differs between two images.

    Attributes
    ----------
    gain, offset : ndarray, shape (band,)
        ``gain * after + offset`` is the later image in terms of the earlier one.
    covariance : ndarray, shape (band, band)
        Of the differences that remain, in squared units of the earlier image.
    """

    gain: Array
    offset: Array
    covariance: Array


@dataclass(frozen=True, slots=True)
class BurnScore:
    """How far every pixel moved towards char.

    Attributes
    ----------
    score : ndarray, shape (y, x)
        In standard deviations of unchanged ground; negative away from char, NaN where a band
        was not seen.
    cosine : ndarray, shape (y, x)
        Of the angle between what happened and burning, -1..1, in whitened units.
    """

    score: Array
    cosine: Array


def quiet_pair(before: Array, after: Array) -> Quiet:
    """Learn from two images alone how ground differs that did not change.

    Parameters
    ----------
    before, after : ndarray, shape (band, y, x)
        Co-registered, of the same bands, in any unit; NaN where nothing was seen.

    Raises
    ------
    ValueError
        If the shapes differ, fewer than ten pixels for every band were seen in both, or the
        unchanged half does not vary in a band or in a mixture of bands.

    Notes
    -----
    The covariance of a half that was chosen for lying near is too small; it is scaled so that
    the half's largest distance is the median of chi-squared.
    """
    first, second = _seen_in_both(before, after)
    bands, pixels = first.shape
    if pixels < 10 * bands:
        raise ValueError(f"{pixels} pixels seen twice are too few for {bands} bands")
    count = int(np.ceil(ALIKE * pixels))
    gain, offset = _match(first, second, robust=True)
    moved = _difference(first, second, gain, offset)
    distance = (moved**2 / _positive(np.median(np.abs(moved), 1))[:, None] ** 2).sum(0)
    kept: NDArray[np.intp] = np.empty(0, np.intp)
    covariance = np.eye(bands)
    for _ in range(MOST_STEPS):
        # A stable order: equal distances must not depend on the machine.
        nearest = np.sort(np.argsort(distance, kind="stable")[:count])
        if np.array_equal(nearest, kept):
            break
        kept = nearest
        gain, offset = _match(first[:, kept], second[:, kept], robust=False)
        moved = _difference(first, second, gain, offset)
        covariance = np.cov(moved[:, kept]).astype(np.float64)
        distance = _squared(moved, _precision(covariance))
    scale = float(np.quantile(distance, ALIKE) / chi2.ppf(ALIKE, bands))
    return Quiet(gain, offset, covariance * scale)


def quiet_history(images: Array) -> Array:
    """Return the covariance of what ground differs by from one image to the next.

    For ground of which a few images without the change in question are known: it then counts
    against a change how much such ground moves in all, outliers with it.

    Parameters
    ----------
    images : ndarray, shape (time, band, y, x)
        At least two, oldest first; NaN where nothing was seen.

    Returns
    -------
    ndarray, shape (band, band)

    Raises
    ------
    ValueError
        If there are fewer than two images, or too few pixels were seen twice.
    """
    if len(images) < 2:
        raise ValueError("one image has no difference to another")
    differences = []
    for before, after in pairwise(images):
        first, second = _seen_in_both(before, after)
        moved = second - first
        # Weather and season move a whole image; what counts is how pixels move against each other.
        differences.append(moved - np.median(moved, axis=1)[:, None])
    together = np.concatenate(differences, axis=1)
    if together.shape[1] < 10 * len(together):
        raise ValueError(f"{together.shape[1]} pixels seen twice are too few")
    covariance: Array = np.cov(together)
    _precision(covariance)
    return covariance


def offset_of(before: Array, after: Array, steady: NDArray[np.bool_]) -> Array:
    """Return what brings the later image to the earlier one over ground taken not to have changed.

    Parameters
    ----------
    steady : ndarray of bool, shape (y, x)
        Surroundings of what is asked about.

    Returns
    -------
    ndarray, shape (band,)
        Median difference, earlier less later.
    """
    first, second = _seen_in_both(before[:, steady], after[:, steady])
    middle: Array = np.median(first - second, axis=1)
    return middle


def change_score(before: Array, after: Array, quiet: Quiet) -> Array:
    """Return the change score t of every pixel.

    Returns
    -------
    ndarray, shape (y, x)
        Chi-squared with as many degrees of freedom as bands where nothing changed and differences
        are normal, which real ones are not: rank by it, or hold it against ground known to be
        quiet. NaN where a band was not seen.
    """
    moved = quiet.gain[:, None, None] * after + quiet.offset[:, None, None] - before
    flat = _squared(moved.reshape(len(moved), -1), _precision(quiet.covariance))
    return flat.reshape(before.shape[1:])


def burn_score(before: Array, after: Array, quiet: Quiet, char: Array) -> BurnScore:
    """Return how far every pixel moved towards char.

    Parameters
    ----------
    before, after : ndarray, shape (band, y, x)
        Surface reflectance, 0..1.
    char : ndarray, shape (band,)
        Reflectance of char in the same bands (:func:`detectors.endmembers.spectrum`).
    """
    earlier = before.reshape(len(before), -1)
    moved = quiet.gain[:, None] * after.reshape(earlier.shape) + quiet.offset[:, None] - earlier
    towards = char[:, None] - earlier
    precision = _precision(quiet.covariance)
    with np.errstate(invalid="ignore", divide="ignore"):
        along = np.einsum("in,ij,jn->n", moved, precision, towards)
        score = along / np.sqrt(_squared(towards, precision))
        cosine = score / np.sqrt(_squared(moved, precision))
    shape = before.shape[1:]
    return BurnScore(score.reshape(shape), np.clip(cosine, -1.0, 1.0).reshape(shape))


def _seen_in_both(before: Array, after: Array) -> tuple[Array, Array]:
    """Return both images' pixels that have all bands, shape (band, pixel)."""
    if before.shape != after.shape:
        raise ValueError(f"images of {before.shape} and {after.shape} cannot be compared")
    first, second = (np.asarray(one, float).reshape(len(one), -1) for one in (before, after))
    seen = np.isfinite(first).all(0) & np.isfinite(second).all(0)
    return first[:, seen], second[:, seen]


def _match(first: Array, second: Array, *, robust: bool) -> tuple[Array, Array]:
    """Return gain and offset that bring the second image to the first, band by band."""
    if robust:
        middles = [np.median(one, axis=1) for one in (first, second)]
        widths = [
            np.median(np.abs(one - middle[:, None]), axis=1)
            for one, middle in zip((first, second), middles, strict=True)
        ]
    else:
        middles = [one.mean(axis=1) for one in (first, second)]
        widths = [one.std(axis=1) for one in (first, second)]
    gain = _positive(widths[0]) / _positive(widths[1])
    return gain, middles[0] - gain * middles[1]


def _positive(width: Array) -> Array:
    if not (width > 0.0).all():
        raise ValueError("half of the pixels are the same in a band: nothing to compare by")
    return width


def _difference(first: Array, second: Array, gain: Array, offset: Array) -> Array:
    moved: Array = gain[:, None] * second + offset[:, None] - first
    return moved


def _precision(covariance: Array) -> Array:
    if np.linalg.cond(covariance) > 1e12:
        raise ValueError("the bands of unchanged ground are not independent")
    return np.linalg.inv(covariance).astype(np.float64)


def _squared(moved: Array, precision: Array) -> Array:
    squared: Array = np.einsum("in,ij,jn->n", moved, precision, moved)
    return squared
