"""How large a camp is on a look, with an interval, and its course over the looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

CELL_HA = 0.04
"""Ground of a cell of 20 m, hectares."""
HALF, WEAK, PLAIN = 0.5, 0.25, 0.75
"""Share of the camp's own change at which a cell is of it; at which it may be; and surely is."""
WIDER = 2.0
"""How much further than the counts at `PLAIN` and `WEAK` the bounds stand from the area.

So that nine in ten looks have the truth between them: measured on camps implanted into real pixels
of the half that tunes (`benchmarks/bench_camps.py`), by nothing else.
"""
REACH = 2
"""Cells round the camp that are asked whether they are of it."""
KEPT = 40
"""Points of a course that are remembered."""
LATEST = 12
"""Points at its end that are never thinned."""
READ = 3
"""Looks over whose median a camp's area is told."""

_CROSS = ndimage.generate_binary_structure(2, 1)


@dataclass(frozen=True, slots=True)
class Area:
    """Ground of a camp on one look, hectares.

    Attributes
    ----------
    day : int
        In the state's own count.
    low, high : float
        Bounds between which the truth lies on about nine in ten looks.
    """

    day: int
    hectares: float
    low: float
    high: float


def measured(
    moved: NDArray[np.float32], strong: NDArray[np.bool_], mask: NDArray[np.bool_], day: int
) -> Area | None:
    """Measure a camp's ground on one look; None where too little of it was seen.

    Each cell's change is laid along the camp's own, the median over its strongest cells: that
    share is 1 in the middle of a camp and falls to 0 where it ends.

    Parameters
    ----------
    moved : ndarray of float32, shape (feature, y, x)
        What cells differ from their baselines by, natural-log units; NaN where nothing was seen.
    strong : ndarray of bool, shape (y, x)
        Cells of the camp that have plainly changed.
    mask : ndarray of bool, shape (y, x)
        All its cells.
    """
    # Reflectance mixes linearly in ground, its logarithm does not: a few bare metres would count
    # for half of a cell among trees.
    changed = np.expm1(moved)
    own = changed[:, strong]
    own = own[:, np.isfinite(own).all(0)]
    if not strong.any() or own.shape[1] < 0.5 * strong.sum():
        return None
    camp = np.median(own, axis=1)
    length = float(camp @ camp)
    if length <= 0.0:
        return None
    share = np.tensordot(camp, changed, axes=1) / length
    near = ndimage.binary_dilation(mask, _CROSS, iterations=REACH)
    seen = near & np.isfinite(share)
    # What a cloud hides of the camp is taken to be as the rest of it.
    hidden = 1.0 + (mask & ~np.isfinite(share)).sum() / max(int((mask & seen).sum()), 1)
    plain, middle, weak = (
        float((seen & (share >= least)).sum() * CELL_HA * hidden) for least in (PLAIN, HALF, WEAK)
    )
    low = max(middle - WIDER * (middle - plain), 0.0)
    high = middle + WIDER * (weak - middle)
    return Area(day, round(middle, 2), round(low, 2), round(high, 2))


def noted(course: Sequence[Sequence[float]], area: Area) -> list[list[float]]:
    """Return a course with one more point, thinned to `KEPT`: (day, hectares, low, high) each.

    The first and the latest points stay; of the others the one goes whose neighbours in time lie
    closest together.
    """
    points = [list(one) for one in course]
    points.append([area.day, area.hectares, area.low, area.high])
    if len(points) > KEPT:
        inner = range(1, len(points) - LATEST)
        points.pop(min(inner, key=lambda n: (points[n + 1][0] - points[n - 1][0], n)))
    return points


def latest(course: Sequence[Sequence[float]]) -> Area | None:
    """Return the median of the last looks' areas and of their bounds; None where none is known."""
    if not course:
        return None
    last = np.median(np.asarray(course[-READ:], np.float64)[:, 1:], axis=0)
    return Area(int(course[-1][0]), *(round(float(one), 2) for one in last))
