"""The ground whose heat is kept and asked for: round settlements and regions about the world."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import shapely

from detectors.heat import INFO
from hearthwatch.records import Mode, Region, Settlement
from hearthwatch.store.extent import Bounds
from hearthwatch.store.protocol import Store
from hearthwatch.store.whole import all_settlements
from imagery.discretion import SQUARE

NEAR = 0.25
"""Degrees round a settlement within which heat is of it or its surroundings, to 60 degrees north
or south: 10 km, and half of the largest pixel."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What an organisation watches of the world.

    Attributes
    ----------
    regions : tuple of Region
        Those that heat is of interest in and whose watch has not ended.
    settlements : tuple of Settlement
        By id.
    """

    regions: tuple[Region, ...]
    settlements: tuple[Settlement, ...]

    def bounds(self) -> tuple[Bounds, ...]:
        """Return the boxes in which heat is kept; what is asked for is coarser yet."""
        cores = [grown(one.geometry.bounds, NEAR) for one in self.settlements]
        areas = [
            grown(part.bounds, NEAR)
            for one in self.regions
            for part in getattr(one.geometry, "geoms", [one.geometry])
        ]
        return tuple(dict.fromkeys([*areas, *cores]))


def ground_of(store: Store, organisation: str, now: datetime) -> Ground:
    """Return what an organisation watches of the world; made pixels have no heat."""
    regions = [
        one
        for one in store.regions(organisation)
        if one.mode is Mode.ACTUAL
        and one.kind.value in INFO.regions
        and (one.expires is None or one.expires > now)
    ]
    settlements = [one for one in all_settlements(store, organisation) if one.mode is Mode.ACTUAL]
    return Ground(tuple(regions), tuple(sorted(settlements, key=lambda one: one.id)))


def squares_of(settlements: Iterable[Settlement]) -> dict[Bounds, list[Settlement]]:
    """Return settlements by the square that their centre lies in, in order."""
    found: dict[Bounds, list[Settlement]] = defaultdict(list)
    for one in settlements:
        centre = one.geometry.centroid
        west, south = centre.x // SQUARE * SQUARE, centre.y // SQUARE * SQUARE
        found[west, south, west + SQUARE, south + SQUARE].append(one)
    return dict(sorted(found.items()))


def reach_of(settlements: Sequence[Settlement]) -> Bounds:
    """Return the box that holds settlements with all heat that is of interest to them."""
    west, south, east, north = shapely.total_bounds([one.geometry for one in settlements])
    return grown((float(west), float(south), float(east), float(north)), NEAR)


def grown(bounds: Bounds, degrees: float) -> Bounds:
    """Return a box with its sides moved out."""
    west, south, east, north = bounds
    return west - degrees, south - degrees, east + degrees, north + degrees
