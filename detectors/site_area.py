r"""How much of a site is built on or laid bare: one number of one look, against its surroundings.

Two classes of ground are told apart pixel by pixel. The *surroundings* are what the ring shows on
that very look: its median spectrum `r` and the scatter about it. The *site* is bare or built
ground, `c`. The share of a pixel on the way from one to the other is the matched filter

.. math::

    f = \frac{(c - r)' S^{-1} (x - r)}{(c - r)' S^{-1} (c - r)}, \qquad
    S = S_{ring} + \mathrm{diag}(\sigma_c c)^2 + \sigma_b^2 c c'

with :math:`\sigma_c` how far bare ground differs from place to place in each band, and
:math:`\sigma_b` how far in brightness, which alone therefore tells little. The posterior of the
class `site` follows from the scatter of `f` over the ring, and from its being anywhere between a
little and wholly bare on the site. Its mean is a count with false and missed pixels in it, of which
the ring and the model tell how many, so that the share of the site is (Rogan & Gladen 1978,
doi:10.1093/oxfordjournals.aje.a112510)

.. math::

    a = \frac{\bar p_{site} - \bar p_{ring}}{\bar p_{bare} - \bar p_{ring}}

As both are of one look, what the season and the air do to all ground alike cancels. The
denominator of `f` is the squared *separation* of the two classes. Where the surroundings are as
bare as the site, as under leafless trees or in a dry season, it is small, and such a look tells
nothing of the area.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from detectors.endmembers import Surface, spectrum
from detectors.part_statistics import MINIMUM_PIXELS, MINIMUM_SHARE
from detectors.types import PARTS, PlaceSet

NAMES = ("site_share", "bare_share", "separation")
SITE, BARE, SEPARATION = range(3)
USED = ("B02", "B03", "B04", "B8A", "B08", "B11", "B12")
"""Bands that are read where they exist."""
MEDIAN = 0.6744898

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AreaRules:
    """Constants of the measurement.

    Attributes
    ----------
    bare : Surface
        What a site is made of, for want of better knowledge.
    bare_spread : float
        Relative standard deviation of its reflectance from place to place, in every band.
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
    least_ring : int
        Pixels of the ring without which nothing is measured.
    least_contrast : float
        Of the class means of the posterior: with less, site and surroundings look alike.
    least_separation : float
        Of the classes, in standard deviations; the same.
    """

    bare: Surface = Surface.DRY
    bare_spread: float = 0.25
    bare_brightness: float = 1.0
    scatter_floor: float = 0.03
    prior: float = 0.1
    fractions: tuple[float, float] = (0.1, 1.2)
    winsor: float = 4.0
    least_ring: int = 100
    least_contrast: float = 0.3
    least_separation: float = 2.0


@dataclass(frozen=True, slots=True)
class SiteArea:
    """What one look came to at each place, as a share of the ground that is measured.

    Attributes
    ----------
    share : ndarray, shape (place,)
        Bare or built; may be a little below 0. NaN where it could not be measured, or where site
        and surroundings differ too little for it to mean anything.
    variance : ndarray, shape (place,)
        Of the share, from what can be told of this look alone: how far the sectors of the ring
        disagree, and the ground that was not seen.
    """

    share: Array
    variance: Array


def site_features(
    pixels: NDArray[np.float32], clear: NDArray[np.bool_], dry: NDArray[np.bool_],
    bands: Sequence[str], places: PlaceSet, rules: AreaRules,
) -> tuple[Array, Array]:  # fmt: skip
    """Return what one look shows of every part of every place.

    Parameters
    ----------
    pixels : ndarray of float32, shape (band, y, x)
        Reflectance.
    clear, dry : ndarray of bool, shape (y, x)
        Pixels that may be used, and those that are not water (asked of the ring alone).
    bands : sequence of str
        Names of the bands, first axis of `pixels`.
    places : PlaceSet
        The ground that is measured, with its ring.

    Returns
    -------
    values : ndarray, shape (place, 3, part)
        In the order of `NAMES`: the mean posterior of every part; of the core alone the mean it
        would have on bare ground, and the separation. NaN where too little was seen.
    seen : ndarray, shape (place, part)
        Share of the part's pixels that were clear; NaN where a part has no ground.
    """
    flat = pixels.reshape(len(pixels), -1)
    clear, dry = clear.ravel(), dry.ravel()
    bare = spectrum(rules.bare, bands)
    values = np.full((len(places.ids), len(NAMES), PARTS), np.nan)
    seen = np.full((len(places.ids), PARTS), np.nan)
    for place in range(len(places.ids)):
        first = PARTS * place
        starts = places.starts[first : first + PARTS + 1]
        where = places.pixels[starts[0] : starts[-1]]
        part = np.repeat(np.arange(PARTS), np.diff(starts))
        used = clear[where] & ((part == 0) | dry[where])
        size = np.bincount(part, minlength=PARTS)
        seen[place] = _ratio(np.bincount(part[clear[where]], minlength=PARTS), size)
        filtered = _filter(flat[:, where[used & (part > 0)]].astype(np.float64), bare, rules)
        if filtered is None:
            continue
        posterior = _posterior(filtered.fraction(flat[:, where[used]]), filtered.scatter, rules)
        values[place, SITE] = _part_means(posterior, part[used], size)
        values[place, BARE, 0] = bare_posterior(filtered.scatter, rules)
        values[place, SEPARATION, 0] = filtered.separation
    return values, seen


def site_area(values: Array, seen: Array, contamination: Array, rules: AreaRules) -> SiteArea:
    """Return the share of every place that is bare or built, with its variance.

    Ground that was not seen is taken to be as the rest. It may be otherwise: all of it or none,
    which is the variance it adds. The ring is told by the median of its sectors, so that a field
    or another camp in some of them moves nothing.

    Parameters
    ----------
    values, seen
        As `site_features` returns them.
    contamination : ndarray, shape (place,)
        Share of the core that may be shadow or haze; counts as not seen.
    """
    sectors = np.sort(values[:, SITE, 1:], axis=-1)
    count = np.isfinite(sectors).sum(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        ring = _middle(sectors, count)
        apart = np.sort(np.abs(values[:, SITE, 1:] - ring[:, None]), axis=-1)
        spread = _middle(apart, count) / MEDIAN
        contrast = values[:, BARE, 0] - ring
        site = values[:, SITE, 0]
        share = (site - ring) / contrast
        hidden = 1.0 - np.clip(np.nan_to_num(seen[:, 0]) * (1.0 - contamination), 0.0, 1.0)
        inside = np.clip(share, 0.05, 0.95)
        # pi/2: the median of n has so many times the variance of their mean.
        of_ring = 0.5 * np.pi * spread**2 / np.maximum(count, 1)
        variance = of_ring / contrast**2 + hidden**2 * inside * (1.0 - inside)
        told_apart = contrast >= rules.least_contrast
        told_apart &= values[:, SEPARATION, 0] >= rules.least_separation
    measured = told_apart & np.isfinite(share + variance)
    return SiteArea(np.where(measured, share, np.nan), np.where(measured, variance, np.nan))


def bare_posterior(scatter: float, rules: AreaRules) -> float:
    """Return the mean posterior of ground that is of the site, by the model."""
    low, high = rules.fractions
    steps = np.linspace(low - 4.0 * scatter, high + 4.0 * scatter, 401)
    density = _site_density(steps, scatter, rules)
    weighed = density * _posterior(steps, scatter, rules)
    return float(weighed.sum() / density.sum())


@dataclass(frozen=True, slots=True)
class _Filter:
    """The matched filter of one place on one look."""

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


def _filter(ring: Array, bare: Array, rules: AreaRules) -> _Filter | None:
    """Learn the surroundings of one look, pixels of shape (band, n)."""
    if ring.shape[1] < rules.least_ring:
        return None
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
    if reach <= 0.0:
        return None
    found = _Filter(middle, weights / reach, 0.0, reach**0.5)
    fraction = found.fraction(ring)
    scatter = float(np.median(np.abs(fraction - np.median(fraction)))) / MEDIAN
    return dataclasses.replace(found, scatter=max(scatter, rules.scatter_floor))


def _posterior(fraction: Array, scatter: float, rules: AreaRules) -> Array:
    """Return the probability of being of the site; it never falls with the fraction."""
    low, high = rules.fractions
    bounded = np.clip(fraction, 0.0, 0.5 * (low + high))
    of_site = rules.prior * _site_density(bounded, scatter, rules)
    around = (1.0 - rules.prior) * np.exp(-0.5 * (bounded / scatter) ** 2)
    around /= scatter * np.sqrt(2.0 * np.pi)
    result: Array = of_site / (of_site + around)
    return result


def _site_density(fraction: Array, scatter: float, rules: AreaRules) -> Array:
    low, high = rules.fractions
    rise = ndtr((fraction - low) / scatter) - ndtr((fraction - high) / scatter)
    density: Array = rise / (high - low)
    return density


def _part_means(posterior: Array, part: NDArray[np.int64], size: NDArray[np.int64]) -> Array:
    """Return the mean of each part of which enough was seen; NaN of the others."""
    count = np.bincount(part, minlength=PARTS)
    total = np.bincount(part, weights=posterior, minlength=PARTS)
    enough = (count >= MINIMUM_SHARE * size) & (count >= MINIMUM_PIXELS)
    enough[0] = count[0] > 0
    return np.where(enough, _ratio(total, count), np.nan)


def _ratio(part: NDArray[np.generic], whole: NDArray[np.int64]) -> Array:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def _middle(ordered: Array, count: NDArray[np.int64]) -> Array:
    """Return the median of the first `count` of each row; NaN of none."""
    last = ordered.shape[-1] - 1
    low = np.take_along_axis(ordered, np.clip((count - 1) // 2, 0, last)[:, None], -1)[:, 0]
    high = np.take_along_axis(ordered, np.clip(count // 2, 0, last)[:, None], -1)[:, 0]
    return np.where(count > 0, 0.5 * (low + high), np.nan)
