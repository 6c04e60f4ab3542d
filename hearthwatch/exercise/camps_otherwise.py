"""What may be taken for a camp and is none: fields, quarries, water, panels, fires, roads.

Implanted as camps are (:mod:`hearthwatch.exercise.camps`); whatever is reported of one is false.
Sizes and times are assumed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from hearthwatch.exercise.camps import (
    Array,
    Shares,
    offsets,
    pixel_shares,
    smooth_noise,
    uneven_edge,
)
from hearthwatch.exercise.camps_surfaces import Cover
from imagery.types import aware_utc

_DAY_S = 86_400.0


class Mimic(StrEnum):
    """What is built, dug, burned or tilled.

    Attributes
    ----------
    FIELD
        Ploughed within a day, green again after 60 days.
    QUARRY
        Rock laid bare, growing for 120 days, a sixth of it in shade, as dark as panels.
    RESERVOIR
        Filling for 30 days.
    PANELS
        Rows of panels 4 m wide and 4 m apart on dirt, put up within 40 days.
    BURN
        Burned within a day; half of the mark is gone after 60 days.
    ROAD
        10 m wide, made within 20 days.
    """

    FIELD = "field"
    QUARRY = "quarry"
    RESERVOIR = "reservoir"
    PANELS = "panels"
    BURN = "burn"
    ROAD = "road"


_DAYS = {
    Mimic.FIELD: 1.0, Mimic.QUARRY: 120.0, Mimic.RESERVOIR: 30.0, Mimic.PANELS: 40.0,
    Mimic.BURN: 1.0, Mimic.ROAD: 20.0,
}  # fmt: skip
_FIELD_DAYS, _BURN_HALF_DAYS, _ROAD_M = 60.0, 60.0, 10.0


@dataclass(frozen=True, slots=True)
class Other:
    """One change of ground that is no camp.

    Attributes
    ----------
    row_m, column_m : float
        Of its middle, metres down and right from the grid's upper left corner.
    area_ha : float
    start : datetime
        Aware UTC.
    seed : int
        Of its bearing and outline.
    """

    kind: Mimic
    row_m: float
    column_m: float
    area_ha: float
    start: datetime
    seed: int = 0

    def __post_init__(self) -> None:
        aware_utc(self.start)
        if not self.area_ha > 0:
            raise ValueError("area_ha is larger than nothing")

    def grown(self, at: datetime) -> float:
        """Return the share of its ground that is changed, 0..1."""
        return min(max(self._days(at) / _DAYS[self.kind], 0.0), 1.0)

    def mark(self, at: datetime) -> float:
        """Return how much of the change is left, 0..1."""
        days = max(self._days(at), 0.0)
        if self.kind is Mimic.BURN:
            return math.exp2(-days / _BURN_HALF_DAYS)
        return float(self.kind is not Mimic.FIELD or days < _FIELD_DAYS)

    def _days(self, at: datetime) -> float:
        return (at - self.start).total_seconds() / _DAY_S


@dataclass(frozen=True, slots=True)
class OtherGround:
    """Its ground on the lattice: `order` (y, x) from 0 to 1, above 1 outside; `part` splits it."""

    order: Array
    part: NDArray[np.bool_]


def other_ground(other: Other, shape: tuple[int, int]) -> OtherGround:
    """Lay it out on a grid of 10 m pixels with so many rows and columns; it may reach beyond."""
    rng = np.random.default_rng([other.seed, 31])
    down, right = offsets(shape, other.row_m, other.column_m)
    away, bearing = np.hypot(down, right), np.arctan2(down, right)
    turn = rng.uniform(0.0, math.pi)
    along, across = away * np.cos(bearing - turn), away * np.sin(bearing - turn)
    area = other.area_ha * 1e4
    if other.kind in (Mimic.FIELD, Mimic.PANELS):
        long = math.sqrt(area * rng.uniform(1.0, 2.5))
        order = np.maximum(np.abs(along) / (long / 2), np.abs(across) / (area / long / 2))
        order = np.where(order <= 1.0, (along / long + 0.5), 2.0)
    elif other.kind is Mimic.ROAD:
        long = area / _ROAD_M
        on = (np.abs(across) <= _ROAD_M / 2) & (np.abs(along) <= long / 2)
        order = np.where(on, along / long + 0.5, 2.0)
    else:
        order = np.pi * (away / uneven_edge(bearing, rng)) ** 2 / area
    return OtherGround(order, _part(other.kind, order.shape, across, rng))


def other_shares(other: Other, ground: OtherGround, at: datetime) -> Shares:
    """Return what covers the ground at a time, by pixel."""
    changed = (ground.order <= other.grown(at)) & (other.grown(at) > 0.0)
    first, second = _COVERS[other.kind]
    mark = other.mark(at)
    shares = {first: pixel_shares(mark * (changed & ground.part))}
    if second is not None:
        shares[second] = pixel_shares(mark * (changed & ~ground.part))
    return shares


_COVERS: dict[Mimic, tuple[Cover, Cover | None]] = {
    Mimic.FIELD: (Cover.TURNED_SOIL, None),
    Mimic.QUARRY: (Cover.ROCK, Cover.PANEL),
    Mimic.RESERVOIR: (Cover.WATER, None),
    Mimic.PANELS: (Cover.PANEL, Cover.TRAMPLED),
    Mimic.BURN: (Cover.CHAR, None),
    Mimic.ROAD: (Cover.ROAD, None),
}
"""What the first part of the ground is covered with, and what the rest; None is as it was."""


def _part(
    kind: Mimic, shape: tuple[int, ...], across: Array, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Return the first part: rows of panels, rock in the sun, burned patches, or all."""
    if kind is Mimic.PANELS:
        part: NDArray[np.bool_] = np.mod(across, 8.0) < 4.0
        return part
    if kind in (Mimic.QUARRY, Mimic.BURN):
        # One in six of a normal variable lies above 0.97.
        return np.asarray(smooth_noise(shape, 12, rng) < 0.97)
    return np.ones(shape, bool)
