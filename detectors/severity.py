"""How severely ground burned, by the published measures of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from detectors.indices import dnbr, rbr

Array = NDArray[np.float64]

CLASSES = (
    (-0.25, "high regrowth"),
    (-0.1, "low regrowth"),
    (0.1, "unburned"),
    (0.27, "low"),
    (0.44, "moderate-low"),
    (0.66, "moderate-high"),
    (np.inf, "high"),
)
"""Classes of dNBR by their upper bounds: Key & Benson 2006, USDA Forest Service RMRS-GTR-164-CD.

They are of forests of North America. What they mean for huts and yards nobody has measured.
"""


@dataclass(frozen=True, slots=True)
class Severity:
    """Severity of the burned pixels of one place.

    Attributes
    ----------
    dnbr, rbr : float
        Medians over the pixels.
    name : str
        Class of that dNBR.
    pixels : int
        How many were seen in the bands it takes.
    """

    dnbr: float
    rbr: float
    name: str
    pixels: int


def severity(before: Array, after: Array) -> Severity | None:
    """Return how severely some pixels burned; None where none was seen.

    Parameters
    ----------
    before, after : ndarray, shape (n,)
        ``ln(B12 / B8A)``: what the season let expect of unburned ground, and what was seen. NaN
        where it was not.

    Notes
    -----
    ``NBR = (B8A - B12) / (B8A + B12) = -tanh(ln(B12 / B8A) / 2)``. Class bounds of RBR differ by
    study and are not given: the number is.
    """
    seen = np.isfinite(before) & np.isfinite(after)
    if not seen.any():
        return None
    was, became = (-np.tanh(one[seen] / 2.0) for one in (before, after))
    drop = float(np.median(dnbr(was, became)))
    return Severity(drop, float(np.median(rbr(was, became))), class_of(drop), int(seen.sum()))


def class_of(drop: float) -> str:
    """Return the class of a dNBR; a bound belongs to the class above it."""
    return next(name for bound, name in CLASSES if drop < bound)
