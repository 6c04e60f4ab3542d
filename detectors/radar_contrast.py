"""Whether radar can tell that a settlement is lost: its own brightness against the ground round it.

Huts of thatch and mud send back what the ground sends. There a quiet radar says nothing, and that
has to be said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DB = 10.0 / math.log(10.0)
"""Decibels in a natural logarithm of power."""
REFERENCE = 0.35
"""Share of the buildings whose loss radar must be able to tell, to be called informative."""
TELLING = 2.5
"""Usual scatters by which that loss must move the power."""
RUBBLE = 1.6
"""Power that rubble sends, over that of the surroundings, at most."""
TOTAL = 0.8
"""Share lost from which on a settlement is called razed as a whole."""


@dataclass(frozen=True, slots=True)
class Informative:
    """Whether radar can tell, and why, in words with numbers."""

    yes: bool
    words: str


def drop_of(contrast: NDArray[np.float64], share: float) -> NDArray[np.float64]:
    """Return by how much losing a share of the buildings lowers ln(core / surroundings).

    Parameters
    ----------
    contrast : ndarray
        ln(core / surroundings) before; below 0 nothing is lowered.
    """
    left = 1.0 - share + share * np.exp(-np.maximum(contrast, 0.0))
    # Nothing is lowered by 0.0, not by -0.0: people read it.
    drop: NDArray[np.float64] = 0.0 - np.log(left)
    return drop


def radar_informative(
    contrast: float, deviation: float, looks: int, least: int, share: float = REFERENCE
) -> Informative:
    """Tell whether radar could show the loss of a share of a settlement's buildings.

    Parameters
    ----------
    contrast : float
        ln(core / surroundings) in linear power before any event, of the better polarisation;
        NaN where it is not known.
    deviation : float
        Usual scatter of it from look to look, in the same units.
    looks, least : int
        Looks there were, and looks needed to know.
    share : float
        Of the buildings.
    """
    if looks < least:
        return Informative(False, f"not yet known: {looks} of {least} looks")
    if not (math.isfinite(contrast) and deviation > 0.0):
        return Informative(False, "not known: its surroundings were never seen beside it")
    moved = float(drop_of(np.array(contrast), share))
    scatter = (
        f"the loss of {share:.0%} of it would lower the power by {DB * moved:.1f} dB, "
        f"and the usual scatter is {DB * deviation:.1f} dB"
    )
    where = "above" if contrast >= 0.0 else "below"
    level = f"the settlement stands {DB * abs(contrast):.1f} dB {where} the ground round it"
    if moved >= TELLING * deviation:
        return Informative(True, f"radar informative: {level}; {scatter}")
    return Informative(False, f"radar not informative here, because {level}: {scatter}")


def share_lost(
    drop: float, deviation: float, contrast: float
) -> tuple[float, tuple[float, float]] | None:
    """Return the share of the buildings whose loss explains a drop of power, with its interval.

    Parameters
    ----------
    drop : float
        By how much ln(core / surroundings) fell below what was expected.
    deviation : float
        Standard deviation of that.
    contrast : float
        ln(core / surroundings) before.

    Returns
    -------
    share, interval
        0..1; the interval is of 95 % of the scatter, with rubble as bright as the surroundings at
        its lower end and 1.6 times as bright at its upper end. None where the contrast is too low
        to tell.
    """
    if not contrast > math.log(RUBBLE):
        return None

    def share(fell: float, rubble: float) -> float:
        return float(np.clip(-math.expm1(-fell) / (1.0 - rubble * math.exp(-contrast)), 0.0, 1.0))

    reach = 1.96 * deviation
    return share(drop, 1.0), (share(drop - reach, 1.0), share(drop + reach, RUBBLE))


def better(
    contrast: NDArray[np.float64], deviation: NDArray[np.float64], share: float = REFERENCE
) -> NDArray[np.int64]:
    """Return which polarisation tells a loss best, shape (place,).

    Parameters
    ----------
    contrast, deviation : ndarray, shape (place, polarisation)
        As of :func:`radar_informative`; NaN where one was not seen.
    """
    known = np.isfinite(contrast) & (deviation > 0.0)
    scatters = drop_of(np.where(known, contrast, 0.0), share) / np.where(known, deviation, 1.0)
    best: NDArray[np.int64] = np.where(known, scatters, -1.0).argmax(-1)
    return best
