"""The pixels of a settlement that are followed one by one: its core, and a margin round it.

Of the ring only parts are followed (:mod:`tiles.parts`): pixels of all of it would be many times
those of the settlement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from odc.geo.geobox import GeoBox
from scipy import ndimage

from tiles.parts import Parts, window_index
from tiles.plane import PIXEL_M

MARGIN_M = 100.0
"""Reach of the margin: far enough to tell a fire that stops at the last yard from one that goes
on, and not much ground beside that of a village."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """The lattice pixels of one settlement's core and margin, by row, then column.

    Attributes
    ----------
    epsg : int
        The UTM zone whose lattice it is.
    cols, rows : ndarray of int64, shape (n,)
        Absolute, as those of `Parts`.
    core, edge : ndarray of bool, shape (n,)
        Whether a pixel is of the core, and whether it has a neighbour outside the patch.
    """

    epsg: int
    cols: NDArray[np.int64]
    rows: NDArray[np.int64]
    core: NDArray[np.bool_]
    edge: NDArray[np.bool_]

    @property
    def pixel_m(self) -> int:
        """Side of a pixel, metres."""
        return PIXEL_M


def patch_of(parts: Parts) -> Patch:
    """Return the pixels of a core and those whose centre is within `MARGIN_M` of one of them.

    Raises
    ------
    ValueError
        If the parts are on a coarser lattice than that of 10 m.
    """
    if parts.pixel_m != PIXEL_M:
        raise ValueError(f"pixels of {parts.pixel_m} m are too coarse to be followed one by one")
    inside = parts.part == 0
    cols, rows = parts.cols[inside].astype(np.int64), parts.rows[inside].astype(np.int64)
    reach = int(MARGIN_M // PIXEL_M) + 1
    left, low = int(cols.min()) - reach, int(rows.min()) - reach
    core = np.zeros((int(rows.max()) + reach + 1 - low, int(cols.max()) + reach + 1 - left), bool)
    core[rows - low, cols - left] = True
    near = ndimage.distance_transform_edt(~core, sampling=PIXEL_M) <= MARGIN_M
    edge = near & ~ndimage.binary_erosion(near)
    up, across = np.nonzero(near)
    return Patch(parts.epsg, across + left, up + low, core[near], edge[near])


def index_patches(
    patches: Sequence[Patch], geobox: GeoBox
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the flat indices of the pixels of many patches, and how many each has.

    Raises
    ------
    ValueError
        If a pixel is outside the window, or the window is not of the patches' lattice.
    """
    counts = np.array([len(one.cols) for one in patches], np.int64)
    return window_index(patches, geobox), counts
