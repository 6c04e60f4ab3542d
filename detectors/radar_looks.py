"""How many independent looks a pixel of radar is worth, told from the look itself.

A provider's multi-looking and resampling leave neighbouring pixels correlated, by how much depends
on the product. Ground is alike in both polarisations and speckle is not: in ln VV - ln VH most of
the ground is gone.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import polygamma

Array = NDArray[np.float64]

BLOCK = 48
"""Pixels of the side of a block that is looked at as one."""
LEAST_BLOCKS = 4
NEAR_M, FAR_M, FARTHEST_M = 70.0, 90.0, 130.0
"""Speckle of neighbours is alike up to the first; what is alike between the others is ground."""
FEWEST, MOST = 0.05, 200.0
"""Looks in a pixel that can be told."""
_LEAST_LOOKS = 0.2
FALLBACK = 0.5
"""Looks in a pixel where too little was seen: far fewer than any product has."""


def equivalent_looks(vv: Array, vh: Array | None, pixel_m: float) -> float:
    """Return how many independent looks a pixel adds to the mean of a large polygon.

    The equivalent number of looks of one pixel, divided by the sum of the correlations with
    all its neighbours.

    Parameters
    ----------
    vv, vh : ndarray, shape (y, x)
        Linear power, NaN where nothing was seen. Without `vh` the ground's own texture counts as
        speckle and the result is too low, which makes the test of it too cautious.
    pixel_m : float
        Side of a pixel, metres.

    Notes
    -----
    The autocovariance of ln VV - ln VH over blocks of 48 pixels, a plane taken out of each, the
    quieter half of the blocks kept; what is left of it at 90-130 m is ground and is taken off.
    Its value at lag 0 is twice the variance of the logarithm of a gamma variable of shape `n`,
    ``trigamma(n)``. Ground that differs between the polarisations from pixel to pixel stays in
    it, so that the result is, if anything, too low.
    """
    single = vh is None
    with np.errstate(invalid="ignore", divide="ignore"):
        speckle = np.log(vv) if vh is None else np.log(vv) - np.log(vh)
    blocks = _blocks(speckle)
    if len(blocks) < LEAST_BLOCKS:
        return FALLBACK
    reach = min(math.ceil(FARTHEST_M / pixel_m), BLOCK // 2)
    covariance = _autocovariance(_flattened(blocks), reach)
    lag = np.arange(-reach, reach + 1) * pixel_m
    apart = np.hypot(lag[:, None], lag[None, :])
    ground = covariance[(apart >= FAR_M) & (apart <= FARTHEST_M)].mean()
    variance = covariance[reach, reach] - ground
    together = (covariance[apart <= NEAR_M] - ground).sum()
    if variance <= 0.0:
        return FALLBACK
    together = max(together, variance)
    of_one = _shape(variance if single else variance / 2.0)
    return float(np.clip(of_one * variance / together, FEWEST, MOST))


def _shape(variance: float) -> float:
    """Return the shape of the gamma variable whose logarithm has this variance."""
    low, high = (float(polygamma(1, end)) for end in (MOST, _LEAST_LOOKS))
    within = float(np.clip(variance, low, high))
    return float(brentq(lambda n: float(polygamma(1, n)) - within, _LEAST_LOOKS, MOST))


def _blocks(image: Array) -> Array:
    """Return the square blocks that were seen whole, shape (block, y, x)."""
    height, width = (size // BLOCK for size in image.shape)
    cut = image[: height * BLOCK, : width * BLOCK]
    each = cut.reshape(height, BLOCK, width, BLOCK).swapaxes(1, 2).reshape(-1, BLOCK, BLOCK)
    whole: Array = each[np.isfinite(each).all((1, 2))].astype(np.float64)
    return whole


def _flattened(blocks: Array) -> Array:
    """Return the quieter half of the blocks with a plane taken out of each."""
    across = np.arange(BLOCK) - (BLOCK - 1) / 2.0
    scale = BLOCK * (across**2).sum()
    level = blocks.mean((1, 2), keepdims=True)
    south = (blocks * across[:, None]).sum((1, 2), keepdims=True) / scale * across[:, None]
    east = (blocks * across).sum((1, 2), keepdims=True) / scale * across
    flat: Array = blocks - level - south - east
    spread = flat.var((1, 2))
    quiet: Array = flat[spread <= np.median(spread)]
    return quiet


def _autocovariance(blocks: Array, reach: int) -> Array:
    """Return the mean autocovariance at lags up to `reach`, shape (2 reach + 1, 2 reach + 1)."""
    size = (2 * BLOCK, 2 * BLOCK)
    power = (np.abs(np.fft.rfft2(blocks, size)) ** 2).mean(0)
    pairs = np.abs(np.fft.rfft2(np.ones((BLOCK, BLOCK)), size)) ** 2
    total, count = (np.fft.fftshift(np.fft.irfft2(one, size)) for one in (power, pairs))
    middle = slice(BLOCK - reach, BLOCK + reach + 1)
    mean: Array = total[middle, middle] / count[middle, middle]
    return mean
