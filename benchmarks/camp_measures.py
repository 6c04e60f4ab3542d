"""What worlds of camps come to: found in time or not, false or not, how far areas are off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.camp_worlds import World
from benchmarks.resampled import YEAR_DAYS

WITHIN, LEAST_HA = 4, 2.0
"""Looks to be found in, the first with so many hectares counted."""
IN_SIGHT = 0.5
"""Of the ground a camp ever covers, that a look must show for it to be a look at the camp."""


def begun(world: World) -> int | None:
    """Return the first usable look with 2 ha and more."""
    return next((n for n, hectares in enumerate(world.hectares) if hectares >= LEAST_HA), None)


def reached(world: World) -> bool:
    """Tell whether enough looks show the camp at 2 ha for it to be found in time."""
    return sum(hectares >= LEAST_HA for hectares in world.hectares) >= WITHIN


def told_at(world: World, least: float) -> int | None:
    """Return the look on which the camp was first told as PROBABLE."""
    return next(
        (one.look for one in world.seen if one.mine and one.ready and one.score > least), None
    )


def found_after(world: World, least: float) -> int | None:
    """Return how many usable looks with 2 ha and more it took, the first counted; None if never.

    A camp that was found sooner counts as found at once.
    """
    first, hit = begun(world), told_at(world, least)
    return None if first is None or hit is None else max(hit - first + 1, 1)


def found_in_sight(world: World, least: float) -> int | None:
    """Return the same, of the looks that show half of its ground and more."""
    first, hit = begun(world), told_at(world, least)
    if first is None or hit is None:
        return None
    return max(sum(shown >= IN_SIGHT for shown in world.in_sight[first : hit + 1]), 1)


def false_objects(world: World, least: float) -> int:
    """Count the objects that are no camp and were told as PROBABLE."""
    return len({o.number for o in world.seen if o.ready and not o.mine and o.score > least})


def false_watches(world: World) -> int:
    """Count the objects that are no camp and were told, if only as WATCH."""
    return len({o.number for o in world.seen if o.told and not o.mine})


def annual_maxima(worlds: Sequence[World]) -> np.ndarray:
    """Return the highest score of what could have been told, by year of each world."""
    out = []
    for world in worlds:
        whole = max(int(world.years), 1)
        most = np.full(whole, -np.inf)
        for one in world.seen:
            year = int((world.times[one.look] - world.times[0]).days / YEAR_DAYS)
            if one.ready and year < whole:
                most[year] = max(most[year], one.score)
        out.append(most)
    return np.concatenate(out)


def exposure(worlds: Sequence[World]) -> float:
    """Return the square-kilometre-years of worlds of 1 km2."""
    return sum(one.years for one in worlds)


def area_errors(worlds: Sequence[World]) -> tuple[list[float], list[float], int, int]:
    """Return relative errors of area by camp, with sign and without, and how often it is inside.

    By camp the median over its looks from the fifth with 2 ha on; inside counts looks.
    """
    signed, sizes, inside, of = [], [], 0, 0
    for world in worlds:
        first = begun(world)
        if first is None:
            continue
        own = []
        for one in world.seen:
            truth = world.hectares[one.look]
            if one.mine and one.ready and one.hectares and one.look >= first + WITHIN:
                own.append(one.hectares[0] / truth - 1.0)
                inside += one.hectares[1] <= truth <= one.hectares[2]
                of += 1
        if own:
            signed.append(float(np.median(own)))
            sizes.append(float(np.median(np.abs(own))))
    return signed, sizes, inside, of
