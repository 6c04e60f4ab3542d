"""What one look shows of the land round settlements: a fixed sample of its pixels, and the yards.

Of the ground near a settlement and of every sector round it as many pixels are followed at every
place, drawn by their position on the ground alone. The state is of one size whatever the ground
is, and a neighbour that joins the watch changes a few pixels of the sample, not all of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numba
import numpy as np
from numpy.typing import NDArray

from detectors.kernel import FEATURE_UNIT, NO_DATA
from detectors.part_statistics import part_reflectance
from detectors.types import PARTS, PatchLook, PlaceSet

NAMES = ("yard_greenness", "yard_brightness", "ground_ha")
GREENNESS, BRIGHTNESS, GROUND = range(3)
NEAR_SLOTS = 1024
"""Pixels followed near a settlement: the share of fields among them is known within 1.5 %."""
SECTOR_SLOTS = 64
SLOTS = NEAR_SLOTS + (PARTS - 1) * SECTOR_SLOTS
CHAR, NO_CHAR = "burn_ratio", "none"
"""Second features of a pixel: ``ln(B12 / B08)`` where there is B12."""
DARKEST = 0.01
"""Reflectance below which a logarithm says more of the atmosphere than of the ground."""
_BOUND = 5.0
_HECTARE = 1e4

Array = NDArray[np.float64]
Grid = tuple[Array, Array]


def sample_look(
    bands: Mapping[str, NDArray[np.float32]], clear: NDArray[np.bool_], grid: Grid, places: PlaceSet
) -> PatchLook:
    """Measure the sampled pixels of every place.

    Parameters
    ----------
    bands : mapping of str to ndarray of float32, shape (y, x)
        Reflectance; B04 and B08 must be there.
    clear : ndarray of bool, shape (y, x)
    grid : (ndarray, ndarray)
        Northings of the rows and eastings of the columns, metres.

    Returns
    -------
    PatchLook
        ``ln(B04 / B08)`` and, with B12, ``ln(B12 / B08)`` of `SLOTS` pixels a place: `core` tells
        those near the settlement, which come first; then the sectors' in their order.
    """
    north, east = (np.floor(axis).astype(np.int64) for axis in grid)
    count = len(places.ids)
    chosen = np.full((count, SLOTS), -1, np.int64)
    _choose(places.pixels, places.starts, north, east, chosen)
    where, there = np.maximum(chosen, 0).ravel(), chosen.ravel() >= 0
    seen = there & clear.ravel()[where]
    picked = {name: _log(band.ravel()[where]) for name, band in bands.items()}
    values = np.full((2, where.size), NO_DATA, np.int16)
    _put(values[0], picked["B04"] - picked["B08"], seen)
    if "B12" in picked:
        _put(values[1], picked["B12"] - picked["B08"], seen)
    row, column = np.divmod(where, clear.shape[1])
    return PatchLook(
        counts=np.full(count, SLOTS, np.int64),
        core=np.tile(np.arange(SLOTS) < NEAR_SLOTS, count),
        edge=np.zeros(where.size, np.bool_),
        east=np.where(there, east[column], 0).astype(np.int32),
        north=np.where(there, north[row], 0).astype(np.int32),
        values=values,
        second=CHAR if "B12" in picked else NO_CHAR,
        texture=np.full(count, np.nan),
    )


def part_values(
    bands: Mapping[str, NDArray[np.float32]], clear: NDArray[np.bool_], dry: NDArray[np.bool_],
    places: PlaceSet, yards: PlaceSet | None, pixel_ha: float,
) -> Array:  # fmt: skip
    """Return `NAMES` of every part, shape (place, 3, 17).

    ``ln(B08 / B04)`` and ``ln B04`` are of the yards' core and its ring, NaN where no yards are
    named or too little was seen; the ground in hectares is that near the settlement and of each
    sector, clouded or not.

    Raises
    ------
    ValueError
        If the yards are of other places.
    """
    out = np.full((len(places.ids), len(NAMES), PARTS), np.nan)
    out[:, GROUND] = np.diff(places.starts).reshape(-1, PARTS) * pixel_ha
    if yards is None:
        return out
    if yards.ids != places.ids:
        raise ValueError("the yards are not of the places that are followed")
    pair = np.stack([bands["B04"], bands["B08"]])
    shown, _ = part_reflectance(pair, clear, dry, yards)
    red, near = _log(shown[:, 0]), _log(shown[:, 1])
    out[:, GREENNESS], out[:, BRIGHTNESS] = near - red, red
    return out


def hectares(grid: Grid) -> float:
    """Return the area of a grid's pixel, ha."""
    north, east = grid
    return float(abs((north[1] - north[0]) * (east[1] - east[0]))) / _HECTARE


def _log(reflectance: NDArray[np.floating]) -> Array:
    values: Array = np.log(np.maximum(reflectance.astype(np.float64), DARKEST))
    return values


def _put(target: NDArray[np.int16], values: Array, where: NDArray[np.bool_]) -> None:
    """Write `values` in fixed point into `target` where they were seen."""
    good = where & np.isfinite(values)
    target[good] = np.rint(np.clip(values[good], -_BOUND, _BOUND) / FEATURE_UNIT).astype(np.int16)


@numba.njit(cache=True, nogil=True)
def _choose(
    pixels: NDArray[np.int64],
    starts: NDArray[np.int64],
    north: NDArray[np.int64],
    east: NDArray[np.int64],
    chosen: NDArray[np.int64],
) -> None:
    """Give each slot the pixel with the lowest number among those that fall to it.

    The numbers are the positions, mixed by the finaliser of SplitMix64 (Steele et al. 2014,
    doi:10.1145/2660193.2660195): as good as drawn, and the same at every look.
    """
    best = np.empty(NEAR_SLOTS, np.uint64)
    for segment in range(starts.size - 1):
        place, part = segment // PARTS, segment % PARTS
        count = NEAR_SLOTS if part == 0 else SECTOR_SLOTS
        first = 0 if part == 0 else NEAR_SLOTS + (part - 1) * SECTOR_SLOTS
        for at in range(starts[segment], starts[segment + 1]):
            row, column = pixels[at] // east.size, pixels[at] % east.size
            mixed = np.uint64(north[row]) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(east[column])
            mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            mixed = mixed ^ (mixed >> np.uint64(31))
            slot = np.int64(mixed % np.uint64(count))
            if chosen[place, first + slot] < 0 or mixed < best[slot]:
                chosen[place, first + slot] = pixels[at]
                best[slot] = mixed
