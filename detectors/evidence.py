r"""Contamination-capped log-likelihood ratio of one look: change against no change.

.. math::

    \ell(z) = \ln\frac{(1-\epsilon)\,[(1-\pi) f_1(z) + \pi f_0(z)] + \epsilon u}
                       {(1-\epsilon) f_0(z) + \epsilon u}

with :math:`f_0` Student's t with 6 degrees of freedom and :math:`f_1` a normalised one-sided
plateau. A share :math:`\epsilon` of all looks is taken to be contaminated (haze, shadow, a missed
cloud) with density `u`, which caps what one look can say. A share :math:`\pi` of looks at changed
ground shows nothing of it (bare trees, snow melt), which bounds how much one quiet look takes back.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

DEGREES_OF_FREEDOM = 6.0
CONTAMINATION = 0.02
CONTAMINATION_DENSITY = 1.0 / 16.0
INVISIBLE = 0.5
PLATEAU = (2.0, 10.0)
EDGE = 0.5


def null_density(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return :math:`f_0(z)`, Student's t."""
    density: NDArray[np.float64] = stats.t.pdf(z, DEGREES_OF_FREEDOM)
    return density


def change_density(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return :math:`f_1(z)`: a uniform on `PLATEAU` blurred by a logistic of scale `EDGE`.

    Notes
    -----
    The convolution of a uniform on [a, b] with a logistic density is
    ``(L((z - a)/e) - L((z - b)/e)) / (b - a)`` with ``L`` the logistic function; it integrates
    to one.
    """
    low, high = PLATEAU
    rise = 1.0 / (1.0 + np.exp(-(z - low) / EDGE))
    fall = 1.0 / (1.0 + np.exp(-(z - high) / EDGE))
    density: NDArray[np.float64] = (rise - fall) / (high - low)
    return density


def log_likelihood_ratio(z: NDArray[np.float64]) -> NDArray[np.float64]:
    r"""Return :math:`\ell(z)` in nats; scores beyond the plateau count as its far edge.

    Parameters
    ----------
    z : ndarray
        Standardised scores, positive where the ground changed in the direction looked for.
    """
    z = np.minimum(z, PLATEAU[1] - 2.0)
    null = null_density(z)
    change = (1.0 - INVISIBLE) * change_density(z) + INVISIBLE * null
    spread = CONTAMINATION * CONTAMINATION_DENSITY
    ratio = ((1.0 - CONTAMINATION) * change + spread) / ((1.0 - CONTAMINATION) * null + spread)
    result: NDArray[np.float64] = np.log(ratio)
    return result


# Least-squares fit of log_likelihood_ratio on [-1, 8]; largest error 0.07 nats (tested).
POLYNOMIAL_FROM, POLYNOMIAL_TO = 1.02174, 7.86723
POLYNOMIAL = (-0.66786, 45.87342, -96.81250, 78.53681, -23.09133)


def evidence_polynomial(z: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the polynomial the kernel evaluates in place of `log_likelihood_ratio`, nats.

    Notes
    -----
    ``a + t^2 (b + t (c + t (d + t e)))`` with ``t`` the position of z between
    `POLYNOMIAL_FROM` and `POLYNOMIAL_TO`, clipped to 0..1: it vectorises, a table does not.
    """
    t = np.clip((z - POLYNOMIAL_FROM) / (POLYNOMIAL_TO - POLYNOMIAL_FROM), 0.0, 1.0)
    a, b, c, d, e = POLYNOMIAL
    result: NDArray[np.float32] = (a + t * t * (b + t * (c + t * (d + t * e)))).astype(np.float32)
    return result
