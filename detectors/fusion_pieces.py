"""Pieces of one change: what a detector found on both sides of a border of the work grid.

A detector follows the ground of each cell of the grid by itself, so that a fire over two cells is
two of its episodes. They are one change where three things hold:

- the ground of the one comes within `REACH_M` of the other's, over a border between two cells;
- the intervals in which they changed meet;
- neither was first seen changed more than `TOLERANCE` after the other.

What is one with the same third piece is one, too. The relation is the same from both sides and no
later piece takes it back, so that the order in which pieces come changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from itertools import product

import shapely
from shapely.geometry.base import BaseGeometry

from detectors.fusion import TOLERANCE, Source, apart, are_akin, are_of_one_settlement, share_ground

REACH_M = 60.0
"""Two pixels of the coarsest product that is read: an outline ends at the last whole pixel."""
METRES_PER_DEGREE = 111_195.0
"""Of a great circle on a sphere of 6,371 km."""


def continues(one: Source, other: Source) -> bool:
    """Tell whether two sources are pieces of one change on both sides of a border of the grid."""
    is_piece = one.detector == other.detector and one.cell != other.cell
    of_settlements = bool(one.settlement or other.settlement)
    if not is_piece or of_settlements or one.has_lapsed or other.has_lapsed:
        return False
    is_then = apart(one, [other]) == timedelta(0)
    is_near_in_time = abs(one.first_changed - other.first_changed) <= TOLERANCE
    if not (is_then and is_near_in_time and are_akin(one, other)):
        return False
    return metres_apart(one.geometry, other.geometry) <= REACH_M


def may_be_one(some: Sequence[Source], others: Sequence[Source]) -> bool:
    """Tell whether nothing speaks against two events' sources being of one event.

    They are of no two settlements, their kinds go together, and ground that changed twice under
    the eyes of one detector is two events.
    """
    if not are_of_one_settlement(some, others):
        return False
    return all(are_akin(one, two) and not _again(one, two) for one, two in product(some, others))


def metres_apart(one: BaseGeometry, other: BaseGeometry) -> float:
    """Return the distance between two geometries in CRS84 that are near each other, in metres.

    On a plane that touches the sphere between them: within 1 % up to some kilometres.
    """
    _, south, _, north = shapely.union_all([one.envelope, other.envelope]).bounds
    wide = METRES_PER_DEGREE * math.cos(math.radians(0.5 * (south + north)))
    first, second = (
        shapely.transform(shape, lambda xy: xy * (wide, METRES_PER_DEGREE))
        for shape in (one, other)
    )
    return float(first.distance(second))


def _again(one: Source, other: Source) -> bool:
    """Tell whether two sources are two episodes of one detector on the same ground."""
    is_same = (one.detector, one.cell) == (other.detector, other.cell)
    if not is_same or one.has_lapsed or other.has_lapsed:
        return False
    return share_ground(one.geometry, other.geometry)
