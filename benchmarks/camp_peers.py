"""A peer for camps: Mahalanobis distance to the same weeks of earlier years, as DIST-ALERT has it.

Written from the published description of the product (generic disturbance of OPERA DIST-ALERT):
mean and covariance of the bands over looks within 15 days of the day of year in up to three years
before, an anomaly where the distance exceeds a threshold, confirmed once the mean anomaly times
the square of the number of anomalous looks reaches 400. Assumptions: the covariance is shrunk by a
tenth to its diagonal, as looks are few; a distance is read as the percentage that the rule was
written for; two looks in a row without an anomaly end it. Confirmed pixels are joined to objects
of a hectare.
"""

from __future__ import annotations

from datetime import datetime

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from skimage.measure import label

from benchmarks.camp_worlds import Seen, belongs
from imagery.types import Cause

BANDS = ("B03", "B04", "B08", "B11")
WINDOW_DAYS, YEARS, LEAST_LOOKS = 15, 3, 5
SHRINK, FLOOR = 0.1, 1e-5
CONFIRMED, GAP = 400.0, 2
HECTARE = 100
"""Pixels of 10 m."""


class Mahalanobis:
    """The peer at several thresholds at once; names are ``Mahalanobis > threshold``."""

    def __init__(self, thresholds: tuple[float, ...], shape: tuple[int, int]) -> None:
        self.thresholds = thresholds
        self.past: list[tuple[datetime, NDArray[np.float32]]] = []
        self.count = np.zeros((len(thresholds), *shape))
        self.total = np.zeros((len(thresholds), *shape))
        self.missed = np.zeros((len(thresholds), *shape), np.int16)
        self.owner = np.zeros((len(thresholds), *shape), np.int32)
        self.next = [1] * len(thresholds)

    def look(
        self, cube: xr.Dataset, number: int, ground: NDArray[np.bool_] | None
    ) -> dict[str, list[Seen]]:
        """Take one look; return the objects that stand after it."""
        sensed = datetime.fromisoformat(str(cube.attrs["sensed"]))
        look = cube.isel(time=0)
        clear = look["cause"].values == Cause.CLEAR
        pixels = np.stack([np.where(clear, look[band].values, np.nan) for band in BANDS])
        distance = self._distance(sensed, pixels)
        self.past = [one for one in self.past if (sensed - one[0]).days <= 366 * YEARS]
        self.past.append((sensed, pixels.astype(np.float32)))
        return {
            f"Mahalanobis > {threshold:g}": self._objects(n, distance, number, ground)
            for n, threshold in enumerate(self.thresholds)
        }

    def _distance(self, sensed: datetime, pixels: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the distances, NaN where there are too few looks."""
        shape = pixels.shape[1:]
        near = [kept for at, kept in self.past if _same_weeks(at, sensed)]
        if len(near) < LEAST_LOOKS:
            return np.full(shape, np.nan)
        past = np.stack(near).reshape(len(near), len(BANDS), -1).astype(np.float64)
        known = np.isfinite(past).all(1)
        many = known.sum(0)
        filled = np.where(known[:, None], past, 0.0)
        mean = filled.sum(0) / np.maximum(many, 1)
        away = np.where(known[:, None], past - mean, 0.0)
        spread = np.einsum("nbp,ncp->pbc", away, away) / np.maximum(many - 1, 1)[:, None, None]
        own = np.einsum("pbb->pb", spread)
        spread = (1.0 - SHRINK) * spread
        spread += np.einsum("pb,bc->pbc", SHRINK * own + FLOOR, np.eye(len(BANDS)))
        gone = (pixels.reshape(len(BANDS), -1) - mean).T
        solved = np.linalg.solve(spread, np.nan_to_num(gone)[..., None])[..., 0]
        distance = np.sqrt(np.maximum((np.nan_to_num(gone) * solved).sum(-1), 0.0))
        unknown = (many < LEAST_LOOKS) | ~np.isfinite(gone).all(-1)
        return np.where(unknown, np.nan, distance).reshape(shape)

    def _objects(
        self, n: int, distance: NDArray[np.float64], number: int,
        ground: NDArray[np.bool_] | None,
    ) -> list[Seen]:  # fmt: skip
        seen = np.isfinite(distance)
        odd = seen & (distance > self.thresholds[n])
        self.missed[n] = np.where(odd, 0, self.missed[n] + (seen & ~odd))
        over = self.missed[n] >= GAP
        for kept in (self.count[n], self.total[n], self.owner[n]):
            kept[over] = 0
        self.count[n] += odd
        self.total[n] += np.where(odd, np.minimum(np.nan_to_num(distance), 100.0), 0.0)
        confirmed = self.total[n] * self.count[n] >= CONFIRMED
        parts = label(confirmed, connectivity=1)
        out = []
        for part in np.flatnonzero(np.bincount(parts.ravel())[1:] >= HECTARE) + 1:
            own = parts == part
            before = self.owner[n][own]
            before = before[before > 0]
            key = int(before.min()) if before.size else self.next[n]
            self.next[n] += not before.size
            self.owner[n][own] = key
            mine = ground is not None and belongs(own, ground)
            size = own.sum() / HECTARE
            out.append(Seen(number, key, 0.0, True, True, 0, (size, size, size), mine, ()))
        return out


def _same_weeks(then: datetime, now: datetime) -> bool:
    """Tell whether a look is of the same weeks of an earlier year, three years back at most."""
    days = (now - then).days
    away = days % 365.25
    close = min(away, 365.25 - away) <= WINDOW_DAYS
    return close and 180 < days <= 366 * YEARS
