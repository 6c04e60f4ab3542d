"""Heat that never goes away: flares, kilns, works, volcanoes.

A place that was hot on many days, in many months of the calendar, burns for a reason of its own: a
burning season lasts a few months, a war's fires less. What was there before is looked at alone, so
that no attack, however long, masks itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from detectors.heat_footprint import distance_m
from detectors.heat_season import DAY_S

EARTH_M = 6_400_000.0
"""About the longest radius of the Earth's curve."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class StaticRules:
    """When a place counts as a static source of heat.

    Attributes
    ----------
    days : int
        Days on which it was hot, at least.
    months : int
        Months of the calendar, out of twelve, in which it was.
    before_days : float
        Heat of the last so many days counts neither way.
    radius_m : float
        Within which heat is of one place; a pixel's own half-length where that is more.
    stronger : float
        Times the strongest heat it ever gave above which heat is not its own.
    """

    days: int = 12
    months: int = 6
    before_days: float = 60.0
    radius_m: float = 750.0
    stronger: float = 3.0


@dataclass(frozen=True, slots=True)
class PastHeat:
    """All heat on record round a place.

    Attributes
    ----------
    lon, lat : ndarray, shape (n,)
        Degrees.
    seconds : ndarray of int64, shape (n,)
        Since the epoch, UTC, ascending.
    frp : ndarray, shape (n,)
        Fire radiative power, MW; NaN where it is not told.
    """

    lon: Array
    lat: Array
    seconds: NDArray[np.int64]
    frp: Array


@dataclass(frozen=True, slots=True)
class Source:
    """What the record says of the heat at one place.

    Attributes
    ----------
    days, months : int
        Days, and months of the calendar, in which it was hot before.
    strongest : float
        MW; NaN where nothing was measured.
    """

    days: int
    months: int
    strongest: float


def neighbours(lon: Array, lat: Array, radius_m: Array) -> list[NDArray[np.int64]]:
    """Return of every place those within its radius, itself included, and some a little beyond.

    Parameters
    ----------
    lon, lat : ndarray, shape (n,)
        Degrees.
    radius_m : ndarray, shape (n,)
        Metres.
    """
    if not lon.size:
        return []
    east, north = np.radians(lon), np.radians(lat)
    flat = np.cos(north)
    on_sphere = np.stack([flat * np.cos(east), flat * np.sin(east), np.sin(north)], -1)
    # The ellipsoid's radius of curvature is less by up to one part in a hundred.
    reach = radius_m * 1.02 / (0.99 * EARTH_M)
    found = KDTree(on_sphere).query_ball_point(on_sphere, reach, return_sorted=True)
    return [np.array(one, dtype=np.int64) for one in found]


def source_at(
    lon: float, lat: float, half_m: float, seconds: int, past: PastHeat, rules: StaticRules
) -> Source:
    """Return what was hot before at the place of one pixel.

    Parameters
    ----------
    half_m : float
        Half of the pixel's longer side, metres.
    seconds : int
        When the pixel was seen.
    """
    before = past.seconds < seconds - rules.before_days * DAY_S
    radius = max(rules.radius_m, half_m)
    there = before & (distance_m(lon, lat, past.lon, past.lat) <= radius)
    when, frp = past.seconds[there], past.frp[there]
    months = (when.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)) % 12
    measured = frp[np.isfinite(frp)]
    return Source(
        # They ascend, so a day begins wherever the number changes: a flare has thousands of pixels.
        int(np.count_nonzero(np.diff(when // DAY_S))) + 1 if when.size else 0,
        int(np.count_nonzero(np.bincount(months, minlength=12))),
        float(measured.max()) if measured.size else float("nan"),
    )


def is_static(source: Source, frp: float, rules: StaticRules) -> bool:
    """Tell whether heat of `frp` MW is what a static source at its place gives."""
    if source.days < rules.days or source.months < rules.months:
        return False
    return not frp > rules.stronger * source.strongest
