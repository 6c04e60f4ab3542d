"""Boxes of longitude and latitude, and when two of them meet."""

from __future__ import annotations

import math
from typing import NamedTuple

from hearthwatch.errors import QuestionError

Bounds = tuple[float, float, float, float]
"""West, south, east and north as they are asked for; west > east goes over 180 degrees."""


class Box(NamedTuple):
    """Degrees, CRS84; west <= east and south <= north."""

    west: float
    south: float
    east: float
    north: float

    def meets(self, other: Box) -> bool:
        """Tell whether the boxes share a point; an edge counts."""
        return (
            self.west <= other.east
            and self.east >= other.west
            and self.south <= other.north
            and self.north >= other.south
        )


def boxes(bbox: Bounds) -> tuple[Box, ...]:
    """Return the box asked for, cut in two where it crosses 180 degrees (west > east).

    Parameters
    ----------
    bbox : tuple of float
        West, south, east, north.

    Returns
    -------
    tuple of Box
        One or two.

    Raises
    ------
    QuestionError
        It is not four finite numbers with south <= north.
    """
    west, south, east, north = (float(edge) for edge in bbox)
    if not all(map(math.isfinite, (west, south, east, north))) or south > north:
        raise QuestionError(
            f"The box {bbox} is not west, south, east, north in degrees with south below north."
        )
    if west <= east:
        return (Box(west, south, east, north),)
    return (Box(west, south, 180.0, north), Box(-180.0, south, east, north))
