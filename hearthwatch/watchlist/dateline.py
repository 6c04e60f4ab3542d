"""Rings that cross the 180th meridian."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.affinity import translate
from shapely.geometry import Polygon, box

from hearthwatch.watchlist.raw import Ring
from tiles.geodesy import polygons

HALF_TURN = 180.0
TURN = 360.0


def unrolled(ring: Ring) -> Ring:
    """Return a closed ring with longitudes that run on past 180 degrees instead of jumping."""
    out = ring.copy()
    steps = np.diff(ring[:, 0])
    out[1:, 0] -= TURN * np.cumsum(np.rint(steps / TURN) * (np.abs(steps) > HALF_TURN))
    return out


def rounds_a_pole(ring: Ring) -> bool:
    """Tell whether an unrolled ring does not come back to where it began."""
    return bool(abs(ring[0, 0] - ring[-1, 0]) > HALF_TURN)


def beside(ring: Ring, outline: Ring) -> Ring:
    """Return an unrolled hole moved by whole turns to where its outline was unrolled to."""
    gap = outline[:, 0].mean() - ring[:, 0].mean()
    moved: Ring = ring + np.array([TURN * np.rint(gap / TURN), 0.0])
    return moved


def rolled_up(polygon: Polygon) -> list[Polygon]:
    """Return the parts of an unrolled polygon, each within -180..180 degrees of longitude."""
    west, _, east, _ = polygon.bounds
    if west >= -HALF_TURN and east <= HALF_TURN:
        return [polygon]
    turns = range(round(west // TURN) - 1, round(east // TURN) + 2)
    return [one for turn in turns for one in _in_turn(polygon, turn)]


def _in_turn(polygon: Polygon, turn: int) -> list[Polygon]:
    middle = turn * TURN
    band = box(middle - HALF_TURN, -90.0, middle + HALF_TURN, 90.0)
    found = polygons(shapely.intersection(polygon, band))
    return [one for part in found for one in polygons(translate(part, -middle))]
