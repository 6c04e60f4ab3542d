"""What heat comes to at settlements, pass by pass, by what was known at each pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from detectors.heat import RING_M, Heat, HeatAt, HeatRules, Mask, Odd, Verdict
from detectors.heat_budget import Budget, budget_of
from detectors.heat_climate import Past, so_far
from detectors.heat_episodes import Pass, episodes_of, passes_of
from detectors.heat_footprint import Footprints, distance_m, ellipse_reach, touching
from detectors.heat_season import (
    DAY_S,
    Month,
    SeasonRules,
    heat_days,
    month_bounds,
    month_of,
    surprise,
)

YEAR_S = 365 * DAY_S


@dataclass(frozen=True, slots=True)
class Here:
    """One settlement as it is judged.

    Attributes
    ----------
    core : shapely geometry
        CRS84.
    on_record : frozenset of (year, month)
        Months of which there is a record.
    known : mapping of int to int
        Episodes there that have a number, by it: second of the first pass.
    unquiet : frozenset of int
        Years in which people confirmed that it burned.
    """

    core: BaseGeometry
    on_record: frozenset[tuple[int, int]]
    known: Mapping[int, int]
    unquiet: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Shared:
    """Which heat that counts is at which settlement, and which is of the surroundings.

    Attributes
    ----------
    mine : tuple of ndarray of int64
        Of each settlement, the pixels that speak of it, by index.
    beside : tuple of ndarray of int64
        Of each settlement, those that touch it and lie too far out to speak of it.
    around : ndarray of bool, shape (n,)
        Pixels that touch no settlement: fire at one is no surroundings of another.
    """

    mine: tuple[NDArray[np.int64], ...]
    beside: tuple[NDArray[np.int64], ...]
    around: NDArray[np.bool_]


def shared_out(
    heat: Heat, masked: Sequence[Mask], cores: Sequence[BaseGeometry], rules: HeatRules
) -> Shared:
    """Deal heat pixels out to settlements and surroundings.

    Parameters
    ----------
    masked : sequence of Mask
        Of every pixel; see `detectors.heat.masks`.
    cores : sequence of shapely geometry
        CRS84. All settlements, those too that are not judged.
    """
    counts = np.array([mask is Mask.NONE for mask in masked], dtype=bool)
    pairs = [pair for pair in touching(heat.footprints, cores) if counts[pair[0]]]
    at_places = np.zeros(counts.size, dtype=bool)
    at_places[[pixel for pixel, _ in pairs]] = True
    mine: list[list[int]] = [[] for _ in cores]
    beside: list[list[int]] = [[] for _ in cores]
    for pixel, core in pairs:
        is_near = ellipse_reach(heat.footprints, pixel, cores[core]) <= rules.near
        (mine if is_near else beside)[core].append(pixel)
    return Shared(_indices(mine), _indices(beside), counts & ~at_places)


def pasts_of(heat: Heat, shared: Shared, here: Sequence[Here]) -> tuple[Past, ...]:
    """Return all heat that counts at settlements and round them, to be learned from.

    Parameters
    ----------
    shared : Shared
        Of which the first settlements are those of `here`.
    """
    return tuple(
        Past(
            np.sort(heat.seconds[mine]),
            np.sort(heat.seconds[shared.around & _within(heat.footprints, one.core)]),
            one.on_record,
            one.unquiet,
        )
        for one, mine in zip(here, shared.mine, strict=False)
    )


def heat_at_settlements(
    heat: Heat,
    shared: Shared,
    here: Sequence[Here],
    kin: Sequence[Sequence[Past]] = (),
    rules: HeatRules | None = None,
) -> tuple[HeatAt, ...]:
    """Tell what heat came to at settlements, pass by pass.

    Parameters
    ----------
    heat : Heat
        All on record within `RING_M` of the settlements.
    shared : Shared
        Of which the first settlements are those of `here`.
    here : sequence of Here
        Settlements of one land, about as far across as the surroundings are.
    kin : sequence of sequence of Past
        Settlements of other land, land by land, whose quiet years help where the own are too few.

    Returns
    -------
    tuple of HeatAt
        By settlement, then by time.
    """
    rules = rules or HeatRules()
    pasts = pasts_of(heat, shared, here)
    budget = budget_of(pasts, kin, rules.season, rules.budget)
    heard = _first_heard(heat)
    found: list[HeatAt] = []
    for core, (one, past) in enumerate(zip(here, pasts, strict=True)):
        if shared.mine[core].size:
            place = _Place(core, one, shared.mine[core], past, budget, heard)
            found += _passes_at(heat, place, rules.season)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Place:
    """One settlement with the heat at it and round it."""

    core: int
    here: Here
    mine: NDArray[np.int64]
    past: Past
    budget: Budget
    first_heard: Mapping[str, int]


def _passes_at(heat: Heat, place: _Place, rules: SeasonRules) -> list[HeatAt]:
    seconds = heat.seconds[place.mine]
    satellites = [heat.satellites[i] for i in place.mine]
    reach = np.array([ellipse_reach(heat.footprints, int(i), place.here.core) for i in place.mine])
    found = []
    for number, passes in episodes_of(passes_of(seconds, satellites), place.here.known):
        for count in range(1, len(passes) + 1):
            found.append(_one_pass(heat, place, number, passes[:count], reach, rules))
    return found


def _one_pass(
    heat: Heat,
    place: _Place,
    number: int,
    passes: Sequence[Pass],
    reach: NDArray[np.float64],
    rules: SeasonRules,
) -> HeatAt:
    """Judge the last of an episode's passes by what was known with it."""
    last = passes[-1]
    until = int(heat.seconds[place.mine[list(last.members)]].max())
    month = _month(place, until)
    odd = _odd(place, until, rules)
    members = [i for one in passes for i in one.members]
    frp = heat.frp[place.mine[members]]
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
        reach=float(reach[members].min()),
        strongest=float(measured.max()) if measured.size else float("nan"),
        month=month,
        odd=odd,
        verdict=_verdict(odd, len(month.earlier), rules),
    )


def _verdict(odd: Odd, years: int, rules: SeasonRules) -> Verdict:
    if odd.bound is None or years < rules.least_years:
        return Verdict.UNKNOWN
    if odd.score > odd.bound.value:
        return Verdict.UNUSUAL
    return Verdict.USUAL if odd.bound.tells else Verdict.TELLS_NOTHING


def _odd(place: _Place, until: int, rules: SeasonRules) -> Odd:
    """Hold a day, as far as it was known, against what sets the threshold for it."""
    year, month = month_of(until)
    rates = place.budget.rates(place.core, year, month - 1)
    core, ring = so_far(place.past, np.array([until]))
    found = surprise(core, ring, rates, rules)
    return Odd(
        pixels=int(core[0]),
        ring=int(ring[0]),
        expected=float(found.expected[0]),
        ring_expected=float(rates.ring[0]),
        ring_factor=float(found.ring_factor[0]),
        score=float(found.score[0]),
        bound=place.budget.bound(place.core, year, month - 1),
    )


def _month(place: _Place, until: int) -> Month:
    year, month = month_of(until)
    begin, _ = month_bounds(year, month)
    years = sorted(y for y, m in place.here.on_record if m == month and y < year)
    spans = [month_bounds(one, month) for one in years]
    core, ring = place.past.core, place.past.ring
    return Month(
        days=heat_days(core, begin, until + 1),
        earlier=tuple(heat_days(core, *span) for span in spans),
        ring_days=heat_days(ring, begin, until + 1),
        ring_earlier=tuple(heat_days(ring, *span) for span in spans),
    )


def _indices(lists: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], ...]:
    return tuple(np.array(one, dtype=np.int64) for one in lists)


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
