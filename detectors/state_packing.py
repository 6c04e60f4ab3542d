"""The state of settlements as it is kept: four bytes a number, and half of what is symmetric.

A detector works in eight bytes. What it keeps of every look is rounded, in memory as on disk, so
that a run in one piece, a run from saved states and a replay come to the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = Mapping[str, NDArray[Any]]

SYMMETRIC = ("knowledge", "covariance", "kinship")
"""Matrices of which the upper triangles are kept, row by row, along the last axis."""
EXACT = ("peak", "peaks")
"""Thresholds are taken from these and compared with what is not rounded: a maximum that were
rounded down would be exceeded by the very year it is of."""


def pack(rows: Rows) -> dict[str, NDArray[Any]]:
    """Return rows as they are kept.

    Parameters
    ----------
    rows : mapping of str to ndarray
        Those of `SYMMETRIC` have shape (..., n, n).

    Returns
    -------
    dict of str to ndarray
        Floats in 4 bytes but for `EXACT`; triangles of shape (..., n (n + 1) / 2).
    """
    return {name: _packed(name, array) for name, array in rows.items()}


def unpack(arrays: Rows) -> dict[str, NDArray[Any]]:
    """Return kept rows in 8 bytes and whole: what `pack` makes of that is `arrays` again."""
    return {name: _unpacked(name, array) for name, array in arrays.items()}


def _packed(name: str, array: NDArray[Any]) -> NDArray[Any]:
    if name in SYMMETRIC:
        array = array[(..., *np.triu_indices(array.shape[-1]))]
    return array.astype(np.float32) if _is_rounded(name, array) else array


def _unpacked(name: str, array: NDArray[Any]) -> NDArray[Any]:
    if name in SYMMETRIC:
        size = (math.isqrt(8 * array.shape[-1] + 1) - 1) // 2
        array = array[..., _places(size)]
    return array.astype(np.float64) if _is_rounded(name, array) else array


def _is_rounded(name: str, array: NDArray[Any]) -> bool:
    return array.dtype.kind == "f" and name not in EXACT


@lru_cache(maxsize=8)
def _places(size: int) -> NDArray[np.intp]:
    """Return where in its triangle each element of a matrix lies, shape (size, size)."""
    row, column = np.triu_indices(size)
    places = np.empty((size, size), np.intp)
    places[row, column] = places[column, row] = np.arange(row.size)
    places.setflags(write=False)
    return places
