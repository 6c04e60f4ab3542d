r"""How much of a site is built on or laid bare: one number of one look, against its surroundings.

The mean posterior of :mod:`detectors.site_filter` over the site is a count with false and missed
pixels in it. How many are false is told by the ring's cleanest quarter, how many are found by the
model, so that the share of the site is (Rogan & Gladen 1978,
doi:10.1093/oxfordjournals.aje.a112510)

.. math::

    a = \frac{\bar p_{site} - \bar p_{ring}}{\bar p_{bare} - \bar p_{ring}}

As both are of one look, what the season and the air do to all ground alike cancels. The cleanest
quarter is the lower quartile of the ring's sectors: what is bare in the others is bare indeed, and
must not be taken from the site.

Where more than `mixed` of the surroundings is bare as well, as among fields, the ground of the
site that is no site may be so too, or may not. By how much that can move `a` is told by how far
sectors of the ring differ (`fields`). These are larger than the site: where patches of land have
all sizes, what they differ by falls with the fourth root of the area. Where the two classes lie too
close, as under leafless trees or in dry country, the look tells nothing of the area (`alike`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detectors.endmembers import Surface, spectrum
from detectors.part_statistics import MINIMUM_PIXELS, MINIMUM_SHARE
from detectors.site_filter import (
    MEDIAN,
    FilterRules,
    bare_posterior,
    green_posterior,
    learned,
    posterior,
)
from detectors.types import PARTS, PlaceSet

NAMES = ("site_share", "bare_share", "separation", "green_share", "sector_size")
SITE, BARE, SEPARATION, GREEN, SIZE = range(len(NAMES))
USED = ("B02", "B03", "B04", "B8A", "B08", "B11", "B12")
"""Bands that are read where they exist."""
QUARTER = 0.25
OF_QUARTILE = 1.857
"""The lower quartile of n normal deviates has so many times the variance of their mean."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AreaRules:
    """Constants of the measurement.

    Attributes
    ----------
    bare : Surface
        What a site is made of, for want of better knowledge.
    filter : FilterRules
    least_contrast : float
        Of the class means of the posterior: with less, site and surroundings look alike.
    least_separation : float
        Of the classes, in standard deviations; the same.
    mixed : float
        Share of the surroundings that is bare as well, from which on they count as fields.
    """

    bare: Surface = Surface.DRY
    filter: FilterRules = field(default_factory=FilterRules)
    least_contrast: float = 0.3
    least_separation: float = 2.0
    mixed: float = 0.2


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
    fields : ndarray, shape (place,)
        Standard deviation of what fields round the site can make of its share, for weeks or
        months; 0 where the surroundings are of one kind.
    alike : ndarray of bool, shape (place,)
        Whether site and surroundings were seen, and look too much alike.
    """

    share: Array
    variance: Array
    fields: Array
    alike: NDArray[np.bool_]


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
    values : ndarray, shape (place, 5, part)
        In the order of `NAMES`: the mean posterior of every part; of the core alone the mean it
        would have on bare ground, the separation, the mean it would have on ground of the
        surroundings, and how many times larger a sector of the ring is. NaN where too little was
        seen.
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
        ring = flat[:, where[used & (part > 0)]].astype(np.float64)
        found = learned(ring, bare, rules.filter)
        if found is None:
            continue
        chances = posterior(found.fraction(flat[:, where[used]]), found.scatter, rules.filter)
        values[place, SITE] = _part_means(chances, part[used], size)
        values[place, 1:, 0] = (
            bare_posterior(found.scatter, rules.filter), found.separation,
            green_posterior(found.scatter, rules.filter),
            size[1:].sum() / max(int((size[1:] > 0).sum()), 1) / max(int(size[0]), 1),
        )  # fmt: skip
    return values, seen


def site_area(values: Array, seen: Array, contamination: Array, rules: AreaRules) -> SiteArea:
    """Return the share of every place that is bare or built, with its variance.

    Ground that was not seen is taken to be as the rest. It may be otherwise: all of it or none,
    which is the variance it adds.

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
        ring, middle = _quantile(sectors, count, QUARTER), _quantile(sectors, count, 0.5)
        apart = np.sort(np.abs(values[:, SITE, 1:] - middle[:, None]), axis=-1)
        spread = _quantile(apart, count, 0.5) / MEDIAN
        contrast = values[:, BARE, 0] - ring
        share = (values[:, SITE, 0] - ring) / contrast
        hidden = 1.0 - np.clip(np.nan_to_num(seen[:, 0]) * (1.0 - contamination), 0.0, 1.0)
        inside = np.clip(share, 0.05, 0.95)
        of_ring = OF_QUARTILE * spread**2 / np.maximum(count, 1)
        variance = of_ring / contrast**2 + hidden**2 * inside * (1.0 - inside)
        green = values[:, GREEN, 0]
        bare_around = (middle - green) / (values[:, BARE, 0] - green)
        larger = np.maximum(values[:, SIZE, 0], 1.0) ** 0.25
        fields = np.where(bare_around >= rules.mixed, larger * spread / contrast, 0.0)
        told_apart = contrast >= rules.least_contrast
        told_apart &= values[:, SEPARATION, 0] >= rules.least_separation
    seen_both = np.isfinite(values[:, SITE, 0]) & (count > 0)
    measured = told_apart & np.isfinite(share + variance)
    return SiteArea(
        np.where(measured, share, np.nan), np.where(measured, variance, np.nan),
        np.where(measured, fields, 0.0), seen_both & ~measured,
    )  # fmt: skip


def _part_means(chances: Array, part: NDArray[np.int64], size: NDArray[np.int64]) -> Array:
    """Return the mean of each part of which enough was seen; NaN of the others."""
    count = np.bincount(part, minlength=PARTS)
    total = np.bincount(part, weights=chances, minlength=PARTS)
    enough = (count >= MINIMUM_SHARE * size) & (count >= MINIMUM_PIXELS)
    enough[0] = count[0] > 0
    return np.where(enough, _ratio(total, count), np.nan)


def _ratio(part: NDArray[np.generic], whole: NDArray[np.int64]) -> Array:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)


def _quantile(ordered: Array, count: NDArray[np.int64], at: float) -> Array:
    """Return a quantile of the first `count` of each row, linearly between two; NaN of none."""
    last = ordered.shape[-1] - 1
    position = at * np.maximum(count - 1, 0)
    low = np.floor(position).astype(np.int64)
    lower, upper = (
        np.take_along_axis(ordered, np.clip(one, 0, last)[:, None], -1)[:, 0]
        for one in (low, np.minimum(low + 1, np.maximum(count - 1, 0)))
    )
    between = lower + (position - low) * (upper - lower)
    return np.where(count > 0, between, np.nan)
