r"""Telling bare or built ground from its surroundings, pixel by pixel, on one look.

The *surroundings* are what the ring shows on that very look: a spectrum `r` and the scatter about
it. The *site* is bare or built ground, `c`. The share of a pixel on the way from one to the other
is the matched filter

.. math::

    f = \frac{(c - r)' S^{-1} (x - r)}{(c - r)' S^{-1} (c - r)}, \qquad
    S = S_{ring} + \mathrm{diag}(\sigma_c c)^2 + \sigma_b^2 c c'

with :math:`\sigma_c` how far bare ground differs from place to place in each band, and
:math:`\sigma_b` how far in brightness, which alone therefore tells little. The denominator of `f`
is the squared *separation* of the two classes. The posterior of the class `site` follows from the
scatter of `f`, and from its being anywhere between a little and wholly bare on the site.

Round a site there may be bare ground besides, as fields that were harvested. Where the ring taken
whole keeps the two classes less than `enough` apart, `r` is learned of what is *least* bare in it:
of the greener half first, then of all that lies no further than `reach` of its deviations on the
bare side of its middle, until that stands (at most `rounds` times). The deviation is that of the
green side.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

MEDIAN = 0.6744898
BELOW = 0.1586553
"""Of a normal deviate, below one standard deviation under its middle."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FilterRules:
    """Constants of the filter.

    Attributes
    ----------
    bare_spread : float
        Relative standard deviation of bare ground's reflectance from place to place, in every
        band.
    bare_brightness : float
        The same of all bands together.
    scatter_floor : float
        Least scatter of the fraction over the surroundings.
    prior : float
        Share of pixels that are of the site, before anything is seen.
    fractions : (float, float)
        How bare a pixel of the site is: as likely anything between these.
    winsor : float
        Robust deviations at which a pixel of the ring is cut before it teaches the scatter.
    enough, reach, rounds : float, float, int
        See the module's text.
    least_ring, most_ring : int
        Pixels of the ring without which nothing is measured; and of which so many at most are
        learned of, evenly taken, for more teach no more.
    """

    bare_spread: float = 0.25
    bare_brightness: float = 1.0
    scatter_floor: float = 0.03
    prior: float = 0.1
    fractions: tuple[float, float] = (0.1, 1.2)
    winsor: float = 4.0
    enough: float = 2.0
    reach: float = 2.0
    rounds: int = 8
    least_ring: int = 100
    most_ring: int = 10_000


@dataclass(frozen=True, slots=True)
class SiteFilter:
    """The matched filter of one place on one look.

    Attributes
    ----------
    ring, weights : ndarray, shape (band,)
    scatter : float
        Standard deviation of the fraction over the surroundings.
    separation : float
    """

    ring: Array
    weights: Array
    scatter: float
    separation: float

    def fraction(self, pixels: NDArray[np.floating]) -> Array:
        """Return how far pixels, shape (band, n), are on the way to bare ground."""
        out = np.zeros(pixels.shape[1])
        # One band after the other: a matrix product may round a pixel by where it lies.
        for band, middle, weight in zip(pixels, self.ring, self.weights, strict=True):
            out += (band.astype(np.float64) - middle) * weight
        return out


def learned(ring: Array, bare: Array, rules: FilterRules) -> SiteFilter | None:
    """Learn the surroundings of one look.

    Parameters
    ----------
    ring : ndarray, shape (band, n)
        Reflectance of the ring's clear pixels.
    bare : ndarray, shape (band,)
        Of bare ground.

    Returns
    -------
    SiteFilter or None
        None where the ring has too few pixels, or is no less bare than bare ground.
    """
    if ring.shape[1] < rules.least_ring:
        return None
    some = ring[:, :: max(1, ring.shape[1] // rules.most_ring)]
    whole = _of(some, bare, rules)
    if whole is None:
        return None
    fraction = whole.fraction(some)
    if whole.separation < rules.enough:
        return _of_the_least_bare(some, fraction, bare, rules)
    away = np.abs(fraction - np.median(fraction))
    scatter = max(float(np.median(away)) / MEDIAN, rules.scatter_floor)
    return dataclasses.replace(whole, scatter=scatter)


def _of_the_least_bare(
    ring: Array, fraction: Array, bare: Array, rules: FilterRules
) -> SiteFilter | None:
    """Learn the surroundings of what is least bare in the ring."""
    found, scatter = None, 0.0
    kept = fraction <= np.median(fraction)
    for _ in range(rules.rounds):
        found = _of(ring[:, kept], bare, rules)
        if found is None:
            return None
        fraction = found.fraction(ring)
        middle = float(np.median(fraction[kept]))
        below = middle - float(np.quantile(fraction[kept], BELOW))
        scatter = max(below, rules.scatter_floor)
        before, kept = kept, fraction <= middle + rules.reach * scatter
        if np.array_equal(before, kept):
            break
    return None if found is None else dataclasses.replace(found, scatter=scatter)


def posterior(fraction: Array, scatter: float, rules: FilterRules) -> Array:
    """Return the probability of being of the site; it never falls with the fraction."""
    low, high = rules.fractions
    bounded = np.clip(fraction, 0.0, 0.5 * (low + high))
    of_site = rules.prior * _site_density(bounded, scatter, rules)
    around = (1.0 - rules.prior) * _around_density(bounded, scatter)
    result: Array = of_site / (of_site + around)
    return result


def bare_posterior(scatter: float, rules: FilterRules) -> float:
    """Return the mean posterior of ground that is of the site, by the model."""
    low, high = rules.fractions
    steps = np.linspace(low - 4.0 * scatter, high + 4.0 * scatter, 401)
    density = _site_density(steps, scatter, rules)
    return float((density * posterior(steps, scatter, rules)).sum() / density.sum())


def green_posterior(scatter: float, rules: FilterRules) -> float:
    """Return the mean posterior of ground that is of the surroundings, by the model."""
    steps = np.linspace(-4.0 * scatter, 4.0 * scatter, 401)
    density = _around_density(steps, scatter)
    return float((density * posterior(steps, scatter, rules)).sum() / density.sum())


def _of(ring: Array, bare: Array, rules: FilterRules) -> SiteFilter | None:
    """Return the filter between some pixels of the ring and bare ground, its scatter not known."""
    middle = np.median(ring, axis=1)
    away = ring - middle[:, None]
    deviation = np.median(np.abs(away), axis=1) / MEDIAN + 1e-4
    bound = rules.winsor * deviation[:, None]
    cut = np.clip(away, -bound, bound)
    towards = bare - middle
    covariance = np.einsum("in,jn->ij", cut, cut) / cut.shape[1]
    covariance += np.diag((rules.bare_spread * bare) ** 2)
    covariance += rules.bare_brightness**2 * np.outer(bare, bare)
    weights = np.linalg.solve(covariance, towards)
    reach = float(towards @ weights)
    return SiteFilter(middle, weights / reach, 0.0, reach**0.5) if reach > 0.0 else None


def _site_density(fraction: Array, scatter: float, rules: FilterRules) -> Array:
    low, high = rules.fractions
    rise = ndtr((fraction - low) / scatter) - ndtr((fraction - high) / scatter)
    density: Array = rise / (high - low)
    return density


def _around_density(fraction: Array, scatter: float) -> Array:
    density: Array = np.exp(-0.5 * (fraction / scatter) ** 2) / (scatter * np.sqrt(2.0 * np.pi))
    return density
