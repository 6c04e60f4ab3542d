"""Heat that satellites saw at settlements: held against static sources, season and surroundings.

What comes of it is a hint and never more than one: nothing here can name a state above WATCH. That
no heat is listed says nothing at all: a satellite passes a few times a day, cloud hides fires, and
huts burn down between two passes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from detectors.heat_budget import Bound, BudgetRules
from detectors.heat_episodes import Pass
from detectors.heat_footprint import Footprints
from detectors.heat_season import Month, SeasonRules
from detectors.heat_static import PastHeat, StaticRules, is_static, neighbours, source_at
from detectors.types import DetectorInfo, Reference, Watches, Zones

RING_M = 10_000.0
"""Distance from a settlement's centre to which heat is of its surroundings."""

INFO = DetectorInfo(
    id="heat",
    version="2",
    kinds=("burned",),
    regions=("burned", "razed"),
    sensors=("viirs", "modis"),
    needed=(),
    useful=(),
    usable_share=0.0,
    references=(
        Reference(
            "Schroeder, W. et al. (2014), The New VIIRS 375 m active fire detection data product, "
            "Remote Sensing of Environment 143, 85-96",
            "10.1016/j.rse.2013.12.008",
        ),
        Reference(
            "Giglio, L. et al. (2016), The collection 6 MODIS active fire detection algorithm and "
            "fire products, Remote Sensing of Environment 178, 31-41",
            "10.1016/j.rse.2016.02.054",
        ),
    ),
    watches=Watches.SETTLEMENTS,
    zones=Zones(outer_m=RING_M),
)


class Mask(StrEnum):
    """Why a heat pixel speaks for nothing."""

    NONE = "none"
    FAINT = "faint"
    STATIC = "static"
    LISTED = "listed"
    TYPED = "typed"


class Verdict(StrEnum):
    """What heat at a settlement comes to; the first two are hints."""

    UNUSUAL = "unusual"
    UNKNOWN = "unknown"
    USUAL = "usual"
    TELLS_NOTHING = "tells_nothing"


HINTS = frozenset({Verdict.UNUSUAL, Verdict.UNKNOWN})


@dataclass(frozen=True, slots=True)
class HeatRules:
    """Constants of the whole.

    Attributes
    ----------
    near : float
        How far out in a pixel's ellipse a settlement may begin for the pixel to speak of it. Heat
        farther out touches it too, but there lies more ground beside a settlement than in it.
    """

    near: float = 0.35
    season: SeasonRules = field(default_factory=SeasonRules)
    budget: BudgetRules = field(default_factory=BudgetRules)
    static: StaticRules = field(default_factory=StaticRules)


@dataclass(frozen=True, slots=True)
class Heat:
    """Heat pixels of a stretch of ground, all that is on record, oldest first.

    Attributes
    ----------
    footprints : Footprints
    seconds : ndarray of int64, shape (n,)
        When each was seen, since the epoch, UTC.
    frp : ndarray, shape (n,)
        Fire radiative power, MW; NaN where it is not told.
    faint : ndarray of bool, shape (n,)
        Whether its provider has little confidence in it.
    listed : ndarray of bool, shape (n,)
        Whether people have named a source of heat there.
    typed : ndarray of bool, shape (n,)
        Whether its provider says that it is no fire of vegetation or of unknown cause.
    satellites : tuple of str, length n
    """

    footprints: Footprints
    seconds: NDArray[np.int64]
    frp: NDArray[np.float64]
    faint: NDArray[np.bool_]
    listed: NDArray[np.bool_]
    typed: NDArray[np.bool_]
    satellites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Odd:
    """How odd the heat of a day is, up to a pass, and what it was held against.

    Attributes
    ----------
    pixels, ring : int
        Heat pixels of that UTC day at the settlement and in its surroundings, so far.
    expected, ring_expected : float
        The same as season and surroundings let expect them.
    ring_factor : float
        By which the surroundings of the day raised `expected`, or lowered it.
    score : float
        Minus the logarithm of the chance of so many or more, nats.
    bound : Bound or None
        What it must exceed; None where no earlier year taught the month.
    """

    pixels: int
    ring: int
    expected: float
    ring_expected: float
    ring_factor: float
    score: float
    bound: Bound | None


@dataclass(frozen=True, slots=True)
class HeatAt:
    """What one pass that saw heat at a settlement came to, as far as was known by then.

    Attributes
    ----------
    core : int
        The settlement, by index.
    episode : int
        Number of the episode there.
    first : int
        Second of the episode's first pass, since the epoch.
    passes, days : int
        Of the episode up to this pass.
    new_satellites : tuple of str
        Of `satellites`, those that the record knows for less than a year.
    pixels : tuple of int
        Those of this pass, by index.
    reach : float
        How far out in its ellipse the nearest pixel of the episode has the settlement; 0 where the
        centre of one is inside it.
    strongest : float
        MW, of the episode; NaN where none was measured.
    """

    core: int
    one: Pass
    episode: int
    first: int
    passes: int
    days: int
    satellites: tuple[str, ...]
    new_satellites: tuple[str, ...]
    pixels: tuple[int, ...]
    reach: float
    strongest: float
    month: Month
    odd: Odd
    verdict: Verdict


def masks(heat: Heat, rules: HeatRules) -> tuple[Mask, ...]:
    """Tell of every heat pixel why it speaks for nothing, if it does not."""
    f = heat.footprints
    half = np.maximum(f.scan_m, f.track_m) / 2.0
    near = neighbours(f.lon, f.lat, np.maximum(half, rules.static.radius_m))
    found = []
    for i, others in enumerate(near):
        if heat.listed[i]:
            found.append(Mask.LISTED)
        elif heat.typed[i]:
            found.append(Mask.TYPED)
        elif heat.faint[i]:
            found.append(Mask.FAINT)
        else:
            past = PastHeat(f.lon[others], f.lat[others], heat.seconds[others], heat.frp[others])
            place = float(f.lon[i]), float(f.lat[i]), float(half[i])
            source = source_at(*place, int(heat.seconds[i]), past, rules.static)
            static = is_static(source, float(heat.frp[i]), rules.static)
            found.append(Mask.STATIC if static else Mask.NONE)
    return tuple(found)
