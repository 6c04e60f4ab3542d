"""The ring as a control: what the surroundings of a settlement say its core should look like."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from detectors.types import PARTS

SECTORS = PARTS - 1

Array = NDArray[np.float64]


def fill_sectors(
    residual: Array, known: NDArray[np.bool_], judged: NDArray[np.bool_], deviation: Array,
    disturbed: float,
) -> tuple[Array, Array]:  # fmt: skip
    """Replace residuals of sectors that were not seen, or depart from all others, by a typical one.

    Parameters
    ----------
    residual : ndarray, shape (..., part)
    known : ndarray of bool, shape (..., sector)
        Sectors that were seen.
    judged : ndarray of bool, shape (..., 1)
        Where enough is known of the sectors to tell that one departs.
    deviation : ndarray, shape (..., sector)
        Standard deviation of each sector's residual about the others.
    disturbed : float
        Deviations beyond which a sector is left out.

    Returns
    -------
    residual, share of the known sectors that departed in the direction of burning
    """
    sectors = residual[..., 1:]
    typical = median(np.where(known, sectors, np.nan))
    score = (sectors - typical[..., None]) / deviation
    with np.errstate(invalid="ignore"):
        departs = known & judged & (np.abs(score) > disturbed)
        burned = known & judged & (score > disturbed)
    count = known.sum(-1)
    share = burned.sum(-1) / np.maximum(count, 1)
    kept = known & ~departs
    total = np.where(kept, sectors, 0.0).sum(-1)
    mean = np.where(kept.any(-1), total / np.maximum(kept.sum(-1), 1), 0.0)
    filled = np.where(kept, sectors, mean[..., None])
    return np.concatenate([residual[..., :1], filled], -1), share


def own_variance(covariance: Array) -> Array:
    """Return the variance of each sector's residual about the mean of all sectors."""
    mean = covariance.mean(-1)
    everything = mean.mean(-1)
    diagonal = np.diagonal(covariance, axis1=-2, axis2=-1)
    own: Array = np.maximum(diagonal - 2.0 * mean + everything[..., None], 1e-8)
    return own


def median(values: Array) -> Array:
    """Median over the last axis, NaN left out; 0 where nothing is left."""
    ordered = np.sort(values, axis=-1)
    count = np.isfinite(values).sum(-1)
    low = np.take_along_axis(ordered, np.maximum((count - 1) // 2, 0)[..., None], -1)[..., 0]
    high = np.take_along_axis(ordered, (count // 2).clip(0, values.shape[-1] - 1)[..., None], -1)
    middle: Array = np.where(count > 0, (low + high[..., 0]) / 2.0, 0.0)
    return middle


def control_weights(
    covariance: Array, usable: NDArray[np.bool_], correlation: Array | float
) -> Array:
    """Return the non-negative weights of the sectors that foretell the core's residual best.

    Parameters
    ----------
    covariance : ndarray, shape (..., 17, 17)
        Of the residuals of core and sectors.
    usable : ndarray of bool, shape (..., 16)
    correlation : float or ndarray, shape (...)
        Sectors that follow the core less are left out.

    Returns
    -------
    ndarray, shape (..., 16)

    Notes
    -----
    Minimises the variance of ``e_0 - sum_k w_k e_k`` subject to ``w >= 0``: with the Cholesky
    factor ``L L' = C_ss`` it is the non-negative least-squares problem ``L' w = L^-1 C_s0``.
    """
    deviation = np.sqrt(np.maximum(np.diagonal(covariance, axis1=-2, axis2=-1), 1e-12))
    follows = covariance[..., 1:, 0] / (deviation[..., 1:] * deviation[..., :1])
    chosen = usable & (follows >= np.asarray(correlation)[..., None])
    block = np.where(chosen[..., :, None] & chosen[..., None, :], covariance[..., 1:, 1:], 0.0)
    trace = np.trace(block, axis1=-2, axis2=-1) / np.maximum(chosen.sum(-1), 1)
    # Sectors that are left out stand for themselves alone, and have nothing to foretell.
    diagonal = np.where(chosen, 1e-3 * trace[..., None], 1.0)
    lower = np.linalg.cholesky(block + diagonal[..., None] * np.eye(SECTORS))
    core = np.where(chosen, covariance[..., 1:, 0], 0.0)
    target = np.linalg.solve(lower, core[..., None])[..., 0]
    weights = np.zeros(chosen.shape)
    for one in map(tuple, np.argwhere(chosen.any(-1))):
        weights[one], _ = nnls(lower[one].T, target[one])
    return np.where(chosen, weights, 0.0)
