"""What one look shows of the pixels that are followed one by one, and how even a core is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

import numba
import numpy as np
from numpy.typing import NDArray

from detectors.endmembers import Surface, spectrum
from detectors.kernel import FEATURE_UNIT, NO_DATA
from detectors.types import PatchLook, PatchSet

BURN_RATIO, VISIBLE = "burn_ratio", "visible"
"""Second features: ``ln(B12 / B8A)`` where there is B12, ``-ln`` of the mean of B02 to B04 else."""
ASH = 0.25
"""Share of ash in the burn that gives the direction in which burning moves a pixel."""
LEAST_PIXELS = 12
"""Of a core, and of its margin: the spread of fewer says little."""
DARKEST = 0.01
"""Reflectance below which a pixel's logarithm says more of the atmosphere than of the ground."""
_BOUND = 5.0
_VISIBLE = ("B02", "B03", "B04")
_LEAST_SPREAD = 1e-3

Array = NDArray[np.float64]


def patch_look(
    bands: Mapping[str, NDArray[np.float32]], clear: NDArray[np.bool_], grid: tuple[Array, Array],
    patches: PatchSet,
) -> PatchLook:  # fmt: skip
    """Measure the pixels of every place on one look.

    The near infrared is that of B08, which alone is seen at 10 m.

    Parameters
    ----------
    bands : mapping of str to ndarray of float32, shape (y, x)
        Reflectance; B08 must be there.
    clear : ndarray of bool, shape (y, x)
    grid : (ndarray, ndarray)
        Northings of the rows and eastings of the columns, metres.
    """
    where = patches.pixels
    seen = clear.ravel()[where]
    picked = {name: band.ravel()[where].astype(np.float64) for name, band in bands.items()}
    second, values = _second(picked)
    features = np.full((2, where.size), NO_DATA, np.int16)
    _put(features[0], -_log(picked["B08"]), seen)
    if values is not None:
        _put(features[1], values, seen)
    row, column = np.divmod(where, clear.shape[1])
    north, east = grid
    starts = np.concatenate([[0], np.cumsum(patches.counts)])
    return PatchLook(
        counts=patches.counts,
        core=patches.core,
        edge=patches.edge,
        east=np.floor(east[column]).astype(np.int32),
        north=np.floor(north[row]).astype(np.int32),
        values=features,
        second=second,
        texture=_evenness(picked["B08"], seen, patches.core, starts),
    )


@lru_cache(maxsize=4)
def burn_direction(second: str) -> Array:
    """Return what a burn moves the two features of dry ground by, natural-log units; shape (2,).

    The burn is of char and ash (:mod:`detectors.endmembers`), `ASH` of it ash.
    """
    names = ("B08", "B8A", "B12", *_VISIBLE)
    dry, char, ash = (spectrum(one, names) for one in (Surface.DRY, Surface.CHAR, Surface.ASH))
    before = dict(zip(names, dry, strict=True))
    after = dict(zip(names, (1.0 - ASH) * char + ASH * ash, strict=True))
    if second == VISIBLE:
        before.pop("B12"), after.pop("B12")
    moved = [-math.log(after["B08"] / before["B08"])]
    was, became = _second(before)[1], _second(after)[1]
    assert was is not None and became is not None
    direction = np.array([*moved, float(became - was)])
    direction.setflags(write=False)
    return direction


def _second(bands: Mapping[str, Array]) -> tuple[str, Array | None]:
    """Return the second feature there are bands for, and its name."""
    if "B12" in bands:
        return BURN_RATIO, _log(bands["B12"]) - _log(bands["B8A" if "B8A" in bands else "B08"])
    if all(band in bands for band in _VISIBLE):
        return VISIBLE, -_log(np.mean([bands[band] for band in _VISIBLE], axis=0))
    return VISIBLE, None


def _log(reflectance: Array) -> Array:
    with np.errstate(invalid="ignore"):
        values: Array = np.log(np.maximum(reflectance, DARKEST))
    return values


def _put(target: NDArray[np.int16], values: Array, where: NDArray[np.bool_]) -> None:
    """Write `values` in fixed point into `target` where they were seen."""
    good = where & np.isfinite(values)
    target[good] = np.rint(np.clip(values[good], -_BOUND, _BOUND) / FEATURE_UNIT).astype(np.int16)


@numba.njit(cache=True, nogil=True)
def _evenness(
    near: Array, seen: NDArray[np.bool_], core: NDArray[np.bool_], starts: NDArray[np.int64]
) -> Array:
    """Return -ln MAD of the near infrared over each core, less the same over its margin."""
    out = np.full(starts.size - 1, np.nan)
    for place in range(starts.size - 1):
        first, last = starts[place], starts[place + 1]
        total = 0.0
        for part in (True, False):
            mine = near[first:last][seen[first:last] & (core[first:last] == part)]
            if mine.size < LEAST_PIXELS:
                total = np.nan
                break
            spread = np.median(np.abs(mine - np.median(mine)))
            total += (-1.0 if part else 1.0) * math.log(max(spread, _LEAST_SPREAD))
        out[place] = total
    return out
