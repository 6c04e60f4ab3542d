r"""Statistics of radar power: what speckle alone lets one mean differ from those before it.

The mean power of `n` independent looks at unchanged ground is gamma distributed with shape `n`,
whatever the ground: the scatter is known beforehand. The ratio of two such means is not gamma, so
the test here is of the core's power alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

Array = NDArray[np.float64]


def sequential_statistic(looks: Array, power: Array, before: Array, equivalent: Array) -> Array:
    r"""Return how far the newest of a series of mean powers departs from all before it.

    Parameters
    ----------
    looks : ndarray
        Number `j` of means, the newest counted; at least 2.
    power : ndarray
        The newest mean, linear power.
    before : ndarray
        Sum of the means before it.
    equivalent : ndarray
        Equivalent number of independent looks `n` in one mean.

    Returns
    -------
    ndarray
        :math:`-2\rho_j \ln R_j`, which follows :math:`\chi^2_1` where nothing changed; NaN where
        there was no mean before.

    Notes
    -----
    Conradsen, Nielsen and Skriver 2016, doi:10.1109/TGRS.2015.2510160, for one polarisation:
    :math:`\ln R_j = n[j\ln j - (j-1)\ln(j-1) + (j-1)\ln S_{j-1} + \ln I_j - j\ln S_j]`,
    :math:`\rho_j = 1 - \frac{1}{6n}\left(1 + \frac{1}{j(j-1)}\right)`.
    """
    known = (looks >= 2.0) & (power > 0.0) & (before > 0.0) & (equivalent > 0.0)
    j, new, old, n = (
        np.where(known, one, other)
        for one, other in ((looks, 2.0), (power, 1.0), (before, 1.0), (equivalent, 1.0))
    )
    # By means rather than sums, for the terms of the logarithms nearly cancel.
    share = old / (j - 1.0) / ((old + new) / j)
    ratio = n * ((j - 1.0) * np.log(share) + np.log(new * j / (old + new)))
    correction = 1.0 - (1.0 + 1.0 / (j * (j - 1.0))) / (6.0 * n)
    statistic: Array = np.maximum(-2.0 * np.maximum(correction, 0.0) * ratio, 0.0)
    return np.where(known, statistic, np.nan)


def signed_root(statistic: Array, looks: Array, power: Array, before: Array) -> Array:
    """Return a chi-squared statistic of one degree as a score, positive where power was lost."""
    with np.errstate(invalid="ignore", divide="ignore"):
        lost = before / (looks - 1.0) > power
    root: Array = np.where(lost, 1.0, -1.0) * np.sqrt(statistic)
    return root


def less_significant(speckle: Array, score: Array, freedom: Array) -> Array:
    """Return the less significant of two scores of one change, in units of the second.

    Parameters
    ----------
    speckle : ndarray
        Normal where nothing changed.
    score : ndarray
        Student's t where nothing changed.
    freedom : ndarray
        Its degrees of freedom.

    Returns
    -------
    ndarray
        0 where they point in opposite directions, NaN where either is not known.
    """
    # The tail of the larger probability, turned back into a score of Student's t.
    tail = np.maximum(stats.norm.sf(np.abs(speckle)), stats.t.sf(np.abs(score), freedom))
    both: Array = np.sign(score) * stats.t.isf(tail, freedom)
    agreed = np.where(np.sign(speckle) == np.sign(score), both, 0.0)
    return np.where(np.isfinite(speckle) & np.isfinite(score), agreed, np.nan)


def signed_combination(scores: Array, correlation: Array | None = None) -> Array:
    """Return scores of several orbits or polarisations as one, standard normal where they are.

    Parameters
    ----------
    scores : ndarray, shape (..., score)
        Signed; NaN where one is not known.
    correlation : ndarray, shape (..., score, score), or None
        Between them where nothing changed; independent where it is None.

    Notes
    -----
    Opposite signs cancel. The mean of absolute values, which others use, has no null mean of 0
    and exceeds a threshold made for one score the more often, the more scores there are.
    """
    known = np.isfinite(scores)
    between = np.eye(scores.shape[-1]) if correlation is None else correlation
    variance = np.einsum("...i,...ij,...j->...", known.astype(float), between, known.astype(float))
    total = np.where(known, scores, 0.0).sum(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        combined: Array = np.where(known.any(-1), total / np.sqrt(variance), np.nan)
    return combined


def most_evidence(score: Array, freedom: Array) -> Array:
    r"""Return the most that a score can speak for a loss, whatever loss it was, nats.

    Parameters
    ----------
    score : ndarray
        Positive where power was lost; NaN where it is not known.
    freedom : ndarray
        Degrees of freedom :math:`\nu` of its law, Student's t.

    Notes
    -----
    The likelihood ratio of the shift that explains the score exactly, against none:
    :math:`\frac{\nu + 1}{2}\ln(1 + z^2 / \nu)`, which tends to :math:`z^2/2`.
    """
    most: Array = (freedom + 1.0) / 2.0 * np.log1p(score**2 / freedom)
    return np.where(score > 0.0, most, 0.0)
