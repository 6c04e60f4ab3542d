"""Which settlement a truth is about: by name, by id, or by a point in or near it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pyproj
import shapely
import shapely.ops
from numpy.typing import NDArray
from shapely.geometry import Point

from hearthwatch.records import Settlement

NEAR_M = 500.0
"""Farther from every settlement than this, a point belongs to none."""

_GEOD = pyproj.Geod(ellps="WGS84")


class Finder:
    """Finds settlements among those that are evaluated.

    Parameters
    ----------
    settlements : iterable of Settlement
    """

    def __init__(self, settlements: Iterable[Settlement]) -> None:
        self._all = tuple(settlements)
        self._named: dict[str, list[Settlement]] = {}
        for one in self._all:
            for word in {one.id, _plain(one.name)} - {""}:
                self._named.setdefault(word, []).append(one)
        self._tree = shapely.STRtree([one.geometry for one in self._all])

    def find(self, place: str, point: tuple[float, float] | None) -> Settlement:
        """Return the one settlement meant.

        Parameters
        ----------
        place : str
            Name, in any case, or id; empty where only the point tells.
        point : (float, float) or None
            Longitude and latitude. Picks the settlement that contains it, else the nearest
            within `NEAR_M`; with `place`, among those of that name.

        Raises
        ------
        ValueError
            If there is none or more than one; the message says what to do.
        """
        named = self._named.get(_plain(place), []) if place else None
        if named == []:
            raise ValueError(
                f"names the place {place!r}, which is no settlement of the file: use the name "
                "or the id it has there"
            )
        if point is not None:
            return self._at(*point, named)
        if named is None:
            raise ValueError("names no place: give place, or lon and lat")
        if len(named) > 1:
            raise ValueError(
                f"names the place {place!r}, and {len(named)} settlements are called so: give "
                "lon and lat too, or the id"
            )
        return named[0]

    def _at(self, lon: float, lat: float, named: Sequence[Settlement] | None) -> Settlement:
        candidates = self._near(lon, lat) if named is None else named
        holding = [one for one in candidates if one.geometry.covers(Point(lon, lat))]
        if len(holding) > 1:
            raise ValueError(
                f"has a lon, lat that {len(holding)} settlements contain: give place too"
            )
        if holding:
            return holding[0]
        away = [(_metres(one, lon, lat), one) for one in candidates]
        near = sorted((pair for pair in away if pair[0] <= NEAR_M), key=lambda pair: pair[0])
        if not near:
            whom = "every settlement" if named is None else "the settlement of that name"
            raise ValueError(f"has a lon, lat more than {NEAR_M:g} m away from {whom}: correct it")
        return near[0][1]

    def _near(self, lon: float, lat: float) -> list[Settlement]:
        """Return the settlements whose outline may come within reach of a point."""
        up = NEAR_M / 110_000.0
        aside = min(180.0, up / max(np.cos(np.radians(min(abs(lat) + up, 90.0))), 1e-9))
        boxes = [
            shapely.box(x - aside, lat - up, x + aside, lat + up)
            for x in (lon - 360.0, lon, lon + 360.0)
        ]
        return [self._all[i] for i in sorted(set(self._tree.query(boxes)[1].tolist()))]


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _metres(settlement: Settlement, lon: float, lat: float) -> float:
    """Return the distance of a point outside a settlement to its outline, on the ellipsoid."""
    narrow = max(float(np.cos(np.radians(lat))), 1e-9)

    def flat(points: NDArray[np.float64]) -> NDArray[np.float64]:
        east = (points[:, 0] - lon + 180.0) % 360.0 - 180.0
        return np.column_stack([east * narrow, points[:, 1] - lat])

    # The nearest corner of the outline is sought in a local plane, its distance on the ellipsoid.
    outline = shapely.transform(settlement.geometry, flat)
    _, nearest = shapely.ops.nearest_points(Point(0.0, 0.0), outline)
    x, y = lon + nearest.x / narrow, lat + nearest.y
    return float(_GEOD.inv(lon, lat, x, y)[2])
