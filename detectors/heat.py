"""Heat that satellites saw at settlements: held against static sources, season and surroundings.

What comes of it is a hint and never more than one: nothing here can name a state above WATCH. That
no heat is listed says nothing at all: a satellite passes a few times a day, cloud hides fires, and
huts burn down between two passes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from detectors.heat_episodes import Pass, episodes_of, passes_of
from detectors.heat_footprint import (
    Footprints,
    distance_m,
    ellipse_reach,
    touching,
)
from detectors.heat_season import (
    DAY_S,
    Month,
    SeasonRules,
    Surprise,
    heat_days,
    is_usual,
    month_bounds,
    month_of,
    surprise,
)
from detectors.heat_static import PastHeat, StaticRules, is_static, neighbours, source_at
from detectors.types import DetectorInfo, Reference, Watches, Zones

YEAR_S = 365 * DAY_S
RING_M = 10_000.0
"""Distance from a settlement's centre to which heat is of its surroundings."""

INFO = DetectorInfo(
    id="heat",
    version="1",
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


HINTS = frozenset({Verdict.UNUSUAL, Verdict.UNKNOWN})


@dataclass(frozen=True, slots=True)
class HeatRules:
    """Constants of the whole."""

    season: SeasonRules = field(default_factory=SeasonRules)
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
    surprise: Surprise
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


def heat_at_settlements(
    heat: Heat,
    masked: Sequence[Mask],
    cores: Sequence[BaseGeometry],
    on_record: Sequence[frozenset[tuple[int, int]]],
    known: Sequence[Mapping[int, int]],
    rules: HeatRules | None = None,
) -> tuple[HeatAt, ...]:
    """Tell what heat came to at settlements, pass by pass.

    Parameters
    ----------
    heat : Heat
        All on record within `RING_M` of the settlements.
    masked : sequence of Mask
        Of every pixel; see `masks`.
    cores : sequence of shapely geometry
        CRS84. All settlements: fire at one is no surroundings of another.
    on_record : sequence of frozenset of (year, month)
        Months of which there is a record, for each core.
    known : sequence of mapping of int to int
        Episodes there that have a number, by it: second of the first pass, for each core.

    Returns
    -------
    tuple of HeatAt
        By settlement, then by time.
    """
    rules = rules or HeatRules()
    counts = np.array([mask is Mask.NONE for mask in masked], dtype=bool)
    pairs = [pair for pair in touching(heat.footprints, cores) if counts[pair[0]]]
    at_places = np.zeros(counts.size, dtype=bool)
    at_places[[pixel for pixel, _ in pairs]] = True
    around = counts & ~at_places
    heard = _first_heard(heat)
    found: list[HeatAt] = []
    for core, geometry in enumerate(cores):
        mine = np.array([pixel for pixel, other in pairs if other == core], dtype=np.int64)
        if mine.size:
            ring = heat.seconds[around & _within(heat.footprints, geometry)]
            place = _Place(core, geometry, mine, ring, on_record[core], known[core], heard)
            found += _passes_at(heat, place, rules.season)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Place:
    """One settlement with the heat at it and round it."""

    core: int
    geometry: BaseGeometry
    mine: NDArray[np.int64]
    ring: NDArray[np.int64]
    on_record: frozenset[tuple[int, int]]
    known: Mapping[int, int]
    first_heard: Mapping[str, int]


def _passes_at(heat: Heat, place: _Place, rules: SeasonRules) -> list[HeatAt]:
    seconds = heat.seconds[place.mine]
    satellites = [heat.satellites[i] for i in place.mine]
    found = []
    for number, passes in episodes_of(passes_of(seconds, satellites), place.known):
        for count in range(1, len(passes) + 1):
            found.append(_one_pass(heat, place, number, passes[:count], rules))
    return found


def _one_pass(
    heat: Heat, place: _Place, number: int, passes: Sequence[Pass], rules: SeasonRules
) -> HeatAt:
    """Judge the last of an episode's passes by what was known with it."""
    last = passes[-1]
    until = last.seconds + 1
    month = _month(heat.seconds[place.mine], place, until, rules)
    odd = surprise(month, rules)
    pixels = np.concatenate([place.mine[list(one.members)] for one in passes])
    frp = heat.frp[pixels]
    measured = frp[np.isfinite(frp)]
    now = {one.satellite for one in passes}
    new = {name for name in now if place.first_heard[name] > last.seconds - YEAR_S}
    return HeatAt(
        core=place.core,
        one=last,
        episode=number,
        first=passes[0].seconds,
        passes=len(passes),
        days=len({one.day for one in passes}),
        satellites=tuple(sorted(now)),
        new_satellites=tuple(sorted(new)),
        pixels=tuple(int(i) for i in place.mine[list(last.members)]),
        reach=min(ellipse_reach(heat.footprints, int(i), place.geometry) for i in pixels),
        strongest=float(measured.max()) if measured.size else float("nan"),
        month=month,
        surprise=odd,
        verdict=_verdict(odd, rules),
    )


def _verdict(odd: Surprise, rules: SeasonRules) -> Verdict:
    if odd.years < rules.least_years:
        return Verdict.UNKNOWN
    return Verdict.USUAL if is_usual(odd, rules) else Verdict.UNUSUAL


def _month(seconds: NDArray[np.int64], place: _Place, until: int, rules: SeasonRules) -> Month:
    year, month = month_of(until - 1)
    begin, _ = month_bounds(year, month)
    years = sorted(y for y, m in place.on_record if m == month and y < year)
    spans = [month_bounds(one, month) for one in years]
    return Month(
        days=heat_days(seconds, begin, until),
        earlier=tuple(heat_days(seconds, *span) for span in spans),
        ring_days=heat_days(place.ring, begin, until),
        ring_earlier=tuple(heat_days(place.ring, *span) for span in spans),
    )


def _first_heard(heat: Heat) -> dict[str, int]:
    """Return when each satellite first listed heat hereabouts."""
    first: dict[str, int] = {}
    for name, when in zip(heat.satellites, heat.seconds, strict=True):
        first[name] = min(first.get(name, int(when)), int(when))
    return first


def _within(footprints: Footprints, geometry: BaseGeometry) -> NDArray[np.bool_]:
    centre = geometry.centroid
    far = distance_m(centre.x, centre.y, footprints.lon, footprints.lat)
    near: NDArray[np.bool_] = far <= RING_M
    return near
