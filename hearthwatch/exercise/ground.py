"""Which huts or which ground burn or change otherwise, and how much of a pixel that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from hearthwatch.exercise.huts import Huts, built
from hearthwatch.exercise.lattice import LATTICE_M, inside_of, laid_out, sector
from hearthwatch.exercise.model import Burn, Pattern, Village
from hearthwatch.exercise.sampling import points_per_side, sampled, window_over

RING_M = (300.0, 1500.0)
"""Inner and outer edge of the surroundings, from the core."""

UNBURNED = -1


@dataclass(frozen=True, slots=True)
class Ground:
    """What burned, or changed otherwise, on a lattice of 2 m in a projection that keeps areas.

    Attributes
    ----------
    lattice : GeoBox
    burned : ndarray of int16, shape (y, x)
        Number of the burn, `UNBURNED` where there was none.
    burns : int
    huts : int
        How many stood before the first burn.
    huts_burned : tuple of int
        By each burn; 0 for one of the surroundings.
    """

    lattice: GeoBox
    burned: NDArray[np.int16]
    burns: int
    huts: int
    huts_burned: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Cover:
    """Burned ground on some pixels of a grid.

    Attributes
    ----------
    rows, columns : slice
        Of the grid.
    geobox : GeoBox
        Of these pixels.
    shares : ndarray of float64, shape (burn, y, x)
        Share of each pixel's area that each burn burned.
    """

    rows: slice
    columns: slice
    geobox: GeoBox
    shares: NDArray[np.float64]


def burn_ground(village: Village, burns: Sequence[Burn]) -> Ground:
    """Place a village's huts and let the burns take them, in their order.

    Raises
    ------
    RegionError
        If the core is too small for one lattice point or for the huts that are to stand in it, or
        too large for the lattice.
    ValueError
        If there is no burn or they are not in the order of their dates.
    """
    if not burns or sorted(burns, key=lambda burn: burn.date) != list(burns):
        raise ValueError("give at least one burn, and burns in the order of their dates")
    reach = RING_M[1] if any(b.pattern is Pattern.SURROUNDINGS for b in burns) else 0.0
    core, lattice = laid_out(village, reach)
    inside = inside_of(core, lattice)
    huts = built(inside, village)
    burned = np.full(inside.shape, UNBURNED, np.int16)
    counts: list[int] = []
    for number, burn in enumerate(burns):
        rng = np.random.default_rng([village.seed, 1 + number])
        if burn.pattern is Pattern.SURROUNDINGS:
            left = _ring(core, lattice) & (burned == UNBURNED)
            taken, count = sector(left, core, lattice, burn.share, rng), 0
        else:
            taken, count = _take(huts, burned, burn, rng)
        burned[taken] = number
        counts.append(count)
    return Ground(lattice, burned, len(burns), len(huts.rows), tuple(counts))


def grid_key(grid: GeoBox) -> tuple[object, ...]:
    """Return what tells a grid from others, for covers that are reckoned once."""
    return str(grid.crs), tuple(grid.transform), tuple(grid.shape)


def cover_on(ground: Ground, grid: GeoBox) -> Cover | None:
    """Return how much of each pixel of a grid burned; None where the grid does not meet it."""
    window = window_over(ground.lattice, grid)
    if window is None:
        return None
    part = grid[window]
    side = points_per_side(part, LATTICE_M)
    found = sampled(ground.burned, ground.lattice, part, side, fill=UNBURNED)
    shares = np.stack([(found == number).mean(axis=2) for number in range(ground.burns)])
    return Cover(window[0], window[1], part, shares)


def _take(
    huts: Huts, burned: NDArray[np.int16], burn: Burn, rng: np.random.Generator
) -> tuple[NDArray[np.bool_], int]:
    """Return the ground of the huts that burn, out of those that stand, and their number."""
    standing = np.flatnonzero(burned[huts.rows, huts.columns] == UNBURNED)
    count = round(burn.share * len(standing))
    if burn.pattern is Pattern.BLOCK:
        bearing = rng.uniform(0.0, 2.0 * math.pi)
        along = np.cos(bearing) * huts.rows[standing] + np.sin(bearing) * huts.columns[standing]
        order = np.argsort(along, kind="stable")
    else:
        order = rng.permutation(len(standing))
    # The last entry answers for ground without a hut, whose number is -1.
    burns = np.zeros(len(huts.rows) + 1, bool)
    burns[standing[order[:count]]] = True
    taken: NDArray[np.bool_] = burns[huts.owner]
    return taken, count


def _ring(core: BaseGeometry, lattice: GeoBox) -> NDArray[np.bool_]:
    inner, outer = RING_M
    return inside_of(
        shapely.difference(shapely.buffer(core, outer), shapely.buffer(core, inner)), lattice
    )
