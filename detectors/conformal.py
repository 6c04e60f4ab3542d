"""Thresholds from the highest values that quiet years brought, by conformal prediction.

If a new quiet year is exchangeable with the `n` that are known, the chance that its maximum lies
above the ceil((n + 1)(1 - a))-th smallest of theirs is at most `a`, whatever their distribution:
Vovk, V., Gammerman, A. & Shafer, G. (2005), Algorithmic Learning in a Random World, ch. 2. Years
of one place are not exchangeable with those of others; so what is held out to check a threshold
is held out by place.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import false_discovery_control

from detectors.folds import folds

PER = 1000.0
"""Settlement-years to which a budget refers."""
MARGIN = 1.0
"""Nats put on top of the highest maximum where the years are too few for a quantile."""
FLOOR = 0.0
"""Nats: evidence that speaks against a burn raises no alarm, however rare it is."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold and what it rests on.

    Attributes
    ----------
    value : float
        Nats that must be exceeded.
    years : int
        Null years it was taken from.
    conformal : bool
        Whether it is the quantile; else it is a bound, and keeps no stated rate.
    """

    value: float
    years: int
    conformal: bool


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How often thresholds were exceeded in years of places they were not taken from."""

    exceeded: int
    years: int


def years_needed(per_thousand: float) -> int:
    """Return how many null years a rate of false alarms needs: 49 for 20, 199 for 5, 999 for 1.

    Raises
    ------
    ValueError
        If the rate is not above 0 and below 1,000.
    """
    _check_rate(per_thousand)
    # The rounding keeps a rate such as 0.1 * 20 from asking for a year more.
    return math.ceil(round(PER / per_thousand - 1.0, 9))


def conformal_threshold(maxima: Array, per_thousand: float) -> float | None:
    """Return the ceil((n + 1)(1 - k/1000))-th smallest of n null annual maxima.

    Parameters
    ----------
    maxima : ndarray, shape (year,)
        Minus infinity where no looks of the year bore the statistic.
    per_thousand : float
        Years, of 1,000 quiet ones, whose maximum may lie above it.

    Returns
    -------
    float or None
        None where there are too few years.

    Raises
    ------
    ValueError
        If a maximum is NaN, or the rate is not above 0 and below 1,000.
    """
    if np.isnan(maxima).any():
        raise ValueError("a null maximum is no number")
    if len(maxima) < years_needed(per_thousand):
        return None
    rank = math.ceil(round((len(maxima) + 1) * (1.0 - per_thousand / PER), 9))
    return float(np.sort(maxima)[rank - 1])


def threshold_of(maxima: Array, per_thousand: float, built_in: float) -> Threshold:
    """Return the threshold that null maxima give; a bound where they are too few.

    Parameters
    ----------
    built_in : float
        Nats; a bound is never lower.
    """
    found = conformal_threshold(maxima, per_thousand)
    if found is not None:
        return Threshold(max(found, FLOOR), len(maxima), conformal=True)
    highest = float(maxima.max(initial=-np.inf))
    return Threshold(max(highest + MARGIN, built_in), len(maxima), conformal=False)


def held_out(
    maxima: Array, places: Sequence[str], per_thousand: float, built_in: float,
    counted: NDArray[np.bool_],
) -> HeldOut:  # fmt: skip
    """Count exceedances in years of places left out when the threshold was taken.

    Every place is left out once, with all its years, in one of `FOLDS` parts. With fewer than two
    places nothing can be left out.

    Parameters
    ----------
    maxima : ndarray, shape (year,)
    counted : ndarray of bool, shape (year,)
        Which years are counted; all serve to take the threshold.
    """
    fold = folds(places)
    exceeded = years = 0
    for part in np.unique(fold):
        out = fold == part
        if out.all():
            break
        least = threshold_of(maxima[~out], per_thousand, built_in).value
        exceeded += int((maxima[out & counted] > least).sum())
        years += int((out & counted).sum())
    return HeldOut(exceeded, years)


def p_values(found: Array, highest: Array, years: int) -> Array:
    """Return conformal p-values of windowed evidence: the chance of a quiet year with as much.

    (1 + number of null maxima at least as high) / (years + 1). A look is held against the maximum
    of a whole year, so the value is too high rather than too low.

    Parameters
    ----------
    found : ndarray, shape (place,)
    highest : ndarray
        The highest null maxima, in any order; what lies below all of them has p = 1 where they
        are not all of the years.
    years : int
        Null years in all.
    """
    ordered = np.sort(highest)
    above = len(ordered) - np.searchsorted(ordered, found, side="left")
    p = (1.0 + above) / (years + 1.0)
    beyond = (above == len(ordered)) & (len(ordered) < years)
    return np.where(beyond, 1.0, p)


def q_values(p: Array) -> Array:
    """Return the q-values of Benjamini and Hochberg over the places of one look.

    Benjamini, Y. & Hochberg, Y. (1995), Controlling the false discovery rate, J. R. Stat. Soc. B
    57, 289-300. An attribute of a detection, never a gate.
    """
    if not len(p):
        return np.empty(0)
    return np.asarray(false_discovery_control(p, method="bh"), np.float64)


def _check_rate(per_thousand: float) -> None:
    if not 0.0 < per_thousand < PER:
        raise ValueError(f"{per_thousand} per 1,000 is no rate: it must be above 0 and below 1,000")
