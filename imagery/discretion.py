"""What a catalogue is told of the ground that is watched: coarser than it is."""

from __future__ import annotations

import math

SQUARE = 0.25
"""Degrees. Ground is told in whole squares of this size: which places are watched is nobody's
business, and a scene is four times as wide."""

Bounds = tuple[float, float, float, float]


def widened(bounds: Bounds) -> Bounds:
    """Return (west, south, east, north) in CRS84, each side moved out to whole squares."""
    west, south, east, north = bounds
    return (
        max(math.floor(west / SQUARE) * SQUARE, -180.0),
        max(math.floor(south / SQUARE) * SQUARE, -90.0),
        min((math.floor(east / SQUARE) + 1) * SQUARE, 180.0),
        min((math.floor(north / SQUARE) + 1) * SQUARE, 90.0),
    )
