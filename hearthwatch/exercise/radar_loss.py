"""Buildings that are lost in real series of radar looks: power changes, the speckle stays.

What a pixel showed, look by look, over its own mean and its surroundings' is kept: that is its
real speckle. Only the level it stands on is exchanged for another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Loss:
    """A loss of buildings.

    Attributes
    ----------
    share : float
        Of the core's pixels that lose their buildings, 0..1.
    first : int
        Index of the first look that shows it.
    rubble : float
        Power of what is left over that of the surroundings.
    seed : int
        Draws which pixels it is.
    """

    share: float
    first: int
    rubble: float = 1.0
    seed: int = 0


def surroundings(power: Array, ring: Mask) -> Array:
    """Return the power of the surroundings on every look: the median over the ring.

    Parameters
    ----------
    power : ndarray, shape (look, y, x)
        Linear power of one polarisation of one relative orbit; NaN where nothing was seen.

    Returns
    -------
    ndarray, shape (look,)
    """
    level: Array = np.nanmedian(power[:, ring], axis=1)
    return level


def speckle_ratio(pixels: Array, level: Array) -> Array:
    """Return every pixel over its own mean and the surroundings, 1 on average over the looks.

    Weather that moves all the ground is taken out, and stays in the surroundings.

    Parameters
    ----------
    pixels : ndarray, shape (look, n)
        Linear power.
    level : ndarray, shape (look,)
        That of the surroundings.
    """
    relative = pixels / level[:, None]
    ratio: Array = relative / np.nanmean(relative, axis=0)
    return ratio


def built(
    power: Array, core: Mask, level: Array, contrast: float, corners: float = 0.1,
    brightness: float = 4.0, seed: int = 0,
) -> Array:  # fmt: skip
    """Return the looks with a settlement on the core that is as bright as asked for.

    Parameters
    ----------
    power : ndarray, shape (look, y, x)
        Linear power of one polarisation of one relative orbit.
    level : ndarray, shape (look,)
        That of the surroundings, :func:`surroundings`.
    contrast : float
        ln of the core's mean power over the surroundings.
    corners : float
        Share of the core's pixels that hold a corner of wall and ground.
    brightness : float
        Power of these over that of the other pixels of the core.
    seed : int
        Draws which pixels they are.

    Returns
    -------
    ndarray, shape (look, y, x)
        The real speckle of every pixel of the core on the level of a settlement.
    """
    levels = np.ones(int(core.sum()))
    count = round(corners * levels.size)
    levels[np.random.default_rng(seed).permutation(levels.size)[:count]] = brightness
    levels *= np.exp(contrast) / levels.mean()
    out: Array = power.copy()
    out[:, core] = level[:, None] * levels * speckle_ratio(power[:, core], level)
    return out


def lost_pixels(core: Mask, loss: Loss) -> Mask:
    """Return the pixels that lose their buildings, of the core's shape; one draw, kept for good."""
    where = np.flatnonzero(core)
    count = round(loss.share * where.size)
    lost = np.zeros(core.size, bool)
    lost[np.random.default_rng(loss.seed).permutation(where)[:count]] = True
    return lost.reshape(core.shape)


def razed(power: Array, core: Mask, level: Array, loss: Loss) -> Array:
    """Return the looks with a share of the core's pixels brought down to the surroundings.

    From the first affected look on, every lost pixel stands on the level of the surroundings and
    keeps its real speckle, so that the corners among them are gone as well. A pixel that is darker
    than what is left of a building lost nothing, and stays as it is.

    Parameters
    ----------
    power : ndarray, shape (look, y, x)
        Linear power of one polarisation of one relative orbit.
    level : ndarray, shape (look,)
        That of the surroundings, :func:`surroundings`.
    """
    lost = lost_pixels(core, loss)
    before = power[:, lost]
    left = loss.rubble * level[:, None] * speckle_ratio(before, level)
    out: Array = power.copy()
    out[loss.first :, lost] = np.minimum(before, left)[loss.first :]
    return out
