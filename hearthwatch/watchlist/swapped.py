"""Latitude and longitude that seem to be swapped: said, and never set right unasked.

Within 90 degrees both orders are places on the Earth. What gives a swap away is where everything
else lies: the other places of the file, and those that are watched already.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely
from numpy.typing import NDArray

from hearthwatch.watchlist.reading import NamedArea, Remark

NEAR_DEG, FAR_DEG = 3.0, 8.0
"""With the numbers swapped it would lie nearer to others than the first, and now is farther off
than the second. A country is some ten degrees wide."""
_FELLOWS = 3
"""Places of a file, before its middle says where the others lie."""
_HIGHEST = 90.0

Points = NDArray[np.float64]


def centres_of(shapes: Sequence[shapely.Geometry]) -> Points:
    """Return the middles of shapes, (shape, 2), longitude first."""
    if not shapes:
        return np.empty((0, 2))
    found: Points = shapely.get_coordinates(shapely.centroid(np.array(shapes, object)))
    return found


def seem_swapped(areas: Sequence[NamedArea], known: Points) -> list[Remark]:
    """Return what looks as if longitude and latitude were swapped in it.

    Parameters
    ----------
    areas : sequence of NamedArea
        Of one file.
    known : array
        Where other places are, (place, 2), longitude and latitude.
    """
    if not areas:
        return []
    own = centres_of([area.geometry for area in areas])
    suspected = _strays(own, known) if len(known) else np.zeros(len(own), bool)
    if len(own) >= _FELLOWS:
        suspected |= _strays(own, np.median(own, axis=0, keepdims=True))
    said = zip(areas, own, suspected, strict=True)
    return [Remark(area.where, _words(*middle)) for area, middle, is_stray in said if is_stray]


def _strays(own: Points, others: Points) -> NDArray[np.bool_]:
    tree = shapely.STRtree([shapely.Point(*one) for one in others])
    now = _distances(own, others, tree)
    swapped = _distances(own[:, ::-1], others, tree)
    possible = np.abs(own[:, 0]) <= _HIGHEST
    found: NDArray[np.bool_] = possible & (now > FAR_DEG) & (swapped < NEAR_DEG)
    return found


def _distances(own: Points, others: Points, tree: shapely.STRtree) -> NDArray[np.float64]:
    nearest = tree.nearest(shapely.points(own))
    away: NDArray[np.float64] = np.hypot(*(own - others[nearest]).T)
    return away


def _words(lon: float, lat: float) -> str:
    return (
        f"lies at longitude {lon:.4g}, latitude {lat:.4g}, far from the others, and would lie "
        "among them with the two swapped: check it; it was taken as it is written"
    )
