r"""How far a season departs from the same place's past seasons, and what that says.

The logarithm of the tilled share near a settlement less that of the ring is compared with what it
was in past seasons: a difference in differences, so that a year that was bad for all is no sign.
Three to eight seasons tell little of their own spread, so it is drawn to one that is known
beforehand: with prior standard deviation :math:`s_0`, worth :math:`\nu_0` seasons,

.. math::

    s^2 = \frac{\nu_0 s_0^2 + \sum (y_i - \bar y)^2}{\nu_0 + n - 1}, \qquad
    \frac{y - \bar y}{s \sqrt{1 + 1/n}} \sim t_{\nu_0 + n - 1}

(Gelman et al. 2013, Bayesian Data Analysis, 3rd ed., sections 2.6 and 3.2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

MOST = 12.0
"""Nats: no single figure says more, either way; laws hold in the middle, not in the tails."""
CONFIDENCE = 0.95

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spread:
    """How far a figure of quiet seasons departs from its past, before a place has shown its own.

    Attributes
    ----------
    deviation : float
        Standard deviation, in the figure's units.
    seasons : float
        What that is worth.
    """

    deviation: float
    seasons: float


@dataclass(frozen=True, slots=True)
class Departure:
    """How far one season lies from what the past foretold; arrays of shape (place,).

    Attributes
    ----------
    error : ndarray
        Seen less foretold; NaN where there is no past or nothing was seen.
    deviation, freedom : ndarray
        Scale and degrees of freedom of Student's t that it follows in quiet seasons.
    seasons : ndarray of int64
        Past seasons compared with.
    """

    error: Array
    deviation: Array
    freedom: Array
    seasons: NDArray[np.int64]

    def interval(self) -> tuple[Array, Array]:
        """Return the ends of the 95 % interval of the true departure."""
        half = special.stdtrit(self.freedom, 0.5 + CONFIDENCE / 2.0) * self.deviation
        return self.error - half, self.error + half


def departure(past: Array, now: Array, counting: Array, spread: Spread) -> Departure:
    """Hold one season's figure against those of past seasons.

    Parameters
    ----------
    past : ndarray, shape (place, season)
        NaN where there is none.
    now : ndarray, shape (place,)
    counting : ndarray, shape (place,)
        Variance that `now` has of itself, for it rests on so many pixels.
    """
    known = np.isfinite(past)
    count = known.sum(1)
    mean = np.where(known, past, 0.0).sum(1) / np.maximum(count, 1)
    squares = np.where(known, past - mean[:, None], 0.0) ** 2
    freedom = spread.seasons + np.maximum(count - 1, 0)
    variance = (spread.seasons * spread.deviation**2 + squares.sum(1)) / freedom
    scale = np.sqrt(variance * (1.0 + 1.0 / np.maximum(count, 1)) + counting)
    return Departure(np.where(count > 0, now - mean, np.nan), scale, freedom, count)


def log_likelihood_ratio(found: Departure, reach: tuple[float, float]) -> Array:
    """Return the evidence that a figure rose by an amount within `reach`, nats; 0 where unknown.

    Every true rise between the two is taken to be as likely as any, and blurred by the law of
    quiet seasons. What lies beyond the far end counts as lying there.
    """
    low, high = reach
    error = np.clip(np.nan_to_num(found.error), -high, high)
    scale, freedom = found.deviation, found.freedom
    rose = [special.stdtr(freedom, (error - one) / scale) for one in (low, high)]
    changed = (rose[0] - rose[1]) / (high - low)
    quiet = student_density(error / scale, freedom) / scale
    ratio = np.log(np.maximum(changed, 1e-300)) - np.log(np.maximum(quiet, 1e-300))
    return np.where(np.isfinite(found.error), np.clip(ratio, -MOST, MOST), 0.0)


def student_density(x: Array, freedom: Array) -> Array:
    """Return the density of Student's t; scipy's own frame takes a hundred times as long."""
    half = freedom / 2.0
    log = special.gammaln(half + 0.5) - special.gammaln(half) - 0.5 * np.log(freedom * np.pi)
    density: Array = np.exp(log - (half + 0.5) * np.log1p(x**2 / freedom))
    return density
