"""How far one look is displaced against another of the same ground.

Phase correlation of the two images by :func:`skimage.registration.phase_cross_correlation`
(Guizar-Sicairos et al. 2008, Optics Letters 33, 156), on ground that both saw and that did not
itself change. What was lost to cloud is faded out rather than cut: an edge that stays in place
would pull the answer to zero.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.registration import phase_cross_correlation

UPSAMPLE = 20
"""Steps per pixel."""
LEAST_PIXELS = 1_000
"""Of ground seen in both looks; with less nothing is said."""
FEATURELESS = 1e-5
"""Reflectance; texture weaker than this is rounding."""
_FINE, _COARSE = 0.8, 4.0
"""Pixels; texture between these scales is compared. Light and season change what is coarser."""
_FADE = 3.0
"""Pixels over which the edge of lost ground is faded out."""


@dataclass(frozen=True, slots=True)
class Shift:
    """Displacement of a look against its reference.

    Attributes
    ----------
    rows, cols : float
        Pixels down and to the right.
    confidence : float
        Correlation of the two once displaced, 0..1; of unlike ground it is near 0.
    """

    rows: float
    cols: float
    confidence: float

    @property
    def pixels(self) -> float:
        """Length of the displacement."""
        return math.hypot(self.rows, self.cols)


def shift_between(
    look: NDArray[np.floating],
    reference: NDArray[np.floating],
    ground: NDArray[np.bool_],
    upsample: int = UPSAMPLE,
) -> Shift | None:
    """Return how far `look` is displaced against `reference`; None where too little was seen.

    Parameters
    ----------
    look, reference : ndarray of float, shape (y, x)
        Reflectance of one band, NaN where there was no observation.
    ground : ndarray of bool, shape (y, x)
        Where both can be used and nothing is known to have changed: no cloud, no settlement.
    upsample : int
        Steps per pixel; 1 is much the fastest.
    """
    use = ground & np.isfinite(look) & np.isfinite(reference)
    if int(use.sum()) < LEAST_PIXELS:
        return None
    weight = _faded(use)
    shares = [np.maximum(ndimage.gaussian_filter(use.astype(np.float32), scale), 1e-3)
              for scale in (_FINE, _COARSE)]  # fmt: skip
    first, second = (_texture(image, use, shares) * weight for image in (reference, look))
    if min(np.abs(first).max(), np.abs(second).max()) < FEATURELESS:
        return None
    moved, error, _ = phase_cross_correlation(
        first, second, upsample_factor=upsample, normalization=None
    )
    confidence = math.sqrt(max(0.0, 1.0 - float(error) ** 2))
    # What must be done to the look to lay it on the reference is the opposite of what befell it.
    return Shift(float(-moved[0]), float(-moved[1]), confidence)


def _texture(
    image: NDArray[np.floating], use: NDArray[np.bool_], shares: Sequence[NDArray[np.float32]]
) -> NDArray[np.float32]:
    """Return the fine structure of an image, of lost ground filled from around it."""
    values = np.where(use, image, 0.0).astype(np.float32)
    fine, coarse = (
        ndimage.gaussian_filter(values, scale) / share
        for scale, share in zip((_FINE, _COARSE), shares, strict=True)
    )
    texture = np.where(use, fine - coarse, np.float32(0.0))
    # A few bright roofs must not outweigh all fields.
    spread = 3.0 * float(np.sqrt((texture[use] ** 2).mean()))
    return np.asarray(np.clip(texture, -spread, spread), np.float32)


def _faded(use: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return weights that fall to zero towards lost ground and towards the rim."""
    framed = np.pad(use, 1)
    distance = ndimage.distance_transform_edt(framed)[1:-1, 1:-1]
    return np.asarray(np.clip((distance - 1.0) / _FADE, 0.0, 1.0), np.float32)
